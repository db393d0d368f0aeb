"""What every blotter does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from rustybt.finance.cancel_policy import CancelPolicy, NeverCancel
from rustybt.registry import extensible

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from rustybt.assets import Asset
    from rustybt.finance.bar import Bar
    from rustybt.finance.execution import ExecutionStyle
    from rustybt.finance.order import Order
    from rustybt.finance.transaction import Transaction


@extensible
class Blotter(ABC):
    """Base of blotters.

    Parameters
    ----------
    cancel_policy : CancelPolicy, optional
        When open orders are cancelled; never by default.

    Attributes
    ----------
    current_dt : pandas.Timestamp
        The present time of the simulation; None before its first event.
    """

    def __init__(self, cancel_policy: CancelPolicy | None = None) -> None:
        self.cancel_policy = cancel_policy or NeverCancel()
        self.current_dt: pd.Timestamp = None  # type: ignore[assignment] # until it is set

    def set_date(self, dt: pd.Timestamp) -> None:
        """Set the present time.

        Parameters
        ----------
        dt : pandas.Timestamp
            The time.
        """
        self.current_dt = dt

    @abstractmethod
    def order(
        self, asset: Asset, amount: int, style: ExecutionStyle, order_id: str | None = None
    ) -> str | None:
        """Place an order.

        Parameters
        ----------
        asset : Asset
            What to trade.
        amount : int
            Shares or contracts: positive to buy, negative to sell.
        style : ExecutionStyle
            At what prices.
        order_id : str, optional
            Identifier for the order.

        Returns
        -------
        str or None
            The order's identifier; None if `amount` is 0, which places no order.
        """

    def batch_order(self, order_arg_lists: Iterable[tuple[Any, ...]]) -> list[str | None]:
        """Place several orders.

        Parameters
        ----------
        order_arg_lists : iterable of tuple
            Arguments of `order` for each.

        Returns
        -------
        list of str or None
            What `order` returns for each.
        """
        return [self.order(*arguments) for arguments in order_arg_lists]

    @abstractmethod
    def cancel(self, order_id: str, relay_status: bool = True) -> None:
        """Cancel an order that is open; others stay as they are.

        Parameters
        ----------
        order_id : str
            The order's identifier.
        relay_status : bool, default True
            Whether the order is listed among `new_orders` for its new status.
        """

    @abstractmethod
    def cancel_all_orders_for_asset(
        self, asset: Asset, warn: bool = False, relay_status: bool = True
    ) -> None:
        """Cancel the open orders for an asset.

        Parameters
        ----------
        asset : Asset
            What they trade.
        warn : bool, default False
            Whether the log is told of each.
        relay_status : bool, default True
            Whether the orders are listed among `new_orders` for their new status.
        """

    @abstractmethod
    def execute_cancel_policy(self, event: int) -> None:
        """Cancel all open orders if the cancel policy says so.

        Parameters
        ----------
        event : int
            What the clock emits, one of the constants of `rustybt.gens.sim_engine`.
        """

    @abstractmethod
    def reject(self, order_id: str, reason: str = "") -> None:
        """Mark an order as rejected by the broker.

        Parameters
        ----------
        order_id : str
            The order's identifier.
        reason : str, default ""
            What the broker says.
        """

    @abstractmethod
    def hold(self, order_id: str, reason: str = "") -> None:
        """Mark an order as held by the broker; a fill releases it.

        Parameters
        ----------
        order_id : str
            The order's identifier.
        reason : str, default ""
            What the broker says.
        """

    @abstractmethod
    def process_splits(self, splits: Iterable[tuple[Asset, float]]) -> None:
        """Restate the open orders after splits.

        Parameters
        ----------
        splits : iterable of (Asset, float)
            Assets that are split and their ratios, old shares per new share.
        """

    @abstractmethod
    def get_transactions(
        self, bar_data: Bar
    ) -> tuple[list[Transaction], list[dict[str, Any]], list[Order]]:
        """Offer the open orders to the present bar.

        Parameters
        ----------
        bar_data : BarData
            The present bar.

        Returns
        -------
        transactions : list of Transaction
            The fills.
        commissions : list of dict
            "asset", "order" and "cost" of each fill that cost something.
        closed_orders : list of Order
            The orders that are filled, for `prune_orders`.
        """

    @abstractmethod
    def prune_orders(self, closed_orders: Iterable[Order]) -> None:
        """Take orders out of the open ones.

        Parameters
        ----------
        closed_orders : iterable of Order
            The orders.
        """
