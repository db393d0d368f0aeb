"""What a session of minutes does not fill is cancelled at its end."""

from rustybt.api import get_open_orders, order, record, set_cancel_policy, symbols
from rustybt.finance.cancel_policy import EODCancel


def initialize(context):
    context.assets = symbols("AAA", "CCC")
    context.today = None
    set_cancel_policy(EODCancel(warn_on_cancel=False))


def handle_data(context, data):
    a, c = context.assets
    today = data.current_session
    if today != context.today:
        context.today = today
        order(a, 60_000)
        order(c, 9_000, limit_price=data.current(c, "price") * 0.999)
    record(
        waiting=len(get_open_orders(a)),
        held=context.portfolio.positions[a].amount,
        minutes=len(data.current_session_minutes),
    )
