"""Alpha, beta and the benchmark's returns against an asset that pays a dividend."""

from rustybt.api import order_target_percent, record, set_benchmark, symbols


def initialize(context):
    context.assets = symbols("AAA", "CCC", "IDX")
    context.day = 0
    set_benchmark(context.assets[-1])


def handle_data(context, data):
    weight = 0.1 + 0.05 * (context.day % 7)
    order_target_percent(context.assets[0], weight)
    order_target_percent(context.assets[1], -weight / 2)
    context.day += 1
    record(weight=weight)
