"""The clock of a simulation: the stream of its events in order of time."""

from libc.stdint cimport int64_t

from itertools import chain

import numpy as np
import pandas as pd

BAR = 0
SESSION_START = 1
SESSION_END = 2
MINUTE_END = 3
BEFORE_TRADING_START_BAR = 4

NANOS_IN_MINUTE = 60_000_000_000

cdef int64_t MINUTE = NANOS_IN_MINUTE

# Timestamps are made by pandas, many at a time: about so many to a batch, whole sessions only.
cdef Py_ssize_t BATCH = 4096


cdef class MinuteSimulationClock:
    """Iterable of the events of a simulation, pairs of their time and their kind.

    A session gives, in this order: SESSION_START at its label; BAR at every minute from its open
    to its close, each followed by a MINUTE_END at the same time where `minute_emission` is true;
    SESSION_END at its close. BEFORE_TRADING_START_BAR comes right before the first BAR that is
    not earlier than it, and not at all if it lies after the close. One BAR a session, as a
    simulation on daily data needs it, comes of opens that equal the closes.

    Times are UTC ``pandas.Timestamp`` of unit ns, kinds are ints. Iterating again starts anew.

    Parameters
    ----------
    sessions : DatetimeIndex, Series or datetime64 array, shape (sessions,)
        Label of each session, strictly increasing. This and the other times may be of any unit
        and time zone; UTC where they have none.
    market_opens : DatetimeIndex, Series or datetime64 array, shape (sessions,)
        First minute of each session.
    market_closes : DatetimeIndex, Series or datetime64 array, shape (sessions,)
        Last minute of each session, a whole number of minutes after its open.
    before_trading_start_minutes : DatetimeIndex, Series or datetime64 array, shape (sessions,)
        Time of each session's BEFORE_TRADING_START_BAR.
    minute_emission : bool, default False
        Whether MINUTE_END is emitted.

    Raises
    ------
    TypeError
        If the times are not datetimes or `minute_emission` is not a bool.
    ValueError
        If lengths differ, a time is NaT or does not fit nanoseconds, sessions do not increase, or
        a close lies before its open or between two minutes.
    """

    cdef object _sessions
    cdef object _opens
    cdef object _closes
    cdef object _before_trading_starts
    cdef bint _minute_emission

    def __init__(
        self,
        sessions,
        market_opens,
        market_closes,
        before_trading_start_minutes,
        minute_emission=False,
    ):
        if not isinstance(minute_emission, bool):
            raise TypeError(f"minute_emission must be True or False, got {minute_emission!r}")
        self._sessions = _utc_nanos("sessions", sessions)
        self._opens = _utc_nanos("market_opens", market_opens)
        self._closes = _utc_nanos("market_closes", market_closes)
        self._before_trading_starts = _utc_nanos(
            "before_trading_start_minutes", before_trading_start_minutes
        )
        self._minute_emission = minute_emission
        _check_lengths(
            sessions=self._sessions,
            market_opens=self._opens,
            market_closes=self._closes,
            before_trading_start_minutes=self._before_trading_starts,
        )
        _check_order(self._sessions, self._opens, self._closes)

    def __iter__(self):
        return chain.from_iterable(self._batches())

    def __reduce__(self):
        times = (self._sessions, self._opens, self._closes, self._before_trading_starts)
        return type(self), (*(nanos.view("M8[ns]") for nanos in times), self._minute_emission)

    def _batches(self):
        """Yield lists of events, each of whole sessions."""
        minutes = (self._closes - self._opens) // NANOS_IN_MINUTE + 1
        ends = np.cumsum(minutes + 2)
        first = 0
        while first < ends.size:
            begun = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, begun + BATCH, side="right")))
            yield self._events(first, last)
            first = last

    cdef list _events(self, Py_ssize_t first, Py_ssize_t last):
        """List the events of the sessions from `first` up to, not including, `last`."""
        cdef const int64_t[:] sessions = self._sessions
        cdef const int64_t[:] opens = self._opens
        cdef const int64_t[:] closes = self._closes
        cdef const int64_t[:] before_trading_starts = self._before_trading_starts
        cdef Py_ssize_t session
        cdef Py_ssize_t minute
        cdef Py_ssize_t minutes
        cdef Py_ssize_t position = 0
        cdef Py_ssize_t length = 0

        # A session's times lie side by side: its label, its before-trading-start, its minutes.
        for session in range(first, last):
            length += 3 + (closes[session] - opens[session]) // MINUTE
        nanos = np.empty(length, dtype=np.int64)
        cdef int64_t[::1] times = nanos
        for session in range(first, last):
            times[position] = sessions[session]
            times[position + 1] = before_trading_starts[session]
            minutes = 1 + (closes[session] - opens[session]) // MINUTE
            for minute in range(minutes):
                times[position + 2 + minute] = opens[session] + minute * MINUTE
            position += 2 + minutes
        cdef list stamps = pd.DatetimeIndex(nanos.view("M8[ns]"), tz="UTC").tolist()

        bar, minute_end = BAR, MINUTE_END
        cdef list events = []
        cdef Py_ssize_t before_first
        position = 0
        for session in range(first, last):
            events.append((stamps[position], SESSION_START))
            before_first = _first_minute_from(before_trading_starts[session], opens[session])
            before_trading_start = (stamps[position + 1], BEFORE_TRADING_START_BAR)
            minutes = 1 + (closes[session] - opens[session]) // MINUTE
            position += 2
            for minute in range(minutes):
                if minute == before_first:
                    events.append(before_trading_start)
                events.append((stamps[position], bar))
                if self._minute_emission:
                    events.append((stamps[position], minute_end))
                position += 1
            events.append((stamps[position - 1], SESSION_END))
        return events


