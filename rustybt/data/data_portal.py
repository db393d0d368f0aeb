"""The one place that a simulation asks for market data."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from rustybt._protocol import AssetBars, Axis, PriceFeed
from rustybt.assets import Equity, Future
from rustybt.data.history_loader import (
    DailyHistoryLoader,
    session_axis,
)

if TYPE_CHECKING:
    pass


class DataPortal:
    """Prices, history and corporate actions out of the readers of a bundle.

    Parameters
    ----------
    asset_finder : AssetFinder
    trading_calendar : exchange_calendars.ExchangeCalendar
        Of the simulation; readers of another calendar are aligned with it.
    first_trading_day : pandas.Timestamp or None
        First session with data: no window of history begins before it.
    equity_daily_reader, equity_minute_reader, future_daily_reader, future_minute_reader : BarReader
        Bars of each kind; optional.
    adjustment_reader : SQLiteAdjustmentReader, optional
        Splits, mergers and dividends.
    last_available_session, last_available_minute : pandas.Timestamp, optional
        The last with data; those of the readers where left out.
    minute_history_prefetch_length, daily_history_prefetch_length : int, optional
        For those who call it as Zipline's; there is nothing to tune.
    """

    def __init__(
        self,
        asset_finder: Any,
        trading_calendar: Any,
        first_trading_day: pd.Timestamp | None,
        equity_daily_reader: Any = None,
        equity_minute_reader: Any = None,
        future_daily_reader: Any = None,
        future_minute_reader: Any = None,
        adjustment_reader: Any = None,
        last_available_session: pd.Timestamp | None = None,
        last_available_minute: pd.Timestamp | None = None,
        minute_history_prefetch_length: int = 1560,  # noqa: ARG002 - Zipline's signature
        daily_history_prefetch_length: int = 40,  # noqa: ARG002
    ) -> None:
        self.asset_finder = asset_finder
        self.trading_calendar = trading_calendar
        self.first_trading_day = first_trading_day
        self._adjustment_reader = adjustment_reader
        self._readers = {
            "daily": _by_kind(equity_daily_reader, future_daily_reader),
            "minute": _by_kind(equity_minute_reader, future_minute_reader),
        }

    @cached_property
    def session_axis(self) -> Axis:
        """All sessions of the calendar."""
        return session_axis(self.trading_calendar)

    @cached_property
    def _session_loader(self) -> DailyHistoryLoader:
        return DailyHistoryLoader(
            self.trading_calendar,
            self._readers["daily"],
            self._adjustment_reader,
            self.asset_finder,
            axis=self.session_axis,
        )

    def asset_bars(self, asset: Any, daily: bool) -> AssetBars:
        """Return the bars of an asset, of sessions or of minutes."""
        return (self._session_loader if daily else self._minute_loader).bars(asset)

    def feed(self, sessions: Any, data_frequency: str) -> PriceFeed:
        """Return prices at the bars of a simulation.

        Parameters
        ----------
        sessions : DatetimeIndex, or array of int64 nanoseconds or datetime64
            Labels of the sessions of the simulation, consecutive sessions of the calendar.
        data_frequency : {"daily", "minute"}
        """
        return PriceFeed(self, sessions, data_frequency)


def _by_kind(equity_reader: Any, future_reader: Any) -> dict[type, Any]:
    readers = {Equity: equity_reader, Future: future_reader}
    return {kind: reader for kind, reader in readers.items() if reader is not None}
