"""Make ledger_events.json.gz: random events and what zipline-reloaded 3.2.1 makes of them.

Run it with the oracle's Python, from anywhere: ``python ledger_events.py``. The events and the
results are stored together, so that the test replays the first and compares the second.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from zipline.assets import Equity, ExchangeInfo, Future
from zipline.finance.metrics import MetricsTracker, load
from zipline.finance.order import ORDER_STATUS, Order
from zipline.finance.transaction import Transaction
from zipline.utils.calendar_utils import get_calendar

OUT = Path(__file__).with_suffix(".json.gz")
FIRST, LAST = "2019-11-18", "2020-01-15"
CAPITAL = 1_000_000.0
FIRST_FUTURE = 11


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


warnings.simplefilter("ignore")
calendar = get_calendar("XNYS")
sessions = calendar.sessions_in_range(FIRST, LAST)
exchange = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
assets = {sid: Equity(sid, exchange) for sid in range(1, 7)}
assets |= {
    sid: Future(sid, exchange_info=exchange, multiplier=multiplier)
    for sid, multiplier in ((11, 50.0), (12, 1000.0))
}


def draw(seed: int, *, futures: bool) -> list[dict[str, Any]]:
    """Return the events of every session."""
    rng = random.Random(seed)  # noqa: S311 - events, not secrets
    sids = [sid for sid in assets if futures or sid < FIRST_FUTURE]
    prices = {sid: rng.uniform(5, 90) for sid in sids}
    shares = dict.fromkeys(sids, 0)
    return [draw_day(rng, number, prices, shares) for number in range(len(sessions))]


def draw_day(
    rng: random.Random, number: int, prices: dict[int, float], shares: dict[int, int]
) -> dict[str, Any]:
    """Return the events of a session; `shares` is how many are held, actions aside."""
    day: dict[str, Any] = draw_actions(rng, number, [sid for sid in shares if shares[sid]])
    for sid, ratio in day["splits"]:
        prices[sid] *= ratio
    acted = {sid for sid, *_ in day["splits"] + day["stock_dividends"]}
    day["trades"] = []
    for sid, price in prices.items():
        prices[sid] = price * math.exp(rng.gauss(0.0, 0.02))
        if rng.random() < 0.3:
            size = 30 if sid >= FIRST_FUTURE else 3000
            amount = rng.randint(-size, size) or 1
            if sid not in acted and shares[sid] and rng.random() < 0.3:
                amount = -shares[sid]
            day["trades"].append([sid, amount, prices[sid] * (1 + math.copysign(5e-4, amount))])
            shares[sid] += amount
    day["commissions"] = [
        [sid, round(abs(amount) * 0.001 + 0.25 * (sid >= FIRST_FUTURE), 4)]
        for sid, amount, _ in day["trades"]
    ]
    day["placed"] = [[sid, rng.randint(1, 500)] for sid in prices if rng.random() < 0.2]
    day["close"] = rng.choice(list(prices)) if rng.random() < 0.05 else None
    if day["close"] is not None:
        shares[day["close"]] = 0
    day["prices"] = {sid: None if rng.random() < 0.03 else price for sid, price in prices.items()}
    day["overrides"] = {}
    if rng.random() < 0.04:
        day["overrides"] = {"leverage": rng.uniform(0, 3), "net_leverage": rng.uniform(-1, 1)}
    return day


def draw_actions(rng: random.Random, number: int, held: list[int]) -> dict[str, Any]:
    """Return the corporate actions of a session, and what is paid in or out."""
    actions: dict[str, Any] = {"cash_dividends": [], "stock_dividends": [], "splits": []}
    actions["capital_change"] = rng.choice([50_000.0, -20_000.0]) if rng.random() < 0.05 else None
    for sid in (sid for sid in held if sid < FIRST_FUTURE):
        paid = min(number + rng.randint(0, 6), len(sessions) - 1)
        if rng.random() < 0.05:
            actions["cash_dividends"].append([sid, round(rng.uniform(0.05, 1.5), 3), paid])
        if rng.random() < 0.03:
            actions["stock_dividends"].append([sid, sid, rng.choice([0.05, 0.29, 0.1]), paid])
        if rng.random() < 0.04:
            actions["splits"].append([sid, rng.choice([0.5, 1 / 3, 2.0, 1.5, 0.7])])
    return actions


class Portal:
    """Prices and dividends of a session, as the ledger asks for them."""

    def __init__(self) -> None:
        self.adjustment_reader = self
        self.day: dict[str, Any] = {}

    def get_scalar_asset_spot_value(self, asset: Any, **_: object) -> float:
        """Return the price, NaN where there is none."""
        price = self.day["prices"][asset.sid]
        return math.nan if price is None else price

    def get_spot_value(self, asset: Any, *_: object) -> float:
        """Return the price, NaN where there is none."""
        return self.get_scalar_asset_spot_value(asset)

    def get_dividends_with_ex_date(self, held: Any, *_: object) -> list[Cash]:
        """Return the session's dividends in cash."""
        return [
            Cash(assets[sid], amount, sessions[paid])
            for sid, amount, paid in self.day["cash_dividends"]
            if assets[sid] in held
        ]

    def get_stock_dividends_with_ex_date(self, held: Any, *_: object) -> list[Stock]:
        """Return the session's dividends in shares."""
        return [
            Stock(assets[sid], assets[into], ratio, sessions[paid])
            for sid, into, ratio, paid in self.day["stock_dividends"]
            if assets[sid] in held
        ]


