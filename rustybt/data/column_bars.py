"""Readers of bars that lie in memory, or in a mapped file, as contiguous columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, SupportsInt

import numpy as np
import pandas as pd

from rustybt.data._equities import COLUMNS
from rustybt.data._minute_bar_internal import MarketMinutes
from rustybt.data.bar_files import BarTable, DamagedBarsError, read_bars
from rustybt.data.bar_reader import (
    CurrencyAwareSessionBarReader,
    MinuteBarReader,
    NoDataAfterDate,
    NoDataBeforeDate,
    NoDataForSid,
    NoDataOnDate,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray
    from pandas.api.typing import NaTType

    from rustybt.data._equities import BarColumns

_NUMBERS = {name: number for number, name in enumerate(COLUMNS)}


class _ColumnReader(ABC):
    """What the readers of either frequency share."""

    def __init__(self, source: str | os.PathLike[str] | BarTable) -> None:
        self._table = source if isinstance(source, BarTable) else read_bars(Path(source))
        if self._table.frequency != self._frequency:
            raise DamagedBarsError(
                msg=f"{source} holds {self._table.frequency} bars, not {self._frequency} bars"
            )
        self.columns: BarColumns = self._table.columns
        """The bars themselves."""

    @cached_property
    def trading_calendar(self) -> ExchangeCalendar:
        """The calendar of the bars."""
        from rustybt.utils.calendar_utils import get_calendar

        return get_calendar(self._table.calendar)

    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[np.float64]]:
        """Return unadjusted values of several assets; see `BarReader`."""
        start, end = self._ordinal(start_date), self._ordinal(end_date)
        positions = self.columns.positions(assets)
        return [self.columns.matrix(name, positions, start, end + 1) for name in columns]

    def _position(self, sid: SupportsInt) -> int:
        position = self.columns.position(sid)
        if position < 0:
            raise NoDataForSid(f"there are no {self._noun} bars of sid {int(sid)}")
        return position

    def _value(self, field: str, position: int, ordinal: int) -> float:
        value = self.columns.value(_NUMBERS[field], position, ordinal)
        return int(value) if field == "volume" else value

    _frequency = "session"
    _noun = "daily"

    @abstractmethod
    def _ordinal(self, time: pd.Timestamp) -> int:
        """Return the place of a time on the axis."""


class ColumnSessionBarReader(_ColumnReader, CurrencyAwareSessionBarReader):
    """Reader of daily bars in columns.

    Parameters
    ----------
    source : path or BarTable
        A file that `DailyBarWriter` wrote, or bars in memory.
    """

    @cached_property
    def sessions(self) -> pd.DatetimeIndex:
        """All sessions for which the reader can be asked."""
        return pd.DatetimeIndex(self.columns.axis.view("M8[ns]"))

    @property
    def last_available_dt(self) -> pd.Timestamp:
        """The last session for which the reader can be asked."""
        return pd.Timestamp(self._table.end_session)

    @cached_property
    def first_trading_day(self) -> pd.Timestamp:
        """The first session of any bar."""
        first = self.columns.first
        return pd.Timestamp(self.columns.axis[first.min() if first.size else 0])

    def _ordinal(self, time: pd.Timestamp) -> int:
        axis = self.columns.axis
        if time.tzinfo is not None:
            time = time.tz_convert("UTC").tz_localize(None)
        ordinal = int(np.searchsorted(axis, time.value))
        if ordinal == axis.size or axis[ordinal] != time.value:
            raise NoDataOnDate(
                f"{time} is no session of the bars, which reach from {self.sessions[0]:%Y-%m-%d} "
                f"to {self.sessions[-1]:%Y-%m-%d}"
            )
        return ordinal

    def get_value(self, sid: SupportsInt, dt: pd.Timestamp, field: str) -> float:
        """Return one unadjusted value of an asset; see `BarReader`."""
        ordinal = self._ordinal(dt)
        position = self._position(sid)
        if ordinal < self.columns.first[position]:
            raise NoDataBeforeDate(f"sid {int(sid)} has no bar on or before {dt:%Y-%m-%d}")
        if ordinal > self.columns.last[position]:
            raise NoDataAfterDate(f"sid {int(sid)} has no bar on or after {dt:%Y-%m-%d}")
        return self._value(field, position, ordinal)

    def get_last_traded_dt(self, asset: SupportsInt, dt: pd.Timestamp) -> pd.Timestamp | NaTType:
        """Return the last session not after `dt` at which the asset traded; NaT if none."""
        position = self._position(asset)
        try:
            ordinal = self.columns.last_traded(position, self._ordinal(dt))
        except NoDataOnDate:
            return pd.NaT
        return pd.NaT if ordinal < 0 else pd.Timestamp(self.columns.axis[ordinal])

    def currency_codes(self, sids: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return "USD" for each asset with bars, None for others."""
        codes = ["USD" if position >= 0 else None for position in self.columns.positions(sids)]
        return np.array(codes, dtype=object)


class ColumnMinuteBarReader(_ColumnReader, MinuteBarReader):
    """Reader of minute bars in columns.

    Parameters
    ----------
    source : path or BarTable
        A file that `MinuteBarWriter` wrote, or bars in memory.
    """

    _frequency = "minute"
    _noun = "minute"

    @cached_property
    def _minutes(self) -> MarketMinutes:
        return MarketMinutes(self._table.opens, self._table.closes)

    @property
    def last_available_dt(self) -> pd.Timestamp:
        """The last minute for which the reader can be asked."""
        return pd.Timestamp(self._table.closes[-1], tz="UTC")

    @property
    def first_trading_day(self) -> pd.Timestamp:
        """The first session for which the reader can be asked."""
        return pd.Timestamp(self._table.start_session)

    def _ordinal(self, time: pd.Timestamp) -> int:
        try:
            return self._minutes.find_position_of_minute(time.value)
        except ValueError as error:
            raise NoDataOnDate(str(error)) from None

    def get_value(self, sid: SupportsInt, dt: pd.Timestamp, field: str) -> float:
        """Return one unadjusted value of an asset; see `BarReader`."""
        return self._value(field, self._position(sid), self._ordinal(dt))

    def get_last_traded_dt(self, asset: SupportsInt, dt: pd.Timestamp) -> pd.Timestamp | NaTType:
        """Return the last minute not after `dt` at which the asset traded; NaT if none."""
        minute = self._minutes.find_position_of_minute(dt.value, forward_fill=True)
        ordinal = self.columns.last_traded(self._position(asset), minute)
        return pd.NaT if ordinal < 0 else pd.Timestamp(self.columns.axis[ordinal], tz="UTC")
