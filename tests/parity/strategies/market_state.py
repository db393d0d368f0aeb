"""data.current, can_trade and is_stale over halts, a listing, a delisting and a split."""

from rustybt.api import order, record, symbols

FIELDS = ["open", "high", "low", "close", "price", "volume"]


def initialize(context):
    context.assets = symbols("BBB", "DDD", "EEE", "FFF", "HHH")


def before_trading_start(context, data):
    for asset in context.assets:
        record(**{f"{asset.symbol}_before": data.current(asset, "price")})


def handle_data(context, data):
    for asset in context.assets:
        name = asset.symbol
        values = data.current(asset, FIELDS)
        record(
            **{
                f"{name}_tradable": bool(data.can_trade(asset)),
                f"{name}_stale": bool(data.is_stale(asset)),
                f"{name}_traded": data.current(asset, "last_traded").day_of_year
                if data.current(asset, "last_traded") is not None
                else 0,
            },
            **{f"{name}_{field}": values[field] for field in FIELDS},
        )
    prices = data.current(context.assets, "price")
    table = data.current(context.assets, ["close", "volume"])
    tradable = data.can_trade(context.assets)
    stale = data.is_stale(context.assets)
    record(
        prices=prices.sum(),
        table=table.sum().sum(),
        tradable=int(tradable.sum()),
        stale=int(stale.sum()),
    )
    order(context.assets[3], 7)
