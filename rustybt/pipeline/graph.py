"""Graphs of terms: what has to be computed before what, and how many rows of it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from rustybt.pipeline.term import LoadableTerm, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from rustybt.pipeline.domain import Domain

# No column of a user can have this name: it is no identifier that is typed.
SCREEN_NAME = "\0screen"


class CyclicDependency(Exception):  # noqa: N818 - Zipline's name
    """A term depends on itself."""


class TermGraph:
    """The terms that some terms need, them included.

    Parameters
    ----------
    terms : dict of str to Term
        The terms that are wanted, by name.

    Raises
    ------
    CyclicDependency
        If a term depends on itself.
    """

    def __init__(self, terms: Mapping[str, Term]) -> None:
        self.outputs: dict[str, Term] = {
            name: self._specialized(term) for name, term in terms.items()
        }
        """The terms that are wanted, by name."""
        self.dependencies: dict[Term, dict[Term, int]] = {}
        """Of each term those that it needs, and how many rows before the first one of them."""
        waiting = list(self.outputs.values())
        while waiting:
            term = waiting.pop()
            if term not in self.dependencies:
                needed: dict[Term, int] = {}
                for other, rows in term.dependencies.items():
                    other = self._specialized(other)  # noqa: PLW2901 - the same one, of a domain
                    needed[other] = max(rows, needed.get(other, 0))
                self.dependencies[term] = needed
                waiting.extend(needed)
        try:
            self._order = list(TopologicalSorter(self.dependencies).static_order())
        except CycleError as error:
            raise CyclicDependency(f"terms depend on themselves: {error.args[1]}") from None

    def _specialized(self, term: Term) -> Term:
        return term

    def __contains__(self, term: object) -> bool:
        return term in self.dependencies

    def __len__(self) -> int:
        return len(self.dependencies)

    def ordered(self) -> Iterator[Term]:
        """Iterate over the terms, those that others need first."""
        return iter(self._order)

    @property
    def screen_name(self) -> str:
        """Name of the screen among the outputs."""
        return SCREEN_NAME

    @property
    def loadable_terms(self) -> set[LoadableTerm]:
        """The terms that loaders have to get."""
        return {term for term in self.dependencies if isinstance(term, LoadableTerm)}

    def initial_refcounts(self, known: Iterable[Term]) -> dict[Term, int]:
        """Return how many terms need each term.

        Parameters
        ----------
        known : iterable of Term
            Terms whose values are known; what only they need is not counted.

        Returns
        -------
        dict of Term to int
            An output counts once more, so that it is kept to the end.
        """
        counts = dict.fromkeys(self.dependencies, 0)
        for needed in self.dependencies.values():
            for term in needed:
                counts[term] += 1
        for term in self.outputs.values():
            counts[term] += 1
        unneeded = [term for term in known if term in self.dependencies]
        while unneeded:
            unneeded.extend(self.decref_dependencies(unneeded.pop(), counts))
        return counts

    def decref_dependencies(self, term: Term, refcounts: dict[Term, int]) -> set[Term]:
        """Count that a term has been computed.

        Parameters
        ----------
        term : Term
        refcounts : dict of Term to int
            Changed.

        Returns
        -------
        set of Term
            Those that nothing needs any longer.
        """
        done = set()
        for other in self.dependencies[term]:
            refcounts[other] -= 1
            if not refcounts[other]:
                done.add(other)
        return done

    def execution_order(
        self, workspace: Mapping[Term, Any], refcounts: Mapping[Term, int]
    ) -> list[Term]:
        """Return the terms to compute, those that others need first.

        Parameters
        ----------
        workspace : mapping of Term to values
            What is known.
        refcounts : mapping of Term to int
        """
        return [term for term in self._order if refcounts[term] and term not in workspace]


class ExecutionPlan(TermGraph):
    """A graph of terms, with the number of rows that each needs before the first date.

    Parameters
    ----------
    domain : Domain
        The domain that columns are loaded for.
    terms : dict of str to Term
        The terms that are wanted, by name.
    start_date, end_date : pandas.Timestamp
        First and last date wanted, sessions of the domain.
    min_extra_rows : int, default 0
        Number of rows wanted before the first date.
    """

    def __init__(
        self,
        domain: Domain,
        terms: Mapping[str, Term],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        min_extra_rows: int = 0,
    ) -> None:
        self.domain = domain
        super().__init__(terms)
        sessions = domain.sessions()
        wanted = dict.fromkeys(self.dependencies, min_extra_rows)
        self.extra_rows: dict[Term, int] = {}
        """Number of rows of each term before the first date."""
        for term in reversed(self._order):
            rows = term.compute_extra_rows(sessions, start_date, end_date, wanted[term])
            if rows < wanted[term]:
                raise ValueError(f"{term!r} computes {rows} extra rows, {wanted[term]} are needed")
            self.extra_rows[term] = rows
            for other, before in self.dependencies[term].items():
                wanted[other] = max(wanted[other], rows + before)

    def _specialized(self, term: Term) -> Term:
        return term.specialize(self.domain) if isinstance(term, LoadableTerm) else term

    def inputs_of(self, term: Term) -> list[tuple[Term, int]]:
        """Return the inputs of a term, and the rows of each to skip.

        Parameters
        ----------
        term : Term

        Returns
        -------
        list of (Term, int)
            More rows of an input than this term needs may be there for another one.
        """
        found = []
        for given in term.inputs:
            other = self._specialized(given)
            before = term.dependencies[given]
            found.append((other, self.extra_rows[other] - self.extra_rows[term] - before))
        return found

    def mask_and_dates_for_term(
        self,
        term: Term,
        root_mask_term: Term,
        workspace: Mapping[Term, Any],
        all_dates: pd.DatetimeIndex,
    ) -> tuple[NDArray[np.bool_], pd.DatetimeIndex]:
        """Return the mask of a term and its dates.

        Parameters
        ----------
        term : Term
        root_mask_term : Term
            Whose dates are `all_dates`.
        workspace : mapping of Term to values
        all_dates : pandas.DatetimeIndex

        Returns
        -------
        mask : ndarray of bool, shape (dates, assets)
        dates : pandas.DatetimeIndex
        """
        extra = self.extra_rows[term]
        mask = workspace[term.mask][self.extra_rows[term.mask] - extra :]
        return mask, all_dates[self.extra_rows[root_mask_term] - extra :]
