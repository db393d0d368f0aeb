"""Minutes as sessions, and bars of one calendar on another."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, SupportsInt

import numpy as np
import pandas as pd

from rustybt.data._resample import (
    _minute_to_session_close,
    _minute_to_session_high,
    _minute_to_session_low,
    _minute_to_session_open,
    _minute_to_session_volume,
)
from rustybt.data.bar_reader import BarReader, MinuteBarReader, NoDataOnDate, SessionBarReader
from rustybt.data.market_schedule import minutes_between, session_of, sessions_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray
    from pandas.api.typing import NaTType

    from rustybt.assets import Asset

_HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
_KERNELS = {
    "open": _minute_to_session_open,
    "high": _minute_to_session_high,
    "low": _minute_to_session_low,
    "close": _minute_to_session_close,
    "volume": _minute_to_session_volume,
}


def minute_frame_to_session_frame(
    minute_frame: pd.DataFrame, calendar: ExchangeCalendar
) -> pd.DataFrame:
    """Return a frame of minutes as a frame of sessions.

    Parameters
    ----------
    minute_frame : DataFrame
        Some of the columns open, high, low, close and volume; index of market minutes.
    calendar : ExchangeCalendar

    Returns
    -------
    DataFrame
        The same columns; index of sessions.
    """
    minutes = pd.DatetimeIndex(minute_frame.index).as_unit("ns").asi8
    labels = calendar.sessions[np.searchsorted(calendar.last_minutes_nanos, minutes)]
    return minute_frame.groupby(labels).agg({name: _HOW[name] for name in minute_frame.columns})


def minute_to_session(
    column: str, close_locs: NDArray[np.intp], data: NDArray[Any], out: NDArray[Any]
) -> NDArray[Any]:
    """Write a column's minutes as sessions into `out`, and return it; see `_resample`."""
    _KERNELS[column](close_locs, data, out)
    return out


class DailyHistoryAggregator:
    """The session so far, as a daily bar, out of its minutes.

    Parameters
    ----------
    market_opens : Series
        First minute of each session.
    minute_reader : MinuteBarReader
    trading_calendar : ExchangeCalendar
    """

    def __init__(
        self,
        market_opens: pd.Series,
        minute_reader: MinuteBarReader,
        trading_calendar: ExchangeCalendar,
    ) -> None:
        self._market_opens = market_opens
        self._minute_reader = minute_reader
        self._trading_calendar = trading_calendar

    def _aggregate(self, column: str, assets: Sequence[Asset], dt: pd.Timestamp) -> NDArray[Any]:
        session = session_of(self._trading_calendar, dt)
        market_open = self._market_opens.loc[session]
        out = np.zeros(len(assets)) if column == "volume" else np.full(len(assets), np.nan)
        alive = [place for place, asset in enumerate(assets) if asset.is_alive_for_session(session)]
        if not alive:
            return out
        (minutes,) = self._minute_reader.load_raw_arrays(
            [column], market_open, dt, [assets[place] for place in alive]
        )
        close = np.array([len(minutes) - 1], dtype=np.intp)
        value = np.empty(1)
        for place, data in zip(alive, np.asarray(minutes, dtype=np.float64).T, strict=True):
            out[place] = minute_to_session(column, close, data, value)[0]
        return out

    def opens(self, assets: Sequence[Asset], dt: pd.Timestamp) -> NDArray[np.float64]:
        """Return each asset's first price of the session until `dt`, NaN before there is one."""
        return self._aggregate("open", assets, dt)

    def highs(self, assets: Sequence[Asset], dt: pd.Timestamp) -> NDArray[np.float64]:
        """Return each asset's highest price of the session until `dt`."""
        return self._aggregate("high", assets, dt)

    def lows(self, assets: Sequence[Asset], dt: pd.Timestamp) -> NDArray[np.float64]:
        """Return each asset's lowest price of the session until `dt`."""
        return self._aggregate("low", assets, dt)

    def closes(self, assets: Sequence[Asset], dt: pd.Timestamp) -> NDArray[np.float64]:
        """Return each asset's last price of the session until `dt`."""
        return self._aggregate("close", assets, dt)

    def volumes(self, assets: Sequence[Asset], dt: pd.Timestamp) -> NDArray[np.float64]:
        """Return each asset's volume of the session until `dt`."""
        return self._aggregate("volume", assets, dt)


