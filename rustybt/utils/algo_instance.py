"""The algorithm whose simulation runs in this context: the functions of `rustybt.api` ask it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rustybt.algorithm import TradingAlgorithm

_current: ContextVar[TradingAlgorithm | None] = ContextVar("rustybt_algorithm", default=None)

get_algo_instance = _current.get


def set_algo_instance(algorithm: TradingAlgorithm | None) -> None:
    """Have the functions of the api speak to `algorithm`, None for none."""
    _current.set(algorithm)


@contextmanager
def running(algorithm: TradingAlgorithm) -> Iterator[None]:
    """Have the functions of the api speak to `algorithm` for a while."""
    token = _current.set(algorithm)
    try:
        yield
    finally:
        _current.reset(token)
