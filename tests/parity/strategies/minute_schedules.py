"""Times of the day relative to open and close, on a half day too."""

from rustybt.api import (
    date_rules,
    get_datetime,
    order,
    record,
    schedule_function,
    symbol,
    time_rules,
)

TIMES = {
    "open": time_rules.market_open,
    "open_45": lambda: time_rules.market_open(minutes=45),
    "open_4h": lambda: time_rules.market_open(hours=4, minutes=10),
    "close": time_rules.market_close,
    "close_90": lambda: time_rules.market_close(hours=1, minutes=30),
    "every": time_rules.every_minute,
}


def initialize(context):
    context.asset = symbol("AAA")
    context.fired = {}
    for name, rule in TIMES.items():
        schedule_function(counter(name), date_rules.every_day(), rule())
        schedule_function(counter(f"{name}_full"), date_rules.every_day(), rule(), half_days=False)
    schedule_function(counter("week"), date_rules.week_start(), time_rules.market_close(minutes=5))
    schedule_function(counter("month"), date_rules.month_end(), time_rules.market_open(minutes=5))


def counter(name):
    def count(context, data):
        now = get_datetime("US/Eastern")
        context.fired[name] = context.fired.get(name, 0) + 1
        context.fired[f"{name}_at"] = 60 * now.hour + now.minute
        if name != "every" and name != "every_full":
            order(context.asset, 10)

    return count


def handle_data(context, data):
    record(**context.fired)
