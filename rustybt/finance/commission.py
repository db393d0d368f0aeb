"""Commission models: what fills cost."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from typing import TYPE_CHECKING, ClassVar

from rustybt.assets import Asset, Equity, Future
from rustybt.finance._order import (
    Charge,
    ContractCharge,
    OrderCharge,
    UnitCharge,
    ValueCharge,
    calculate_per_unit_commission,
)
from rustybt.finance.constants import FUTURE_EXCHANGE_FEES_BY_SYMBOL
from rustybt.finance.shared import (
    Constant,
    FinancialModel,
    by_root_symbol,
    implemented_together,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rustybt.finance.order import Order
    from rustybt.finance.transaction import Transaction

__all__ = [
    "CommissionModel",
    "EquityCommissionModel",
    "FutureCommissionModel",
    "NoCommission",
    "PerContract",
    "PerDollar",
    "PerFutureTrade",
    "PerShare",
    "PerTrade",
    "calculate_per_unit_commission",
]

# Dollars.
DEFAULT_PER_SHARE_COST = 0.001
DEFAULT_PER_CONTRACT_COST = 0.85
DEFAULT_PER_DOLLAR_COST = 0.0015
DEFAULT_MINIMUM_COST_PER_EQUITY_TRADE = 0.0
DEFAULT_MINIMUM_COST_PER_FUTURE_TRADE = 0.0


class CommissionModel(FinancialModel):
    """Base of commission models: a model implements `calculate`."""

    @abstractmethod
    def calculate(self, order: Order, transaction: Transaction) -> float:
        """Return the additional commission that an order costs for a fill.

        Parameters
        ----------
        order : Order
            The order. Its `commission` is what it has cost before, its `filled` does not yet
            count the fill.
        transaction : Transaction
            The fill.

        Returns
        -------
        float
            In the currency of the account.
        """

    def compiled_charge(self) -> Charge | None:
        """Return what `calculate` does as a charge of the compiled core.

        None where a subclass has changed the method, or the model has no charge.
        """
        return None


class _ChargedCommission(CommissionModel):
    """A model whose `calculate` is the arithmetic of a compiled charge."""

    _charge_holds: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._charge_holds = implemented_together(cls, {"calculate": _ChargedCommission})

    @abstractmethod
    def _charge(self) -> Charge:
        """Return the charge, of the parameters as they are now."""

    def calculate(self, order: Order, transaction: Transaction) -> float:
        """Return the additional commission that an order costs for a fill."""
        return self._charge()(order, transaction)

    def compiled_charge(self) -> Charge | None:
        """Return what `calculate` does as a charge of the compiled core, if it still does that."""
        return self._charge() if self._charge_holds else None


class NoCommission(_ChargedCommission):
    """Trading costs nothing."""

    def _charge(self) -> Charge:
        return Charge()


class EquityCommissionModel(CommissionModel):
    """Base of commission models that are for equities only."""

    allowed_asset_types: ClassVar[tuple[type[Asset], ...]] = (Equity,)


class FutureCommissionModel(CommissionModel):
    """Base of commission models that are for futures only."""

    allowed_asset_types: ClassVar[tuple[type[Asset], ...]] = (Future,)


class PerShare(_ChargedCommission, EquityCommissionModel):
    """So much a share, with a minimum an order. This is the default for equities.

    Parameters
    ----------
    cost : float, default 0.001
        Dollars a share.
    min_trade_cost : float, default 0.0
        The least that an order costs, in dollars, however many fills it takes.
    """

    def __init__(
        self,
        cost: float = DEFAULT_PER_SHARE_COST,
        min_trade_cost: float | None = DEFAULT_MINIMUM_COST_PER_EQUITY_TRADE,
    ) -> None:
        self.cost_per_share = float(cost)
        self.min_trade_cost = min_trade_cost or 0

    def _charge(self) -> Charge:
        return UnitCharge(self.cost_per_share, 0, self.min_trade_cost)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(cost_per_share={self.cost_per_share}, "
            f"min_trade_cost={self.min_trade_cost})"
        )


class PerContract(_ChargedCommission, FutureCommissionModel):
    """So much a contract and so much an order, with a minimum an order.

    The default for futures is this with 0.85 dollars a contract and the exchanges' fees.

    Parameters
    ----------
    cost : float or dict
        Dollars a contract, one for all or by root symbol; 0.85 for a root symbol that the dict
        has not.
    exchange_fee : float or dict
        Dollars an order, paid with its first fill, one for all or by root symbol; for a root
        symbol that the dict has not, that of `constants.FUTURE_EXCHANGE_FEES_BY_SYMBOL`.
    min_trade_cost : float, default 0.0
        The least that an order costs, in dollars, however many fills it takes.
    """

    def __init__(
        self,
        cost: float | Mapping[str, float],
        exchange_fee: float | Mapping[str, float],
        min_trade_cost: float | None = DEFAULT_MINIMUM_COST_PER_FUTURE_TRADE,
    ) -> None:
        self._cost_per_contract: Constant[float] | Mapping[str, float]
        if isinstance(cost, (int, float)):
            self._cost_per_contract = Constant(float(cost))
        else:
            self._cost_per_contract = defaultdict(_default_cost_per_contract, cost)
        self._exchange_fee = by_root_symbol(exchange_fee, FUTURE_EXCHANGE_FEES_BY_SYMBOL)
        self.min_trade_cost = min_trade_cost or 0

    def _charge(self) -> Charge:
        return ContractCharge(self._cost_per_contract, self._exchange_fee, self.min_trade_cost)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(cost_per_contract={shown(self._cost_per_contract)}, "
            f"exchange_fee={shown(self._exchange_fee)}, min_trade_cost={self.min_trade_cost})"
        )


def _default_cost_per_contract() -> float:
    return DEFAULT_PER_CONTRACT_COST


class PerTrade(_ChargedCommission):
    """So much an order, paid with its first fill.

    Parameters
    ----------
    cost : float, default 0.0
        Dollars an order.
    """

    def __init__(self, cost: float = DEFAULT_MINIMUM_COST_PER_EQUITY_TRADE) -> None:
        self.cost = float(cost)

    def _charge(self) -> Charge:
        return OrderCharge(self.cost)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(cost_per_trade={self.cost})"


class PerFutureTrade(PerContract):
    """So much an order, for futures, paid with its first fill.

    Parameters
    ----------
    cost : float or dict, default 0.0
        Dollars an order, one for all or by root symbol; for a root symbol that the dict has not,
        the exchange fee of `constants.FUTURE_EXCHANGE_FEES_BY_SYMBOL`.
    """

    def __init__(
        self, cost: float | Mapping[str, float] = DEFAULT_MINIMUM_COST_PER_FUTURE_TRADE
    ) -> None:
        super().__init__(cost=0, exchange_fee=cost, min_trade_cost=0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(cost_per_trade={shown(self._exchange_fee)})"


class PerDollar(_ChargedCommission, EquityCommissionModel):
    """A fraction of the value traded.

    Parameters
    ----------
    cost : float, default 0.0015
        Dollars a dollar traded.
    """

    def __init__(self, cost: float = DEFAULT_PER_DOLLAR_COST) -> None:
        self.cost_per_dollar = float(cost)

    def _charge(self) -> Charge:
        return ValueCharge(self.cost_per_dollar)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(cost_per_dollar={self.cost_per_dollar})"
