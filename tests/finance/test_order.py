"""Orders and transactions."""

from __future__ import annotations

import copy
import math
import pickle
import sys
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.assets import Equity, ExchangeInfo
from rustybt.finance import order as order_module
from rustybt.finance import transaction as transaction_module
from rustybt.finance._probes._order import probe
from rustybt.finance.order import ORDER_STATUS, Order
from rustybt.finance.transaction import Transaction, create_transaction

ASSET = Equity(24, ExchangeInfo("New York Stock Exchange", "XNYS", "US"), symbol="A")
NOON = pd.Timestamp("2020-01-02 17:00", tz="UTC")
LATER = NOON + pd.Timedelta(minutes=1)


class OrderOfADesk(Order):
    """An order with an attribute of its own, as users make them."""

    desk: str


def placed(amount: int = 100, **more: Any) -> Order:
    return Order(NOON, ASSET, amount, **{"id": "a", **more})


def test_probe() -> None:
    computed, expected = probe()
    assert computed == expected


def test_new_order() -> None:
    order = placed(-100, stop=10.0, limit=9.5)
    assert order.to_dict() == {
        "id": "a",
        "dt": NOON,
        "reason": None,
        "created": NOON,
        "amount": -100,
        "filled": 0,
        "commission": 0,
        "stop": 10.0,
        "limit": 9.5,
        "stop_reached": False,
        "limit_reached": False,
        "sid": ASSET,
        "status": ORDER_STATUS.OPEN,
    }
    assert repr(order) == f"Order({order.to_dict()!r})"
    assert order.sid is order.asset is ASSET
    assert (order.direction, order.open_amount, order.open) == (-1.0, -100, True)
    assert (order.type, order.broker_order_id) == (6, None)


def test_broker_order_id_is_listed_where_there_is_one() -> None:
    order = placed()
    order.broker_order_id = 7
    assert order.to_dict()["broker_order_id"] == 7


def test_constants_are_ziplines() -> None:
    flags = [order_module.SELL, order_module.BUY, order_module.STOP, order_module.LIMIT]
    assert flags == [1, 2, 4, 8]
    named = {status.name: status.value for status in ORDER_STATUS}
    assert named == {"OPEN": 0, "FILLED": 1, "CANCELLED": 2, "REJECTED": 3, "HELD": 4}
    assert transaction_module.__all__ == ["Transaction", "create_transaction"]


