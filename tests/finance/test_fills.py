"""Properties of fills and of what they cost, for random orders and bars."""

from __future__ import annotations

import math
import runpy
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.assets import Equity, ExchangeInfo, Future
from rustybt.finance.blotter import SimulationBlotter
from rustybt.finance.commission import (
    CommissionModel,
    EquityCommissionModel,
    FutureCommissionModel,
    NoCommission,
    PerContract,
    PerDollar,
    PerFutureTrade,
    PerShare,
    PerTrade,
    calculate_per_unit_commission,
)
from rustybt.finance.execution import LimitOrder, MarketOrder
from rustybt.finance.order import Order
from rustybt.finance.slippage import (
    EquitySlippageModel,
    FixedBasisPointsSlippage,
    FixedSlippage,
    FutureSlippageModel,
    LiquidityExceeded,
    MarketImpactBase,
    NoSlippage,
    SlippageModel,
    VolatilityVolumeShare,
    VolumeShareSlippage,
    fill_price_worse_than_limit_price,
)
from rustybt.finance.transaction import Transaction

REPLAY = runpy.run_path(str(Path(__file__).parent / "oracle" / "replay.py"))
EXCHANGE = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
ASSET = Equity(24, EXCHANGE, symbol="A")
CONTRACT = Future(25, EXCHANGE, symbol="ESH20", root_symbol="ES")
NOON = pd.Timestamp("2020-01-02 17:00", tz="UTC")

