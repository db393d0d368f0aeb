"""Orders of every style in minutes, of a thinly traded stock too, with costs by volume share."""

from rustybt.api import (
    cancel_order,
    get_open_orders,
    order,
    order_percent,
    order_value,
    record,
    set_commission,
    set_slippage,
    symbols,
)
from rustybt.finance import commission, slippage


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC")
    context.minute = 0
    set_slippage(slippage.VolumeShareSlippage(volume_limit=0.025, price_impact=0.1))
    set_commission(commission.PerShare(cost=0.005, min_trade_cost=1.0))


def handle_data(context, data):
    a, b, c = context.assets
    step = context.minute % 97
    price = data.current(b, "price")
    if step == 0:
        order(a, 700)
    elif step == 11:
        order(b, -60, limit_price=price * 1.0011)
    elif step == 23:
        order(b, 55, stop_price=price * 1.0009)
    elif step == 37:
        order(b, 45, limit_price=price * 1.0021, stop_price=price * 1.0007)
    elif step == 41:
        order_value(c, 1_500)
    elif step == 59:
        order_percent(a, -0.01)
    elif step == 83:
        for waiting in get_open_orders(b):
            cancel_order(waiting)
    context.minute += 1
    record(waiting=sum(len(orders) for orders in get_open_orders().values()))
