"""What must hold for any strategy on any data."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import parity_data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parity_data import FIELDS, DataSet, bars, draws, equity_frame, in_dollars, ratios
from parity_engine import Engine, condense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAYS = 14
WARM_UP = 5  # sessions before the run, for data.history
SYMBOLS = ["ABLE", "BAKER", "CHARLIE", "DOG"]
NUMBERS = itertools.count()


@dataclass(frozen=True)
class Action:
    """What a strategy does on one day."""

    day: int
    kind: str
    symbol: str
    size: int


def actions(kinds: list[str]) -> st.SearchStrategy[list[Action]]:
    """Draw what a strategy does, by day."""
    action = st.builds(
        Action,
        day=st.integers(0, DAYS - 2),
        kind=st.sampled_from(kinds),
        symbol=st.sampled_from(SYMBOLS),
        size=st.integers(-50, 50),
    )
    return st.lists(action, min_size=1, max_size=12)


KINDS = ["shares", "percent", "target", "limit", "stop", "cancel", "trend"]
MARKET = ["shares", "trend"]  # a limit price and a target weight round otherwise after a split
SEEDS = st.integers(1, 10_000)


@pytest.fixture(scope="module")
def days() -> pd.DatetimeIndex:
    return parity_data.sessions("XNYS", "2019-06-20", "2019-07-31")[: WARM_UP + DAYS]


def raw_bars(seed: int, days: pd.DatetimeIndex) -> dict[str, pd.DataFrame]:
    """Return bars in thousandths; what trades little does not trade each day."""
    made = {}
    for number, symbol in enumerate(SYMBOLS):
        frame = bars(seed + 7 * number, days, 20_000 + 999 * number, 300, 400 if number else 3_000)
        if number == 3:
            frame.loc[draws(seed, len(days), 4) == 0, FIELDS] = 0
            frame.iloc[[0, -1]] = [10_000, 10_000, 10_000, 10_000, 50]
        made[symbol] = frame
    return made


def data_set(raw: dict[str, pd.DataFrame], days: pd.DatetimeIndex, **more: Any) -> DataSet:
    """Return a data set of its own name; sids follow the order of `raw`."""
    daily = {sid: in_dollars(frame) for sid, frame in enumerate(raw.values(), 1)}
    return DataSet(
        name=f"property-{next(NUMBERS)}",
        calendar="XNYS",
        sessions=days,
        equities=equity_frame(dict(enumerate(raw, 1)), daily),
        daily=daily,
        **more,
    )


def run(
    engine: Engine,
    data: DataSet,
    plan: list[Action],
    watch: Callable[[Any, Any], None] | None = None,
    *,
    factor: Callable[[int, str], int] = lambda _day, _symbol: 1,
    free: bool = False,
) -> pd.DataFrame:
    """Run a plan on a data set; `factor` multiplies the numbers of shares."""
    api = engine.module("api")

    def initialize(context: Any) -> None:
        context.assets = dict(zip(SYMBOLS, api.symbols(*SYMBOLS), strict=True))
        context.day = 0
        if free:
            api.set_slippage(engine.module("finance.slippage").FixedSlippage(spread=0.0))
            api.set_commission(engine.module("finance.commission").PerDollar(cost=0.001))

    def handle_data(context: Any, data: Any) -> None:
        for action in plan:
            if action.day == context.day:
                shares = action.size * factor(context.day, action.symbol)
                act(api, data, action, context.assets[action.symbol], shares)
        if watch is not None:
            watch(context, data)
        context.day += 1

    engine.ingest(data)
    try:
        return engine.run_functions(
            data,
            start=data.sessions[WARM_UP],
            initialize=initialize,
            handle_data=handle_data,
            capital_base=100_000.0,
        )
    finally:
        engine.module("data.bundles").unregister(data.name)


def act(api: Any, data: Any, action: Action, asset: Any, shares: int) -> None:
    """Do what an action says; a trend is followed by what the past tells, and recorded."""
    price = data.current(asset, "price")
    if action.kind == "shares":
        api.order(asset, shares)
    elif action.kind == "percent":
        api.order_target_percent(asset, action.size / 100)
    elif action.kind == "target":
        api.order_target(asset, shares)
    elif action.kind == "limit":
        api.order(asset, shares, limit_price=price * 1.001)
    elif action.kind == "stop":
        api.order(asset, shares, stop_price=price * 0.999)
    elif action.kind == "cancel":
        for order in api.get_open_orders(asset):
            api.cancel_order(order)
    else:
        past = data.history(asset, "price", 5, "1d")
        change = past.iloc[-1] / past.mean()
        api.record(**{f"{action.symbol}_change": change})
        if change > 1:
            api.order(asset, shares)


def transactions(perf: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return what was traded, sorted."""
    rows = ((row["dt"], row["sid"].symbol, row["amount"], row["price"]) for row in flat(perf))
    return sorted(rows)


