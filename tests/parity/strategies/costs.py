"""Orders small and too big for a bar under each model of slippage and commission."""

from rustybt.api import (
    order,
    order_target_percent,
    record,
    set_cancel_policy,
    set_commission,
    set_slippage,
    symbols,
)
from rustybt.finance import commission, slippage
from rustybt.finance.cancel_policy import NeverCancel

SLIPPAGE = "default"
COMMISSION = "default"


class HalfSpread(slippage.SlippageModel):
    """Fill a quarter of the volume at most, on the worse side of the bar."""

    def process_order(self, data, order):
        quarter = int(data.current(order.asset, "volume") * 0.25) - self.volume_for_bar
        if quarter <= 0:
            raise slippage.LiquidityExceeded
        side = "high" if order.amount > 0 else "low"
        price = (data.current(order.asset, "close") + data.current(order.asset, side)) / 2
        amount = min(abs(order.open_amount), quarter)
        return price, amount if order.amount > 0 else -amount


class Tiered(commission.CommissionModel):
    """A dollar for the first fill, a cent a share for the later ones."""

    def calculate(self, order, transaction):
        return 1.0 if order.filled == 0 else 0.01 * abs(transaction.amount)


def initialize(context):
    context.assets = symbols("AAA", "DDD", "EEE", "FFF", "III")
    context.day = 0
    set_cancel_policy(NeverCancel())
    slippages = {
        "none": slippage.NoSlippage,
        "fixed": lambda: slippage.FixedSlippage(spread=0.02),
        "share": lambda: slippage.VolumeShareSlippage(volume_limit=0.05, price_impact=0.2),
        "points": lambda: slippage.FixedBasisPointsSlippage(basis_points=12.5, volume_limit=0.02),
        "own": HalfSpread,
    }
    commissions = {
        "none": commission.NoCommission,
        "per_trade": lambda: commission.PerTrade(cost=4.95),
        "per_share": lambda: commission.PerShare(cost=0.013, min_trade_cost=1.5),
        "per_dollar": lambda: commission.PerDollar(cost=0.0021),
        "own": Tiered,
    }
    if SLIPPAGE != "default":
        set_slippage(slippages[SLIPPAGE]())
    if COMMISSION != "default":
        set_commission(commissions[COMMISSION]())


def handle_data(context, data):
    a, d, e, f, i = context.assets
    step = context.day % 9
    if step == 0:
        order(a, 1_000)
        order(f, 650)
        order(d, 9_000)
    elif step == 2:
        order(a, -400)
        order(a, 25)
        order(f, -300)
        order(i, 400_000)
    elif step == 4 and data.can_trade(e):
        order_target_percent(e, 0.3)
    elif step == 6:
        order_target_percent(i, -0.2)
        order_target_percent(d, 0.0)
    context.day += 1
    record(cash=context.portfolio.cash, leverage=context.account.leverage)