fractions = st.floats(0.001, 1.0)
costs = st.floats(0, 50)
slippages = st.one_of(
    st.just(["NoSlippage", {}]),
    st.fixed_dictionaries({"spread": st.floats(0, 2)}).map(lambda kw: ["FixedSlippage", kw]),
    st.fixed_dictionaries({"basis_points": st.floats(0, 100), "volume_limit": fractions}).map(
        lambda kw: ["FixedBasisPointsSlippage", kw]
    ),
    st.fixed_dictionaries({"volume_limit": fractions, "price_impact": st.floats(0, 2)}).map(
        lambda kw: ["VolumeShareSlippage", kw]
    ),
)
commissions = st.one_of(
    st.just(["NoCommission", {}]),
    st.fixed_dictionaries({"cost": costs}).map(lambda kw: ["PerTrade", kw]),
    st.fixed_dictionaries({"cost": st.floats(0, 0.01)}).map(lambda kw: ["PerDollar", kw]),
    st.fixed_dictionaries({"cost": st.floats(0, 0.05), "min_trade_cost": costs}).map(
        lambda kw: ["PerShare", kw]
    ),
)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a case of oracle/replay.py."""
    prices = st.floats(8, 12)
    styles: st.SearchStrategy[tuple[str, Any]] = st.one_of(
        st.just(("MarketOrder", [])),
        st.tuples(st.sampled_from(["LimitOrder", "StopOrder"]), st.tuples(prices)),
        st.tuples(st.just("StopLimitOrder"), st.tuples(prices, prices)),
    )
    orders = st.tuples(st.integers(-5000, 5000).filter(bool), styles).map(
        lambda order: (order[0], *order[1])
    )
    bars = st.fixed_dictionaries(
        {
            "close": st.one_of(st.just(math.nan), prices, prices, prices),
            "volume": st.integers(0, 20_000),
            "split": st.sampled_from([None, None, None, 0.5, 3.0]),
            "orders": st.lists(orders, max_size=3),
            "cancels": st.just([]),
        }
    )
    return {
        "root_symbol": None,
        "tick_size": 0.01,
        "slippage": draw(slippages),
        "commission": draw(commissions),
        "history": None,
        "bars": draw(st.lists(bars, min_size=2, max_size=6)),
    }


@given(cases())
def test_a_feed_changes_nothing(case: dict[str, Any]) -> None:
    replay = REPLAY["replay"]
    assert replay("rustybt", case, REPLAY["FeedingBarData"]) == replay("rustybt", case)


@given(cases())
def test_no_fill_exceeds_the_volume_limit_or_favours_the_trader(case: dict[str, Any]) -> None:
    outcome = REPLAY["replay"]("rustybt", case)
    limit = case["slippage"][1].get("volume_limit", math.inf)
    taken: defaultdict[int, int] = defaultdict(int)
    for number, _, amount, price in outcome["fills"]:
        bar = case["bars"][number]
        taken[number] += abs(amount)
        assert bar["volume"] > 0
        assert (price - bar["close"]) * amount >= 0
    for number, amount in taken.items():
        assert amount <= limit * case["bars"][number]["volume"]


@given(cases())
def test_orders_are_filled_after_the_bar_that_placed_them(case: dict[str, Any]) -> None:
    outcome = REPLAY["replay"]("rustybt", case)
    placed = [number for number, bar in enumerate(case["bars"]) for _ in bar["orders"]]
    assert all(number > placed[order] for number, order, *_ in outcome["fills"])
    for number, order in outcome["closed"]:
        assert [number, order] in [fill[:2] for fill in outcome["fills"]]


@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(5, 50)), min_size=1, max_size=6),
    st.sampled_from([-1, 1]),
    st.floats(0, 0.05),
    costs,
)
def test_commission_adds_up(
    fills: list[tuple[int, float]], sign: int, cost: float, minimum: float
) -> None:
    models: dict[CommissionModel, float] = {
        PerShare(cost, minimum): max(minimum, cost * sum(amount for amount, _ in fills)),
        PerTrade(minimum): minimum,
        PerDollar(cost): cost * sum(amount * price for amount, price in fills),
        NoCommission(): 0.0,
    }
    for model, expected in models.items():
        order = Order(NOON, ASSET, sign * sum(amount for amount, _ in fills))
        for amount, price in fills:
            transaction = Transaction(ASSET, sign * amount, NOON, price, order.id)
            charged = model.calculate(order, transaction)
            assert charged >= -1e-9
            order.commission += charged
            order.filled += transaction.amount
            if isinstance(model, PerShare):
                assert order.commission >= minimum
        assert order.commission == pytest.approx(expected)


def test_commission_of_contracts() -> None:
    order = Order(NOON, CONTRACT, -10)
    half = Transaction(CONTRACT, -5, NOON, 3000.0, order.id)
    assert PerContract(2.0, 1.5).calculate(order, half) == 5 * 2.0 + 1.5
    assert PerContract({"ES": 2.0}, {"ES": 1.5}, 30.0).calculate(order, half) == 30.0
    assert PerContract({}, {}).calculate(order, half) == 5 * 0.85 + 1.18
    assert PerFutureTrade(3.0).calculate(order, half) == 3.0
    assert PerFutureTrade({"ES": 4.0}).calculate(order, half) == 4.0
    assert calculate_per_unit_commission(order, half, 2.0, 1.5, 0) == 5 * 2.0 + 1.5
    order.commission, order.filled = 11.5, -5
    assert calculate_per_unit_commission(order, half, 2.0, 1.5, 0) == 5 * 2.0
    assert calculate_per_unit_commission(order, half, 2.0, 1.5, 30.0) == 0


def test_an_order_that_paid_nothing_pays_the_minimum() -> None:
    order = Order(NOON, ASSET, 100, filled=50)
    fill = Transaction(ASSET, 50, NOON, 10.0, order.id)
    assert PerShare(0.001, 5.0).calculate(order, fill) == 5.0


def test_an_unknown_root_symbol_has_no_exchange_fee() -> None:
    contract = Future(26, EXCHANGE, root_symbol="QQ")
    order = Order(NOON, contract, 1)
    with pytest.raises(ValueError, match="no commission is known for the root symbol 'QQ'"):
        PerContract(1.0, {}).calculate(order, Transaction(contract, 1, NOON, 1.0, order.id))


@pytest.mark.parametrize(
    ("amount", "limit", "price", "worse"),
    [
        (1, None, 10.0, False),
        (1, 0.0, 10.0, False),
        (1, 10.0, 10.0, False),
        (1, 10.0, 10.01, True),
        (-1, 10.0, 10.0, False),
        (-1, 10.0, 9.99, True),
    ],
)
def test_worse_than_the_limit(amount: int, limit: float | None, price: float, worse: bool) -> None:
    order = Order(NOON, ASSET, amount, limit=limit)
    assert fill_price_worse_than_limit_price(price, order) is worse


def bar(feed: bool = True) -> Any:
    """Return a bar of 1000 shares at 10 dollars."""
    case = {"history": None, "bars": [{"close": 10.0, "volume": 1000.0}]}
    return REPLAY["FeedingBarData" if feed else "BarData"]("rustybt", case, 0)


def filled(slippage: Any = None, commission: Any = None, amount: int = 100) -> list[Any]:
    """Return (amount, price, cost) of the fills of two orders in a bar that has a feed."""
    blotter = SimulationBlotter(equity_slippage=slippage, equity_commission=commission)
    blotter.set_date(NOON)
    for _ in range(2):
        blotter.order(ASSET, amount, MarketOrder())
    transactions, costs, _ = blotter.get_transactions(bar())
    charged = {cost["order"].id: cost["cost"] for cost in costs}
    return [(t.amount, t.price, charged.get(t.order_id)) for t in transactions]


class OneShare(FixedSlippage):
    """Changes what a fill is: the built-in rule does not hold."""

    def process_order(self, data: Any, order: Order) -> tuple[float | None, float | None]:
        price, _ = super().process_order(data, order)
        return price, math.copysign(1, order.direction)


class Twice(FixedSlippage):
    """Changes how orders are gone through."""

    def simulate(self, data: Any, asset: Any, orders_for_asset: Any) -> Any:
        for order in orders_for_asset:
            yield order, Transaction(asset, 2, data.current_dt, 1.0, order.id)


class Wide(FixedSlippage):
    """Changes nothing but a parameter, and does so as users do: without the base's __init__."""

    def __init__(self) -> None:
        self.spread = 1.0


