"""Kernels that aggregate the minutes of one asset into sessions.

Session `i` consists of the minutes after ``close_locs[i - 1]`` up to and including
``close_locs[i]``; the first session begins at minute 0. A minute without a trade has price NaN
and volume 0: it counts for nothing, and a session with no other minutes gets price NaN and volume
0. So does a session without minutes, whose close lies where the one before it closes (-1 for a
first session).

Every kernel raises TypeError for an argument that is no array or of another dtype, ValueError
for other dimensions, for lengths that differ, for closes that decrease or lie outside the data
and for an output that is read-only; nothing has been written then.
"""

from libc.math cimport NAN, isnan
from libc.stdint cimport uint32_t, uint64_t

import numpy as np

ctypedef double (*price_reducer)(const double[:], Py_ssize_t, Py_ssize_t) noexcept nogil

ctypedef fused volume_t:
    uint32_t
    uint64_t
    double

ctypedef fused total_t:
    uint64_t
    double


def _minute_to_session_open(close_locs, data, out):
    """Write the first price of each session into `out`.

    Parameters
    ----------
    close_locs : numpy.ndarray of intp, shape (sessions,)
        Position of each session's last minute in `data`.
    data : numpy.ndarray of float64, shape (minutes,)
        Prices, NaN where nothing was traded.
    out : numpy.ndarray of float64, shape (sessions,)
    """
    _aggregate_prices(_first, close_locs, data, out)


def _minute_to_session_high(close_locs, data, out):
    """Write the highest price of each session into `out`; parameters as for the open."""
    _aggregate_prices(_highest, close_locs, data, out)


def _minute_to_session_low(close_locs, data, out):
    """Write the lowest price of each session into `out`; parameters as for the open."""
    _aggregate_prices(_lowest, close_locs, data, out)


def _minute_to_session_close(close_locs, data, out):
    """Write the last price of each session into `out`; parameters as for the open."""
    _aggregate_prices(_last, close_locs, data, out)


def _minute_to_session_volume(close_locs, data, out):
    """Write the total volume of each session into `out`.

    Parameters
    ----------
    close_locs : numpy.ndarray of intp, shape (sessions,)
        Position of each session's last minute in `data`.
    data : numpy.ndarray of uint32, uint64 or float64, shape (minutes,)
        Volumes; NaN counts as 0.
    out : numpy.ndarray, shape (sessions,)
        Of uint32, uint64 or int64 for integer data, of float64 for float64 data.

    Raises
    ------
    OverflowError
        If the total of a session does not fit the dtype of `out`.
    """
    _check_array("data", data, ("uint32", "uint64", "float64"))
    real = data.dtype == "float64"
    _check_array("out", out, ("float64",) if real else ("uint32", "uint64", "int64"))
    _check_sessions(close_locs, data, out)
    totals = np.empty(out.size, dtype="float64" if real else "uint64")
    cdef Py_ssize_t overflowed
    if real:
        overflowed = _add_volumes[double, double](close_locs, data, totals)
    elif data.dtype == "uint32":
        overflowed = _add_volumes[uint32_t, uint64_t](close_locs, data, totals)
    else:
        overflowed = _add_volumes[uint64_t, uint64_t](close_locs, data, totals)
    if not real and overflowed < 0:
        too_large = np.flatnonzero(totals > np.iinfo(out.dtype).max)
        overflowed = too_large[0] if too_large.size else -1
    if overflowed >= 0:
        raise OverflowError(
            f"the volume of session {overflowed} is too large for the dtype of out, {out.dtype}: "
            "pass an array of a wider dtype"
        )
    out[:] = totals


cdef _aggregate_prices(price_reducer reduce, close_locs, data, out):
    _check_array("data", data, ("float64",))
    _check_array("out", out, ("float64",))
    _check_sessions(close_locs, data, out)
    cdef const Py_ssize_t[:] closes = close_locs
    cdef const double[:] prices = data
    cdef double[:] sessions = out
    cdef Py_ssize_t session
    cdef Py_ssize_t start = 0
    with nogil:
        for session in range(closes.shape[0]):
            sessions[session] = reduce(prices, start, closes[session] + 1)
            start = closes[session] + 1


cdef double _first(const double[:] prices, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t minute
    for minute in range(start, stop):
        if not isnan(prices[minute]):
            return prices[minute]
    return NAN


cdef double _last(const double[:] prices, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t minute
    for minute in range(stop - 1, start - 1, -1):
        if not isnan(prices[minute]):
            return prices[minute]
    return NAN


cdef double _highest(const double[:] prices, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef double highest = NAN
    cdef Py_ssize_t minute
    for minute in range(start, stop):
        if isnan(highest) or prices[minute] > highest:
            highest = prices[minute]
    return highest


cdef double _lowest(const double[:] prices, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef double lowest = NAN
    cdef Py_ssize_t minute
    for minute in range(start, stop):
        if isnan(lowest) or prices[minute] < lowest:
            lowest = prices[minute]
    return lowest


cdef Py_ssize_t _add_volumes(
    const Py_ssize_t[:] closes,
    const volume_t[:] data,
    total_t[:] totals,
) noexcept nogil:
    """Fill `totals`; return the first session whose total overflows, or -1."""
    cdef Py_ssize_t session
    cdef Py_ssize_t minute = 0
    cdef total_t total
    for session in range(closes.shape[0]):
        total = 0
        while minute <= closes[session]:
            if volume_t is double:
                if not isnan(data[minute]):
                    total += <total_t> data[minute]
            else:
                total += data[minute]
                if total < data[minute]:  # unsigned addition wrapped around
                    return session
            minute += 1
        totals[session] = total
    return -1


cdef _check_array(name, array, dtypes):
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a numpy.ndarray, got {type(array).__name__}")
    if array.dtype not in dtypes:
        raise TypeError(f"{name} must be of dtype {' or '.join(dtypes)}, got {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")


cdef _check_sessions(close_locs, data, out):
    _check_array("close_locs", close_locs, ("intp",))
    if close_locs.shape != out.shape:
        raise ValueError(
            "close_locs and out must be of one length, that of the sessions, got shapes "
            f"{close_locs.shape} and {out.shape}"
        )
    if not out.flags.writeable:
        raise ValueError("out is read-only: pass an array that the kernel may write into")
    cdef const Py_ssize_t[:] closes = close_locs
    cdef Py_ssize_t session
    cdef Py_ssize_t previous = -1
    for session in range(closes.shape[0]):
        if closes[session] < previous:
            raise ValueError(
                f"close_locs must not decrease and must start at -1 or above, got "
                f"{closes[session]} after {previous} at session {session}"
            )
        previous = closes[session]
    if previous >= data.size:
        raise ValueError(
            f"close_locs must lie within data, which has {data.size} minutes, got {previous} at "
            f"session {closes.shape[0] - 1}"
        )
