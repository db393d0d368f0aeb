"""Long and short across splits, dividends and a merger; sold between ex-date and pay date."""

from rustybt.api import get_datetime, get_open_orders, order, order_target, record, symbols


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC", "HHH")


def handle_data(context, data):
    a, b, c, h = context.assets
    day = f"{get_datetime():%m-%d}"
    if day == "06-04":
        order(c, 1_000)
        order(b, 333)
        order(h, 501)
    elif day == "06-18":
        order_target(c, 0)
    elif day == "07-02":
        order(b, 1_000, limit_price=60.0)
        order(b, -200, stop_price=40.5)
        order(c, -700)
    elif day == "08-01":
        order(a, -250)
        order(a, -3, limit_price=90.001)
    elif day == "08-10":
        order_target(a, 55)
    elif day == "09-12":
        order_target(c, 44)
    elif day == "09-28":
        order(b, 10, limit_price=20.0)
        order_target(b, 334)
    record(
        waiting=sum(each.amount for each in get_open_orders(b)),
        held=context.portfolio.positions[b].amount,
        cost=context.portfolio.positions[b].cost_basis,
        value=context.portfolio.portfolio_value,
    )
