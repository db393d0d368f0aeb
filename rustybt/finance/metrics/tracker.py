"""The simulation's side of its metrics."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from rustybt.finance._finance_ext import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd
    from exchange_calendars import ExchangeCalendar

    from rustybt.assets import Asset
    from rustybt.finance._finance_ext import Portfolio, Position
    from rustybt.finance.metrics.metric import BenchmarkReturns
    from rustybt.finance.order import Order
    from rustybt.finance.transaction import Transaction
    from rustybt.protocol import Account

log = logging.getLogger(__name__)

_HOOKS = (
    "start_of_simulation",
    "end_of_simulation",
    "start_of_session",
    "end_of_session",
    "end_of_bar",
)


class Adjusted(Protocol):
    """A data portal that may know of dividends."""

    adjustment_reader: Any


class MetricsTracker:
    """Keeps the ledger of a simulation, and has its metrics report on it.

    Where every metric can give its columns at once and sessions are what is reported, no packets
    are needed: `columnar` is true, the ledger records every session, and `performance` makes the
    DataFrame at the end. Whoever wants the packets sets `columnar` to False before the start.

    Parameters
    ----------
    trading_calendar : ExchangeCalendar
        Calendar of the simulation.
    first_session, last_session : pandas.Timestamp
        Labels of its first and last session.
    capital_base : float
        Cash at the start.
    emission_rate : {"daily", "minute"}
        How often the metrics report.
    data_frequency : {"daily", "minute"}
        Frequency of the bars.
    asset_finder : AssetFinder
        Handed on to the reader of dividends.
    metrics : iterable
        The metrics: objects with some of the hooks.

    Attributes
    ----------
    feed : PriceFeed
        Gives the prices; the simulation sets it before it begins.
    ledger : Ledger
        The books.
    columnar : bool
        Whether sessions are recorded in columns instead of reported in packets.
    """

    start_of_simulation: Callable[..., None]
    end_of_simulation: Callable[..., None]
    start_of_session: Callable[..., None]
    end_of_session: Callable[..., None]
    end_of_bar: Callable[..., None]

    def __init__(
        self,
        trading_calendar: ExchangeCalendar,
        first_session: pd.Timestamp,
        last_session: pd.Timestamp,
        capital_base: float,
        emission_rate: str,
        data_frequency: str,
        asset_finder: object,
        metrics: Iterable[object],
    ) -> None:
        self.emission_rate = emission_rate
        self.feed: Any = None
        self._calendar = trading_calendar
        self._first_session = first_session
        self._last_session = last_session
        self._capital_base = capital_base
        self._asset_finder = asset_finder
        self._sessions = trading_calendar.sessions_in_range(first_session, last_session)
        self._session_count = 0
        self._current_session = first_session
        self._benchmark_source: Any = None
        self._metrics: list[Any] = list(metrics)
        self.ledger = Ledger(self._sessions, capital_base, data_frequency)
        self.columnar = emission_rate == "daily" and all(map(_is_columnar, self._metrics))
        for hook in _HOOKS:
            setattr(self, hook, _all_of(self._metrics, hook))

    @property
    def portfolio(self) -> Portfolio:
        """The portfolio as it is now."""
        return self.ledger.portfolio

    @property
    def account(self) -> Account:
        """The account as it is now."""
        return self.ledger.account

    @property
    def positions(self) -> dict[Asset, Position]:
        """The positions by asset."""
        return self.ledger.position_tracker.positions

    def update_position(
        self,
        asset: Asset,
        amount: float | None = None,
        last_sale_price: float | None = None,
        last_sale_date: pd.Timestamp | None = None,
        cost_basis: float | None = None,
    ) -> None:
        """Set what is known of a position; see `PositionTracker.update_position`."""
        self.ledger.position_tracker.update_position(
            asset, amount, last_sale_price, last_sale_date, cost_basis
        )

    def override_account_fields(self, **fields: float) -> None:
        """Set fields of the account; see `Ledger.override_account_fields`."""
        self.ledger.override_account_fields(**fields)

    def process_transaction(self, transaction: Transaction) -> None:
        """Book a trade."""
        self.ledger.process_transaction(transaction)

    def handle_splits(self, splits: Iterable[tuple[Asset, float]]) -> None:
        """Restate positions after splits, given as assets and ratios."""
        self.ledger.process_splits(splits)

    def process_order(self, event: Order) -> None:
        """Keep track of an order that was placed or has changed."""
        self.ledger.process_order(event)

    def process_commission(self, commission: dict[str, Any]) -> None:
        """Pay a commission: `asset` and `cost`."""
        self.ledger.process_commission(commission)

    def process_close_position(
        self, asset: Asset, dt: pd.Timestamp, _portal: object = None
    ) -> None:
        """Close the position in an asset, if there is one, at its last price."""
        self.ledger.close_position(asset, dt, self.feed)

    def capital_change(self, amount: float) -> None:
        """Pay cash in or out."""
        self.ledger.capital_change(amount)

    def sync_last_sale_prices(self) -> None:
        """Take over the present prices of the assets held."""
        self.ledger.sync_last_sale_prices(self.feed)

    def handle_start_of_simulation(self, benchmark_source: BenchmarkReturns) -> None:
        """Begin.

        Parameters
        ----------
        benchmark_source : object
            Has `daily_returns(first, last)` and, where minutes are reported, `get_range`.
        """
        self._benchmark_source = benchmark_source
        self.start_of_simulation(
            self.ledger, self.emission_rate, self._calendar, self._sessions, benchmark_source
        )

    def handle_market_open(self, session_label: pd.Timestamp, data_portal: Adjusted) -> None:
        """Begin a session: pay dividends, and have it noted.

        Parameters
        ----------
        session_label : pandas.Timestamp
            Label of the session.
        data_portal : DataPortal
            Has the `adjustment_reader`, None where there are no adjustments.
        """
        self.ledger.start_of_session(session_label)
        reader = data_portal.adjustment_reader
        if reader is not None:
            self.ledger.process_dividends(session_label, self._asset_finder, reader)
        self._current_session = session_label
        if self.columnar:
            self.ledger.record_start()
        else:
            self.start_of_session(self.ledger, session_label, data_portal)

    def handle_minute_close(self, dt: pd.Timestamp, data_portal: object) -> dict[str, Any]:
        """End a minute.

        Parameters
        ----------
        dt : pandas.Timestamp
            The minute.
        data_portal : DataPortal
            Handed on to the metrics.

        Returns
        -------
        dict
            The packet of the minute.
        """
        self.sync_last_sale_prices()
        packet = self._packet("minute_perf", dt)
        self.ledger.end_of_bar(self._session_count)
        self.end_of_bar(packet, self.ledger, dt, self._session_count, data_portal)
        return packet

    def handle_market_close(self, dt: pd.Timestamp, data_portal: object) -> dict[str, Any] | None:
        """End a session.

        Parameters
        ----------
        dt : pandas.Timestamp
            The session's last minute.
        data_portal : DataPortal
            Handed on to the metrics.

        Returns
        -------
        dict or None
            The packet of the session; None where sessions are recorded in columns.
        """
        if self.emission_rate == "daily":
            self.sync_last_sale_prices()
        session_ix = self._session_count
        self._session_count += 1
        if self.columnar:
            self.ledger.record_end(dt.value)
            return None
        packet = self._packet("daily_perf", dt)
        self.ledger.end_of_session(session_ix)
        self.end_of_session(packet, self.ledger, self._current_session, session_ix, data_portal)
        return packet

    def handle_simulation_end(self, data_portal: object) -> dict[str, Any]:
        """End the simulation.

        Parameters
        ----------
        data_portal : DataPortal
            Handed on to the metrics.

        Returns
        -------
        dict
            What the metrics report of the whole: empty with the default ones.
        """
        log.info(
            "Simulated %d trading days\n first open: %s\n last close: %s",
            self._session_count or self.ledger.recording.sessions,
            self._calendar.session_open(self._first_session),
            self._calendar.session_close(self._last_session),
        )
        if self.columnar:
            for metric in self._metrics:
                metric.columns(self.ledger.recording)
        packet: dict[str, Any] = {}
        self.end_of_simulation(
            packet,
            self.ledger,
            self._calendar,
            self._sessions,
            data_portal,
            self._benchmark_source,
        )
        return packet

    def performance(self) -> pd.DataFrame:
        """Return the performance of the sessions recorded so far, a row for each.

        The cells of `positions`, `orders` and `transactions` are equal to lists of dicts, and
        make them when somebody looks.
        """
        from rustybt.finance.metrics.frame import from_recording

        recording = self.ledger.recording
        return from_recording(recording, self._opens()[: recording.sessions], self._metrics)

    def _opens(self) -> pd.DatetimeIndex:
        """Return the first minutes of the simulation's sessions."""
        import pandas as pd

        first_minutes = self._calendar.first_minutes
        start = first_minutes.index.searchsorted(self._first_session)
        minutes = first_minutes.iloc[start : start + len(self._sessions)]
        return pd.DatetimeIndex(minutes).as_unit("ns")

    def _packet(self, section: str, dt: pd.Timestamp) -> dict[str, Any]:
        progress = 1.0
        if self.emission_rate == "daily":
            progress = self._session_count / len(self._sessions)
        return {
            "period_start": self._first_session,
            "period_end": self._last_session,
            "capital_base": self._capital_base,
            section: {
                "period_open": self._calendar.session_first_minute(self._current_session),
                "period_close": dt,
            },
            "cumulative_perf": {
                "period_open": self._first_session,
                "period_close": self._last_session,
            },
            "progress": progress,
            "cumulative_risk_metrics": {},
        }


def _is_columnar(metric: object) -> bool:
    """Tell whether a metric is a built-in one that can give its columns at once.

    A subclass may report something else in its hooks, so it does not count.
    """
    home = type(metric).__module__
    if home not in {"rustybt.finance.metrics.metric", "rustybt.finance.metrics.classic"}:
        return False
    columnar: bool = metric.is_columnar()  # type: ignore[attr-defined]
    return columnar


def _all_of(metrics: Iterable[object], hook: str) -> Callable[..., None]:
    """Return a function that calls a hook of all metrics that have it."""
    hooks = [getattr(metric, hook) for metric in metrics if hasattr(metric, hook)]

    def call(*arguments: object) -> None:
        for implementation in hooks:
            implementation(*arguments)

    call.__name__ = hook
    return call
