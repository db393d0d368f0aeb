"""Execution styles: at what prices an order may be filled."""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from rustybt.errors import BadOrderParameters

if TYPE_CHECKING:
    from rustybt.assets import Asset

DEFAULT_TICK_SIZE = 0.01


class ExecutionStyle(ABC):
    """Base of execution styles."""

    _exchange: str | None = None

    @abstractmethod
    def get_limit_price(self, is_buy: bool) -> float | None:
        """Return the limit of a purchase or a sale, None if there is none.

        Parameters
        ----------
        is_buy : bool
            Whether the order buys.
        """

    @abstractmethod
    def get_stop_price(self, is_buy: bool) -> float | None:
        """Return the stop of a purchase or a sale, None if there is none.

        Parameters
        ----------
        is_buy : bool
            Whether the order buys.
        """

    @property
    def exchange(self) -> str | None:
        """The exchange that the order is meant for."""
        return self._exchange


class MarketOrder(ExecutionStyle):
    """Fill the order at the price of the market.

    Parameters
    ----------
    exchange : str, optional
        The exchange that the order is meant for.
    """

    def __init__(self, exchange: str | None = None) -> None:
        self._exchange = exchange

    def get_limit_price(self, is_buy: bool) -> float | None:  # noqa: ARG002
        """Return None."""
        return None

    def get_stop_price(self, is_buy: bool) -> float | None:  # noqa: ARG002
        """Return None."""
        return None


class LimitOrder(ExecutionStyle):
    """Fill the order when the market is at a price or better.

    Parameters
    ----------
    limit_price : float
        The highest price of the market to buy at, the lowest to sell at.
    asset : Asset, optional
        Whose tick size the price is rounded to; 0.01 by default.
    exchange : str, optional
        The exchange that the order is meant for.

    Raises
    ------
    BadOrderParameters
        If the price is negative or no finite number.
    """

    def __init__(
        self, limit_price: float, asset: Asset | None = None, exchange: str | None = None
    ) -> None:
        check_stoplimit_prices(limit_price, "limit")
        self.limit_price = limit_price
        self.asset = asset
        self._exchange = exchange

    def get_limit_price(self, is_buy: bool) -> float | None:
        """Return the limit, rounded to the tick: down to buy, up to sell."""
        return asymmetric_round_price(self.limit_price, is_buy, _tick_size(self.asset))

    def get_stop_price(self, is_buy: bool) -> float | None:  # noqa: ARG002
        """Return None."""
        return None


class StopOrder(ExecutionStyle):
    """Fill the order at the price of the market once this has reached another price.

    Parameters
    ----------
    stop_price : float
        The price that the market has to rise to before a purchase, to fall to before a sale.
    asset : Asset, optional
        Whose tick size the price is rounded to; 0.01 by default.
    exchange : str, optional
        The exchange that the order is meant for.

    Raises
    ------
    BadOrderParameters
        If the price is negative or no finite number.
    """

    def __init__(
        self, stop_price: float, asset: Asset | None = None, exchange: str | None = None
    ) -> None:
        check_stoplimit_prices(stop_price, "stop")
        self.stop_price = stop_price
        self.asset = asset
        self._exchange = exchange

    def get_limit_price(self, is_buy: bool) -> float | None:  # noqa: ARG002
        """Return None."""
        return None

    def get_stop_price(self, is_buy: bool) -> float | None:
        """Return the stop, rounded to the tick: up to buy, down to sell."""
        return asymmetric_round_price(self.stop_price, not is_buy, _tick_size(self.asset))


class StopLimitOrder(ExecutionStyle):
    """Place a limit order once the market has reached a price.

    Parameters
    ----------
    limit_price : float
        The highest price of the market to buy at, the lowest to sell at.
    stop_price : float
        The price that the market has to rise to before a purchase, to fall to before a sale.
    asset : Asset, optional
        Whose tick size the prices are rounded to; 0.01 by default.
    exchange : str, optional
        The exchange that the order is meant for.

    Raises
    ------
    BadOrderParameters
        If a price is negative or no finite number.
    """

    def __init__(
        self,
        limit_price: float,
        stop_price: float,
        asset: Asset | None = None,
        exchange: str | None = None,
    ) -> None:
        check_stoplimit_prices(limit_price, "limit")
        check_stoplimit_prices(stop_price, "stop")
        self.limit_price = limit_price
        self.stop_price = stop_price
        self.asset = asset
        self._exchange = exchange

    def get_limit_price(self, is_buy: bool) -> float | None:
        """Return the limit, rounded to the tick: down to buy, up to sell."""
        return asymmetric_round_price(self.limit_price, is_buy, _tick_size(self.asset))

    def get_stop_price(self, is_buy: bool) -> float | None:
        """Return the stop, rounded to the tick: up to buy, down to sell."""
        return asymmetric_round_price(self.stop_price, not is_buy, _tick_size(self.asset))


def asymmetric_round_price(
    price: float, prefer_round_down: bool, tick_size: float, diff: float = 0.95
) -> float:
    """Round a price to a tick, to the lower or the higher one unless the other is very near.

    Parameters
    ----------
    price : float
        The price.
    prefer_round_down : bool
        Whether the tick below is preferred, rather than the one above.
    tick_size : float
        The smallest step of the price.
    diff : float, default 0.95
        How much of the way from the preferred tick to the other goes to the preferred one.

    Returns
    -------
    float
        A multiple of the tick size; 0.0 where that differs from 0 by less than 1e-6.
    """
    # Bounds are exclusive at the far end: ten times the rounding error of 1 keeps them so.
    power, times = _decimal_tick(tick_size)
    shift = (diff - 0.5) * power * times - sys.float_info.epsilon * 10
    ticks = (price - (shift if prefer_round_down else -shift)) / tick_size
    rounded = tick_size * (math.ceil(ticks) if ticks % 1 >= 0.5 else round(ticks))
    return 0.0 if math.isclose(rounded, 0.0, abs_tol=1e-6) else rounded


def check_stoplimit_prices(price: float, label: str) -> None:
    """Refuse a price that no order can have.

    Parameters
    ----------
    price : float
        The price.
    label : str
        What the price is: "limit" or "stop".

    Raises
    ------
    BadOrderParameters
        If the price is negative or no finite number.
    """
    try:
        finite = math.isfinite(price)
    except TypeError:
        raise BadOrderParameters(
            msg=f"The {label} price of an order must be a number, got {type(price).__name__} "
            f"{price!r:.60}."
        ) from None
    if not finite:
        raise BadOrderParameters(
            msg=f"The {label} price of an order must be a finite number, got {price}."
        )
    if price < 0:
        raise BadOrderParameters(
            msg=f"The {label} price of an order must not be negative, got {price}."
        )


def _tick_size(asset: Asset | None) -> float:
    """Return the tick size that an asset's prices are rounded to."""
    known = None if asset is None else asset.tick_size
    return DEFAULT_TICK_SIZE if known is None else known


@cache
def _decimal_tick(tick_size: float) -> tuple[float, int]:
    """Return a tick size as a power of ten and the whole number of times it has it."""
    exponent = Decimal(str(tick_size)).as_tuple().exponent
    if not isinstance(exponent, int):
        raise BadOrderParameters(msg=f"A tick size must be a finite number, got {tick_size}.")
    return 10**exponent, int(tick_size * 10**-exponent)
