"""Buy two stocks on the first day and hold them.

Run it with ``rustybt run examples/buy_and_hold.py --start 2008-01-01 --end 2013-01-01``.
"""

from rustybt.api import order, set_commission, set_slippage, symbols
from rustybt.finance import commission, slippage

SHARES = 100


def initialize(context):
    """Choose the stocks, and costs that take more of a small order than the default ones."""
    context.stocks = symbols("AAPL", "MSFT")
    context.invested = False
    set_commission(commission.PerShare(cost=0.0075, min_trade_cost=1.0))
    set_slippage(slippage.VolumeShareSlippage())


def handle_data(context, data):
    """Order once."""
    if context.invested:
        return
    for stock in context.stocks:
        order(stock, SHARES)
    context.invested = True
