"""Every function that orders, each on a day of its own, with what is open in between."""

import pandas as pd

from rustybt.api import (
    batch_market_order,
    cancel_order,
    get_open_orders,
    get_order,
    order,
    order_percent,
    order_target,
    order_target_percent,
    order_target_value,
    order_value,
    record,
    symbols,
)


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC", "GGG", "HHH", "FFF")
    context.day = 0
    context.last_id = None


def handle_data(context, data):
    a, b, c, g, h, f = context.assets
    step = context.day % 14
    if step == 0:
        order(a, 321)
        order(b, -77.99996)
        order(c, 10.7)
        order(g, 0)
    elif step == 1:
        order_value(a, 12_345.67)
        order_value(h, -20_000)
    elif step == 2:
        order_percent(b, 0.033)
        order_percent(c, -0.0125)
    elif step == 3:
        order_target(a, 100)
        order_target(h, -300)
        order_target(h, -300)
    elif step == 4:
        order_target_value(g, 50_000)
        order_target_value(c, -15_000.5)
    elif step == 5:
        order_target_percent(a, 0.2)
        order_target_percent(b, -0.1)
        order_target_percent(c, 0.05)
    elif step == 6:
        ids = batch_market_order(pd.Series([100, -50, 0, 25], index=[a, g, c, h]))
        record(batched=sum(1 for number in ids if number))
    elif step == 7:
        context.last_id = order(f, 5_000)
    elif step == 9 and get_open_orders(f):
        placed = get_order(context.last_id)
        record(unfilled=placed.amount - placed.filled)
        cancel_order(context.last_id)
        order(f, -40)
    elif step == 11:
        for orders in get_open_orders().values():
            for each in orders:
                cancel_order(each)
    record(open_orders=sum(len(orders) for orders in get_open_orders().values()))
    context.day += 1
