"""data.history in every shape on daily data, seen across splits, dividends, a merger and halts."""

from rustybt.api import order_target, record, symbols

FIELDS = ["open", "high", "low", "close", "price", "volume"]


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH")


def handle_data(context, data):
    a, b, c, _, e, f, _, h = context.assets
    one = data.history(b, "price", 20, "1d")
    fields = data.history(c, FIELDS, 7, "1d")
    assets = data.history(context.assets, "close", 12, "1d")
    panel = data.history(context.assets, ["price", "volume"], 5, "1d")
    record(
        length=len(one),
        last=one.iloc[-1],
        mean=one.mean(),
        deviation=one.std(),
        spread=(fields["high"] - fields["low"]).sum(),
        fields=fields.sum().sum(),
        nulls=int(assets.isna().sum().sum()),
        total=assets.sum().sum(),
        listed=assets[e].count(),
        merged=assets[h].iloc[0],
        forward=panel.xs(f, level=1)["price"].iloc[-1],
        volume=panel["volume"].sum(),
        high=data.history(a, "high", 1, "1d").iloc[0],
        first=one.index[0].day,
        halted=data.history(f, "close", 10, "1d").isna().sum(),
    )
    order_target(a, 100 if one.iloc[-1] > one.mean() else -100)


def before_trading_start(context, data):
    past = data.history(context.assets[1], "close", 3, "1d")
    record(before=past.iloc[-1], day_before=past.index[-1].day)
