"""Returns of the benchmark that a simulation is compared with."""

# ruff: noqa: ANN401 - calendars and portals are any object with Zipline's methods

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from rustybt.errors import (
    BenchmarkAssetNotAvailableTooEarly,
    BenchmarkAssetNotAvailableTooLate,
    InvalidBenchmarkAsset,
)

if TYPE_CHECKING:
    from rustybt.assets import Asset

    Returns = pd.Series[float]


class BenchmarkSource:
    """Returns of a benchmark over the sessions of a simulation.

    The return of a bar is ``price / previous price - 1``, prices adjusted for all that takes
    effect up to the last session. An asset that starts to trade in the first session has there
    its return from open to close.

    Parameters
    ----------
    benchmark_asset : Asset or None
        What to compare with.
    trading_calendar : exchange_calendars.ExchangeCalendar
    sessions : DatetimeIndex
        Labels of the sessions of the simulation.
    data_portal : DataPortal
        Prices of the asset.
    emission_rate : {"daily", "minute"}, default "daily"
    benchmark_returns : Series of float, optional
        Daily returns by session, instead of an asset's; sessions it has not count as 0.

    Raises
    ------
    InvalidBenchmarkAsset
        If the asset pays a dividend in shares of another.
    BenchmarkAssetNotAvailableTooEarly, BenchmarkAssetNotAvailableTooLate
        If it does not trade from the first to the last session.
    ValueError
        If there is neither an asset nor returns.
    """

    def __init__(
        self,
        benchmark_asset: Asset | None,
        trading_calendar: Any,
        sessions: pd.DatetimeIndex,
        data_portal: Any,
        emission_rate: str = "daily",
        benchmark_returns: Returns | None = None,
    ) -> None:
        self.benchmark_asset = benchmark_asset
        self.sessions = sessions
        self.emission_rate = emission_rate
        self.data_portal = data_portal
        self._calendar = trading_calendar
        if len(sessions) == 0:
            self._returns = self._daily_returns = pd.Series(dtype=float)
        elif benchmark_asset is not None:
            self._validate(benchmark_asset)
            self._returns, self._daily_returns = self._of_asset(benchmark_asset)
        elif benchmark_returns is not None:
            self._daily_returns = benchmark_returns.reindex(sessions).fillna(0)
            self._returns = self._spread(self._daily_returns)
        else:
            raise ValueError(
                "a benchmark needs benchmark_asset or benchmark_returns: name an asset with "
                "set_benchmark() or pass a Series of daily returns"
            )

    def get_value(self, dt: pd.Timestamp) -> float:
        """Return the return of one bar: a session, or a minute of a simulation that emits those.

        Raises
        ------
        KeyError
            If the simulation has no such bar.
        """
        return float(self._returns.loc[dt])

    def get_range(self, start_dt: pd.Timestamp, end_dt: pd.Timestamp) -> Returns:
        """Return the returns of the bars from one to another, both included."""
        return self._returns.loc[start_dt:end_dt]

    def daily_returns(self, start: pd.Timestamp, end: pd.Timestamp | None = None) -> Any:
        """Return the return of a session, or of those from `start` to `end`, both included."""
        if end is None:
            return self._daily_returns.loc[start]
        return self._daily_returns.loc[start:end]

    def _validate(self, asset: Asset) -> None:
        """Raise the error for an asset that is no benchmark for these sessions."""
        first, last = self.sessions[0], self.sessions[-1]
        dividends = self.data_portal.get_stock_dividends(asset, self.sessions)
        if dividends:
            raise InvalidBenchmarkAsset(sid=str(asset), dt=dividends[0]["ex_date"])
        if asset.start_date is not None and asset.start_date > first:
            raise BenchmarkAssetNotAvailableTooEarly(
                sid=str(asset), dt=first, start_dt=asset.start_date
            )
        if asset.end_date is not None and asset.end_date < last:
            raise BenchmarkAssetNotAvailableTooLate(sid=str(asset), dt=last, end_dt=asset.end_date)

    def _of_asset(self, asset: Asset) -> tuple[Returns, Returns]:
        """Return the returns of bars and of sessions."""
        if self.emission_rate == "minute":
            return self._of_minutes(asset)
        starts = asset.start_date == self.sessions[0]
        count = len(self.sessions) + (not starts)
        prices = self._prices(asset, self.sessions[-1], count, "1d")
        returns = prices.pct_change()
        if starts:
            opened, closed = (
                self.data_portal.get_spot_value(asset, field, self.sessions[0], "daily")
                for field in ("open", "close")
            )
            returns.iloc[0] = (closed - opened) / opened
        else:
            returns = returns.iloc[1:]
        return returns, returns

    def _of_minutes(self, asset: Asset) -> tuple[Returns, Returns]:
        minutes = self._calendar.sessions_minutes(self.sessions[0], self.sessions[-1])
        prices = self._prices(asset, minutes[-1], len(minutes) + 1, "1m")
        days = self.downsample_minute_return_series(self._calendar, prices)
        return prices.pct_change().iloc[1:], days

    def _prices(
        self, asset: Asset, end: pd.Timestamp, count: int, frequency: str
    ) -> pd.Series[float]:
        window = self.data_portal.get_history_window(
            [asset], end, count, frequency, "price", self.emission_rate
        )
        prices: pd.Series[float] = window[asset]
        return prices

    def _spread(self, returns: Returns) -> Returns:
        """Return the daily returns at each bar."""
        if self.emission_rate != "minute":
            return returns
        minutes = self._calendar.sessions_minutes(self.sessions[0], self.sessions[-1])
        return returns.tz_localize(minutes.tz).reindex(minutes, method="ffill")

    @classmethod
    def downsample_minute_return_series(
        cls, trading_calendar: Any, minutely_returns: pd.Series[float]
    ) -> Returns:
        """Return the returns of sessions out of the values at minutes.

        Parameters
        ----------
        trading_calendar : exchange_calendars.ExchangeCalendar
        minutely_returns : Series of float
            By minute, whole sessions but for the first, which is only to be compared with and has
            no return.

        Returns
        -------
        Series of float
            By session label.
        """
        sessions = trading_calendar.minutes_to_sessions(minutely_returns.index)
        closes = trading_calendar.closes[sessions[0] : sessions[-1]]
        returns: Returns = minutely_returns.loc[closes].pct_change().set_axis(closes.index)
        return returns.iloc[1:]