class Benchmark:
    """Returns of a benchmark that is unknown at first."""

    def __init__(self, seed: int) -> None:
        returns = np.random.default_rng(seed).normal(0, 0.01, len(sessions))
        returns[:2] = np.nan if seed % 2 else 0.0
        self.returns = pd.Series(returns, index=sessions)

    def daily_returns(self, *_: object) -> pd.Series:
        """Return those of all sessions."""
        return self.returns


def plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "sid"):
        return value.sid
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, ORDER_STATUS):
        return value.name
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else str(float(value))
    return value.item() if isinstance(value, np.generic) else value


def simulate(days: list[dict[str, Any]], seed: int, metrics: str) -> dict[str, Any]:
    """Return what the oracle's books say after every session."""
    benchmark, portal = Benchmark(seed), Portal()
    tracker = MetricsTracker(
        calendar, sessions[0], sessions[-1], CAPITAL, "daily", "daily", None, load(metrics)
    )
    tracker.handle_start_of_simulation(benchmark)
    rows: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = []
    working: list[Order] = []
    for session, day in zip(sessions, days, strict=True):
        dt = calendar.session_close(session)
        portal.day = day
        if day["capital_change"]:
            tracker.capital_change(day["capital_change"])
        tracker.handle_market_open(session, portal)
        if day["splits"]:
            tracker.handle_splits([(assets[sid], ratio) for sid, ratio in day["splits"]])
        for sid, amount, price in day["trades"]:
            tracker.process_transaction(Transaction(assets[sid], amount, dt, price, None))
        for order in working:
            order.filled, order.dt = order.amount, dt
            tracker.process_order(order)
        for sid, cost in day["commissions"]:
            tracker.process_commission({"asset": assets[sid], "cost": cost})
        working = [
            Order(dt, assets[sid], amount, id=f"{len(rows)}-{sid}") for sid, amount in day["placed"]
        ]
        for order in working:
            tracker.process_order(order)
        if day["close"] is not None:
            tracker.process_close_position(assets[day["close"]], dt, portal)
        tracker.override_account_fields(**day["overrides"])
        packet = tracker.handle_market_close(dt, portal)
        rows.append(plain({**packet["daily_perf"], **packet["cumulative_risk_metrics"]}))
        state = dict(vars(tracker.portfolio))
        state["positions"] = {
            asset.sid: [p.amount, p.cost_basis, p.last_sale_price, p.last_sale_date]
            for asset, p in tracker.portfolio.positions.items()
        }
        states.append(plain({"portfolio": state, "account": vars(tracker.account)}))
    return {
        "benchmark": plain(benchmark.returns.tolist()),
        "days": plain(days),
        "rows": rows,
        "states": states,
        "report": plain(tracker.handle_simulation_end(portal)),
    }


if __name__ == "__main__":
    runs = {}
    for name, seed, futures, metrics in (
        ("equities", 1, False, "default"),
        ("futures", 2, True, "classic"),
        ("mixed", 3, True, "default"),
    ):
        runs[name] = simulate(draw(seed, futures=futures), seed, metrics)
    stored = {"capital": CAPITAL, "first": FIRST, "last": LAST, "runs": runs}
    OUT.write_bytes(gzip.compress(json.dumps(stored).encode(), mtime=0))
