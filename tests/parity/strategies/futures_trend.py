"""Trends of two continuous futures, traded in the contract that is now the front one."""

from rustybt.api import (
    continuous_future,
    future_symbol,
    get_open_orders,
    order_target,
    order_target_percent,
    record,
    symbol,
)


def initialize(context):
    context.roots = [
        continuous_future("ES", offset=0, roll="calendar", adjustment="mul"),
        continuous_future("CL", offset=0, roll="volume", adjustment="add"),
    ]
    context.stock = symbol("AAA")
    context.fixed = future_symbol("CLU18")


def handle_data(context, data):
    for number, root in enumerate(context.roots):
        contract = data.current(root, "contract")
        prices = data.history(root, "price", 20, "1d")
        size = (number + 1) * (3 if prices.iloc[-1] > prices.mean() else -2)
        for held in list(context.portfolio.positions):
            if getattr(held, "root_symbol", None) == root.root_symbol and held != contract:
                order_target(held, 0)
        if data.can_trade(contract) and not get_open_orders(contract):
            order_target(contract, size)
        record(**{f"{root.root_symbol}_contract": contract.sid, f"{root.root_symbol}_size": size})
    order_target_percent(context.stock, 0.2)
    record(
        exposure=context.portfolio.positions_exposure,
        value=context.portfolio.positions_value,
        fixed=data.current(context.fixed, "price"),
        leverage=context.account.leverage,
    )
