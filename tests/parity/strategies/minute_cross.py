"""A crossing of two averages of minute closes."""

from rustybt.api import order_target, record, set_benchmark, symbol


def initialize(context):
    context.asset = symbol("AAA")
    set_benchmark(symbol("IDX"))


def handle_data(context, data):
    fast = data.history(context.asset, "price", 15, "1m").mean()
    slow = data.history(context.asset, "price", 60, "1m").mean()
    order_target(context.asset, 500 if fast > slow else -200)
    record(fast=fast, slow=slow)
