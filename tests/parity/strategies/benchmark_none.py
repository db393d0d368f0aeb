"""Alpha and beta against returns that the caller gives."""

from rustybt.api import order_target_percent, record, symbols


def initialize(context):
    context.assets = symbols("BBB", "IDX")
    context.day = 0


def handle_data(context, data):
    if context.day % 5 == 0:
        order_target_percent(context.assets[0], 0.6 if context.day % 10 else -0.4)
        order_target_percent(context.assets[1], 0.3)
    context.day += 1
    record(net=context.account.net_leverage)
