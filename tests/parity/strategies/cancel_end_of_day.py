"""What a bar cannot fill is cancelled at the session's end."""

from rustybt.api import get_open_orders, order, record, set_cancel_policy, symbols
from rustybt.finance.cancel_policy import EODCancel


def initialize(context):
    context.assets = symbols("AAA", "FFF", "III")
    context.day = 0
    set_cancel_policy(EODCancel())


def handle_data(context, data):
    a, f, i = context.assets
    if context.day % 5 == 0:
        order(f, 900)
        order(a, 10, limit_price=data.current(a, "price") * 0.97)
        order(i, 10)
    context.day += 1
    record(waiting=sum(len(orders) for orders in get_open_orders().values()))