def flat(perf: pd.DataFrame, column: str = "transactions") -> Iterator[dict[str, Any]]:
    """Yield the entries of a column of lists."""
    return itertools.chain.from_iterable(perf[column])


few = settings(max_examples=12)


@few
@given(SEEDS, actions(KINDS))
def test_cash_and_positions_make_the_portfolio_value(
    engine: Engine, days: pd.DatetimeIndex, seed: int, plan: list[Action]
) -> None:
    seen = []

    def watch(context: Any, data: Any) -> None:
        held = context.portfolio.positions.items()
        value = sum(position.amount * data.current(asset, "price") for asset, position in held)
        seen.append((context.portfolio.portfolio_value, context.portfolio.cash + value))

    perf = run(engine, data_set(raw_bars(seed, days), days), plan, watch)
    assert len(seen) == DAYS
    values, made = np.array(seen).T
    np.testing.assert_allclose(values, made, rtol=1e-12)
    ended = perf["ending_cash"] + perf["ending_value"]
    np.testing.assert_allclose(perf["portfolio_value"], ended, rtol=1e-12)
    paid = perf["capital_used"].cumsum() + 100_000
    np.testing.assert_allclose(perf["ending_cash"], paid, rtol=1e-12)


@few
@given(SEEDS, actions(KINDS))
def test_nothing_fills_in_the_bar_of_its_order(
    engine: Engine, days: pd.DatetimeIndex, seed: int, plan: list[Action]
) -> None:
    perf = run(engine, data_set(raw_bars(seed, days), days), plan)
    created = {row["id"]: row["created"] for row in flat(perf, "orders")}
    traded = list(flat(perf))
    assert all(row["dt"] > created[row["order_id"]] for row in traded)
    ordered = {row["id"]: row["amount"] for row in flat(perf, "orders")}
    for number, amount in ordered.items():
        filled = sum(row["amount"] for row in traded if row["order_id"] == number)
        assert 0 <= filled / amount <= 1


