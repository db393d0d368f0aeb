"""Replay orders against bars with a library that speaks Zipline's API: zipline or rustybt."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pandas as pd


class BarData:
    """A bar of a case, as slippage models see it.

    Parameters
    ----------
    library : str
        The library whose errors it raises.
    case : dict
        The case, see `replay`.
    number : int
        Which of its bars.
    """

    def __init__(self, library: str, case: dict[str, Any], number: int) -> None:
        self.library = library
        self.history_values = case["history"]
        self.values = case["bars"][number]
        self.current_dt = pd.Timestamp("2020-01-02 14:31", tz="UTC") + pd.Timedelta(minutes=number)
        self.current_session = pd.Timestamp("2020-01-02")

    def current(self, asset: object, fields: str | list[str]) -> Any:
        """Return a value of the bar, or a dict of several."""
        if isinstance(fields, str):
            return self.values[fields]
        return {field: self.values[field] for field in fields}

    def history(self, asset: object, field: str, count: int, frequency: str) -> pd.Series[float]:
        """Return the case's past values."""
        if self.history_values is None:
            errors = import_module(f"{self.library}.errors")
            raise errors.HistoryWindowStartsBeforeData(
                first_trading_day=None, suggested_start_day=None, bar_count=count
            )
        assert (asset is not None, frequency) == (True, "1d")
        return pd.Series(self.history_values[field][-count:])


class FeedingBarData(BarData):
    """A bar that has a feed of prices, too."""

    @property
    def feed(self) -> FeedingBarData:
        """The feed, which is the bar itself."""
        return self

    def bar(self, asset: object, column: int) -> float:
        """Return a value of the bar by the number of its column."""
        return float(self.values[["open", "high", "low", "close", "volume"][column]])


def build(library: str, module: str, named: list[Any]) -> Any:
    """Return an instance of a class of a module, from its name and keyword arguments."""
    name, arguments = named
    return getattr(import_module(f"{library}.{module}"), name)(**arguments)


def make_asset(library: str, case: dict[str, Any]) -> Any:
    """Return the asset that a case trades."""
    assets = import_module(f"{library}.assets")
    exchange = assets.ExchangeInfo("New York Stock Exchange", "XNYS", "US")
    if case["root_symbol"] is None:
        return assets.Equity(1, exchange, symbol="A", tick_size=case["tick_size"])
    return assets.Future(
        1,
        exchange_info=exchange,
        symbol="A",
        root_symbol=case["root_symbol"],
        tick_size=case["tick_size"],
    )


def replay(library: str, case: dict[str, Any], bar_data: type[BarData] = BarData) -> dict[str, Any]:
    """Return what becomes of the orders of a case.

    Parameters
    ----------
    library : str
        "zipline" or "rustybt".
    case : dict
        "root_symbol" (None for an equity) and "tick_size" of the asset; "slippage" and
        "commission", each a class and its arguments; "history", past daily values or None;
        "bars", each with prices, a volume, the "split" ratio before it, and the "orders" placed
        and "cancels" asked for after it.
    bar_data : type, default BarData
        What the models are given.

    Returns
    -------
    dict
        "fills" (bar, order, amount, price), "costs" (bar, order, cost), "closed" (bar, order)
        and the final state of each of the "orders", see STATE.
    """
    order_class = import_module(f"{library}.finance.blotter")
    execution = import_module(f"{library}.finance.execution")
    asset = make_asset(library, case)
    kind = "equity" if case["root_symbol"] is None else "future"
    blotter = order_class.SimulationBlotter(
        **{
            f"{kind}_slippage": build(library, "finance.slippage", case["slippage"]),
            f"{kind}_commission": build(library, "finance.commission", case["commission"]),
        }
    )
    ids: list[str] = []
    fills, costs, closed_at = [], [], []
    for number, bar in enumerate(case["bars"]):
        data = bar_data(library, case, number)
        blotter.set_date(data.current_dt)
        if bar["split"] is not None:
            blotter.process_splits([(asset, bar["split"])])
        transactions, commissions, closed = blotter.get_transactions(data)
        for transaction in transactions:
            order = ids.index(transaction.order_id)
            fills.append([number, order, transaction.amount, float(transaction.price)])
            assert transaction.dt == data.current_dt
        costs += [[number, ids.index(c["order"].id), float(c["cost"])] for c in commissions]
        closed_at += [[number, ids.index(order.id)] for order in closed]
        blotter.prune_orders(closed)
        for amount, style, arguments in bar["orders"]:
            made = getattr(execution, style)(*arguments, **tick(style, asset))
            ids.append(blotter.order(asset, amount, made))
        for order in bar["cancels"]:
            blotter.cancel(ids[order])
    states = [state(blotter.orders[id_], case) for id_ in ids]
    return {"fills": fills, "costs": costs, "closed": closed_at, "orders": states}


def tick(style: str, asset: object) -> dict[str, object]:
    """Return the argument of an execution style that says whose tick size to round to."""
    return {} if style == "MarketOrder" else {"asset": asset}


STATE = [
    "created",
    "dt",
    "reason",
    "amount",
    "filled",
    "open_amount",
    "commission",
    "stop",
    "limit",
    "stop_reached",
    "limit_reached",
    "status",
    "direction",
    "triggered",
]


def state(order: Any, case: dict[str, Any]) -> list[Any]:
    """Return the fields of an order that STATE names, its times as numbers of bars."""
    fields = {**order.to_dict(), "status": order.status.name}
    for name in ("open_amount", "direction", "triggered"):
        fields[name] = getattr(order, name)
    start = BarData("", case, 0).current_dt
    for name in ("dt", "created"):
        fields[name] = (fields[name] - start) // pd.Timedelta(minutes=1)
    return [fields[name] for name in STATE]
