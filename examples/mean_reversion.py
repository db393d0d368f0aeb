"""Buy what fell most within the month and sell short what rose most, without a net position.

The nine stocks are ranked each week by how far their price lies from its mean of 20 days, in
standard deviations. The lowest three are held, the highest three sold short, in equal weights.
Run it with ``rustybt run examples/mean_reversion.py --start 2005-01-03 --end 2014-12-31``.
"""

from rustybt.api import (
    date_rules,
    order_target_percent,
    record,
    schedule_function,
    symbols,
    time_rules,
)

WINDOW = 20
SIDE = 3  # stocks held, and as many sold short
GROSS = 1.0


def initialize(context):
    """Choose the stocks; rebalance on the first session of the week."""
    context.stocks = symbols("AAPL", "AMD", "CERN", "COST", "DELL", "GPS", "INTC", "MMM", "MSFT")
    schedule_function(rebalance, date_rules.week_start(), time_rules.market_open(minutes=30))


def rebalance(context, data):
    """Set the weights by rank."""
    tradable = [stock for stock in context.stocks if data.can_trade(stock)]
    prices = data.history(tradable, "price", WINDOW, "1d")
    scores = (prices.iloc[-1] - prices.mean()) / prices.std()
    ranked = scores.dropna().sort_values(kind="stable").index
    weights = dict.fromkeys(tradable, 0.0)
    for low, high in zip(ranked[:SIDE], ranked[-SIDE:], strict=True):
        weights[low] = GROSS / (2 * SIDE)
        weights[high] = -GROSS / (2 * SIDE)
    for stock, weight in weights.items():
        order_target_percent(stock, weight)
    record(leverage=context.account.leverage, net=context.account.net_leverage)
