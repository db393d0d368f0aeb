"""What every reader of bars can do, and how it says that it has none."""

# ruff: noqa: N818 - Zipline's names do not end in Error

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, SupportsInt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray
    from pandas.api.typing import NaTType

OHLCV = ("open", "high", "low", "close", "volume")


class NoDataOnDate(Exception):
    """There is no bar at a time, or the time is none of the reader's sessions or minutes."""


class NoDataBeforeDate(NoDataOnDate):
    """The time lies before the asset's first bar."""


class NoDataAfterDate(NoDataOnDate):
    """The time lies after the asset's last bar."""


class NoDataForSid(Exception):
    """The reader has no bars of an asset."""


class BarReader(ABC):
    """Reader of open, high, low, close and volume of many assets.

    Sessions are ``pandas.Timestamp`` at midnight without a time zone, minutes are in UTC.
    """

    @property
    @abstractmethod
    def data_frequency(self) -> str:
        """Either "session" or "minute"."""

    @property
    @abstractmethod
    def trading_calendar(self) -> ExchangeCalendar:
        """The calendar of the bars."""

    @property
    @abstractmethod
    def first_trading_day(self) -> pd.Timestamp:
        """The first session with data."""

    @property
    @abstractmethod
    def last_available_dt(self) -> pd.Timestamp:
        """The last session or minute for which the reader can be asked."""

    @abstractmethod
    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[Any]]:
        """Return unadjusted values of several assets.

        Parameters
        ----------
        columns : sequence of {"open", "high", "low", "close", "volume"}
        start_date, end_date : Timestamp
            The first and the last session or minute.
        assets : sequence of int or Asset

        Returns
        -------
        list of ndarray, shape (times, assets)
            One for each column: prices NaN and volume 0 where there is no bar.

        Raises
        ------
        NoDataOnDate
            If `start_date` or `end_date` is none of the reader's sessions or minutes.
        """

    @abstractmethod
    def get_value(self, sid: SupportsInt, dt: pd.Timestamp, field: str) -> float:
        """Return one unadjusted value of an asset.

        Parameters
        ----------
        sid : int or Asset
        dt : Timestamp
        field : {"open", "high", "low", "close", "volume"}

        Returns
        -------
        float, or int for the volume

        Raises
        ------
        NoDataOnDate
            If `dt` is none of the reader's sessions or minutes.
        """

    @abstractmethod
    def get_last_traded_dt(self, asset: SupportsInt, dt: pd.Timestamp) -> pd.Timestamp | NaTType:
        """Return the last time not after `dt` at which the asset traded; NaT if there is none."""


class SessionBarReader(BarReader):
    """Reader of daily bars."""

    @property
    def data_frequency(self) -> Literal["session"]:
        """Always "session"."""
        return "session"

    @property
    @abstractmethod
    def sessions(self) -> pd.DatetimeIndex:
        """All sessions for which the reader can be asked."""


class CurrencyAwareSessionBarReader(SessionBarReader):
    """Reader of daily bars that knows the currency of its prices."""

    @abstractmethod
    def currency_codes(self, sids: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the currency of each asset's prices, None where it is unknown."""


class MinuteBarReader(BarReader):
    """Reader of minute bars."""

    @property
    def data_frequency(self) -> Literal["minute"]:
        """Always "minute"."""
        return "minute"