class MinuteResampleSessionBarReader(SessionBarReader):
    """Reader of daily bars that are made of minute bars.

    Parameters
    ----------
    calendar : ExchangeCalendar
    minute_bar_reader : MinuteBarReader
    """

    def __init__(self, calendar: ExchangeCalendar, minute_bar_reader: MinuteBarReader) -> None:
        self._calendar = calendar
        self._minutes = minute_bar_reader

    @property
    def trading_calendar(self) -> ExchangeCalendar:
        """The calendar of the sessions."""
        return self._calendar

    @cached_property
    def sessions(self) -> pd.DatetimeIndex:
        """All sessions for which the reader can be asked."""
        return sessions_between(self._calendar, self.first_trading_day, self.last_available_dt)

    @cached_property
    def last_available_dt(self) -> pd.Timestamp:
        """The session of the last minute for which the reader of minutes can be asked."""
        return session_of(self._calendar, self._minutes.last_available_dt)

    @property
    def first_trading_day(self) -> pd.Timestamp:
        """The first session with data."""
        return self._minutes.first_trading_day

    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[Any]]:
        """Return unadjusted values of several assets; see `BarReader`."""
        first = self._calendar.session_first_minute(start_date)
        last = self._calendar.session_close(end_date)
        loaded = self._minutes.load_raw_arrays(columns, first, last, assets)
        minutes = minutes_between(self._calendar, first, last)
        closes = pd.DatetimeIndex(self._calendar.closes[start_date:end_date])
        places = np.asarray(minutes.searchsorted(closes), dtype=np.intp)
        results = []
        for column, data in zip(columns, loaded, strict=True):
            out = np.empty((len(places), len(assets)))
            for asset in range(len(assets)):
                values = np.ascontiguousarray(data[:, asset], dtype=np.float64)
                minute_to_session(column, places, values, out[:, asset])
            results.append(out)
        return results

    def get_value(self, sid: SupportsInt, dt: pd.Timestamp, field: str) -> float:
        """Return one unadjusted value of an asset; see `BarReader`."""
        value = float(self.load_raw_arrays([field], dt, dt, [sid])[0][0, 0])
        return int(value) if field == "volume" else value

    def get_last_traded_dt(self, asset: SupportsInt, dt: pd.Timestamp) -> pd.Timestamp | NaTType:
        """Return the session of the last minute not after `dt` at which the asset traded.

        That is the calendar's first session if it did not trade.
        """
        last = self._minutes.get_last_traded_dt(asset, dt)
        if pd.isna(last):
            first: pd.Timestamp = self._calendar.first_session
            return first
        return session_of(self._calendar, last)


class ReindexBarReader(BarReader):
    """Reader that puts bars on a calendar with more sessions or minutes, empty where none are.

    Parameters
    ----------
    trading_calendar : ExchangeCalendar
        Has every session or minute of the reader's calendar.
    reader : BarReader
    first_trading_session, last_trading_session : Timestamp
        The range of sessions for which this reader can be asked.
    """

    def __init__(
        self,
        trading_calendar: ExchangeCalendar,
        reader: BarReader,
        first_trading_session: pd.Timestamp,
        last_trading_session: pd.Timestamp,
    ) -> None:
        self._trading_calendar = trading_calendar
        self._reader = reader
        self._first_trading_session = first_trading_session
        self._last_trading_session = last_trading_session

    @property
    def trading_calendar(self) -> ExchangeCalendar:
        """The calendar that bars are put on."""
        return self._trading_calendar

    @property
    def last_available_dt(self) -> pd.Timestamp:
        """The last time for which the reader below can be asked."""
        return self._reader.last_available_dt

    @property
    def first_trading_day(self) -> pd.Timestamp:
        """The first session with data."""
        return self._reader.first_trading_day

    @cached_property
    def sessions(self) -> pd.DatetimeIndex:
        """All sessions for which the reader can be asked."""
        return sessions_between(
            self._trading_calendar, self._first_trading_session, self._last_trading_session
        )

    def get_last_traded_dt(self, asset: SupportsInt, dt: pd.Timestamp) -> pd.Timestamp | NaTType:
        """Return the last time not after `dt` at which the asset traded."""
        return self._reader.get_last_traded_dt(asset, dt)

    def get_value(self, sid: SupportsInt, dt: pd.Timestamp, field: str) -> float:
        """Return one unadjusted value; NaN, or 0 for the volume, where there is no bar."""
        try:
            return self._reader.get_value(sid, dt, field)
        except NoDataOnDate:
            return 0 if field == "volume" else np.nan

    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[Any]]:
        """Return unadjusted values of several assets; see `BarReader`."""
        outer = self._times(self._trading_calendar, start_date, end_date)
        inner = self._times(self._reader.trading_calendar, start_date, end_date)
        shape = (len(outer), len(assets))
        results = [
            np.zeros(shape) if name == "volume" else np.full(shape, np.nan) for name in columns
        ]
        if len(inner):
            rows = outer.searchsorted(inner)
            loaded = self._reader.load_raw_arrays(columns, inner[0], inner[-1], assets)
            for result, values in zip(results, loaded, strict=True):
                result[rows] = values
        return results

    @staticmethod
    @abstractmethod
    def _times(
        calendar: ExchangeCalendar, start: pd.Timestamp, end: pd.Timestamp
    ) -> pd.DatetimeIndex:
        """Return the times from `start` to `end`, both included."""


class ReindexMinuteBarReader(ReindexBarReader, MinuteBarReader):
    """Reader that puts minute bars on another calendar."""

    @staticmethod
    def _times(
        calendar: ExchangeCalendar, start: pd.Timestamp, end: pd.Timestamp
    ) -> pd.DatetimeIndex:
        return minutes_between(calendar, start, end)


class ReindexSessionBarReader(ReindexBarReader, SessionBarReader):
    """Reader that puts daily bars on another calendar."""

    @staticmethod
    def _times(
        calendar: ExchangeCalendar, start: pd.Timestamp, end: pd.Timestamp
    ) -> pd.DatetimeIndex:
        return sessions_between(calendar, start, end)
