"""The blotter keeps its books."""

from __future__ import annotations

import logging
import math
import pickle
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt import registry
from rustybt.assets import Equity, ExchangeInfo, Future
from rustybt.finance.blotter import Blotter, SimulationBlotter
from rustybt.finance.cancel_policy import CancelPolicy, EODCancel, NeverCancel
from rustybt.finance.commission import PerContract, PerShare
from rustybt.finance.execution import LimitOrder, MarketOrder, StopLimitOrder
from rustybt.finance.order import ORDER_STATUS
from rustybt.finance.slippage import FixedBasisPointsSlippage, VolatilityVolumeShare
from rustybt.gens import sim_engine

EXCHANGE = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
ASSET = Equity(24, EXCHANGE, symbol="A")
OTHER = Equity(8, EXCHANGE, symbol="B")
CONTRACT = Future(25, EXCHANGE, symbol="ESH20", root_symbol="ES")
NOON = pd.Timestamp("2020-01-02 17:00", tz="UTC")
LATER = NOON + pd.Timedelta(minutes=1)
MARKET = MarketOrder()


class Bar:
    """A bar of a thousand shares at 10 dollars."""

    feed: Any = None
    current_dt = LATER
    current_session = pd.Timestamp("2020-01-02")

    def current(self, assets: Any, fields: str) -> float:
        """Return a value of the bar."""
        assert assets is not None
        return 1000.0 if fields == "volume" else 10.0

    def history(self, assets: Any, fields: str, bar_count: int, frequency: str) -> Any:
        """Return days without any change."""
        assert (assets is not None, frequency) == (True, "1d")
        return pd.Series([self.current(assets, fields)] * bar_count)


@pytest.fixture
def blotter() -> SimulationBlotter:
    made = SimulationBlotter()
    made.set_date(NOON)
    return made


def place(blotter: SimulationBlotter, asset: Any = ASSET, amount: int = 100) -> str:
    order_id = blotter.order(asset, amount, MARKET)
    assert order_id is not None
    return order_id


def test_an_order_is_booked(blotter: SimulationBlotter) -> None:
    order_id = blotter.order(ASSET, -100, StopLimitOrder(9.005, 10.005))
    assert order_id == f"{1:032x}"
    order = blotter.orders[order_id]
    assert dict(blotter.open_orders) == {ASSET: [order]}
    assert blotter.new_orders == [order]
    assert (order.amount, order.dt, order.created) == (-100, NOON, NOON)
    assert (order.limit, order.stop) == pytest.approx((9.01, 10.0))


def test_identifiers_are_counted_or_given(blotter: SimulationBlotter) -> None:
    ids = [place(blotter) for _ in range(20)]
    assert ids == [f"{number:032x}" for number in range(1, 21)]
    assert blotter.order(ASSET, 1, MARKET, order_id="mine") == "mine"
    assert blotter.orders["mine"].amount == 1


def test_no_order_for_nothing(blotter: SimulationBlotter) -> None:
    assert blotter.order(ASSET, 0, MARKET) is None
    assert not blotter.orders
    assert not blotter.open_orders


@pytest.mark.parametrize("sign", [-1, 1])
def test_orders_have_a_largest_size(blotter: SimulationBlotter, sign: int) -> None:
    assert blotter.order(ASSET, sign * 10**11, MARKET)
    with pytest.raises(OverflowError, match=r"for 100000000000 shares at most, got -?100000000001"):
        blotter.order(ASSET, sign * (10**11 + 1), MARKET)


def test_no_order_for_an_unknown_amount(blotter: SimulationBlotter) -> None:
    with pytest.raises(OverflowError, match="at most, got nan of Equity"):
        blotter.order(ASSET, math.nan, MARKET)  # type: ignore[arg-type]


def test_only_assets_are_ordered(blotter: SimulationBlotter) -> None:
    with pytest.raises(TypeError, match="an order needs an Asset, got 24"):
        blotter.order(24, 100, MARKET)  # type: ignore[arg-type]
    assert not blotter.open_orders


def test_batches(blotter: SimulationBlotter) -> None:
    ids = blotter.batch_order([(ASSET, 1, MARKET), (OTHER, 0, MARKET), (OTHER, -1, MARKET)])
    assert ids == [f"{1:032x}", None, f"{2:032x}"]


def test_default_models(blotter: SimulationBlotter) -> None:
    models = [*blotter.slippage_models.values(), *blotter.commission_models.values()]
    assert list(blotter.slippage_models) == list(blotter.commission_models) == [Equity, Future]
    assert [type(model) for model in models] == [
        FixedBasisPointsSlippage,
        VolatilityVolumeShare,
        PerShare,
        PerContract,
    ]
    assert isinstance(blotter.cancel_policy, NeverCancel)