class FirstOnly(SlippageModel):
    """A model of a user's own that uses what the base keeps for it."""

    def process_order(self, data: Any, order: Order) -> tuple[float | None, float | None]:
        if self.volume_for_bar:
            raise LiquidityExceeded
        return data.current(order.asset, "close"), order.open_amount


class Nothing(SlippageModel):
    """A model that never fills."""

    def process_order(self, data: Any, order: Order) -> tuple[None, None]:
        return None, None


class Penny(CommissionModel):
    """A commission of a user's own."""

    def calculate(self, order: Order, transaction: Transaction) -> float:
        return 0.01


class Double(PerShare):
    """A commission that changes a built-in one."""

    def calculate(self, order: Order, transaction: Transaction) -> float:
        return 2 * super().calculate(order, transaction)


@pytest.mark.parametrize(
    ("slippage", "commission", "expected"),
    [
        (None, None, [(100, 10.005, 0.1)]),
        (NoSlippage(), NoCommission(), [(100, 10.0, None), (100, 10.0, None)]),
        (FixedSlippage(1.0), PerTrade(1.0), [(100, 10.5, 1.0), (100, 10.5, 1.0)]),
        (
            VolumeShareSlippage(0.15, 1.0),
            PerDollar(0.01),
            [(100, 10.1, 10.1), (50, 10.225, 5.1125)],
        ),
        (OneShare(), None, [(1, 10.0, 0.001), (1, 10.0, 0.001)]),
        (Twice(), None, [(2, 1.0, 0.002), (2, 1.0, 0.002)]),
        (Wide(), None, [(100, 10.5, 0.1), (100, 10.5, 0.1)]),
        (FirstOnly(), None, [(100, 10.0, 0.1)]),
        (Nothing(), None, []),
        (NoSlippage(), Penny(), [(100, 10.0, 0.01), (100, 10.0, 0.01)]),
        (NoSlippage(), Double(), [(100, 10.0, 0.2), (100, 10.0, 0.2)]),
    ],
)
def test_models_of_users_are_asked(slippage: Any, commission: Any, expected: list[Any]) -> None:
    fills = filled(slippage, commission)
    assert len(fills) == len(expected)
    for fill, numbers in zip(fills, expected, strict=True):
        assert fill == pytest.approx(numbers)


