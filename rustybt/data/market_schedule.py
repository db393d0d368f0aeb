"""Sessions and minutes of a calendar as int64 nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rustybt.data._minute_bar_internal import MarketMinutes

if TYPE_CHECKING:
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


def sessions_between(
    calendar: ExchangeCalendar, start: pd.Timestamp, end: pd.Timestamp
) -> pd.DatetimeIndex:
    """Return the sessions from `start` to `end`, both included."""
    return pd.DatetimeIndex(session_labels(calendar, start, end).view("M8[ns]"))


def minutes_between(
    calendar: ExchangeCalendar, start: pd.Timestamp, end: pd.Timestamp
) -> pd.DatetimeIndex:
    """Return the market minutes from `start` to `end`, both included, in UTC.

    The calendar's own `minutes_in_range` would list the minutes of all its years first.
    """
    labels = calendar.sessions.as_unit("ns").asi8
    lasts = calendar.last_minutes_nanos
    begin = int(np.searchsorted(lasts, start.value))
    stop = min(int(np.searchsorted(lasts, end.value)), labels.size - 1)
    if begin > stop:
        return pd.DatetimeIndex([], dtype="datetime64[ns, UTC]")
    minutes = MarketMinutes(*market_minutes(calendar, labels[begin], labels[stop])).values()
    low = np.searchsorted(minutes, start.value, side="left")
    high = np.searchsorted(minutes, end.value, side="right")
    return pd.DatetimeIndex(minutes[low:high].view("M8[ns]"), tz="UTC")


def session_of(calendar: ExchangeCalendar, minute: pd.Timestamp) -> pd.Timestamp:
    """Return the session that a minute is in, or the next one where the market is closed.

    Raises
    ------
    ValueError
        If there is no session any more.
    """
    position = int(np.searchsorted(calendar.last_minutes_nanos, minute.value))
    if position == len(calendar.sessions):
        raise ValueError(
            f"{minute} lies after the last session of the calendar {calendar.name}, "
            f"{calendar.sessions[-1]:%Y-%m-%d}"
        )
    session: pd.Timestamp = calendar.sessions[position]
    return session.as_unit("ns")


def _label(time: pd.Timestamp) -> int:
    naive = time if time.tzinfo is None else time.tz_convert("UTC").tz_localize(None)
    return int(naive.value)