def test_futures_by_default(blotter: SimulationBlotter) -> None:
    place(blotter, CONTRACT, 80)
    transactions, costs, closed = blotter.get_transactions(Bar())
    # 5% of the volume, at the impact of an asset that never moved, which is none.
    assert [(t.amount, t.price) for t in transactions] == [(50, 10.0)]
    assert costs[0]["cost"] == pytest.approx(50 * 0.85 + 1.18)
    assert closed == []


def test_fills_and_pruning(blotter: SimulationBlotter) -> None:
    first, second, third = place(blotter, amount=60), place(blotter), place(blotter, OTHER, -10)
    transactions, costs, closed = blotter.get_transactions(Bar())
    assert [(t.order_id, t.amount) for t in transactions] == [
        (first, 60),
        (second, 40),
        (third, -10),
    ]
    assert [cost["order"].id for cost in costs] == [first, second, third]
    assert {cost["asset"] for cost in costs} == {ASSET, OTHER}
    assert [order.id for order in closed] == [first, third]
    assert (blotter.orders[second].filled, blotter.orders[second].dt) == (40, LATER)
    blotter.prune_orders(closed)
    assert dict(blotter.open_orders) == {ASSET: [blotter.orders[second]]}
    blotter.prune_orders(closed)
    assert dict(blotter.open_orders) == {ASSET: [blotter.orders[second]]}


def test_no_orders_no_fills(blotter: SimulationBlotter) -> None:
    assert blotter.get_transactions(Bar()) == ([], [], [])


def test_cancel(blotter: SimulationBlotter) -> None:
    order_id, kept = place(blotter), place(blotter)
    blotter.new_orders = []
    blotter.set_date(LATER)
    blotter.cancel(order_id)
    order = blotter.orders[order_id]
    assert (order.status, order.dt, order.created) == (ORDER_STATUS.CANCELLED, LATER, NOON)
    assert blotter.new_orders == [order]
    assert dict(blotter.open_orders) == {ASSET: [blotter.orders[kept]]}
    blotter.cancel("unknown")
    blotter.cancel(order_id)
    blotter.cancel(kept, relay_status=False)
    assert blotter.new_orders == [order]
    assert not blotter.open_orders


def test_an_order_placed_and_cancelled_is_listed_once(blotter: SimulationBlotter) -> None:
    order_id = place(blotter)
    blotter.cancel(order_id)
    assert [order.id for order in blotter.new_orders] == [order_id]


def test_a_filled_order_is_not_cancelled(blotter: SimulationBlotter) -> None:
    order_id = place(blotter)
    blotter.get_transactions(Bar())
    blotter.cancel(order_id)
    assert blotter.orders[order_id].status == ORDER_STATUS.FILLED


def test_reject_and_hold(blotter: SimulationBlotter) -> None:
    held, rejected = place(blotter), place(blotter, OTHER)
    blotter.set_date(LATER)
    blotter.hold(held, "locate")
    blotter.reject(rejected, "no credit")
    blotter.hold("unknown")
    blotter.reject("unknown")
    blotter.hold(rejected)
    order = blotter.orders[held]
    assert (order.status, order.reason, order.dt) == (ORDER_STATUS.HELD, "locate", LATER)
    order = blotter.orders[rejected]
    assert (order.status, order.reason, order.dt) == (ORDER_STATUS.REJECTED, "no credit", LATER)
    assert [order.id for order in blotter.new_orders] == [held, rejected]
    assert list(blotter.open_orders) == [ASSET]
    blotter.get_transactions(Bar())
    assert blotter.orders[held].status == ORDER_STATUS.FILLED


def test_splits(blotter: SimulationBlotter) -> None:
    emptied, kept, other = place(blotter, amount=3), place(blotter), place(blotter, OTHER)
    blotter.process_splits([(ASSET, 4.0), (CONTRACT, 2.0)])
    assert [order.id for order in blotter.open_orders[ASSET]] == [kept]
    assert [blotter.orders[id_].amount for id_ in (emptied, kept, other)] == [0, 25, 100]
    assert [order.id for order in blotter.new_orders] == [kept, other]
    blotter.process_splits([(ASSET, 100.0)])
    assert list(blotter.open_orders) == [OTHER]


@pytest.mark.parametrize(("amount", "done"), [(70, None), (170, "purchased"), (-170, "sold")])
@pytest.mark.parametrize("warn", [True, False])
def test_cancel_at_the_end_of_the_session(
    amount: int, done: str | None, warn: bool, caplog: pytest.LogCaptureFixture
) -> None:
    blotter = SimulationBlotter(cancel_policy=EODCancel(warn_on_cancel=warn))
    blotter.set_date(NOON)
    place(blotter, amount=amount)
    blotter.prune_orders(blotter.get_transactions(Bar())[2])
    place(blotter, OTHER)
    blotter.new_orders = []
    for event in (sim_engine.BAR, sim_engine.MINUTE_END, sim_engine.SESSION_START):
        blotter.execute_cancel_policy(event)
    assert blotter.open_orders[OTHER]
    with caplog.at_level(logging.WARNING, "AlgoWarning"):
        blotter.execute_cancel_policy(sim_engine.SESSION_END)
    assert not blotter.open_orders
    assert not blotter.new_orders
    unfilled = "Your order for 100 shares of B failed to fill by the end of day and was canceled."
    partly = (
        f"Your order for {amount} shares of A has been partially filled. 100 shares were "
        f"successfully {done}. 70 shares were not filled by the end of day and were canceled."
    )
    sentences = [partly, unfilled] if done else [unfilled]
    assert [record.getMessage() for record in caplog.records] == (sentences if warn else [])