def test_parameters_can_be_changed_between_bars() -> None:
    slippage = FixedSlippage(1.0)
    assert filled(slippage)[0][1] == 10.5
    slippage.spread = 2.0
    assert filled(slippage)[0][1] == 11.0


def test_a_limit_order_is_not_filled_at_an_impacted_price_beyond_its_limit() -> None:
    for feed in (True, False):
        blotter = SimulationBlotter(equity_slippage=VolumeShareSlippage(0.5, 1.0))
        blotter.set_date(NOON)
        blotter.order(ASSET, 400, LimitOrder(10.0))
        blotter.order(ASSET, 400, MarketOrder())
        transactions, _, closed = blotter.get_transactions(bar(feed))
        assert [t.order_id for t in transactions] == [order.id for order in closed]
        assert [order.amount for order in blotter.open_orders[ASSET]] == [400, 400]
        assert blotter.open_orders[ASSET][0].limit_reached


def test_a_commission_that_is_no_number_is_named() -> None:
    class Forgetful(CommissionModel):
        def calculate(self, order: Order, transaction: Transaction) -> Any:
            """Return nothing, as a method without return does."""

    with pytest.raises(TypeError, match="Forgetful must return a number from calculate, got None"):
        filled(NoSlippage(), Forgetful())


@pytest.mark.parametrize(
    ("volume_limit", "amount", "expected"),
    [(0.001, 5, 1.0), (0.0011, -5, -1.0), (0.5, 0.5, None)],
)
def test_volume_share_fills_whole_shares(
    volume_limit: float, amount: float, expected: float | None
) -> None:
    order = Order(NOON, ASSET, amount)
    assert VolumeShareSlippage(volume_limit).process_order(bar(), order)[1] == expected


def test_no_share_of_the_volume_is_left() -> None:
    with pytest.raises(LiquidityExceeded):
        VolumeShareSlippage(0.0009).process_order(bar(), Order(NOON, ASSET, 5))


