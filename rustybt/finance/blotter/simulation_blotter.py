"""The blotter of a simulation."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rustybt.assets import Asset, Equity, Future
from rustybt.finance._order import Fills, Order, place_order
from rustybt.finance.blotter.blotter import Blotter
from rustybt.finance.commission import DEFAULT_PER_CONTRACT_COST, PerContract, PerShare
from rustybt.finance.constants import FUTURE_EXCHANGE_FEES_BY_SYMBOL
from rustybt.finance.execution import MarketOrder
from rustybt.finance.slippage import (
    DEFAULT_FUTURE_VOLUME_SLIPPAGE_BAR_LIMIT,
    FixedBasisPointsSlippage,
    VolatilityVolumeShare,
)
from rustybt.registry import register

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rustybt.finance.bar import Bar
    from rustybt.finance.cancel_policy import CancelPolicy
    from rustybt.finance.commission import CommissionModel
    from rustybt.finance.execution import ExecutionStyle
    from rustybt.finance.slippage import SlippageModel
    from rustybt.finance.transaction import Transaction

log = logging.getLogger("AlgoWarning")  # Zipline's name, which users' logging set-ups know


@register(Blotter, "default")
class SimulationBlotter(Blotter):
    """A blotter whose orders are filled by models of slippage and commission.

    Parameters
    ----------
    equity_slippage, future_slippage : SlippageModel, optional
        How orders for equities and for futures are filled; FixedBasisPointsSlippage and
        VolatilityVolumeShare by default.
    equity_commission, future_commission : CommissionModel, optional
        What their fills cost; PerShare and PerContract with the exchanges' fees by default.
    cancel_policy : CancelPolicy, optional
        When open orders are cancelled; never by default.

    Attributes
    ----------
    open_orders : dict of Asset to list of Order
        The orders that may yet trade, oldest first.
    orders : dict of str to Order
        All orders, by identifier.
    new_orders : list of Order
        The orders placed, or changed by a request, since the list was last emptied.
    max_shares : int
        The most that one order may buy or sell: 100 billion.
    slippage_models, commission_models : dict of type to model
        The models for Equity and Future.
    """

    def __init__(
        self,
        equity_slippage: SlippageModel | None = None,
        future_slippage: SlippageModel | None = None,
        equity_commission: CommissionModel | None = None,
        future_commission: CommissionModel | None = None,
        cancel_policy: CancelPolicy | None = None,
    ) -> None:
        super().__init__(cancel_policy)
        self.open_orders: defaultdict[Asset, list[Order]] = defaultdict(list)
        self.orders: dict[str, Order] = {}
        self.new_orders: list[Order] = []
        self.max_shares = 10**11
        self.slippage_models: dict[type[Asset], SlippageModel] = {
            Equity: equity_slippage or FixedBasisPointsSlippage(),
            Future: future_slippage
            or VolatilityVolumeShare(volume_limit=DEFAULT_FUTURE_VOLUME_SLIPPAGE_BAR_LIMIT),
        }
        self.commission_models: dict[type[Asset], CommissionModel] = {
            Equity: equity_commission or PerShare(),
            Future: future_commission
            or PerContract(
                cost=DEFAULT_PER_CONTRACT_COST, exchange_fee=FUTURE_EXCHANGE_FEES_BY_SYMBOL
            ),
        }
        self._numbered = 0

    def __repr__(self) -> str:
        shown = ",".join(
            f"\n    {name}={getattr(self, name)}"
            for name in (
                "slippage_models",
                "commission_models",
                "open_orders",
                "orders",
                "new_orders",
                "current_dt",
            )
        )
        return f"{type(self).__name__}({shown})"

    def order(
        self, asset: Asset, amount: int, style: ExecutionStyle, order_id: str | None = None
    ) -> str | None:
        """Place an order, see `Blotter.order`.

        Raises
        ------
        TypeError
            If `asset` is no Asset.
        OverflowError
            If the order is for more than `max_shares`, or for NaN.
        """
        if amount == 0:
            return None
        if not abs(amount) <= self.max_shares:  # so that NaN is refused, too
            raise OverflowError(
                f"an order can be for {self.max_shares} shares at most, got {amount} of {asset}"
            )
        if order_id is None:
            self._numbered += 1
            order_id = "%032x" % self._numbered  # noqa: UP031 - an f-string takes half as long again
        if type(style) is MarketOrder:
            stop = limit = None
        else:
            is_buy = amount > 0
            stop = style.get_stop_price(is_buy)
            limit = style.get_limit_price(is_buy)
        order = place_order(self.current_dt, asset, amount, stop, limit, order_id)
        self.open_orders[asset].append(order)
        self.orders[order_id] = order
        self.new_orders.append(order)
        return order_id

    def cancel(self, order_id: str, relay_status: bool = True) -> None:
        """Cancel an order that is open, see `Blotter.cancel`."""
        order = self.orders.get(order_id)
        if order is None or not order.open:
            return
        self._take_out(order)
        order.cancel()
        order.dt = self.current_dt
        if relay_status:
            self.new_orders.append(order)

    def cancel_all_orders_for_asset(
        self, asset: Asset, warn: bool = False, relay_status: bool = True
    ) -> None:
        """Cancel the open orders for an asset, see `Blotter.cancel_all_orders_for_asset`."""
        for order in self.open_orders.pop(asset, ()):
            self.cancel(order.id, relay_status)
            if warn:
                log.warning("%s", _cancelled_sentence(order))

    def execute_cancel_policy(self, event: int) -> None:
        """Cancel all open orders if the policy says so, see `Blotter.execute_cancel_policy`."""
        if self.cancel_policy.should_cancel(event):
            for asset in list(self.open_orders):
                self.cancel_all_orders_for_asset(
                    asset, self.cancel_policy.warn_on_cancel, relay_status=False
                )

    def execute_daily_cancel_policy(self, event: int) -> None:
        """Do what the cancel policy means for daily bars.

        Of each asset that has more than one open order, the oldest is cancelled: an order placed
        in this session has not met a bar yet.

        Parameters
        ----------
        event : int
            What the clock emits, one of the constants of `rustybt.gens.sim_engine`.
        """
        if self.cancel_policy.should_cancel(event):
            several = [orders for orders in self.open_orders.values() if len(orders) > 1]
            for order, *_ in several:
                self.cancel(order.id)
                if self.cancel_policy.warn_on_cancel:
                    log.warning("%s", _cancelled_sentence(order))

    def reject(self, order_id: str, reason: str = "") -> None:
        """Mark an order as rejected, see `Blotter.reject`."""
        order = self.orders.get(order_id)
        if order is None:
            return
        self._take_out(order)
        order.reject(reason)
        order.dt = self.current_dt
        self.new_orders.append(order)

    def hold(self, order_id: str, reason: str = "") -> None:
        """Mark an order as held, see `Blotter.hold`."""
        order = self.orders.get(order_id)
        if order is None or not order.open:
            return
        if order in self.new_orders:
            self.new_orders.remove(order)
        order.hold(reason)
        order.dt = self.current_dt
        self.new_orders.append(order)

    def process_splits(self, splits: Iterable[tuple[Asset, float]]) -> None:
        """Restate the open orders after splits, see `Blotter.process_splits`.

        An order that is left without a whole share is taken out.
        """
        for asset, ratio in splits:
            for order in self.open_orders.get(asset, ())[:]:
                order.handle_split(ratio)
                if order.open_amount == 0:
                    self._take_out(order)

    def get_transactions(
        self, bar_data: Bar
    ) -> tuple[list[Transaction], list[dict[str, Any]], list[Order]]:
        """Offer the open orders to the present bar, see `Blotter.get_transactions`."""
        fills = Fills(bar_data)
        for asset, orders in list(self.open_orders.items()):
            kind = type(asset)
            fills.offer(asset, orders, self.slippage_models[kind], self.commission_models[kind])
        return fills.transactions, fills.commissions, fills.closed

    def prune_orders(self, closed_orders: Iterable[Order]) -> None:
        """Take orders out of the open ones, see `Blotter.prune_orders`."""
        for order in closed_orders:
            orders = self.open_orders.get(order.asset, [])
            if order in orders:
                orders.remove(order)
        for asset in [asset for asset, orders in self.open_orders.items() if not orders]:
            del self.open_orders[asset]

    def _take_out(self, order: Order) -> None:
        """Forget that an order is open and that it is new."""
        orders = self.open_orders.get(order.asset, [])
        if order in orders:
            orders.remove(order)
            if not orders:
                del self.open_orders[order.asset]
        if order in self.new_orders:
            self.new_orders.remove(order)


def _cancelled_sentence(order: Order) -> str:
    """Return what the log says of an order that a policy cancelled."""
    about = f"Your order for {order.amount} shares of {order.asset.symbol}"
    if not order.filled:
        return f"{about} failed to fill by the end of day and was canceled."
    done = "purchased" if order.filled > 0 else "sold"
    return (
        f"{about} has been partially filled. {abs(order.filled)} shares were successfully {done}. "
        f"{abs(order.open_amount)} shares were not filled by the end of day and were canceled."
    )
