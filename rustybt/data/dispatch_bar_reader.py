"""Readers that hand each asset to the reader of its type."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, SupportsInt

import numpy as np

from rustybt.data.bar_reader import BarReader, MinuteBarReader, SessionBarReader
from rustybt.data.market_schedule import minutes_between, sessions_between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray
    from pandas.api.typing import NaTType

    from rustybt.assets import AssetFinder


class AssetDispatchBarReader(BarReader):
    """Reader of assets of several types.

    Parameters
    ----------
    trading_calendar : ExchangeCalendar
    asset_finder : AssetFinder
    readers : mapping of type to BarReader
        The reader of each type of asset; all of the same calendar.
    last_available_dt : Timestamp, optional
        By default the latest of the readers'.

    Raises
    ------
    ValueError
        If a reader is of another calendar.
    """

    def __init__(
        self,
        trading_calendar: ExchangeCalendar,
        asset_finder: AssetFinder,
        readers: Mapping[type, BarReader],
        last_available_dt: pd.Timestamp | None = None,
    ) -> None:
        for kind, reader in readers.items():
            if reader.trading_calendar.name != trading_calendar.name:
                raise ValueError(
                    f"the reader of {kind.__name__} is of the calendar "
                    f"{reader.trading_calendar.name}, not of {trading_calendar.name}: reindex it"
                )
        self._trading_calendar = trading_calendar
        self._asset_finder = asset_finder
        self._readers = dict(readers)
        self._last_available_dt = last_available_dt

    @property
    def trading_calendar(self) -> ExchangeCalendar:
        """The calendar of all readers."""
        return self._trading_calendar

    @cached_property
    def last_available_dt(self) -> pd.Timestamp:
        """The last time for which a reader can be asked."""
        if self._last_available_dt is not None:
            return self._last_available_dt
        return max(reader.last_available_dt for reader in self._readers.values())

    @cached_property
    def first_trading_day(self) -> pd.Timestamp:
        """The first session with data."""
        return min(reader.first_trading_day for reader in self._readers.values())

    def get_value(self, sid: SupportsInt, dt: pd.Timestamp, field: str) -> float:
        """Return one unadjusted value of an asset; see `BarReader`."""
        asset = self._asset_finder.retrieve_asset(int(sid)) if isinstance(sid, int) else sid
        return self._readers[type(asset)].get_value(asset, dt, field)

    def get_last_traded_dt(self, asset: SupportsInt, dt: pd.Timestamp) -> pd.Timestamp | NaTType:
        """Return the last time not after `dt` at which the asset traded."""
        return self._readers[type(asset)].get_last_traded_dt(asset, dt)

    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[Any]]:
        """Return unadjusted values of several assets; see `BarReader`."""
        groups: dict[type, list[int]] = {}
        found = self._asset_finder.retrieve_all([int(asset) for asset in assets])
        for place, asset in enumerate(found):
            groups.setdefault(type(asset), []).append(place)
        shape = (self._window_size(start_date, end_date), len(found))
        results = [
            np.zeros(shape, dtype=np.int64) if name in {"volume", "sid"} else np.full(shape, np.nan)
            for name in columns
        ]
        for kind, places in groups.items():
            members = [found[place] for place in places]
            arrays = self._readers[kind].load_raw_arrays(columns, start_date, end_date, members)
            for result, array in zip(results, arrays, strict=True):
                result[:, places] = array
        return results

    @abstractmethod
    def _window_size(self, start: pd.Timestamp, end: pd.Timestamp) -> int:
        """Return how many bars a range has."""


class AssetDispatchMinuteBarReader(AssetDispatchBarReader, MinuteBarReader):
    """Reader of minute bars of assets of several types."""

    def _window_size(self, start: pd.Timestamp, end: pd.Timestamp) -> int:
        return len(minutes_between(self.trading_calendar, start, end))


class AssetDispatchSessionBarReader(AssetDispatchBarReader, SessionBarReader):
    """Reader of daily bars of assets of several types."""

    def _window_size(self, start: pd.Timestamp, end: pd.Timestamp) -> int:
        return len(sessions_between(self.trading_calendar, start, end))

    @cached_property
    def sessions(self) -> pd.DatetimeIndex:
        """All sessions from the first with data to the last available."""
        return sessions_between(
            self.trading_calendar, self.first_trading_day, self.last_available_dt
        )
