"""Known answers of `rustybt.finance._order`."""

import pandas as pd

from rustybt.assets import Equity, ExchangeInfo
from rustybt.finance import _order


def probe() -> tuple[object, object]:
    """Return (computed, expected) states of a stop-limit order that is split and filled."""
    asset = Equity(24, ExchangeInfo("New York Stock Exchange", "XNYS", "US"))
    dt = pd.Timestamp("2020-01-02 21:00", tz="UTC")
    order = _order.Order(dt, asset, -101, stop=10.0, limit=9.5, id="a")

    states: list[object] = [order.triggered, order.direction]
    order.check_triggers(9.75, dt)
    states += [order.stop, order.limit, order.triggered]
    order.handle_split(0.5)
    states += [order.limit, order.amount]
    transaction = _order.create_transaction(order, dt, 4.75, -202.0)
    order.filled += transaction.amount
    states += [transaction["order_id"], order.status.name]
    return states, [False, -1.0, None, 9.5, True, 4.75, -202, "a", "FILLED"]
