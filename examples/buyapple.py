"""Buy ten shares of Apple every day, whatever they cost.

Run it with ``rustybt run examples/buyapple.py --start 2014-01-01 --end 2014-11-01``.
"""

from rustybt.api import order, record, set_commission, set_slippage, symbol
from rustybt.finance import commission, slippage

SHARES = 10


def initialize(context):
    """Choose the stock, and costs that take more of a small order than the default ones."""
    context.apple = symbol("AAPL")
    set_commission(commission.PerShare(cost=0.0075, min_trade_cost=1.0))
    set_slippage(slippage.VolumeShareSlippage())


def handle_data(context, data):
    """Order, and keep the price for the report."""
    order(context.apple, SHARES)
    record(AAPL=data.current(context.apple, "price"))