@few
@given(SEEDS, actions(MARKET), st.integers(2, DAYS - 2), st.sampled_from(SYMBOLS[:3]))
def test_a_split_changes_nothing_but_share_counts(
    engine: Engine, days: pd.DatetimeIndex, seed: int, plan: list[Action], at: int, symbol: str
) -> None:
    whole = raw_bars(seed, days)
    for frame in whole.values():
        frame[FIELDS[:4]] = frame[FIELDS[:4]] // 2 * 2
    split = {name: frame.copy() for name, frame in whole.items()}
    since = days[WARM_UP + at]
    after = days >= since
    split[symbol].loc[after, FIELDS[:4]] //= 2
    split[symbol].loc[after, "volume"] *= 2
    sid = SYMBOLS.index(symbol) + 1
    adjusted = data_set(split, days, splits=ratios([(sid, str(since.date()), 0.5)]))

    def factor(day: int, name: str) -> int:
        return 2 if name == symbol and day >= at else 1

    plain = run(engine, data_set(whole, days), plan, free=True)
    found = run(engine, adjusted, plan, free=True, factor=factor)
    for column in ("portfolio_value", "ending_cash", "gross_leverage", "returns", "max_drawdown"):
        np.testing.assert_allclose(found[column], plain[column], rtol=1e-9, atol=1e-12)
    recorded = [name for name in plain.columns if str(name).endswith("_change")]
    for column in recorded:
        np.testing.assert_allclose(
            found[column].astype(float), plain[column].astype(float), rtol=1e-12
        )
    before = [(row["sid"].symbol, row["amount"], row["price"]) for row in flat(plain)]
    now = [
        (name, amount // times, price * times)
        for name, amount, price, times in (
            (
                row["sid"].symbol,
                row["amount"],
                row["price"],
                2 if row["sid"].symbol == symbol and row["dt"].tz_convert(None) > since else 1,
            )
            for row in flat(found)
        )
    ]
    assert [row[:2] for row in now] == [row[:2] for row in before]
    np.testing.assert_allclose([row[2] for row in now], [row[2] for row in before], rtol=1e-12)


@few
@given(SEEDS, actions(KINDS), st.permutations(SYMBOLS))
def test_the_order_of_assets_changes_nothing(
    engine: Engine, days: pd.DatetimeIndex, seed: int, plan: list[Action], shuffled: list[str]
) -> None:
    raw = raw_bars(seed, days)
    plain = run(engine, data_set(raw, days), plan)
    found = run(engine, data_set({name: raw[name] for name in shuffled}, days), plan)
    assert transactions(found) == transactions(plain)
    values = "portfolio_value"
    np.testing.assert_allclose(found[values], plain[values], rtol=1e-13)


@few
@given(SEEDS, actions(KINDS), st.integers(1, DAYS - 2), st.booleans())
def test_the_future_changes_no_past_decision(
    engine: Engine, days: pd.DatetimeIndex, seed: int, plan: list[Action], at: int, split: bool
) -> None:
    raw = raw_bars(seed, days)
    other = raw_bars(seed + 1, days)
    later = days > days[WARM_UP + at]
    changed = {name: frame.copy() for name, frame in raw.items()}
    for name, frame in changed.items():
        frame.loc[later, FIELDS] = other[name].loc[later, FIELDS] * 3
    splits = ratios([(1, str(days[WARM_UP + at + 1].date()), 0.25)]) if split else None
    plain = run(engine, data_set(raw, days), plan).iloc[: at + 1]
    found = run(engine, data_set(changed, days, splits=splits), plan).iloc[: at + 1]
    assert transactions(found) == transactions(plain)
    left, right = condense(plain), condense(found)
    for name in {*left, *right}:
        if name.startswith("perf/") and (name in left or not np.isnan(right[name]).all()):
            np.testing.assert_array_equal(right[name], left[name], err_msg=name)
    assert [len(orders) for orders in found["orders"]] == [
        len(orders) for orders in plain["orders"]
    ]


@few
@given(SEEDS, actions(KINDS))
def test_two_runs_give_the_same_bytes(
    engine: Engine, days: pd.DatetimeIndex, seed: int, plan: list[Action]
) -> None:
    raw = raw_bars(seed, days)
    first = run(engine, data_set(raw, days), plan)
    second = run(engine, data_set(raw, days), plan)
    assert first.to_csv() == second.to_csv()


def test_processes_with_other_hash_seeds_give_the_same_bytes(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from parity_cases import BY_NAME, DATA
from parity_engine import Engine
engine = Engine("rustybt", Path(sys.argv[1]))
engine.ingest(DATA["parity-equities"]())
sys.stdout.write(engine.run(BY_NAME["order_functions"]).to_csv())
"""
    texts = []
    for seed in ("1", "2"):
        command = [sys.executable, "-P", "-c", script, str(tmp_path / seed)]
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        texts.append(done.stdout)
    assert texts[0]
    assert texts[0] == texts[1]
