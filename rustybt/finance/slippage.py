"""Slippage models: at what price, and how much of them, a bar fills orders."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from rustybt.assets import Asset, Equity, Future
from rustybt.errors import HistoryWindowStartsBeforeData
from rustybt.finance._order import (
    BasisPointsRule,
    FillRule,
    LiquidityExceeded,
    SpreadRule,
    VolumeShareRule,
    create_transaction,
    fill_price_worse_than_limit_price,
)
from rustybt.finance.constants import DEFAULT_ETA, ROOT_SYMBOL_TO_ETA
from rustybt.finance.shared import (
    FinancialModel,
    by_root_symbol,
    implemented_together,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rustybt.finance.bar import Bar
    from rustybt.finance.order import Order
    from rustybt.finance.transaction import Transaction

__all__ = [
    "DEFAULT_EQUITY_VOLUME_SLIPPAGE_BAR_LIMIT",
    "DEFAULT_FUTURE_VOLUME_SLIPPAGE_BAR_LIMIT",
    "EquitySlippageModel",
    "FixedBasisPointsSlippage",
    "FixedSlippage",
    "FutureSlippageModel",
    "LiquidityExceeded",
    "MarketImpactBase",
    "NoSlippage",
    "SlippageModel",
    "VolatilityVolumeShare",
    "VolumeShareSlippage",
    "fill_price_worse_than_limit_price",
]

DEFAULT_EQUITY_VOLUME_SLIPPAGE_BAR_LIMIT = 0.025
DEFAULT_FUTURE_VOLUME_SLIPPAGE_BAR_LIMIT = 0.05

SQRT_252 = math.sqrt(252)
WINDOW = 20  # sessions that market impact looks back


class SlippageModel(FinancialModel):
    """Base of slippage models.

    A model implements `process_order`; if it has an ``__init__``, that calls this one's.

    Attributes
    ----------
    volume_for_bar : int
        How much of the present bar's volume earlier orders for the asset have taken.
    """

    def __init__(self) -> None:
        self._volume_for_bar: float = 0

    @property
    def volume_for_bar(self) -> float:
        """How much of the present bar's volume earlier orders for the asset have taken."""
        return self._volume_for_bar

    @abstractmethod
    def process_order(self, data: Bar, order: Order) -> tuple[float | None, float | None]:
        """Return the price and the amount at which a bar fills an order.

        It is called for orders whose stop and limit have been reached, on bars with volume.

        Parameters
        ----------
        data : BarData
            The present bar.
        order : Order
            The order to fill.

        Returns
        -------
        price : float or None
            Price of a share or contract; None if nothing is filled.
        amount : int or None
            How much is filled, with the sign of the order. What is left is offered to the next bar.

        Raises
        ------
        LiquidityExceeded
            If no other order for the asset can be filled in this bar either.
        """

    def simulate(
        self, data: Bar, asset: Asset, orders_for_asset: Sequence[Order]
    ) -> Iterator[tuple[Order, Transaction]]:
        """Yield the orders that the present bar fills, each with its fill.

        Parameters
        ----------
        data : BarData
            The present bar.
        asset : Asset
            What is traded.
        orders_for_asset : sequence of Order
            The open orders for it, oldest first. The next is looked at when the fill of the one
            before has been booked.
        """
        self._volume_for_bar = 0
        if data.current(asset, "volume") == 0:
            return
        price = data.current(asset, "close")
        if price != price:  # volume without a price
            return
        dt = data.current_dt
        for order in orders_for_asset:
            if order.open_amount == 0:
                continue
            order.check_triggers(price, dt)
            if not order.triggered:
                continue
            try:
                fill_price, fill_amount = self.process_order(data, order)
            except LiquidityExceeded:
                return
            if fill_price is None or fill_amount is None:
                continue
            transaction = create_transaction(order, dt, fill_price, fill_amount)
            self._volume_for_bar += abs(transaction.amount)
            yield order, transaction

    def asdict(self) -> dict[str, Any]:
        """Return the model's parameters and state."""
        return self.__dict__

    def compiled_rule(self) -> FillRule | None:
        """Return what `simulate` does as a rule of the compiled core.

        None where a subclass has changed a method, or the model has no rule.
        """
        return None


