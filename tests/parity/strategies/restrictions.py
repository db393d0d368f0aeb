"""Assets that must not be ordered: always, or within dates; the rest is traded."""

import pandas as pd

from rustybt.api import order, record, set_asset_restrictions, set_do_not_order_list, symbols
from rustybt.finance.asset_restrictions import (
    RESTRICTION_STATES,
    HistoricalRestrictions,
    Restriction,
    StaticRestrictions,
)


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC", "GGG", "HHH")
    a, b, c, g, _ = context.assets
    frozen, allowed = RESTRICTION_STATES.FROZEN, RESTRICTION_STATES.ALLOWED
    set_asset_restrictions(
        HistoricalRestrictions(
            [
                Restriction(a, pd.Timestamp("2018-06-15"), frozen),
                Restriction(a, pd.Timestamp("2018-07-13"), allowed),
                Restriction(b, pd.Timestamp("2018-08-01"), frozen),
            ]
        ),
        on_error="log",
    )
    set_asset_restrictions(StaticRestrictions([c]), on_error="log")
    set_do_not_order_list([g], on_error="log")


def handle_data(context, data):
    for number, asset in enumerate(context.assets):
        order(asset, 10 + number)
    record("tradable", sum(bool(data.can_trade(asset)) for asset in context.assets))
