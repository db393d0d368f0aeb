"""Controls: what orders and the account must not do, whatever the strategy asks for."""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from rustybt.errors import AccountControlViolation, TradingControlViolation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pandas as pd
    from pandas.api.typing import NaTType

    from rustybt.assets import Asset
    from rustybt.finance.bar import Bar

    OnError = Literal["fail", "log"]

log = logging.getLogger("TradingControl")  # Zipline's name, which users' logging set-ups know

DAY = 86_400_000_000_000  # nanoseconds


class Held(Protocol):
    """The part of a position that controls use."""

    @property
    def amount(self) -> float:
        """Shares or contracts held, negative if sold short."""


class Holdings(Protocol):
    """The part of the portfolio that controls use."""

    @property
    def positions(self) -> Mapping[Asset, Held]:
        """Positions by asset; one of amount 0 for an asset that is not held."""


class Standing(Protocol):
    """The part of the account that controls use."""

    @property
    def leverage(self) -> float:
        """Gross exposure over net liquidation value."""


class Restricting(Protocol):
    """The part of `asset_restrictions.Restrictions` that controls use."""

    def is_restricted(self, assets: Asset, dt: pd.Timestamp) -> bool:
        """Tell whether an asset must not be ordered at a time."""


class TradingControl(ABC):
    """Base of controls that see every order before it is placed.

    Parameters
    ----------
    on_error : {"fail", "log"}
        Whether a violation raises TradingControlViolation or goes to the log.
    **kwargs
        What the control's repr, and so the error, shows.
    """

    def __init__(self, on_error: OnError, **kwargs: object) -> None:
        self.on_error = on_error
        self._shown = kwargs

    @abstractmethod
    def validate(
        self,
        asset: Asset,
        amount: float,
        portfolio: Holdings,
        algo_datetime: pd.Timestamp,
        algo_current_data: Bar,
    ) -> None:
        """Call `handle_violation` if an order breaks the control; called once for every order.

        Parameters
        ----------
        asset : Asset
            What is ordered.
        amount : int
            How much, with its sign.
        portfolio : Portfolio
            What is held.
        algo_datetime : pandas.Timestamp
            Present time, UTC.
        algo_current_data : BarData
            The present bar.
        """

    def handle_violation(
        self,
        asset: Asset,
        amount: float,
        datetime: pd.Timestamp,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise or log that an order breaks the control.

        Parameters
        ----------
        asset : Asset
            What is ordered.
        amount : int
            How much, with its sign.
        datetime : pandas.Timestamp
            Present time.
        metadata : dict, optional
            What the sentence tells beside the control's parameters.

        Raises
        ------
        TradingControlViolation
            If the control was made with ``on_error="fail"``.
        """
        violation = TradingControlViolation(
            asset=asset,
            amount=amount,
            datetime=datetime,
            constraint=f"{self!r} (Metadata: {metadata})" if metadata else repr(self),
        )
        if self.on_error == "fail":
            raise violation
        if self.on_error == "log":
            log.error("%s", violation)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._shown})"


class MaxOrderCount(TradingControl):
    """No more than so many orders a day.

    Parameters
    ----------
    on_error : {"fail", "log"}
        Whether a violation raises or is logged.
    max_count : int
        The number.
    """

    def __init__(self, on_error: OnError, max_count: int) -> None:
        super().__init__(on_error, max_count=max_count)
        self.max_count = max_count
        self.orders_placed = 0
        self.current_date: date | None = None

    def validate(
        self,
        asset: Asset,
        amount: float,
        portfolio: Holdings,  # noqa: ARG002 - the base's signature
        algo_datetime: pd.Timestamp,
        algo_current_data: Bar,  # noqa: ARG002
    ) -> None:
        """Refuse the order if the day has had its number."""
        today = algo_datetime.date()
        if today != self.current_date:
            self.current_date = today
            self.orders_placed = 0
        if self.orders_placed >= self.max_count:
            self.handle_violation(asset, amount, algo_datetime)
        self.orders_placed += 1


class RestrictedListOrder(TradingControl):
    """No orders for restricted assets.

    Parameters
    ----------
    on_error : {"fail", "log"}
        Whether a violation raises or is logged.
    restrictions : asset_restrictions.Restrictions
        Which assets are restricted, and when.
    """

    def __init__(self, on_error: OnError, restrictions: Restricting) -> None:
        super().__init__(on_error)
        self.restrictions = restrictions

    def validate(
        self,
        asset: Asset,
        amount: float,
        portfolio: Holdings,  # noqa: ARG002
        algo_datetime: pd.Timestamp,
        algo_current_data: Bar,  # noqa: ARG002
    ) -> None:
        """Refuse the order if its asset is restricted now."""
        if self.restrictions.is_restricted(asset, algo_datetime):
            self.handle_violation(asset, amount, algo_datetime)


class _SizeLimit(TradingControl):
    """A limit in shares, in value or in both, for one asset or for all."""

    def __init__(
        self,
        on_error: OnError,
        asset: Asset | None = None,
        max_shares: float | None = None,
        max_notional: float | None = None,
    ) -> None:
        super().__init__(on_error, asset=asset, max_shares=max_shares, max_notional=max_notional)
        if max_shares is None and max_notional is None:
            raise ValueError(f"{type(self).__name__} needs max_shares, max_notional or both")
        for name, limit in (("max_shares", max_shares), ("max_notional", max_notional)):
            if limit is not None and limit < 0:
                raise ValueError(f"{name} must not be negative, got {limit}")
        self.asset = asset
        self.max_shares = max_shares
        self.max_notional = max_notional

    @abstractmethod
    def _limited(self, asset: Asset, amount: float, portfolio: Holdings) -> float:
        """Return the shares that the limit is on."""

    def validate(
        self,
        asset: Asset,
        amount: float,
        portfolio: Holdings,
        algo_datetime: pd.Timestamp,
        algo_current_data: Bar,
    ) -> None:
        """Refuse the order if it exceeds the limit in shares or, at the current price, in value."""
        if self.asset is not None and self.asset != asset:
            return
        shares = abs(self._limited(asset, amount, portfolio))
        if self.max_shares is not None and shares > self.max_shares:
            self.handle_violation(asset, amount, algo_datetime)
        if self.max_notional is None:
            return
        if shares * algo_current_data.current(asset, "price") > self.max_notional:
            self.handle_violation(asset, amount, algo_datetime)


class MaxOrderSize(_SizeLimit):
    """No order larger than a limit.

    Parameters
    ----------
    on_error : {"fail", "log"}
        Whether a violation raises or is logged.
    asset : Asset, optional
        The asset the limit is for; all by default.
    max_shares : int, optional
        Limit in shares or contracts.
    max_notional : float, optional
        Limit in the currency of the price, at the current price.

    Raises
    ------
    ValueError
        If there is no limit or a negative one.
    """

    def _limited(self, asset: Asset, amount: float, portfolio: Holdings) -> float:  # noqa: ARG002
        return amount


class MaxPositionSize(_SizeLimit):
    """No position larger than a limit.

    Parameters
    ----------
    on_error : {"fail", "log"}
        Whether a violation raises or is logged.
    asset : Asset, optional
        The asset the limit is for; all by default.
    max_shares : int, optional
        Limit in shares or contracts.
    max_notional : float, optional
        Limit in the currency of the price, at the current price.

    Raises
    ------
    ValueError
        If there is no limit or a negative one.
    """

    def _limited(self, asset: Asset, amount: float, portfolio: Holdings) -> float:
        return portfolio.positions[asset].amount + amount


class LongOnly(TradingControl):
    """No short positions.

    Parameters
    ----------
    on_error : {"fail", "log"}
        Whether a violation raises or is logged.
    """

    def validate(
        self,
        asset: Asset,
        amount: float,
        portfolio: Holdings,
        algo_datetime: pd.Timestamp,
        algo_current_data: Bar,  # noqa: ARG002
    ) -> None:
        """Refuse the order if it would leave a short position."""
        if portfolio.positions[asset].amount + amount < 0:
            self.handle_violation(asset, amount, algo_datetime)


class AssetDateBounds(TradingControl):
    """No orders for an asset before its first or after its last session.

    Parameters
    ----------
    on_error : {"fail", "log"}
        Whether a violation raises or is logged.
    """

    def __init__(self, on_error: OnError) -> None:
        super().__init__(on_error)
        # By asset, in days: comparing Timestamps for every order would cost more than the order.
        self._bounds: dict[Asset, tuple[float, float]] = {}

    def validate(
        self,
        asset: Asset,
        amount: float,
        portfolio: Holdings,  # noqa: ARG002
        algo_datetime: pd.Timestamp,
        algo_current_data: Bar,  # noqa: ARG002
    ) -> None:
        """Refuse the order if the day is not between the asset's start and end dates."""
        if amount == 0:
            return
        bounds = self._bounds.get(asset)
        if bounds is None:
            bounds = _day(asset.start_date, -math.inf), _day(asset.end_date, math.inf)
            self._bounds[asset] = bounds
        start, end = bounds
        today = algo_datetime.value // DAY
        if today < start:
            self._refuse(asset, amount, algo_datetime, asset_start_date=asset.start_date)
        if today > end:
            self._refuse(asset, amount, algo_datetime, asset_end_date=asset.end_date)

    def _refuse(
        self,
        asset: Asset,
        amount: float,
        algo_datetime: pd.Timestamp,
        **bound: pd.Timestamp | NaTType | None,
    ) -> None:
        """Tell that the day is beyond a bound."""
        days = {
            name: date.normalize()  # type: ignore[union-attr] # there is no day beyond none
            for name, date in bound.items()
        }
        self.handle_violation(asset, amount, algo_datetime, days)


def _day(date: pd.Timestamp | NaTType | None, missing: float) -> float:
    """Return the number of a day, counted from 1970, or what stands for a missing one."""
    if date is None or date != date:  # NaT is unequal to itself
        return missing
    return int(date.value // DAY)


class AccountControl(ABC):
    """Base of controls that see the account after every bar.

    Parameters
    ----------
    **kwargs
        What the control's repr, and so the error, shows.
    """

    def __init__(self, **kwargs: object) -> None:
        self._shown = kwargs

    @abstractmethod
    def validate(
        self,
        _portfolio: Holdings,
        _account: Standing,
        _algo_datetime: pd.Timestamp,
        _algo_current_data: Bar,
    ) -> None:
        """Call `fail` if the account breaks the control.

        Parameters
        ----------
        _portfolio : Portfolio
            What is held.
        _account : Account
            The account.
        _algo_datetime : pandas.Timestamp
            Present time, UTC.
        _algo_current_data : BarData
            The present bar.
        """

    def fail(self) -> None:
        """Raise that the account breaks the control.

        Raises
        ------
        AccountControlViolation
            Always.
        """
        raise AccountControlViolation(constraint=repr(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._shown})"


class MaxLeverage(AccountControl):
    """No leverage above a limit.

    Parameters
    ----------
    max_leverage : float
        Gross leverage: 2.0 allows exposure of twice the account's value.

    Raises
    ------
    ValueError
        If the limit is None or negative.
    """

    def __init__(self, max_leverage: float | None) -> None:
        super().__init__(max_leverage=max_leverage)
        if max_leverage is None or max_leverage < 0:
            raise ValueError(f"max_leverage must be a number of 0 or more, got {max_leverage!r}")
        self.max_leverage = max_leverage

    def validate(
        self,
        _portfolio: Holdings,
        _account: Standing,
        _algo_datetime: pd.Timestamp,
        _algo_current_data: Bar,
    ) -> None:
        """Fail if the leverage is above the limit."""
        if _account.leverage > self.max_leverage:
            self.fail()


class MinLeverage(AccountControl):
    """No leverage below a limit once a date has passed.

    Parameters
    ----------
    min_leverage : float
        Gross leverage.
    deadline : datetime
        The time after which the limit holds, UTC where it has no time zone.

    Raises
    ------
    TypeError
        If a parameter is of another type.
    ValueError
        If the limit is negative.
    """

    def __init__(self, min_leverage: float, deadline: pd.Timestamp) -> None:
        super().__init__(min_leverage=min_leverage, deadline=deadline)
        if not isinstance(min_leverage, (int, float)):
            raise TypeError(f"min_leverage must be a number, got {min_leverage!r}")
        if not isinstance(deadline, datetime):
            raise TypeError(f"deadline must be a datetime, got {deadline!r}")
        if math.isnan(min_leverage) or min_leverage < 0:
            raise ValueError(f"min_leverage must be 0 or more, got {min_leverage!r}")
        self.min_leverage = min_leverage
        self.deadline = deadline

    def validate(
        self,
        _portfolio: Holdings,
        _account: Standing,
        _algo_datetime: pd.Timestamp,
        _algo_current_data: Bar,
    ) -> None:
        """Fail if the deadline has passed and the leverage is below the limit."""
        deadline = self.deadline
        if deadline.tzinfo is None:
            deadline = deadline.replace(tzinfo=_algo_datetime.tzinfo)
        if _algo_datetime > deadline and _account.leverage < self.min_leverage:
            self.fail()