@pytest.mark.parametrize("model", [NoSlippage(), FixedSlippage()])
def test_models_without_limit_fill_the_whole_order(model: SlippageModel) -> None:
    order = Order(NOON, ASSET, 100, filled=40)
    assert model.process_order(bar(), order) == (10.0, 100)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"basis_points": -1}, "basis_points must be 0 or more, got -1"),
        ({"basis_points": math.nan}, "basis_points must be 0 or more, got nan"),
        ({"volume_limit": 0}, "volume_limit must be greater than 0, got 0"),
        ({"volume_limit": math.inf}, "volume_limit must be greater than 0, got inf"),
    ],
)
def test_parameters_out_of_range(arguments: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        FixedBasisPointsSlippage(**arguments)


def test_liquidity_ends_with_a_sentence() -> None:
    order = Order(NOON, ASSET, 1, id="a")
    with pytest.raises(LiquidityExceeded, match="volume of 1000 leaves nothing for the order a"):
        FixedBasisPointsSlippage(volume_limit=1e-9).process_order(bar(), order)


def test_market_impact_looks_back_once_a_session() -> None:
    class Looking:
        """A bar that counts what is asked of the past."""

        current_dt = NOON

        def __init__(self) -> None:
            self.asked: list[str] = []
            self.current_session = NOON.normalize()

        def current(self, _asset: Any, field: str) -> float:
            return {"volume": 1000.0, "high": 11.0, "low": 9.0}[field]

        def history(self, _asset: Any, field: str, bar_count: int, _frequency: str) -> Any:
            self.asked.append(field)
            closes = [10.0 + number % 2 for number in range(bar_count)]
            return pd.Series(closes if field == "close" else [500.0] * bar_count)

    class Impact(MarketImpactBase):
        def get_txn_volume(self, data: Any, order: Order) -> float:
            return float(0.25 * data.current(order.asset, "volume"))

        def get_simulated_impact(self, **numbers: Any) -> float:  # type: ignore[override]
            seen.append(numbers)
            return 0.5

    seen: list[dict[str, Any]] = []
    model, data = Impact(), Looking()
    order = Order(NOON, ASSET, -400)
    looking: Any = data
    for _ in range(2):
        assert model.process_order(looking, order) == (9.5, -250.0)
    assert data.asked == ["volume", "close"]
    data.current_session += pd.Timedelta(days=1)
    model.process_order(looking, order)
    assert data.asked == ["volume", "close"] * 2
    changes = np.array([0.1, -1 / 11] * 10)[:19]
    assert seen[0] == {
        "order": order,
        "current_price": 10.0,
        "current_volume": 1000.0,
        "txn_volume": 250,
        "mean_volume": 500.0,
        "volatility": pytest.approx(changes.std(ddof=1) * 252**0.5),
    }
    order.filled = -400
    assert model.process_order(looking, order) == (None, None)


def test_asset_types_of_models() -> None:
    class Both(EquitySlippageModel, FutureSlippageModel):
        def process_order(self, data: Any, order: Order) -> tuple[None, None]:
            return None, None

    class Stated(EquityCommissionModel, FutureCommissionModel):
        allowed_asset_types = (Future,)

    class Derived(VolatilityVolumeShare):
        pass

    allowed: dict[Any, tuple[type, ...]] = {
        NoSlippage: (Equity, Future),
        EquitySlippageModel: (Equity,),
        FutureSlippageModel: (Future,),
        VolatilityVolumeShare: (Future,),
        Derived: (Future,),
        Both: (Equity, Future),
        Stated: (Future,),
        PerShare: (Equity,),
        PerDollar: (Equity,),
        PerTrade: (Equity, Future),
        PerContract: (Future,),
        PerFutureTrade: (Future,),
        OneShare: (Equity, Future),
    }
    assert {model: model.allowed_asset_types for model in allowed} == allowed


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        (FixedSlippage(0.5), "FixedSlippage(spread=0.5)"),
        (
            FixedBasisPointsSlippage(),
            "FixedBasisPointsSlippage(\n    basis_points=5.0,\n    volume_limit=0.1,\n)",
        ),
        (
            VolumeShareSlippage(),
            "VolumeShareSlippage(\n    volume_limit=0.025,\n    price_impact=0.1)",
        ),
        (VolatilityVolumeShare(0.05, 2), "VolatilityVolumeShare(volume_limit=0.05, eta=2.0)"),
        (VolatilityVolumeShare(0.1), "VolatilityVolumeShare(volume_limit=0.1, eta=<varies>)"),
        (PerShare(), "PerShare(cost_per_share=0.001, min_trade_cost=0)"),
        (PerTrade(5), "PerTrade(cost_per_trade=5.0)"),
        (PerDollar(), "PerDollar(cost_per_dollar=0.0015)"),
        (
            PerContract(1, {"ES": 2}, 3),
            "PerContract(cost_per_contract=1.0, exchange_fee=<varies>, min_trade_cost=3)",
        ),
        (PerFutureTrade(2), "PerFutureTrade(cost_per_trade=2.0)"),
    ],
)
def test_reprs_are_ziplines(model: Any, shown: str) -> None:
    assert repr(model) == shown
