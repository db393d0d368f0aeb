"""Sessions and minutes of a calendar as int64 nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray


def session_labels(
    calendar: ExchangeCalendar, start: pd.Timestamp, end: pd.Timestamp
) -> NDArray[np.int64]:
    """Return the sessions from `start` to `end`, both included."""
    labels = calendar.sessions.as_unit("ns").asi8
    begin = np.searchsorted(labels, _label(start), side="left")
    stop = np.searchsorted(labels, _label(end), side="right")
    return np.array(labels[begin:stop])


def market_minutes(
    calendar: ExchangeCalendar, start: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last minute of each stretch of trading.

    Parameters
    ----------
    calendar : ExchangeCalendar
    start, end : int
        The first and the last session.

    Returns
    -------
    tuple of ndarray of int64, shape (stretches,)
        A session is a stretch, or two where it has a break.
    """
    labels = calendar.sessions.as_unit("ns").asi8
    sessions = slice(
        int(np.searchsorted(labels, start, side="left")),
        int(np.searchsorted(labels, end, side="right")),
    )
    opens = calendar.first_minutes.dt.as_unit("ns").to_numpy(dtype="M8[ns]").view(np.int64)
    closes = calendar.last_minutes.dt.as_unit("ns").to_numpy(dtype="M8[ns]").view(np.int64)
    opens, closes = opens[sessions], closes[sessions]
    missing = np.iinfo(np.int64).min
    ends = calendar.last_am_minutes.dt.as_unit("ns").to_numpy(dtype="M8[ns]").view(np.int64)
    resumes = calendar.first_pm_minutes.dt.as_unit("ns").to_numpy(dtype="M8[ns]").view(np.int64)
    broken = np.flatnonzero(ends[sessions] != missing)
    return (
        np.insert(opens, broken + 1, resumes[sessions][broken]),
        np.insert(closes, broken, ends[sessions][broken]),
    )


def _label(time: pd.Timestamp) -> int:
    naive = time if time.tzinfo is None else time.tz_convert("UTC").tz_localize(None)
    return int(naive.value)