class _RuledSlippage(SlippageModel):
    """A model whose `process_order` is the arithmetic of a compiled rule."""

    _rule_holds: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._rule_holds = implemented_together(
            cls,
            {
                "process_order": _RuledSlippage,
                "simulate": SlippageModel,
                "volume_for_bar": SlippageModel,
            },
        )

    @abstractmethod
    def _rule(self) -> FillRule:
        """Return the rule, of the parameters as they are now."""

    def process_order(self, data: Bar, order: Order) -> tuple[float | None, float | None]:
        """Return the price and the amount at which a bar fills an order."""
        asset = order.asset
        price = data.current(asset, "close")
        volume = data.current(asset, "volume")
        return self._rule()(order, price, volume, self.volume_for_bar)

    def compiled_rule(self) -> FillRule | None:
        """Return what `simulate` does as a rule of the compiled core, if it still does that."""
        return self._rule() if self._rule_holds else None


class NoSlippage(_RuledSlippage):
    """Orders are filled wholly at the close of the first bar with volume."""

    def _rule(self) -> FillRule:
        return SpreadRule()


class EquitySlippageModel(SlippageModel):
    """Base of slippage models that are for equities only."""

    allowed_asset_types: ClassVar[tuple[type[Asset], ...]] = (Equity,)


class FutureSlippageModel(SlippageModel):
    """Base of slippage models that are for futures only."""

    allowed_asset_types: ClassVar[tuple[type[Asset], ...]] = (Future,)


class VolumeShareSlippage(_RuledSlippage):
    """Prices move with the square of the share of the bar's volume that is traded.

    The price is ``close * (1 + price_impact * share ** 2)`` for a purchase and
    ``close * (1 - price_impact * share ** 2)`` for a sale, where `share` is what orders for the
    asset have taken of the bar's volume, this one included. A price worse than the order's limit
    fills nothing.

    Parameters
    ----------
    volume_limit : float, default 0.025
        The share of a bar's volume that can be traded.
    price_impact : float, default 0.1
        The factor of the formula.
    """

    def __init__(
        self,
        volume_limit: float = DEFAULT_EQUITY_VOLUME_SLIPPAGE_BAR_LIMIT,
        price_impact: float = 0.1,
    ) -> None:
        super().__init__()
        self.volume_limit = volume_limit
        self.price_impact = price_impact

    def _rule(self) -> FillRule:
        return VolumeShareRule(self.volume_limit, self.price_impact)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(\n    volume_limit={self.volume_limit},"
            f"\n    price_impact={self.price_impact})"
        )


class FixedSlippage(_RuledSlippage):
    """Orders are filled wholly, half a spread away from the close, whatever the volume.

    Parameters
    ----------
    spread : float, default 0.0
        Difference of the prices to buy and to sell at, in the currency of the price.
    """

    def __init__(self, spread: float = 0.0) -> None:
        super().__init__()
        self.spread = spread

    def _rule(self) -> FillRule:
        return SpreadRule(self.spread)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(spread={self.spread})"


