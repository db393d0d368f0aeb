"""The engine: computes the terms of a pipeline for the assets and dates of a domain.

All values of a term are one array, of shape (dates, assets). A graph says in which order terms are
computed and how many dates before the first one each needs; what no other term needs any longer is
dropped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rustybt.errors import NoFurtherDataError
from rustybt.lib.adjusted_array import ensure_adjusted_array, ensure_ndarray
from rustybt.pipeline.domain import GENERIC, Domain
from rustybt.pipeline.hooks import DelegatingHooks
from rustybt.pipeline.term import AssetExists, ComputableTerm, InputDates, LoadableTerm, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from rustybt.pipeline.graph import ExecutionPlan
    from rustybt.pipeline.hooks import PipelineHooks
    from rustybt.pipeline.pipeline import Pipeline

Workspace = dict[Term, Any]


class NoEngineRegistered(Exception):  # noqa: N818 - Zipline's name
    """There is no engine to compute pipelines with."""


class PipelineEngine(ABC):
    """What computes pipelines."""

    @abstractmethod
    def run_pipeline(
        self,
        pipeline: Pipeline,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        hooks: Iterable[PipelineHooks] | None = None,
    ) -> pd.DataFrame:
        """Compute a pipeline.

        Parameters
        ----------
        pipeline : Pipeline
        start_date, end_date : pandas.Timestamp
            First and last date, sessions of the domain.
        hooks : iterable of PipelineHooks, optional

        Returns
        -------
        pandas.DataFrame
            A column for each of the pipeline's, a row for each date and asset that passed its
            screen, indexed by both.
        """

    @abstractmethod
    def run_chunked_pipeline(
        self,
        pipeline: Pipeline,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        chunksize: int,
        hooks: Iterable[PipelineHooks] | None = None,
    ) -> pd.DataFrame:
        """Compute a pipeline some dates at a time, which takes less memory.

        Parameters
        ----------
        pipeline : Pipeline
        start_date, end_date : pandas.Timestamp
            First and last date, sessions of the domain.
        chunksize : int
            Number of dates.
        hooks : iterable of PipelineHooks, optional

        Returns
        -------
        pandas.DataFrame
            As that of `run_pipeline`.
        """


class ExplodingPipelineEngine(PipelineEngine):
    """The engine of algorithms that have no loaders: it raises."""

    def run_pipeline(
        self,
        pipeline: Pipeline,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        hooks: Iterable[PipelineHooks] | None = None,
    ) -> pd.DataFrame:
        """Raise: there are no loaders."""
        raise NoEngineRegistered("pipelines need loaders: pass get_pipeline_loader")

    def run_chunked_pipeline(
        self,
        pipeline: Pipeline,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        chunksize: int,
        hooks: Iterable[PipelineHooks] | None = None,
    ) -> pd.DataFrame:
        """Raise: there are no loaders."""
        raise NoEngineRegistered("pipelines need loaders: pass get_pipeline_loader")


def default_populate_initial_workspace(
    initial_workspace: Workspace,
    root_mask_term: Term,  # noqa: ARG001 - for those that use it
    execution_plan: ExecutionPlan,  # noqa: ARG001 - for those that use it
    dates: pd.DatetimeIndex,  # noqa: ARG001 - for those that use it
    assets: pd.Index[int],  # noqa: ARG001 - for those that use it
) -> Workspace:
    """Return what is known before a pipeline is computed: nothing but what the engine knows.

    Parameters
    ----------
    initial_workspace : dict of Term to values
        What the engine knows.
    root_mask_term : Term
        Whose dates are `dates`.
    execution_plan : ExecutionPlan
    dates : pandas.DatetimeIndex
    assets : pandas.Index of int64
        Sids.
    """
    return initial_workspace


class SimplePipelineEngine(PipelineEngine):
    """The engine.

    Parameters
    ----------
    get_loader : callable(BoundColumn) -> PipelineLoader
        Finds the loader of a column.
    asset_finder : AssetFinder
        Knows which assets exist.
    default_domain : Domain, optional
        That of pipelines that say none.
    populate_initial_workspace : callable, optional
        Returns what is known before; as `default_populate_initial_workspace`.
    default_hooks : iterable of PipelineHooks, optional
        Hooks of every run.
    """

    def __init__(
        self,
        get_loader: Callable[[Any], Any],
        asset_finder: Any,
        default_domain: Domain = GENERIC,
        populate_initial_workspace: Callable[..., Workspace] | None = None,
        default_hooks: Iterable[PipelineHooks] | None = None,
    ) -> None:
        self._get_loader = get_loader
        self._finder = asset_finder
        self._default_domain = default_domain
        self._populate = populate_initial_workspace or default_populate_initial_workspace
        self._default_hooks = list(default_hooks or ())
        self._root_mask_term = AssetExists()
        self._root_mask_dates_term = InputDates()

    def run_pipeline(
        self,
        pipeline: Pipeline,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        hooks: Iterable[PipelineHooks] | None = None,
    ) -> pd.DataFrame:
        """Compute a pipeline; see `PipelineEngine.run_pipeline`.

        Raises
        ------
        ValueError
            If the dates are no sessions of the domain or in the wrong order, or no asset of its
            country existed then.
        NoFurtherDataError
            If there are not as many sessions before the first date as the terms need.
        """
        watched = self._hooks(hooks)
        with watched.running_pipeline(pipeline, start_date, end_date):
            return self._run(pipeline, start_date, end_date, watched)

    def run_chunked_pipeline(
        self,
        pipeline: Pipeline,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        chunksize: int,
        hooks: Iterable[PipelineHooks] | None = None,
    ) -> pd.DataFrame:
        """Compute a pipeline some dates at a time; see `PipelineEngine.run_chunked_pipeline`.

        Raises
        ------
        ValueError, NoFurtherDataError
            As `run_pipeline`; also if `chunksize` is not positive.
        """
        if chunksize < 1:
            raise ValueError(f"chunksize must be 1 or more, got {chunksize}")
        sessions = self.resolve_domain(pipeline).sessions()
        first, last = _places(sessions, start_date, end_date)
        watched = self._hooks(hooks)
        with watched.running_pipeline(pipeline, start_date, end_date):
            chunks = [
                self._run(
                    pipeline, sessions[place], sessions[min(place + chunksize - 1, last)], watched
                )
                for place in range(first, last + 1, chunksize)
            ]
        return _joined(chunks)

    def _hooks(self, hooks: Iterable[PipelineHooks] | None) -> DelegatingHooks:
        return DelegatingHooks([*self._default_hooks, *(hooks or ())])

    def resolve_domain(self, pipeline: Pipeline) -> Domain:
        """Return the domain that a pipeline is computed for.

        Parameters
        ----------
        pipeline : Pipeline

        Raises
        ------
        ValueError
            If nothing says which.
        """
        domain = pipeline.domain(default=self._default_domain)
        if domain is GENERIC:
            raise ValueError(
                "the pipeline could be of any domain: pass domain to Pipeline, as in "
                "Pipeline(domain=US_EQUITIES)"
            )
        return domain

    def _run(
        self,
        pipeline: Pipeline,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        hooks: DelegatingHooks,
    ) -> pd.DataFrame:
        domain = self.resolve_domain(pipeline)
        sessions = domain.sessions()
        first, last = _places(sessions, start_date, end_date)
        plan = pipeline.to_execution_plan(domain, self._root_mask_term, start_date, end_date)
        extra = plan.extra_rows.get(self._root_mask_term, 0)
        if first < extra:
            raise NoFurtherDataError.from_lookback_window(
                "The pipeline reaches back too far:", sessions[0], start_date, extra
            )
        dates = sessions[first - extra : last + 1]
        exists, sids = self._existing(domain, dates)
        workspace = self._populate(
            {
                self._root_mask_term: exists,
                self._root_mask_dates_term: dates.to_numpy()[:, np.newaxis],
            },
            self._root_mask_term,
            plan,
            dates,
            sids,
        )
        refcounts = plan.initial_refcounts(workspace)
        order = plan.execution_order(workspace, refcounts)
        with hooks.computing_chunk(order, start_date, end_date):
            values = self._computed(plan, dates, sids, workspace, refcounts, order, hooks)
        screen = values.pop(plan.screen_name)
        return self._frame(plan, values, screen, dates[extra:], sids)

    def _existing(
        self, domain: Domain, dates: pd.DatetimeIndex
    ) -> tuple[NDArray[np.bool_], pd.Index[int]]:
        """Return which assets existed on which dates, and the sids of those that did on any."""
        lifetimes = self._finder.lifetimes(
            dates, include_start_date=False, country_codes=(domain.country_code,)
        )
        exists = lifetimes.to_numpy()
        some = exists.any(axis=0)
        if not some.any():
            raise ValueError(
                f"no asset of the country {domain.country_code} existed between "
                f"{dates[0]:%Y-%m-%d} and {dates[-1]:%Y-%m-%d}: the asset database may be old, "
                "or have other countries of exchanges"
            )
        return np.ascontiguousarray(exists[:, some]), lifetimes.columns[some]

    def _computed(
        self,
        plan: ExecutionPlan,
        dates: pd.DatetimeIndex,
        sids: pd.Index[int],
        workspace: Workspace,
        refcounts: dict[Term, int],
        order: list[Term],
        hooks: DelegatingHooks,
    ) -> dict[str, Any]:
        """Return the values of the outputs."""
        workspace = dict(workspace)
        root = self._root_mask_term
        batches = self._batches(plan, order)
        for term in order:
            if term in workspace:
                continue
            mask, rows = plan.mask_and_dates_for_term(term, root, workspace, dates)
            if isinstance(term, LoadableTerm):
                workspace.update(self._loaded(plan.domain, batches[term], rows, sids, mask, hooks))
                continue
            assert isinstance(term, ComputableTerm)  # noqa: S101 - nothing else is in the order
            inputs = _inputs(plan, term, workspace, refcounts)
            with hooks.computing_term(term):
                values = term._compute(inputs, rows, sids, mask)  # noqa: SLF001 - of terms
            expected = mask.shape if term.ndim != 1 else (len(mask), 1)
            if values.shape != expected:
                raise ValueError(f"{term!r} made values of shape {values.shape}, not {expected}")
            workspace[term] = values
            for done in plan.decref_dependencies(term, refcounts):
                del workspace[done]
        return {
            name: workspace[term][plan.extra_rows[term] :] for name, term in plan.outputs.items()
        }

    def _batches(
        self, plan: ExecutionPlan, order: list[Term]
    ) -> dict[Term, tuple[Any, list[LoadableTerm]]]:
        """Return of each column its loader, and the columns that are loaded together with it."""
        columns = [term for term in order if isinstance(term, LoadableTerm)]
        loaders = {column: self._get_loader(column) for column in columns}

        def together(column: LoadableTerm) -> tuple[int, int]:
            return id(loaders[column]), plan.extra_rows[column]

        found: dict[Term, tuple[Any, list[LoadableTerm]]] = {}
        for _, group in groupby(sorted(columns, key=together), key=together):
            batch = list(group)
            found |= dict.fromkeys(batch, (loaders[batch[0]], batch))
        return found

    def _loaded(
        self,
        domain: Domain,
        batch: tuple[Any, list[LoadableTerm]],
        dates: pd.DatetimeIndex,
        sids: pd.Index[int],
        mask: NDArray[np.bool_],
        hooks: DelegatingHooks,
    ) -> Workspace:
        loader, columns = batch
        if not loader.currency_aware:
            converted = [
                column
                for column in columns
                if getattr(column, "currency_conversion", None) is not None
            ]
            if converted:
                raise ValueError(f"{type(loader).__name__} has no currency rates for {converted}")
        with hooks.loading_terms(columns):
            loaded: Workspace = loader.load_adjusted_array(domain, columns, dates, sids, mask)
        if set(loaded) != set(columns):
            raise ValueError(
                f"{type(loader).__name__} was asked for {columns} and loaded {list(loaded)}"
            )
        return loaded

    def _frame(
        self,
        plan: ExecutionPlan,
        values: dict[str, Any],
        screen: NDArray[np.bool_],
        dates: pd.DatetimeIndex,
        sids: pd.Index[int],
    ) -> pd.DataFrame:
        """Return the values of what passed the screen as a frame."""
        rows, columns = np.nonzero(screen)
        assets = np.empty(len(sids), dtype=object)
        assets[:] = self._finder.retrieve_all(sids)
        if not len(rows):
            nothing: Any = [dates[:0], pd.Index([], dtype=object)]
            index = pd.MultiIndex.from_arrays(nothing)
            return pd.DataFrame(
                {name: np.array([], dtype=plan.outputs[name].dtype) for name in values}, index=index
            )
        levels: Any = [dates, pd.Index(assets, dtype=object)]
        codes: Any = [rows, columns]
        index = pd.MultiIndex(
            levels=levels,
            codes=codes,
            verify_integrity=False,
        )
        made: dict[str, Any] = {}
        for name, array in values.items():
            term = plan.outputs[name]
            assert isinstance(term, ComputableTerm)  # noqa: S101 - the pipeline sees to it
            made[name] = term.postprocess(array[screen])
        return pd.DataFrame(made, index=index, columns=list(made))


def _places(
    sessions: pd.DatetimeIndex, start_date: pd.Timestamp, end_date: pd.Timestamp
) -> tuple[int, int]:
    """Return the positions of two sessions."""
    if end_date < start_date:
        raise ValueError(f"start_date {start_date} is after end_date {end_date}")
    for name, date in (("start_date", start_date), ("end_date", end_date)):
        if date not in sessions:
            raise ValueError(f"the {name} {date} of the pipeline is no session of its domain")
    return int(sessions.searchsorted(start_date)), int(sessions.searchsorted(end_date))


def _inputs(
    plan: ExecutionPlan, term: ComputableTerm, workspace: Workspace, refcounts: dict[Term, int]
) -> list[Any]:
    """Return the arrays of a term's inputs, or iterators of windows over them."""
    found: list[Any] = []
    for other, offset in plan.inputs_of(term):
        last = refcounts[other] == 1 and term.inputs.count(other) == 1
        if term.windowed:
            array = ensure_adjusted_array(workspace[other], other.missing_value)
            found.append(array.traverse(term.window_length, offset=offset, copy=not last))
        else:
            found.append(ensure_ndarray(workspace[other])[offset:])
    return found


def _joined(chunks: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames below each other, with the categories of all of them."""
    some = [chunk for chunk in chunks if len(chunk)] or chunks[:1]
    if len(some) == 1:
        return some[0]
    for name in some[0].columns:
        kinds: list[Any] = [chunk[name].dtype for chunk in some]
        if isinstance(kinds[0], pd.CategoricalDtype):
            every = pd.Index([]).append([kind.categories for kind in kinds]).unique().sort_values()
            for place, chunk in enumerate(some):
                some[place] = chunk.assign(**{name: chunk[name].cat.set_categories(every)})
    return pd.concat(some)