def test_cancel_in_daily_mode_spares_the_order_that_met_no_bar(
    caplog: pytest.LogCaptureFixture,
) -> None:
    blotter = SimulationBlotter(cancel_policy=EODCancel())
    blotter.set_date(NOON)
    old, new, only = place(blotter), place(blotter), place(blotter, OTHER)
    blotter.new_orders = []
    blotter.execute_daily_cancel_policy(sim_engine.BAR)
    assert not blotter.new_orders
    with caplog.at_level(logging.WARNING, "AlgoWarning"):
        blotter.execute_daily_cancel_policy(sim_engine.SESSION_END)
    statuses = [blotter.orders[id_].status.name for id_ in (old, new, only)]
    assert statuses == ["CANCELLED", "OPEN", "OPEN"]
    assert [order.id for order in blotter.new_orders] == [old]
    assert len(caplog.records) == 1


def test_cancel_all_for_an_asset(blotter: SimulationBlotter) -> None:
    ids = [place(blotter), place(blotter)]
    place(blotter, OTHER)
    blotter.new_orders = []
    blotter.cancel_all_orders_for_asset(ASSET)
    assert [order.id for order in blotter.new_orders] == ids
    assert list(blotter.open_orders) == [OTHER]
    blotter.cancel_all_orders_for_asset(ASSET)
    blotter.cancel_all_orders_for_asset(OTHER, relay_status=False)
    assert [order.id for order in blotter.new_orders] == ids


def test_policies_of_users() -> None:
    class AtOpen(CancelPolicy):
        def should_cancel(self, event: int) -> bool:
            """Cancel at the start of a session."""
            return event == sim_engine.SESSION_START

    blotter = SimulationBlotter(cancel_policy=AtOpen())
    blotter.order(ASSET, 1, MARKET)
    blotter.execute_cancel_policy(sim_engine.SESSION_END)
    assert blotter.open_orders
    blotter.execute_cancel_policy(sim_engine.SESSION_START)
    assert not blotter.open_orders
    assert not NeverCancel().should_cancel(sim_engine.SESSION_END)
    with pytest.raises(TypeError, match="abstract"):
        CancelPolicy()  # type: ignore[abstract]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["order", "limit", "cancel", "hold", "reject", "bar", "split"]),
            st.integers(-300, 300),
            st.sampled_from([ASSET, OTHER]),
        ),
        max_size=30,
    )
)
def test_open_orders_are_the_open_ones(requests: list[tuple[str, int, Equity]]) -> None:
    blotter = SimulationBlotter()
    blotter.set_date(NOON)
    ids: list[str] = []
    for request, number, asset in requests:
        chosen = ids[number % len(ids)] if ids else "none"
        if request in {"order", "limit"}:
            style = MARKET if request == "order" else LimitOrder(9.0)
            order_id = blotter.order(asset, number, style)
            ids += [order_id] if order_id else []
        elif request == "bar":
            blotter.prune_orders(blotter.get_transactions(Bar())[2])
        elif request == "split":
            blotter.process_splits([(asset, 0.5 if number > 0 else 7.0)])
        else:
            getattr(blotter, request)(chosen)
        listed = [order for orders in blotter.open_orders.values() for order in orders]
        assert all(blotter.open_orders.values())
        assert {order.id for order in listed} == {
            id_ for id_, order in blotter.orders.items() if order.open
        }
        assert list(blotter.orders) == ids
        assert len({id(order) for order in blotter.new_orders}) == len(blotter.new_orders)


def test_the_blotter_shows_and_pickles_its_state(blotter: SimulationBlotter) -> None:
    place(blotter)
    shown = repr(blotter)
    for part in (
        "SimulationBlotter(",
        "slippage_models={",
        "new_orders=[Order({",
        "current_dt=2020",
    ):
        assert part in shown
    other = pickle.loads(pickle.dumps(blotter))  # noqa: S301
    assert repr(other) == shown
    assert place(other) == place(blotter) == f"{2:032x}"


def test_the_default_blotter_is_registered() -> None:
    assert type(registry.load(Blotter, "default")) is SimulationBlotter  # type: ignore[type-abstract]


@pytest.mark.parametrize("module", ["blotter", "cancel_policy"])
def test_imported_alone_without_pandas(module: str) -> None:
    code = f"import sys, rustybt.finance.{module}; sys.exit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
