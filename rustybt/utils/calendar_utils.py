"""Trading calendars: those of `exchange_calendars`, minutes labelled by their end."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from exchange_calendars import (
    ExchangeCalendar,
    clear_calendars,
    deregister_calendar,
    get_calendar_names,
    register_calendar,
    register_calendar_alias,
    register_calendar_type,
    resolve_alias,
)
from exchange_calendars import get_calendar as _exchange_calendar
from exchange_calendars.calendar_utils import global_calendar_dispatcher
from exchange_calendars.utils.pandas_utils import days_at_time

if TYPE_CHECKING:
    from typing import Literal

    import pandas as pd

__all__ = [
    "ExchangeCalendar",
    "TradingCalendar",
    "clear_calendars",
    "days_at_time",
    "deregister_calendar",
    "get_calendar",
    "get_calendar_names",
    "global_calendar_dispatcher",
    "register_calendar",
    "register_calendar_alias",
    "register_calendar_type",
    "resolve_alias",
]

TradingCalendar = ExchangeCalendar

# Zipline starts these in 1990; the others start where exchange_calendars does, 20 years ago.
_SINCE_1990 = frozenset({"XNYS", "CMES", "us_futures"})

# The exchange of assets from CSV files, all of them US equities.
register_calendar_alias("CSVDIR", "XNYS", force=True)


def get_calendar(
    name: str,
    start: pd.Timestamp | str | None = None,
    end: pd.Timestamp | str | None = None,
    side: Literal["right"] = "right",
) -> ExchangeCalendar:
    """Return a calendar by its name or alias; the same object when asked again.

    Parameters
    ----------
    name : str
        Such as "XNYS" or "NYSE"; `get_calendar_names` lists them.
    start, end : Timestamp or str, optional
        The first and last date that the calendar covers. By default US equities and futures
        start in 1990, others 20 years ago; all end a year from now.
    side : {"right"}
        Minutes are labelled by their end.

    Raises
    ------
    TypeError
        If another side is asked for.
    exchange_calendars.errors.InvalidCalendarName
        If there is no calendar of this name.
    """
    if side != "right":
        raise TypeError(f"rustybt labels minutes by their end: side must be 'right', got {side!r}")
    if start is None and resolve_alias(name) in _SINCE_1990:
        start = "1990-01-01"
    with warnings.catch_warnings():
        # exchange_calendars uses what pandas 3.1 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        return _exchange_calendar(name, start=start, end=end, side="right")
