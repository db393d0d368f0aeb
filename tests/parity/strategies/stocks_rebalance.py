"""Equal weights on the nine stocks each month: two splits, dividends and the end of DELL."""

from rustybt.api import (
    date_rules,
    get_datetime,
    order_target_percent,
    record,
    schedule_function,
    symbols,
    time_rules,
)


def initialize(context):
    context.stocks = symbols("AAPL", "AMD", "CERN", "COST", "DELL", "GPS", "INTC", "MMM", "MSFT")
    schedule_function(rebalance, date_rules.month_start(), time_rules.market_open())


def rebalance(context, data):
    tradable = [stock for stock in context.stocks if data.can_trade(stock)]
    for stock in tradable:
        order_target_percent(stock, 0.95 / len(tradable))
    record(tradable=len(tradable), month=get_datetime().month)


def handle_data(context, data):
    record(leverage=context.account.leverage, cash=context.portfolio.cash)
