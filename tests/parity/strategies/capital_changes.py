"""Money comes and goes while two stocks are held by weight."""

from rustybt.api import order_target_percent, record, symbols


def initialize(context):
    context.assets = symbols("AAA", "BBB")


def handle_data(context, data):
    for asset, weight in zip(context.assets, (0.5, -0.2), strict=True):
        order_target_percent(asset, weight)
    record(
        value=context.portfolio.portfolio_value,
        start=context.portfolio.starting_cash,
        flow=context.portfolio.cash_flow,
        gain=context.portfolio.pnl,
        gained=context.portfolio.returns,
    )
