"""When simulations run within a session, which for futures is not all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray

    Times = NDArray[np.int64]


def nanos(times: Any) -> Times:  # noqa: ANN401 - an array of int64 in any calendar
    """Return times of a calendar as int64 nanoseconds."""
    return np.asarray(times, dtype=np.int64)


def execution_times(calendar: ExchangeCalendar) -> tuple[Times, Times]:
    """Return the first minute and the close of each session, as simulations see them.

    Parameters
    ----------
    calendar : exchange_calendars.ExchangeCalendar
        The calendar. That of US futures names a part of its sessions, in which strategies run.

    Returns
    -------
    tuple of two ndarrays of int64, shape (sessions,)
        Nanoseconds since 1970, UTC.
    """
    opens, closes = nanos(calendar.first_minutes_nanos), nanos(calendar.closes_nanos)
    if not hasattr(calendar, "execution_time_from_open"):
        return opens, closes
    index = [pd.DatetimeIndex(times.view("M8[ns]"), tz="UTC") for times in (opens, closes)]
    first = calendar.execution_time_from_open(index[0])
    last = calendar.execution_time_from_close(index[1])
    return first.as_unit("ns").asi8, last.as_unit("ns").asi8