cdef Py_ssize_t _first_minute_from(int64_t time, int64_t market_open) noexcept nogil:
    """Return the number of the first minute of the session that is not before `time`."""
    if time <= market_open:
        return 0
    return (time - market_open + MINUTE - 1) // MINUTE


cdef _utc_nanos(name, times):
    """Return times as int64 nanoseconds since 1970 in UTC."""
    if getattr(getattr(times, "dtype", None), "kind", None) != "M":
        raise TypeError(
            f"{name} must be a DatetimeIndex, a Series or an array of datetimes, got "
            f"{type(times).__name__} {times!r:.60}"
        )
    if times.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {times.shape}")
    try:
        index = pd.DatetimeIndex(times).as_unit("ns")
    except pd.errors.OutOfBoundsDatetime as error:
        raise ValueError(f"{name} must lie within the years 1678 to 2261: {error}") from None
    if index.hasnans:
        missing = index.isna().argmax()
        raise ValueError(f"{name} must have no missing time, got NaT at {missing}")
    return np.array(index.asi8)  # a copy: the index may share memory with the caller's array


def _check_lengths(**times):
    lengths = {name: nanos.size for name, nanos in times.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"the clock needs one time a session from each parameter: {listed}")


cdef _check_order(sessions, opens, closes):
    cdef Py_ssize_t at
    stamp = pd.Timestamp
    backward = np.flatnonzero(sessions[1:] <= sessions[:-1])
    if backward.size:
        at = backward[0]
        raise ValueError(
            f"sessions must strictly increase, got {stamp(sessions[at + 1])} at {at + 1} after "
            f"{stamp(sessions[at])}"
        )
    wrong = np.flatnonzero(closes < opens)
    if wrong.size:
        at = wrong[0]
        raise ValueError(
            f"market_closes must not lie before market_opens, got the open {stamp(opens[at])} and "
            f"the close {stamp(closes[at])} for the session {stamp(sessions[at])}"
        )
    broken = np.flatnonzero((closes - opens) % NANOS_IN_MINUTE)
    if broken.size:
        at = broken[0]
        raise ValueError(
            f"market_closes must be whole minutes after market_opens, got the open "
            f"{stamp(opens[at])} and the close {stamp(closes[at])} for the session "
            f"{stamp(sessions[at])}"
        )
