"""Dividends paid in shares of another company and in the company's own."""

from rustybt.api import get_datetime, order, order_target, record, symbols


def initialize(context):
    context.assets = symbols("GGG", "AAA")


def handle_data(context, data):
    g, a = context.assets
    day = f"{get_datetime():%m-%d}"
    if day == "06-08":
        order(g, 1_003)
        order(a, 50)
    elif day == "07-24":
        order_target(g, 500)
    elif day == "11-15":
        order_target(a, 0)
    record(g=context.portfolio.positions[g].amount, a=context.portfolio.positions[a].amount)
