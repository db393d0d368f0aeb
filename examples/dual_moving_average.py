"""Hold Apple while its short moving average is above the long one.

Run it with ``rustybt run examples/dual_moving_average.py --start 2005-01-03 --end 2014-12-31``.
"""

from rustybt.api import order_target, record, set_commission, set_slippage, symbol
from rustybt.finance import commission, slippage

SHORT, LONG = 100, 300
SHARES = 100


def initialize(context):
    """Choose the stock, and costs that take more of a small order than the default ones."""
    context.stock = symbol("AAPL")
    context.bars = 0
    set_commission(commission.PerShare(cost=0.0075, min_trade_cost=1.0))
    set_slippage(slippage.VolumeShareSlippage())


def handle_data(context, data):
    """Compare the averages once there are bars enough for the long one."""
    context.bars += 1
    if context.bars < LONG:
        return
    short_mavg = data.history(context.stock, "price", SHORT, "1d").mean()
    long_mavg = data.history(context.stock, "price", LONG, "1d").mean()
    if short_mavg > long_mavg:
        order_target(context.stock, SHARES)
    elif short_mavg < long_mavg:
        order_target(context.stock, 0)
    record(AAPL=data.current(context.stock, "price"), short_mavg=short_mavg, long_mavg=long_mavg)
