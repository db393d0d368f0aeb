"""Orders that the trading controls refuse, with an error or with a log line."""

import pandas as pd

from rustybt.api import (
    order,
    order_target_percent,
    record,
    set_long_only,
    set_max_leverage,
    set_max_order_count,
    set_max_order_size,
    set_max_position_size,
    set_min_leverage,
    symbols,
)
from rustybt.errors import TradingControlViolation


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC", "GGG")
    context.day = 0
    context.refused = 0
    a, b, c, _ = context.assets
    set_long_only(on_error="log")
    set_max_order_count(3, on_error="log")
    set_max_order_size(asset=a, max_shares=500, max_notional=20_000, on_error="log")
    set_max_order_size(asset=b, max_shares=120)
    set_max_position_size(asset=c, max_shares=900, on_error="log")
    set_max_position_size(max_notional=90_000, on_error="log")
    set_max_leverage(25.0)
    set_min_leverage(0.0001, pd.Timedelta(days=20))


def handle_data(context, data):
    a, b, c, g = context.assets
    order(a, 100 + 40 * (context.day % 15))
    try:
        order(b, 90 + 10 * (context.day % 6))
    except TradingControlViolation:
        context.refused += 1
    if context.day % 3 == 0:
        order(c, 170)
        order(g, 20)
    elif context.day % 3 == 1:
        order(c, -1_000)
        order(g, 10)
    elif context.day % 6 == 5:
        order_target_percent(a, 0)
    context.day += 1
    record(refused=context.refused)
