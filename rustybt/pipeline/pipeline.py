"""The pipeline: named terms, and a screen that says for which assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rustybt.errors import UnsupportedPipelineOutput
from rustybt.pipeline.domain import GENERIC, Domain, infer_domain
from rustybt.pipeline.filters import Filter
from rustybt.pipeline.graph import SCREEN_NAME, ExecutionPlan, TermGraph
from rustybt.pipeline.term import AssetExists, ComputableTerm, Term

if TYPE_CHECKING:
    import pandas as pd

    from rustybt.pipeline.drawing import Drawing


class Pipeline:
    """Terms to compute for each asset on each date.

    Parameters
    ----------
    columns : dict of str to ComputableTerm, optional
        The terms, by the names of their columns in the result.
    screen : Filter, optional
        The assets and dates that are rows of the result; where assets exist, by default. It
        changes no values.
    domain : Domain, optional
        The calendar and the country; those of the terms by default.

    Raises
    ------
    TypeError
        If a column is no factor, filter or classifier, or the screen is no filter.
    UnsupportedPipelineOutput
        If a column has one value a date.
    """

    __slots__ = ("__weakref__", "_columns", "_domain", "_screen")

    def __init__(
        self,
        columns: dict[str, Any] | None = None,
        screen: Filter | None = None,
        domain: Domain = GENERIC,
    ) -> None:
        if columns is not None and not isinstance(columns, dict):
            raise TypeError(f"columns must be a dict of names and terms, got {columns!r}")
        if not isinstance(domain, Domain):
            raise TypeError(f"domain must be a Domain, got {domain!r}")
        self._columns: dict[str, ComputableTerm] = {}
        self._screen: Filter | None = None
        self._domain = domain
        for name, term in (columns or {}).items():
            self.add(term, name)
        if screen is not None:
            self.set_screen(screen)

    @property
    def columns(self) -> dict[str, ComputableTerm]:
        """The terms, by the names of their columns."""
        return self._columns

    @property
    def screen(self) -> Filter | None:
        """The assets and dates that are rows of the result."""
        return self._screen

    def add(self, term: Any, name: str, overwrite: bool = False) -> None:
        """Add a column.

        Parameters
        ----------
        term : ComputableTerm
        name : str
        overwrite : bool, default False
            Whether it may take the place of another one.

        Raises
        ------
        KeyError
            If there is a column of that name.
        TypeError
            If `term` is no factor, filter or classifier.
        UnsupportedPipelineOutput
            If it has one value a date.
        """
        if not isinstance(name, str):
            raise TypeError(f"the name of a column must be a string, got {name!r}")
        if not isinstance(term, ComputableTerm):
            hint = "; append .latest to it" if isinstance(term, Term) else ""
            raise TypeError(
                f"the column {name!r} must be a factor, filter or classifier, got {term!r}{hint}"
            )
        if term.ndim == 1:
            raise UnsupportedPipelineOutput(column_name=name, term=term)
        if name in self._columns and not overwrite:
            raise KeyError(f"the pipeline has a column {name!r} already")
        self._columns[name] = term

    def remove(self, name: str) -> ComputableTerm:
        """Remove a column.

        Parameters
        ----------
        name : str

        Returns
        -------
        ComputableTerm
            What was removed.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        return self._columns.pop(name)

    def set_screen(self, screen: Filter, overwrite: bool = False) -> None:
        """Set the screen.

        Parameters
        ----------
        screen : Filter
        overwrite : bool, default False
            Whether it may take the place of another one.

        Raises
        ------
        ValueError
            If there is a screen.
        TypeError
            If `screen` is no filter.
        """
        if not isinstance(screen, Filter):
            raise TypeError(f"the screen must be a filter, got {screen!r}")
        if self._screen is not None and not overwrite:
            raise ValueError(
                "the pipeline has a screen already: combine filters with &, or pass overwrite=True"
            )
        self._screen = screen

    def domain(self, default: Domain) -> Domain:
        """Return the domain of the pipeline.

        Parameters
        ----------
        default : Domain
            The domain if neither the pipeline nor its terms say one.

        Raises
        ------
        AmbiguousDomain, ValueError
            If they say several.
        """
        terms = [*self._columns.values(), *([] if self._screen is None else [self._screen])]
        inferred = infer_domain(terms)
        if inferred is GENERIC:
            return default if self._domain is GENERIC else self._domain
        if self._domain not in {GENERIC, inferred}:
            raise ValueError(f"the pipeline is of {self._domain!r}, its terms are of {inferred!r}")
        return inferred

    def _terms(self, default_screen: Term) -> dict[str, Term]:
        screen = default_screen if self._screen is None else self._screen
        return {**self._columns, SCREEN_NAME: screen}

    def to_execution_plan(
        self,
        domain: Domain,
        default_screen: Term,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
    ) -> ExecutionPlan:
        """Return what has to be computed, and how many rows of it.

        Parameters
        ----------
        domain : Domain
        default_screen : Term
            The screen if the pipeline has none.
        start_date, end_date : pandas.Timestamp
            First and last date of the result.
        """
        return ExecutionPlan(domain, self._terms(default_screen), start_date, end_date)

    def to_simple_graph(self, default_screen: Term) -> TermGraph:
        """Return what has to be computed.

        Parameters
        ----------
        default_screen : Term
            The screen if the pipeline has none.
        """
        return TermGraph(self._terms(default_screen))

    def show_graph(self, format: str = "svg") -> Drawing:  # noqa: A002 - Zipline's name
        """Return a drawing of the terms, which a notebook shows.

        Parameters
        ----------
        format : {"svg", "png", "jpeg"}

        Raises
        ------
        RuntimeError
            If Graphviz is not installed.
        """
        from rustybt.pipeline.drawing import draw

        return draw(self.to_simple_graph(AssetExists()), format)
