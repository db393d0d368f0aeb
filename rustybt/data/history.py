"""The pandas side of history: a Series made when it is needed, and frames of several fields."""

# ruff: noqa: ANN401, SLF001 - as open as the signatures of pandas are; the functions at the end
# are the other half of the class

from __future__ import annotations

from functools import wraps
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from rustybt._protocol import HistoryWindow
    from rustybt.assets import Asset


class HistorySeries(pd.Series):
    """The history of one field of one asset.

    It is a :class:`pandas.Series` in every respect, but for two: reductions, positions and slices
    are read off the engine's own memory, and the Series proper comes into being only when
    something else is asked of it; an int as key is a position, as it was before pandas 3. What
    is derived from it is a plain Series.
    """

    __slots__ = ("_window",)
    _window: HistoryWindow | None

    @property
    def _constructor(self) -> type[pd.Series]:
        return pd.Series

    def __len__(self) -> int:
        window = self._window
        return super().__len__() if window is None else len(window)

    def __getitem__(self, key: Any) -> Any:
        if type(key) is int:
            window = self._window
            return self.iloc[key] if window is None else window.item(key)
        if type(key) is slice:
            part = self._part(key)
            if part is not None:
                return part
        return super().__getitem__(key)

    def _part(self, key: slice) -> HistorySeries | None:
        """Return a slice by position without making the Series, None where that cannot be."""
        window = self._window
        if window is None or key.step is not None:
            return None
        if not all(end is None or type(end) is int for end in (key.start, key.stop)):
            return None
        start, stop, _ = key.indices(len(window))
        return _series(window.part(start, max(start, stop)))

    def __iter__(self) -> Iterator[Any]:
        window = self._window
        return super().__iter__() if window is None else iter(window.values.tolist())

    @property
    def iloc(self) -> Any:
        """Values by position."""
        return super().iloc if self._window is None else _Positions(self)

    def __reduce__(self) -> tuple[type[pd.Series], tuple[pd.Series]]:
        return pd.Series, (pd.Series(self),)  # to be read where there is no rustybt


class _Positions:
    """The `iloc` of a history whose Series has not been made."""

    __slots__ = ("_series",)

    def __init__(self, series: HistorySeries) -> None:
        self._series = series

    def __getitem__(self, key: Any) -> Any:
        if type(key) is int or type(key) is slice:
            return self._series[key]
        return _made(self._series).iloc[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        _made(self._series).iloc[key] = value

    def __call__(self, *args: Any, **options: Any) -> Any:
        return _made(self._series).iloc(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(_made(self._series).iloc, name)


class _OnFirstUse:
    """An attribute of a Series that a history has once the Series proper has been made."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, series: HistorySeries | None, owner: type) -> Any:
        if series is None:
            return self
        window = series._window
        if window is None:  # as any Series does before it has been initialised
            raise AttributeError(self._name)
        object.__setattr__(series, "_window", None)
        initialise: Any = pd.Series.__init__
        initialise(series, window.values.copy(), index=window.index, name=window.name)
        return series.__dict__[self._name]


def _reduction(name: str) -> Callable[..., Any]:
    """Return a reduction that is read off the window where it has no options."""
    of_series: Callable[..., Any] = getattr(pd.Series, name)
    of_window = methodcaller(name)

    @wraps(of_series)
    def reduction(series: HistorySeries, *args: Any, **options: Any) -> Any:
        window = series._window
        if window is None or args or options:
            return of_series(series, *args, **options)
        return of_window(window)

    return reduction


for _name in ("sum", "mean", "std", "var", "min", "max"):
    setattr(HistorySeries, _name, _reduction(_name))

# Every attribute is looked up through these: they are found here at once, rather than at the far
# end of the dozen bases of a Series.
for _name in ("__getattribute__", "__getattr__"):
    setattr(HistorySeries, _name, getattr(pd.Series, _name))

# An instance's own dict comes before these, so that they are asked once at most.
for _name in vars(pd.Series([0.0])):
    setattr(HistorySeries, _name, _OnFirstUse(_name))


def _series(window: HistoryWindow) -> HistorySeries:
    series: HistorySeries = object.__new__(HistorySeries)
    object.__setattr__(series, "_window", window)
    return series


def _made(series: HistorySeries) -> HistorySeries:
    """Return a history after its Series has been made."""
    series.index  # noqa: B018 - asked for is made
    return series


def frame_by_fields(
    values: dict[str, NDArray[np.float64]], times: pd.DatetimeIndex, assets: list[Asset], label: str
) -> pd.DataFrame:
    """Return a frame of several fields, its rows pairs of time and asset, sorted.

    Parameters
    ----------
    values : dict of str to numpy.ndarray of float64, shape (times, assets)
    times : DatetimeIndex
    assets : list of Asset
    label : str
        Name of the level of times.
    """
    order = sorted(range(len(assets)), key=assets.__getitem__)
    rows = pd.MultiIndex.from_product([times, [assets[at] for at in order]], names=[label, None])
    columns = pd.Index(list(values), name="fields")
    return pd.DataFrame(
        {field: values[field][:, order].ravel() for field in columns}, index=rows, columns=columns
    )
