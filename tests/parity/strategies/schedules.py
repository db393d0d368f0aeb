"""Each rule of date and time, with half days and without."""

from rustybt.api import date_rules, order, record, schedule_function, symbol, time_rules

RULES = {
    "every_day": date_rules.every_day,
    "month_start": date_rules.month_start,
    "month_start_2": lambda: date_rules.month_start(days_offset=2),
    "month_end": date_rules.month_end,
    "month_end_3": lambda: date_rules.month_end(days_offset=3),
    "week_start": date_rules.week_start,
    "week_start_1": lambda: date_rules.week_start(days_offset=1),
    "week_end": date_rules.week_end,
    "week_end_4": lambda: date_rules.week_end(days_offset=4),
}


def initialize(context):
    context.asset = symbol("AAA")
    context.fired = {}
    for number, (name, rule) in enumerate(RULES.items()):
        schedule_function(
            counter(name),
            rule(),
            time_rules.market_close() if number % 2 else time_rules.market_open(minutes=30),
        )
        schedule_function(counter(f"{name}_full"), rule(), half_days=False)
    schedule_function(counter("no_rule"))


def counter(name):
    def count(context, data):
        context.fired[name] = context.fired.get(name, 0) + 1
        if "month" in name:
            order(context.asset, len(name))

    return count


def before_trading_start(context, data):
    context.fired["before"] = context.fired.get("before", 0) + 1


def handle_data(context, data):
    record(**context.fired)
