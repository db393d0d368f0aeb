"""The api functions of pipelines."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import pandas as pd

from rustybt._algorithm.state import State
from rustybt.errors import (
    AttachPipelineAfterInitialize,
    DuplicatePipelineName,
    NoSuchPipeline,
    PipelineOutputDuringInitialize,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rustybt.pipeline import Pipeline
    from rustybt.pipeline.domain import Domain
    from rustybt.pipeline.engine import PipelineEngine

# A short first chunk, so that mistakes show soon; then half a year at a time.
FIRST_CHUNK, CHUNK = 5, 126


class _Attached:
    """A pipeline of the strategy, and the results of the sessions around the present one."""

    def __init__(self, pipeline: Pipeline, chunks: Iterator[int], eager: bool) -> None:
        self.pipeline = pipeline
        self.chunks = chunks
        self.eager = eager
        self._frame = pd.DataFrame()
        self._bounds: dict[pd.Timestamp, tuple[int, int]] = {}
        self._assets: Any = None

    def __contains__(self, session: pd.Timestamp) -> bool:
        return session in self._bounds

    def keep(self, frame: pd.DataFrame, sessions: pd.DatetimeIndex) -> None:
        """Keep the results of some sessions in the place of earlier ones."""
        index = frame.index
        assert isinstance(index, pd.MultiIndex)  # noqa: S101 - the engine makes it
        dates = index.get_level_values(0)
        begins, ends = dates.searchsorted(sessions), dates.searchsorted(sessions, side="right")
        self._bounds = dict(zip(sessions, zip(begins, ends, strict=True), strict=True))
        self._assets = index.get_level_values(1)
        self._frame = frame.reset_index(drop=True)

    def of(self, session: pd.Timestamp) -> pd.DataFrame:
        """Return the results of a session, by asset."""
        begin, end = self._bounds[session]
        if begin == end:
            return pd.DataFrame(index=pd.Index([]), columns=self._frame.columns)
        frame = self._frame.iloc[begin:end].copy()
        frame.index = self._assets[begin:end]
        return frame


class Pipelines(State):
    """Computing pipelines session by session."""

    _get_pipeline_loader: Callable[[Any], Any] | None
    _pipelines: dict[str, _Attached]
    _engine: PipelineEngine | None

    @property
    def engine(self) -> PipelineEngine:
        """What computes the pipelines."""
        from rustybt.pipeline.engine import ExplodingPipelineEngine, SimplePipelineEngine

        if self._engine is None:
            self._engine = (
                ExplodingPipelineEngine()
                if self._get_pipeline_loader is None
                else SimplePipelineEngine(
                    self._get_pipeline_loader,
                    self.asset_finder,
                    self.default_pipeline_domain(self.trading_calendar),
                )
            )
        return self._engine

    @staticmethod
    def default_pipeline_domain(calendar: Any) -> Domain:  # noqa: ANN401 - an ExchangeCalendar
        """Return the domain of pipelines that say none, by the calendar of the simulation.

        Parameters
        ----------
        calendar : exchange_calendars.ExchangeCalendar
        """
        from rustybt.pipeline.domain import BUILT_IN_DOMAINS, GENERIC

        known: dict[str, Domain] = {domain.calendar_name: domain for domain in BUILT_IN_DOMAINS}
        return known.get(calendar.name, GENERIC)

    def attach_pipeline(
        self,
        pipeline: Pipeline,
        name: str,
        chunks: int | Iterable[int] | None = None,
        eager: bool = True,
    ) -> Pipeline:
        """Have a pipeline computed for each session; only in `initialize`.

        Parameters
        ----------
        pipeline : Pipeline
        name : str
            What `pipeline_output` calls it.
        chunks : int or iterable of int, optional
            Number of sessions to compute at a time: more are faster and take more memory. An
            iterable has the number of each time, then 126. By default 5 and then 126.
        eager : bool, default True
            Whether it is computed before `before_trading_start`, or when its output is asked for.

        Returns
        -------
        Pipeline
            The same.

        Raises
        ------
        AttachPipelineAfterInitialize
            After `initialize`.
        DuplicatePipelineName
            If there is a pipeline of that name.
        """
        from rustybt.pipeline import Pipeline

        if self.initialized:
            raise AttachPipelineAfterInitialize
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"attach_pipeline takes a Pipeline, got {pipeline!r}")
        if name in self._pipelines:
            raise DuplicatePipelineName(name=name)
        if chunks is None:
            sizes: Iterable[int] = chain([FIRST_CHUNK], repeat(CHUNK))
        else:
            sizes = chunks if isinstance(chunks, Iterable) else repeat(chunks)
        self._pipelines[name] = _Attached(pipeline, iter(sizes), eager)
        return pipeline

    def pipeline_output(self, name: str) -> pd.DataFrame:
        """Return the results of a pipeline for the present session.

        Parameters
        ----------
        name : str
            The name that it was attached by.

        Returns
        -------
        pandas.DataFrame
            A column for each of the pipeline's, a row for each asset that passed its screen.

        Raises
        ------
        PipelineOutputDuringInitialize
            In `initialize`.
        NoSuchPipeline
            If none was attached by that name.
        """
        if not self.initialized:
            raise PipelineOutputDuringInitialize
        attached = self._pipelines.get(name)
        if attached is None:
            known = ", ".join(map(repr, self._pipelines)) or "none"
            raise NoSuchPipeline(name=name, valid=known)
        assert self._feed is not None  # noqa: S101 - there is one after initialize
        session = self._feed.session_label()
        if session not in attached:
            size = next(attached.chunks, CHUNK)
            attached.keep(*self._run_chunk(attached.pipeline, session, size))
        return attached.of(session)

    def compute_eager_pipelines(self) -> None:
        """Compute the pipelines that were attached with ``eager=True``."""
        for name, attached in self._pipelines.items():
            if attached.eager:
                self.pipeline_output(name)

    def _run_chunk(
        self, pipeline: Pipeline, session: pd.Timestamp, size: int
    ) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
        """Compute some sessions from one on, but none after the end of the simulation."""
        if size < 1:
            raise ValueError(f"the chunks of a pipeline must be 1 session at least, got {size}")
        sessions = self.trading_calendar.sessions
        first = int(sessions.get_loc(session))
        last = int(sessions.get_loc(self.sim_params.end_session))
        chosen = sessions[first : min(first + size, last) + 1]
        return self.engine.run_pipeline(pipeline, chosen[0], chosen[-1]), chosen
