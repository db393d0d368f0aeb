"""The api functions that place, list and cancel orders."""

from __future__ import annotations

import logging
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from rustybt._algorithm.state import State
from rustybt.assets import Asset
from rustybt.errors import (
    CannotOrderDelistedAsset,
    OrderDuringInitialize,
    OrderInBeforeTradingStart,
    UnsupportedOrderParameters,
)
from rustybt.finance.execution import LimitOrder, MarketOrder, StopLimitOrder, StopOrder

if TYPE_CHECKING:
    from pandas.api.typing import NaTType

    from rustybt.finance.execution import ExecutionStyle

log = logging.getLogger("ZiplineLog")

# An amount this near to a whole number is that number: what is missing is rounding error.
NEARLY_WHOLE = 1e-4
ALWAYS = 2**63 - 1
MARKET = MarketOrder()


class Orders(State):
    """Placing, listing and cancelling orders.

    Amounts are whole shares or contracts. What a value or a target comes to is the difference to
    what is held, snapped to a whole number within 1e-4 and then truncated toward zero.
    """

    def order(
        self,
        asset: Asset,
        amount: float,
        limit_price: float | None = None,
        stop_price: float | None = None,
        style: ExecutionStyle | None = None,
    ) -> str | None:
        """Place an order for a number of shares or contracts.

        Parameters
        ----------
        asset : Asset
            What to trade.
        amount : int or float
            Positive to buy, negative to sell.
        limit_price, stop_price : float, optional
            Make it a limit, a stop or a stop-limit order.
        style : ExecutionStyle, optional
            Says the same as the prices, which must then be left out.

        Returns
        -------
        str or None
            The order's id. None if the amount comes to 0, or if the asset is delisted, which is
            logged.

        Raises
        ------
        OrderInBeforeTradingStart, OrderDuringInitialize
            If it is not the time for orders.
        UnsupportedOrderParameters
            If `asset` is no Asset, or both `style` and a price are given.
        TradingControlViolation
            If a trading control forbids the order.
        """
        if not self._can_order(asset):
            return None
        return self._place(asset, amount, limit_price, stop_price, style)

    def order_value(
        self,
        asset: Asset,
        value: float,
        limit_price: float | None = None,
        stop_price: float | None = None,
        style: ExecutionStyle | None = None,
    ) -> str | None:
        """Place an order for a value, in the currency of the account at the last price.

        Parameters, result and errors are those of `order`. CannotOrderDelistedAsset is raised
        where there is no price.
        """
        if not self._can_order(asset):
            return None
        amount = self._amount_of_value(asset, value)
        return self._place(asset, amount, limit_price, stop_price, style)

    def order_percent(
        self,
        asset: Asset,
        percent: float,
        limit_price: float | None = None,
        stop_price: float | None = None,
        style: ExecutionStyle | None = None,
    ) -> str | None:
        """Place an order for a fraction of the portfolio's value, 0.5 being half of it.

        Parameters, result and errors are those of `order_value`.
        """
        if not self._can_order(asset):
            return None
        amount = self._amount_of_value(asset, self.portfolio.portfolio_value * percent)
        return self._place(asset, amount, limit_price, stop_price, style)

    def order_target(
        self,
        asset: Asset,
        target: float,
        limit_price: float | None = None,
        stop_price: float | None = None,
        style: ExecutionStyle | None = None,
    ) -> str | None:
        """Place an order that brings the position to a number of shares or contracts.

        Orders that are open count for nothing: placed twice before a fill, it trades twice.
        Parameters, result and errors are those of `order`.
        """
        if not self._can_order(asset):
            return None
        amount = target - self._held(asset)
        return self._place(asset, amount, limit_price, stop_price, style)

    def order_target_value(
        self,
        asset: Asset,
        target: float,
        limit_price: float | None = None,
        stop_price: float | None = None,
        style: ExecutionStyle | None = None,
    ) -> str | None:
        """Place an order that brings the position to a value at the last price.

        Orders that are open count for nothing. Parameters, result and errors are those of
        `order_value`.
        """
        if not self._can_order(asset):
            return None
        amount = self._amount_of_value(asset, target) - self._held(asset)
        return self._place(asset, amount, limit_price, stop_price, style)

    def order_target_percent(
        self,
        asset: Asset,
        target: float,
        limit_price: float | None = None,
        stop_price: float | None = None,
        style: ExecutionStyle | None = None,
    ) -> str | None:
        """Place an order that brings the position to a fraction of the portfolio's value.

        Orders that are open count for nothing. Parameters, result and errors are those of
        `order_value`.
        """
        if not self._can_order(asset):
            return None
        value = self.portfolio.portfolio_value * target
        amount = self._amount_of_value(asset, value) - self._held(asset)
        return self._place(asset, amount, limit_price, stop_price, style)

    def batch_market_order(self, share_counts: pd.Series[int]) -> list[str | None]:
        """Place market orders for several assets, all of them or, if one is forbidden, none.

        Parameters
        ----------
        share_counts : Series of int64
            Amounts by asset; those of 0 are left out.

        Returns
        -------
        list of str or None
            The orders' ids.

        Raises
        ------
        TypeError
            If it is no Series of int64.
        OrderInBeforeTradingStart, OrderDuringInitialize
            If it is not the time for orders.
        TradingControlViolation
            If a trading control forbids one of them.
        """
        given: object = share_counts  # whatever the strategy passes
        if not isinstance(given, pd.Series) or given.dtype != "int64":
            kind = getattr(given, "dtype", type(given).__name__)
            raise TypeError(f"batch_market_order takes a Series of int64 by asset, got {kind}")
        orders = []
        asset: Any
        for asset, amount in share_counts.items():
            if amount and self._can_order(asset):
                self._ask_controls(asset, int(amount))
                orders.append((asset, int(amount), MARKET))
        identifiers: list[str | None] = self.blotter.batch_order(orders)
        return identifiers

    def get_open_orders(self, asset: Asset | None = None) -> Any:  # noqa: ANN401 - dict or list
        """Return the orders that may yet trade.

        Parameters
        ----------
        asset : Asset, optional
            Only those for this asset.

        Returns
        -------
        dict of Asset to list of Order, or list of Order
            As they are now; a list where `asset` is given.
        """
        open_orders = self._blotter.open_orders
        if asset is not None:
            return [order.to_api_obj() for order in open_orders.get(asset, ())]
        return {
            asset: [order.to_api_obj() for order in orders]
            for asset, orders in open_orders.items()
            if orders
        }

    def get_order(self, order_id: str) -> Any:  # noqa: ANN401 - an Order of the api
        """Return an order as it is now, None if there is none of that id."""
        order = self._blotter.orders.get(order_id)
        return None if order is None else order.to_api_obj()

    def cancel_order(self, order_param: Any) -> None:  # noqa: ANN401 - an id or an Order
        """Cancel an open order, given by its id or as `get_order` returned it."""
        self.blotter.cancel(getattr(order_param, "id", order_param))

    @property
    def portfolio(self) -> Any:  # noqa: ANN401 - the compiled Portfolio
        """The portfolio at the present prices."""
        tracker = self.metrics_tracker
        ledger = tracker.ledger
        if tracker.feed.now_ns:
            ledger.sync_last_sale_prices(tracker.feed)
        return ledger.portfolio

    @property
    def account(self) -> Any:  # noqa: ANN401 - the Account
        """The account at the present prices."""
        tracker = self.metrics_tracker
        if tracker.feed.now_ns:
            tracker.ledger.sync_last_sale_prices(tracker.feed)
        return tracker.ledger.account

    def _can_order(self, asset: Asset) -> bool:
        if self._in_before_trading_start:
            raise OrderInBeforeTradingStart
        feed = self._feed
        if feed is None or not self.initialized:
            raise OrderDuringInitialize(
                msg="orders cannot be placed in initialize: place them in handle_data or in a "
                "scheduled function"
            )
        last = self._last_orders.get(asset)
        if last is None:
            last = self._last_orders[asset] = _last_order(asset)
        if feed.session_ns > last:
            log.warning(
                "Cannot place order for %s, as it has de-listed. Any existing positions for this "
                "asset will be liquidated on %s.",
                asset.symbol,
                asset.auto_close_date,
            )
            return False
        return True

    def _place(
        self,
        asset: Asset,
        amount: float,
        limit_price: float | None,
        stop_price: float | None,
        style: ExecutionStyle | None,
    ) -> str | None:
        shares = whole(amount)
        if style is None:
            style = _style(asset, limit_price, stop_price)
        elif limit_price is not None or stop_price is not None:
            name = "limit_price" if limit_price is not None else "stop_price"
            raise UnsupportedOrderParameters(msg=f"Passing both {name} and style is not supported.")
        if self.trading_controls:
            self._ask_controls(asset, shares)
        identifier: str | None = self.blotter.order(asset, shares, style)
        return identifier

    def _ask_controls(self, asset: Asset, shares: int) -> None:
        portfolio, time = self.portfolio, self.datetime
        for control in self.trading_controls:
            control.validate(asset, shares, portfolio, time, self._data)

    def _amount_of_value(self, asset: Asset, value: float) -> float:
        """Return how many shares a value comes to at the last price."""
        feed = self._feed
        assert feed is not None  # noqa: S101 - _can_order has seen to it
        price = feed.price(asset)
        if isnan(price) or not self._is_alive(asset):
            raise CannotOrderDelistedAsset(msg=self._why_no_price(asset))
        if abs(price) < 1e-7:
            log.debug("Price of 0 for %s; can't infer value", asset)
            return 0.0
        return value / (price * asset.price_multiplier)

    def _is_alive(self, asset: Asset) -> bool:
        assert self._feed is not None  # noqa: S101 - a simulation runs
        return nanos(asset.start_date) <= self._feed.session_ns <= nanos(asset.end_date)

    def _why_no_price(self, asset: Asset) -> str:
        assert self._feed is not None  # noqa: S101 - a simulation runs
        now = self._feed.session_ns
        if now < nanos(asset.start_date):
            return f"Cannot order {asset.symbol}, as it started trading on {asset.start_date}."
        if now > nanos(asset.end_date):
            return f"Cannot order {asset.symbol}, as it stopped trading on {asset.end_date}."
        return (
            f"Cannot order {asset.symbol} on {self.datetime} as there is no last price for the "
            "security."
        )

    def _held(self, asset: Asset) -> float:
        position = self.metrics_tracker.positions.get(asset)
        return 0.0 if position is None else position.amount


