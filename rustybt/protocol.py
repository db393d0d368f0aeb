"""What a strategy is handed: its portfolio, its account, and the events behind them."""

from __future__ import annotations

from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import KeysView, Mapping

    import pandas as pd

    from rustybt._protocol import BarData
    from rustybt.finance._finance_ext import Portfolio, Positions
    from rustybt.finance._finance_ext import PositionView as Position

__all__ = [
    "DATASOURCE_TYPE",
    "Account",
    "BarData",
    "Event",
    "Order",
    "Portfolio",
    "Position",
    "Positions",
]

DATASOURCE_TYPE = IntEnum(
    "DATASOURCE_TYPE",
    "AS_TRADED_EQUITY MERGER SPLIT DIVIDEND TRADE TRANSACTION ORDER EMPTY DONE CUSTOM BENCHMARK "
    "COMMISSION CLOSE_POSITION",
    start=0,
    module=__name__,
)


class Event:
    """Named values.

    Parameters
    ----------
    initial_values : mapping, optional
        Value by name; each becomes an attribute.
    """

    def __init__(self, initial_values: Mapping[str, Any] | None = None) -> None:
        if initial_values:
            vars(self).update(initial_values)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - an event holds anything
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}", name=name)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return vars(self).keys()

    def __eq__(self, other: object) -> bool:
        return hasattr(other, "__dict__") and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, name: object) -> bool:
        return name in vars(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({vars(self)})"

    def to_series(self, index: Any = None) -> pd.Series[Any]:  # noqa: ANN401 - as Series takes it
        """Return the values as a Series by name."""
        import pandas as pd

        return pd.Series(vars(self), index=index)


class Order(Event):
    """The state of an order at one time."""


class Account:
    """The account as a strategy sees it; it follows the books.

    Attributes
    ----------
    settled_cash, accrued_interest, buying_power, equity_with_loan : float
    total_positions_value, total_positions_exposure : float
    regt_equity, regt_margin, initial_margin_requirement, maintenance_margin_requirement : float
    available_funds, excess_liquidity, cushion, day_trades_remaining : float
    leverage, gross_leverage, net_leverage, net_liquidation : float
        In the currency of the account, or fractions of the portfolio's value. Where nobody lends
        and no broker reports, the margins are zero and what is unlimited is infinite.
    """

    settled_cash: float
    accrued_interest: float
    buying_power: float
    equity_with_loan: float
    total_positions_value: float
    total_positions_exposure: float
    regt_equity: float
    regt_margin: float
    initial_margin_requirement: float
    maintenance_margin_requirement: float
    available_funds: float
    excess_liquidity: float
    cushion: float
    day_trades_remaining: float
    leverage: float
    gross_leverage: float
    net_leverage: float
    net_liquidation: float

    def __init__(self) -> None:
        vars(self).update(dict.fromkeys(Account.__annotations__, 0.0))
        for name in ("buying_power", "regt_margin", "day_trades_remaining"):
            vars(self)[name] = float("inf")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("cannot mutate Account objects")

    def __repr__(self) -> str:
        return f"Account({vars(self)})"


_COMPILED = {
    "BarData": ("rustybt._protocol", "BarData"),
    "Portfolio": ("rustybt.finance._finance_ext", "Portfolio"),
    "Position": ("rustybt.finance._finance_ext", "PositionView"),
    "Positions": ("rustybt.finance._finance_ext", "Positions"),
}


def __getattr__(name: str) -> object:
    if name not in _COMPILED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    home, original = _COMPILED[name]
    value: object = getattr(import_module(home), original)
    globals()[name] = value
    return value
