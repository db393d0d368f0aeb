"""What all parts of an algorithm share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from exchange_calendars import ExchangeCalendar

    from rustybt._protocol import BarData, PriceFeed
    from rustybt.finance.controls import AccountControl, TradingControl
    from rustybt.finance.metrics.tracker import MetricsTracker
    from rustybt.finance.trading import SimulationParameters


class State:
    """Attributes of an algorithm, declared once for its parts."""

    asset_finder: Any
    data_portal: Any
    sim_params: SimulationParameters
    trading_calendar: ExchangeCalendar
    metrics_tracker: MetricsTracker
    _blotter: Any
    initialized: bool
    trading_controls: list[TradingControl]
    account_controls: list[AccountControl]
    restrictions: Any
    _recorded_vars: dict[str, Any]
    _data: BarData
    _feed: PriceFeed | None
    _in_before_trading_start: bool
    _symbol_lookup_date: pd.Timestamp | None
    _last_orders: dict[Any, int]
    _dated: int
    _simulation: Any
    benchmark_sid: Any

    @property
    def blotter(self) -> Any:  # noqa: ANN401 - of any kind
        """The blotter, told the present time."""
        self._date_blotter()
        return self._blotter

    def _date_blotter(self) -> None:
        """Tell the blotter the present time, unless it was told."""
        feed = self._feed
        if feed is not None and feed.now_ns != self._dated:
            self._dated = feed.now_ns
            self._blotter.set_date(feed.now())

    @property
    def datetime(self) -> pd.Timestamp:
        """The present time of the simulation, in UTC."""
        if self._feed is None or not self._feed.now_ns:
            return self.sim_params.start_session.tz_localize("UTC")
        return self._feed.now()

    def get_datetime(self, tz: Any = None) -> pd.Timestamp:  # noqa: ANN401 - as pandas takes it
        """Return the present time of the simulation.

        Parameters
        ----------
        tz : str or tzinfo, optional
            Time zone; UTC by default.
        """
        return self.datetime if tz is None else self.datetime.tz_convert(tz)
