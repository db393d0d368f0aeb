"""data.history of minutes and of days in minute mode, across a split, a dividend and gaps."""

from rustybt.api import (
    date_rules,
    order_target,
    record,
    schedule_function,
    symbols,
    time_rules,
)


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC")
    context.sums = {}
    schedule_function(look, date_rules.every_day(), time_rules.market_open(minutes=1))
    schedule_function(look, date_rules.every_day(), time_rules.market_open(hours=2))
    schedule_function(look, date_rules.every_day(), time_rules.market_close(minutes=1))


def before_trading_start(context, data):
    record(
        before=data.history(context.assets[1], "close", 2, "1d").sum(),
        minute_before=data.history(context.assets[1], "close", 2, "1m").sum(),
    )


def look(context, data):
    a, b, c = context.assets
    found = {
        "minutes": data.history(b, "close", 200, "1m").sum(),
        "filled": data.history(c, "price", 60, "1m").sum(),
        "gaps": data.history(c, "close", 60, "1m").isna().sum(),
        "volume": data.history(context.assets, "volume", 45, "1m").sum().sum(),
        "fields": data.history(a, ["open", "high", "low"], 30, "1m").sum().sum(),
        "panel": data.history(context.assets, ["price", "volume"], 9, "1m")["price"].sum(),
        "days": data.history(context.assets, "price", 10, "1d").sum().sum(),
        "today": data.history(b, "high", 1, "1d").iloc[0],
        "lows": data.history(a, "low", 5, "1d").sum(),
        "opens": data.history(c, "open", 4, "1d").sum(),
        "volumes": data.history(context.assets, "volume", 6, "1d").sum().sum(),
        "current": data.current(b, "close"),
        "stale": float(data.is_stale(c)),
        "can": float(data.can_trade(c)),
    }
    for name, value in found.items():
        context.sums[name] = context.sums.get(name, 0.0) + float(value)
    order_target(a, int(found["minutes"]) % 100)
    record(**context.sums)


def handle_data(context, data):
    current = data.current(context.assets, ["open", "price", "volume"])
    record(opened=current["open"].sum(), price=current["price"].sum())
