"""Contracts held to their end, under each model of costs for futures."""

from rustybt.api import future_symbol, order, record, set_commission, set_slippage, symbol
from rustybt.finance import commission, slippage

COSTS = "fixed"


def initialize(context):
    context.day = 0
    context.stock = symbol("AAA")
    context.contracts = [future_symbol(name) for name in ("ESM18", "CLN18", "ESU18")]
    if COSTS == "fixed":
        set_slippage(us_futures=slippage.FixedSlippage(spread=0.5))
        set_commission(us_futures=commission.PerContract(cost=1.25, exchange_fee=0.5))
    elif COSTS == "share":
        set_slippage(
            us_equities=slippage.FixedSlippage(spread=0.1),
            us_futures=slippage.VolatilityVolumeShare(volume_limit=0.02, eta=0.08),
        )
        set_commission(
            us_equities=commission.PerTrade(cost=7.0),
            us_futures=commission.PerContract(
                cost={"ES": 0.9, "CL": 1.1}, exchange_fee={"ES": 1.4, "CL": 2.5}, min_trade_cost=3
            ),
        )
    else:
        set_slippage(us_futures=slippage.VolumeShareSlippage(volume_limit=0.01))
        set_commission(us_futures=commission.PerFutureTrade(cost={"ES": 2.36, "CL": 1.5}))


def handle_data(context, data):
    first, second, third = context.contracts
    if context.day % 12 == 3:
        order(first, 4)
        order(second, -3)
        order(context.stock, 15)
    elif context.day % 12 == 7 and data.can_trade(third):
        order(third, -2)
        order(third, 30)
    elif context.day % 12 == 9:
        order(first, -1, limit_price=data.current(first, "price") + 0.6)
    context.day += 1
    record(
        cash=context.portfolio.cash,
        exposure=context.portfolio.positions_exposure,
        held=sum(position.amount for position in context.portfolio.positions.values()),
    )
