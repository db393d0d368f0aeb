"""The books say to the last digit what zipline-reloaded 3.2.1 made of the same events.

`oracle/ledger_events.py` made the events and the results.
"""

from __future__ import annotations

import gzip
import json
import math
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

from rustybt.assets import Equity, ExchangeInfo, Future
from rustybt.finance.metrics import MetricsTracker, load
from rustybt.finance.metrics.frame import from_packets
from rustybt.finance.order import Order
from rustybt.finance.transaction import Transaction

STORED = json.loads(
    gzip.decompress((Path(__file__).parent / "oracle" / "ledger_events.json.gz").read_bytes())
)
SETS = {"equities": "default", "futures": "classic", "mixed": "default"}
EXCHANGE = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
ASSETS: dict[int, Any] = {sid: Equity(sid, EXCHANGE) for sid in range(1, 7)}
ASSETS |= {
    sid: Future(sid, exchange_info=EXCHANGE, multiplier=multiplier)
    for sid, multiplier in ((11, 50.0), (12, 1000.0))
}


class Cash(NamedTuple):
    """A dividend in cash, per share."""

    asset: Any
    amount: float
    pay_date: pd.Timestamp


class Stock(NamedTuple):
    """A dividend in shares, per share."""

    asset: Any
    payment_asset: Any
    ratio: float
    pay_date: pd.Timestamp


@pytest.fixture(scope="module")
def calendar() -> exchange_calendars.ExchangeCalendar:
    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads Series.values, which pandas 3.1 is to change.
        warnings.filterwarnings("ignore", "Series.values returning", Warning)
        return exchange_calendars.get_calendar(
            "XNYS", start="2019-01-02", end="2020-12-31", side="right"
        )


class Market:
    """Prices and dividends of a session: feed, data portal and reader of adjustments in one."""

    def __init__(self, sessions: pd.DatetimeIndex, benchmark: list[Any]) -> None:
        self.adjustment_reader = self
        self.sessions = sessions
        self.benchmark = pd.Series([float(r) for r in benchmark], index=sessions)
        self.now_ns = 0
        self.day: dict[str, Any] = {}

    def price(self, asset: Any) -> float:
        """Return the price, NaN where there is none."""
        price = self.day["prices"][str(asset.sid)]
        return math.nan if price is None else price

    def get_dividends_with_ex_date(self, held: Any, *_: object) -> list[Cash]:
        """Return the session's dividends in cash."""
        return [
            Cash(ASSETS[sid], amount, self.sessions[paid])
            for sid, amount, paid in self.day["cash_dividends"]
            if ASSETS[sid] in held
        ]

    def get_stock_dividends_with_ex_date(self, held: Any, *_: object) -> list[Stock]:
        """Return the session's dividends in shares."""
        return [
            Stock(ASSETS[sid], ASSETS[into], ratio, self.sessions[paid])
            for sid, into, ratio, paid in self.day["stock_dividends"]
            if ASSETS[sid] in held
        ]

    def daily_returns(self, *_: object) -> pd.Series[float]:
        """Return those of all sessions."""
        return self.benchmark

    def get_range(self, *_: object) -> pd.Series[float]:
        """Return those of all sessions: there are no minutes here."""
        return self.benchmark


def replay(
    calendar: Any, run: dict[str, Any], metrics: Any, columnar: bool
) -> tuple[pd.DataFrame, list[dict[str, Any]], dict[str, Any]]:
    """Return the performance, the state after each session and the final report."""
    first, last = pd.Timestamp(STORED["first"]), pd.Timestamp(STORED["last"])
    sessions = calendar.sessions_in_range(first, last)
    market = Market(sessions, run["benchmark"])
    tracker = MetricsTracker(
        calendar, sessions[0], sessions[-1], STORED["capital"], "daily", "daily", None, metrics
    )
    assert tracker.columnar
    tracker.columnar = columnar
    tracker.feed = market
    tracker.handle_start_of_simulation(market)
    packets: list[Any] = []
    states: list[dict[str, Any]] = []
    working: list[Order] = []
    for number, (session, day) in enumerate(zip(sessions, run["days"], strict=True)):
        dt = calendar.session_close(session)
        market.day, market.now_ns = day, dt.value
        if day["capital_change"]:
            tracker.capital_change(day["capital_change"])
        tracker.handle_market_open(session, market)
        tracker.handle_splits([(ASSETS[sid], ratio) for sid, ratio in day["splits"]])
        for sid, amount, price in day["trades"]:
            tracker.process_transaction(Transaction(ASSETS[sid], amount, dt, price, None))
        for order in working:
            order.filled, order.dt = order.amount, dt
            tracker.process_order(order)
        for sid, cost in day["commissions"]:
            tracker.process_commission({"asset": ASSETS[sid], "cost": cost})
        working = [
            Order(dt, ASSETS[sid], amount, id=f"{number}-{sid}") for sid, amount in day["placed"]
        ]
        for order in working:
            tracker.process_order(order)
        if day["close"] is not None:
            tracker.process_close_position(ASSETS[day["close"]], dt, market)
        tracker.override_account_fields(**day["overrides"])
        packets.append(tracker.handle_market_close(dt, market))
        portfolio = tracker.portfolio
        names = set(run["states"][0]["portfolio"]) - {"positions"}
        state = {name: getattr(portfolio, name) for name in names}
        state["positions"] = {
            asset.sid: [p.amount, p.cost_basis, p.last_sale_price, p.last_sale_date]
            for asset, p in portfolio.positions.items()
        }
        states.append(plain({"portfolio": state, "account": vars(tracker.account)}))
    report = plain(tracker.handle_simulation_end(market))
    return (tracker.performance() if columnar else from_packets(packets)), states, report


def plain(value: Any) -> Any:
    """Return a value as the stored results have it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "sid"):
        return value.sid
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if type(value).__name__ == "ORDER_STATUS":
        return value.name
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else str(float(value))
    return value.item() if isinstance(value, np.generic) else value


def approx(expected: Any, scale: float = 1e-9) -> Any:
    """Return what equals a nested value but for the last digits of its numbers."""
    if isinstance(expected, dict):
        return {key: approx(item) for key, item in expected.items()}
    if isinstance(expected, list):
        return [approx(item) for item in expected]
    if isinstance(expected, float):
        return pytest.approx(expected, rel=1e-12, abs=scale)
    return expected


@pytest.mark.parametrize("columnar", [True, False], ids=["columns", "packets"])
@pytest.mark.parametrize("name", SETS)
@pytest.mark.filterwarnings("ignore:the metrics set 'classic':DeprecationWarning")
def test_books_are_those_of_the_oracle(calendar: Any, name: str, columnar: bool) -> None:
    run = STORED["runs"][name]
    performance, states, report = replay(calendar, run, load(SETS[name]), columnar)

    assert states == approx(run["states"])
    rows = run["rows"]
    assert set(performance.columns) == set(rows[0])
    for column in performance.columns:
        expected = [row[column] for row in rows]
        values = plain([list(v) if hasattr(v, "tolist") else v for v in performance[column]])
        values = [None if value == "nan" else value for value in values]
        assert values == approx(expected), column
    assert report == approx(run["report"])