def whole(amount: float) -> int:
    """Return an amount as whole shares: the nearest number within 1e-4, else truncated.

    Raises
    ------
    ValueError
        If it is not finite.
    """
    if not isfinite(amount):
        raise ValueError(f"an order needs a finite amount, got {amount}")
    nearest = round(amount)
    return nearest if abs(amount - nearest) <= NEARLY_WHOLE else int(amount)


def _last_order(asset: Asset) -> int:
    """Return the last session in which an asset can be ordered, in nanoseconds.

    Raises
    ------
    UnsupportedOrderParameters
        If it is no asset.
    """
    if not isinstance(asset, Asset):
        raise UnsupportedOrderParameters(
            msg="Passing non-Asset argument to 'order()' is not supported. Use 'sid()' or "
            f"'symbol()' methods to look up an Asset; got {asset!r}."
        )
    if asset.auto_close_date is None:
        return ALWAYS
    return min(nanos(asset.end_date), nanos(asset.auto_close_date))


def nanos(date: pd.Timestamp | NaTType | None) -> int:
    """Return a date of an asset in nanoseconds; one that is missing bounds nothing."""
    return ALWAYS if date is None or date is pd.NaT else int(date.value)


def _style(asset: Asset, limit_price: float | None, stop_price: float | None) -> ExecutionStyle:
    if limit_price is None:
        return MARKET if stop_price is None else StopOrder(stop_price, asset=asset)
    if stop_price is None:
        return LimitOrder(limit_price, asset=asset)
    return StopLimitOrder(limit_price, stop_price, asset=asset)
