"""A stock ends while it is held, with orders open; another is short in a second algorithm step."""

from rustybt.api import get_datetime, get_open_orders, order, order_target, record, symbols


def initialize(context):
    context.assets = symbols("AAA", "DDD")


def handle_data(context, data):
    a, d = context.assets
    day = f"{get_datetime():%m-%d}"
    if day == "08-22":
        order(d, 2_500)
        order(a, 100)
    elif day == "09-12":
        order(d, 400, limit_price=1.0)
        order(d, -300, stop_price=0.5)
        order_target(d, -700)
    elif day == "09-14":
        order(d, 90)
    record(
        price=data.current(d, "price"),
        tradable=data.can_trade(d),
        held=context.portfolio.positions[d].amount,
        waiting=len(get_open_orders(d)),
    )