def test_orders_without_a_number_get_different_ones() -> None:
    ids = [Order(NOON, ASSET, 1).id for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(len(id_) == 32 and int(id_, 16) for id_ in ids)


@pytest.mark.parametrize("make", [Order, Transaction])
def test_only_assets_are_traded(make: type) -> None:
    arguments = (NOON, 24, 100) if make is Order else (24, 100, NOON, 1.0, "a")
    with pytest.raises(TypeError, match=r"needs an Asset, got 24: look it up with symbol\(\)"):
        make(*arguments)


def test_status_follows_the_requests_and_the_fills() -> None:
    order = placed()
    order.hold("short sale restricted")
    assert (order.status, order.reason, order.open) == (4, "short sale restricted", True)
    order.filled = 40
    assert (order.status, order.open) == (ORDER_STATUS.OPEN, True)
    order.cancel()
    assert (order.status, order.open) == (ORDER_STATUS.CANCELLED, False)
    order.reject("no")
    assert (order.status, order.reason, order.open) == (ORDER_STATUS.REJECTED, "no", False)
    order.filled = 100
    assert (order.status, order.open) == (ORDER_STATUS.FILLED, False)
    order.filled = 99
    order.status = ORDER_STATUS.OPEN
    assert order.open
    with pytest.raises(ValueError, match="5 is not a valid ORDER_STATUS"):
        order.status = 5


@pytest.mark.parametrize(
    ("amount", "stop", "limit", "price", "reached", "stop_after"),
    [
        (1, None, None, 10.0, (False, False), None),
        (1, 10.0, None, 10.0, (True, False), 10.0),
        (1, 10.0, None, 9.99, (False, False), 10.0),
        (-1, 10.0, None, 10.0, (True, False), 10.0),
        (-1, 10.0, None, 10.01, (False, False), 10.0),
        (1, None, 10.0, 10.0, (False, True), None),
        (1, None, 10.0, 10.01, (False, False), None),
        (-1, None, 10.0, 10.0, (False, True), None),
        (-1, None, 10.0, 9.99, (False, False), None),
        (1, 10.0, 11.0, 9.0, (False, False), 10.0),
        (1, 10.0, 11.0, 10.5, (False, True), None),
        (1, 10.0, 11.0, 11.5, (False, False), None),
        (-1, 10.0, 9.0, 11.0, (False, False), 10.0),
        (-1, 10.0, 9.0, 9.5, (False, True), None),
        (-1, 10.0, 9.0, 8.5, (False, False), None),
    ],
)
def test_triggers(
    amount: int,
    stop: float | None,
    limit: float | None,
    price: float,
    reached: tuple[bool, bool],
    stop_after: float | None,
) -> None:
    order = placed(amount, stop=stop, limit=limit)
    becomes_limit = stop is not None and stop_after is None
    assert order.check_order_triggers(price) == (*reached, becomes_limit)
    order.check_triggers(price, LATER)
    assert (order.stop_reached, order.limit_reached) == reached
    assert order.stop == stop_after
    assert order.dt == (LATER if any(reached) else NOON)
    assert order.triggered == (any(reached) or stop is limit is None)


def test_what_was_reached_stays_so() -> None:
    order = placed(1, limit=10.0)
    order.check_triggers(9.0, NOON)
    order.check_triggers(11.0, LATER)
    assert (order.triggered, order.dt) == (True, NOON)


def test_what_the_api_shows_is_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    class Snapshot:
        def __init__(self, initial_values: dict[str, Any]) -> None:
            self.values = initial_values

    monkeypatch.setitem(sys.modules, "rustybt.protocol", SimpleNamespace(Order=Snapshot))
    order = placed()
    shown: Any = order.to_api_obj()
    assert shown.values == order.to_dict()
    order.filled = 50
    assert shown.values["filled"] == 0


@given(
    st.integers(-(10**9), 10**9).filter(bool),
    st.fractions(0, 1),
    st.sampled_from([0.5, 2.0, 1 / 3, 0.1, 7.0, 1.5]),
)
def test_a_split_makes_no_share_out_of_fractions(amount: int, share: float, ratio: float) -> None:
    filled = int(amount * share)
    order = placed(amount, filled=filled, limit=10.01, stop=3.333)
    order.handle_split(ratio)
    assert order.filled == int(filled / ratio)
    assert order.open_amount == int((amount - filled) / ratio)
    assert order.amount == order.filled + order.open_amount
    assert (order.limit, order.stop) == (round(10.01 * ratio, 2), round(3.333 * ratio, 2))


def test_a_split_leaves_a_market_order_without_prices() -> None:
    order = placed()
    order.handle_split(0.5)
    assert (order.amount, order.limit, order.stop) == (200, None, None)


@pytest.mark.parametrize("again", [copy.copy, lambda value: pickle.loads(pickle.dumps(value))])  # noqa: S301
@pytest.mark.parametrize("make", [Order, OrderOfADesk])
def test_copies_are_whole(make: type[Order], again: Any) -> None:
    order = make(NOON, ASSET, 100, stop=12.0, limit=13.0, filled=20, commission=0.5, id="a")
    order.check_triggers(12.0, LATER)
    order.hold("why")
    order.broker_order_id = 7
    if isinstance(order, OrderOfADesk):
        order.desk = "7b"
    other = again(order)
    assert type(other) is make
    assert other is not order
    assert other.to_dict() == order.to_dict()
    assert (other.direction, other.triggered, other.status) == (1.0, True, ORDER_STATUS.OPEN)
    assert getattr(other, "desk", None) == getattr(order, "desk", None)


def test_transaction() -> None:
    transaction = Transaction(ASSET, -100, NOON, 12.5, "a")
    fields = {"amount": -100, "dt": NOON, "price": 12.5, "order_id": "a"}
    assert transaction.to_dict() == {**fields, "sid": ASSET, "commission": None}
    assert {name: transaction[name] for name in fields} == fields
    assert (transaction["asset"], transaction.type) == (ASSET, 5)
    assert repr(transaction) == (
        "Transaction(asset=Equity(24 [A]), dt=2020-01-02 17:00:00+00:00, amount=-100, price=12.5)"
    )
    other = pickle.loads(pickle.dumps(transaction))  # noqa: S301
    assert other.to_dict() == transaction.to_dict()
    with pytest.raises(KeyError, match="commission"):
        transaction["commission"]


@pytest.mark.parametrize(("amount", "whole"), [(3.9, 3), (-3.9, -3), (1, 1)])
def test_transactions_are_of_whole_shares(amount: float, whole: int) -> None:
    transaction = create_transaction(placed(), LATER, 12.5, amount)
    assert (transaction.amount, type(transaction.amount)) == (whole, int)
    assert (transaction.asset, transaction.dt, transaction.order_id) == (ASSET, LATER, "a")


@pytest.mark.parametrize("amount", [0.5, 0, -0.5, math.nan, math.inf])
def test_transactions_are_of_something(amount: float) -> None:
    with pytest.raises(ValueError, match=f"1 share at least, got {amount:.1f} for the order a"):
        create_transaction(placed(), LATER, 12.5, amount)
