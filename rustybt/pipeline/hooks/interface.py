"""What can watch a pipeline being computed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    import pandas as pd

    from rustybt.pipeline.pipeline import Pipeline
    from rustybt.pipeline.term import ComputableTerm, LoadableTerm, Term


class PipelineHooks(ABC):
    """Context managers that the engine enters around its work."""

    @abstractmethod
    def running_pipeline(
        self, pipeline: Pipeline, start_date: pd.Timestamp, end_date: pd.Timestamp
    ) -> AbstractContextManager[Any]:
        """Enter while a pipeline is computed.

        Parameters
        ----------
        pipeline : Pipeline
        start_date, end_date : pandas.Timestamp
        """

    @abstractmethod
    def computing_chunk(
        self, terms: list[Term], start_date: pd.Timestamp, end_date: pd.Timestamp
    ) -> AbstractContextManager[Any]:
        """Enter while some dates are computed.

        Parameters
        ----------
        terms : list of Term
            In the order in which they are computed.
        start_date, end_date : pandas.Timestamp
        """

    @abstractmethod
    def loading_terms(self, terms: list[LoadableTerm]) -> AbstractContextManager[Any]:
        """Enter while columns are loaded.

        Parameters
        ----------
        terms : list of LoadableTerm
        """

    @abstractmethod
    def computing_term(self, term: ComputableTerm) -> AbstractContextManager[Any]:
        """Enter while a term is computed.

        Parameters
        ----------
        term : ComputableTerm
        """


class DelegatingHooks(PipelineHooks):
    """Several hooks as one.

    Parameters
    ----------
    hooks : iterable of PipelineHooks
    """

    def __init__(self, hooks: Iterable[PipelineHooks] = ()) -> None:
        self._hooks = list(hooks)

    @contextmanager
    def _all(self, method: str, *args: Any) -> Iterator[None]:
        with ExitStack() as stack:
            for hook in self._hooks:
                stack.enter_context(getattr(hook, method)(*args))
            yield

    def running_pipeline(
        self, pipeline: Pipeline, start_date: pd.Timestamp, end_date: pd.Timestamp
    ) -> AbstractContextManager[Any]:
        """Enter those of all hooks."""
        return self._all("running_pipeline", pipeline, start_date, end_date)

    def computing_chunk(
        self, terms: list[Term], start_date: pd.Timestamp, end_date: pd.Timestamp
    ) -> AbstractContextManager[Any]:
        """Enter those of all hooks."""
        return self._all("computing_chunk", terms, start_date, end_date)

    def loading_terms(self, terms: list[LoadableTerm]) -> AbstractContextManager[Any]:
        """Enter those of all hooks."""
        return self._all("loading_terms", terms)

    def computing_term(self, term: ComputableTerm) -> AbstractContextManager[Any]:
        """Enter those of all hooks."""
        return self._all("computing_term", term)


class NoHooks(DelegatingHooks):
    """Hooks that do nothing."""

    def __init__(self) -> None:
        super().__init__()
