"""Metrics sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar, overload

Factory = Callable[[], Any]
FactoryT = TypeVar("FactoryT", bound=Factory)

_sets: dict[str, Factory] = {}

metrics_sets: Mapping[str, Factory] = MappingProxyType(_sets)
"""The functions that make the registered metrics sets, by name; read-only."""


@overload
def register(name: str) -> Callable[[FactoryT], FactoryT]: ...
@overload
def register(name: str, function: FactoryT) -> FactoryT: ...
def register(name: str, function: Factory | None = None) -> object:
    """Register a metrics set under a name.

    Parameters
    ----------
    name : str
        Name of the set, as `metrics_set` of `run_algorithm` takes it.
    function : callable, optional
        Returns a new collection of metrics on each call. Without it, a decorator is returned.

    Raises
    ------
    ValueError
        If a set of this name is registered.
    """
    if function is None:
        return partial(register, name)
    if name in _sets:
        raise ValueError(f"metrics set {name!r} is already registered: unregister it first")
    _sets[name] = function
    return function


def unregister(name: str) -> None:
    """Forget a metrics set.

    Parameters
    ----------
    name : str
        Name of the set.

    Raises
    ------
    ValueError
        If no set of this name is registered.
    """
    if name not in _sets:
        raise ValueError(f"metrics set {name!r} was not already registered")
    del _sets[name]


def load(name: str) -> Any:  # noqa: ANN401 - whatever the function collects its metrics in
    """Return a new collection of the metrics of a set.

    Parameters
    ----------
    name : str
        Name of the set.

    Raises
    ------
    ValueError
        If no set of this name is registered.
    """
    if name not in _sets:
        raise ValueError(f"no metrics set registered as {name!r}, options are: {sorted(_sets)}")
    return _sets[name]()
