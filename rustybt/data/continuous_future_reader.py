"""Bars of continuous futures: those of the contract that is current at each time."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, SupportsInt, cast

import numpy as np
import pandas as pd

from rustybt.data.bar_reader import BarReader, MinuteBarReader, NoDataForSid, SessionBarReader
from rustybt.data.market_schedule import minutes_between, session_of, sessions_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray
    from pandas.api.typing import NaTType

    from rustybt.assets import ContinuousFuture, Future
    from rustybt.assets.roll_finder import RollFinder


class _ContinuousFutureReader(BarReader):
    """What the readers of either frequency share."""

    def __init__(self, bar_reader: BarReader, roll_finders: Mapping[str, RollFinder]) -> None:
        self._bar_reader = bar_reader
        self._roll_finders = roll_finders

    @property
    def trading_calendar(self) -> ExchangeCalendar:
        """The calendar of the contracts."""
        return self._bar_reader.trading_calendar

    @property
    def first_trading_day(self) -> pd.Timestamp:
        """The first session with data."""
        return self._bar_reader.first_trading_day

    @property
    def last_available_dt(self) -> pd.Timestamp:
        """The last time for which the reader can be asked."""
        return self._bar_reader.last_available_dt

    @property
    def sessions(self) -> pd.DatetimeIndex:
        """All sessions for which the reader can be asked."""
        return self._bar_reader.sessions  # type: ignore[attr-defined, no-any-return]

    def _center(self, asset: SupportsInt, dt: pd.Timestamp) -> Future | None:
        future = cast("ContinuousFuture", asset)
        finder = self._roll_finders[future.roll_style]
        return finder.get_contract_center(future.root_symbol, dt, future.offset)

    def get_value(self, sid: SupportsInt, dt: pd.Timestamp, field: str) -> float:
        """Return one value of the contract that is current at `dt`; see `BarReader`.

        Raises
        ------
        NoDataForSid
            If there is no contract.
        """
        contract = self._center(sid, dt)
        if contract is None:
            raise NoDataForSid(f"{sid} has no contract at {dt}")
        return self._bar_reader.get_value(contract, dt, field)

    def get_last_traded_dt(self, asset: SupportsInt, dt: pd.Timestamp) -> pd.Timestamp | NaTType:
        """Return when the contract that is current at `dt` traded last; NaT without one."""
        contract = self._center(asset, dt)
        return pd.NaT if contract is None else self._bar_reader.get_last_traded_dt(contract, dt)

    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[Any]]:
        """Return values of several continuous futures; see `BarReader`.

        The column "sid" gives the contract that is current at each time.
        """
        times = self._times(start_date, end_date)
        shape = (len(times), len(assets))
        results: list[NDArray[Any]] = [
            np.zeros(shape, dtype=np.int64) if name in {"volume", "sid"} else np.full(shape, np.nan)
            for name in columns
        ]
        priced = [name for name in columns if name != "sid"]
        for place, asset in enumerate(assets):
            future = cast("ContinuousFuture", asset)
            for sid, start, stop in self._pieces(future, times):
                if start >= stop:
                    continue
                loaded = iter(
                    self._bar_reader.load_raw_arrays(priced, times[start], times[stop - 1], [sid])
                    if priced
                    else ()
                )
                for name, result in zip(columns, results, strict=True):
                    values = int(sid) if name == "sid" else next(loaded)[:, 0]
                    result[start:stop, place] = values
        return results

    def _pieces(
        self, future: ContinuousFuture, times: pd.DatetimeIndex
    ) -> Iterator[tuple[int, int, int]]:
        """Yield each contract with the range of times at which it is current."""
        finder = self._roll_finders[future.roll_style]
        first, last = self._session(times[0]), self._session(times[-1])
        start = 0
        for sid, roll in finder.get_rolls(future.root_symbol, first, last, future.offset):
            stop = len(times) if roll is None else self._first_from(times, roll)
            yield sid, start, stop
            start = stop

    @abstractmethod
    def _times(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
        """Return the times from `start` to `end`, both included."""

    @abstractmethod
    def _session(self, time: pd.Timestamp) -> pd.Timestamp:
        """Return the session of a time."""

    @abstractmethod
    def _first_from(self, times: pd.DatetimeIndex, session: pd.Timestamp) -> int:
        """Return the place of the first time that belongs to a session or a later one."""


class ContinuousFutureSessionBarReader(_ContinuousFutureReader, SessionBarReader):
    """Reader of daily bars of continuous futures.

    Parameters
    ----------
    bar_reader : SessionBarReader
        The reader of the contracts.
    roll_finders : mapping of str to RollFinder
        By roll style.
    """

    def _times(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
        return sessions_between(self.trading_calendar, start, end)

    def _session(self, time: pd.Timestamp) -> pd.Timestamp:
        return time

    def _first_from(self, times: pd.DatetimeIndex, session: pd.Timestamp) -> int:
        naive = session if session.tzinfo is None else session.tz_localize(None)
        return int(times.searchsorted(naive))


class ContinuousFutureMinuteBarReader(_ContinuousFutureReader, MinuteBarReader):
    """Reader of minute bars of continuous futures; parameters as for daily bars."""

    def _times(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
        return minutes_between(self.trading_calendar, start, end)

    def _session(self, time: pd.Timestamp) -> pd.Timestamp:
        return session_of(self.trading_calendar, time)

    def _first_from(self, times: pd.DatetimeIndex, session: pd.Timestamp) -> int:
        naive = session if session.tzinfo is None else session.tz_localize(None)
        return int(times.searchsorted(self.trading_calendar.session_first_minute(naive)))
