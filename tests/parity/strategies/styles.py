"""Market, limit, stop and stop-limit orders, given as numbers and as styles, some cancelled."""

from rustybt.api import cancel_order, get_open_orders, order, order_target_percent, record, symbols
from rustybt.finance.execution import LimitOrder, MarketOrder, StopLimitOrder, StopOrder


def initialize(context):
    context.assets = symbols("AAA", "BBB", "CCC", "GGG", "III")
    context.day = 0
    context.placed = {}


def handle_data(context, data):
    for number, asset in enumerate(context.assets):
        price = data.current(asset, "price")
        step = (context.day + number) % 10
        if step == 0:
            order(asset, 400, style=MarketOrder())
        elif step == 1:
            order(asset, 150, limit_price=price * 0.9913)
        elif step == 2:
            order(asset, -130, limit_price=price * 1.00777)
        elif step == 3:
            order(asset, 110, stop_price=price * 1.0123)
        elif step == 4:
            order(asset, -140, style=StopOrder(price * 0.98765))
        elif step == 5:
            order(asset, 90, limit_price=price * 1.011, stop_price=price * 1.0066)
        elif step == 6:
            order(asset, -95, style=StopLimitOrder(price * 0.985, price * 0.9935))
        elif step == 7:
            context.placed[asset] = order_target_percent(asset, 0.02, style=LimitOrder(price))
        elif step == 8 and context.placed.get(asset):
            cancel_order(context.placed.pop(asset))
        elif step == 9:
            for placed in get_open_orders(asset)[3:]:
                cancel_order(placed)
    context.day += 1
    record(waiting=sum(len(get_open_orders(asset)) for asset in context.assets))