class FixedBasisPointsSlippage(_RuledSlippage):
    """Orders are filled a fixed fraction away from the close, up to a share of the volume.

    The price is ``close * (1 + basis_points * 0.0001)`` for a purchase and
    ``close * (1 - basis_points * 0.0001)`` for a sale. This is the default for equities.

    Parameters
    ----------
    basis_points : float, default 5.0
        Hundredths of a percent, not negative.
    volume_limit : float, default 0.1
        The share of a bar's volume that can be traded, greater than 0.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, basis_points: float = 5.0, volume_limit: float = 0.1) -> None:
        super().__init__()
        if not 0 <= basis_points < math.inf:
            raise ValueError(f"basis_points must be 0 or more, got {basis_points!r}")
        if not 0 < volume_limit < math.inf:
            raise ValueError(f"volume_limit must be greater than 0, got {volume_limit!r}")
        self.basis_points = basis_points
        self.percentage = basis_points / 10000.0
        self.volume_limit = volume_limit

    def _rule(self) -> FillRule:
        return BasisPointsRule(self.percentage, self.volume_limit)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(\n    basis_points={self.basis_points},"
            f"\n    volume_limit={self.volume_limit},\n)"
        )


class MarketImpactBase(SlippageModel):
    """Base of models whose price impact depends on past volume and volatility.

    The price is the mean of the bar's high and low, moved by the impact; a price worse than the
    order's limit fills nothing. A subclass implements `get_txn_volume` and `get_simulated_impact`.

    Attributes
    ----------
    NO_DATA_VOLATILITY_SLIPPAGE_IMPACT : float
        The impact as a fraction of the price for an asset without enough of a past.
    """

    NO_DATA_VOLATILITY_SLIPPAGE_IMPACT: ClassVar[float] = 10.0 / 10000

    def __init__(self) -> None:
        super().__init__()
        self._pasts: dict[Asset, tuple[Any, float, float]] = {}

    @abstractmethod
    def get_txn_volume(self, data: Bar, order: Order) -> float:
        """Return how much of the order the bar would take at most, without sign.

        Parameters
        ----------
        data : BarData
            The present bar.
        order : Order
            The order to fill.
        """

    @abstractmethod
    def get_simulated_impact(
        self,
        order: Order,
        current_price: float,
        current_volume: float,
        txn_volume: float,
        mean_volume: float,
        volatility: float,
    ) -> float:
        """Return by how much the fill moves the price.

        Parameters
        ----------
        order : Order
            The order to fill.
        current_price, current_volume : float
            Mean of the present bar's high and low, and its volume.
        txn_volume : float
            How much is filled, without sign.
        mean_volume : float
            Mean daily volume of the past 20 sessions.
        volatility : float
            Annualized standard deviation of the daily returns of these sessions.
        """

    def process_order(self, data: Bar, order: Order) -> tuple[float | None, float | None]:
        """Return the price and the amount at which a bar fills an order."""
        asset = order.asset
        volume = data.current(asset, "volume")
        wanted = abs(order.open_amount)
        if not volume or not wanted:
            return None, None
        amount = int(min(self.get_txn_volume(data, order), wanted))
        if amount == 0:
            return None, None
        price = (data.current(asset, "high") + data.current(asset, "low")) / 2
        mean_volume, volatility = self._past(data, asset)
        if mean_volume == 0 or math.isnan(volatility):
            impact = price * self.NO_DATA_VOLATILITY_SLIPPAGE_IMPACT
        else:
            impact = self.get_simulated_impact(
                order=order,
                current_price=price,
                current_volume=volume,
                txn_volume=amount,
                mean_volume=mean_volume,
                volatility=volatility,
            )
        fill_price = price + math.copysign(impact, order.direction)
        if fill_price_worse_than_limit_price(fill_price, order):
            return None, None
        return fill_price, math.copysign(amount, order.direction)

    def _past(self, data: Bar, asset: Asset) -> tuple[float, float]:
        """Return mean volume and volatility of the sessions before the present one."""
        session = data.current_session
        known = self._pasts.get(asset)
        if known is not None and known[0] == session:
            return known[1:]
        try:
            volumes, closes = (
                data.history(asset, field, WINDOW + 1, "1d") for field in ("volume", "close")
            )
        except HistoryWindowStartsBeforeData:
            return 0, math.nan
        changes = closes.iloc[:-1].ffill().pct_change(fill_method=None).iloc[1:]
        past = (
            float(volumes.iloc[:-1].mean()),
            float(changes.std(skipna=False)) * SQRT_252,
        )
        self._pasts[asset] = (session, *past)
        return past


class VolatilityVolumeShare(MarketImpactBase):
    """Market impact of futures by volatility and share of volume.

    The impact is ``price * eta * volatility * sqrt(share) / 10000``, where `volatility` is the
    annualized one of 20 sessions and `share` what is filled over their mean volume. This is the
    default for futures.

    Parameters
    ----------
    volume_limit : float
        The share of a bar's volume that can be traded.
    eta : float or dict
        The factor of the formula, one for all contracts or by root symbol.
    """

    NO_DATA_VOLATILITY_SLIPPAGE_IMPACT: ClassVar[float] = 7.5 / 10000
    allowed_asset_types: ClassVar[tuple[type[Asset], ...]] = (Future,)

    def __init__(
        self, volume_limit: float, eta: float | Mapping[str, float] = ROOT_SYMBOL_TO_ETA
    ) -> None:
        super().__init__()
        self.volume_limit = volume_limit
        self._eta = by_root_symbol(eta, ROOT_SYMBOL_TO_ETA)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(volume_limit={self.volume_limit}, eta={shown(self._eta)})"

    def get_simulated_impact(
        self,
        order: Order,
        current_price: float,
        current_volume: float,  # noqa: ARG002 - Zipline's signature
        txn_volume: float,
        mean_volume: float,
        volatility: float,
    ) -> float:
        """Return by how much the fill moves the price."""
        try:
            eta = self._eta[getattr(order.asset, "root_symbol", "")]
        except KeyError:
            eta = DEFAULT_ETA
        return current_price * (eta * volatility * math.sqrt(txn_volume / mean_volume)) / 10000

    def get_txn_volume(self, data: Bar, order: Order) -> float:
        """Return how much of the order the bar would take at most, without sign."""
        return float(data.current(order.asset, "volume") * self.volume_limit)
