"""What a simulation sees of the market: prices at its present bar and windows that end with it.

Bars of one asset lie on an :class:`Axis`, the sessions or the minutes of a calendar; a position
on it is an ordinal. :class:`AssetBars` answers for one asset at any ordinal, :class:`PriceFeed`
for all of them at the ordinal its cursor stands at, :class:`BarData` is the strategy's face of it.
"""

cimport cython
from cpython.object cimport PyObject_GenericSetAttr
from libc.math cimport NAN, isnan, rint, sqrt
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t

from rustybt.assets._assets cimport Asset, Equity

from collections.abc import Iterable
from contextlib import contextmanager
from operator import index as to_int

import numpy as np
import pandas as pd

from rustybt.data.history import HistorySeries, frame_by_fields
from rustybt.utils.execution import execution_times

FIELDS = ("open", "high", "low", "close", "volume", "price")

cdef dict COLUMNS = {name: number for number, name in enumerate(FIELDS)}
cdef tuple SPOT_FIELDS = (*FIELDS, "last_traded", "contract")
cdef object FLOAT64 = np.float64
cdef object new_series = HistorySeries.__new__


@cython.auto_pickle(False)
cdef class Axis:
    """Times at which there are bars: session labels or market minutes.

    Parameters
    ----------
    nanos : numpy.ndarray of int64, shape (bars,)
        Strictly increasing nanoseconds since 1970, UTC.
    index : DatetimeIndex, optional
        The same times as pandas has them; UTC minutes where it is left out.
    """

    def __init__(self, nanos, index=None):
        self.nanos = nanos
        self._nanos = nanos
        self._index = index

    @property
    def index(self):
        """DatetimeIndex: the times of the axis."""
        if self._index is None:
            self._index = pd.DatetimeIndex(self.nanos.view("M8[ns]"), tz="UTC")
        return self._index

    def __len__(self):
        return self._nanos.shape[0]

    def __reduce__(self):
        return type(self), (self.nanos, self._index)

    def ordinal_at_or_after(self, int64_t nanos):
        """Return the first ordinal that is not before a time, the axis' length if all are."""
        return self.at_or_after(nanos)

    def ordinal_at_or_before(self, int64_t nanos):
        """Return the last ordinal that is not after a time, -1 if all are."""
        return self.at_or_before(nanos)

    cdef Py_ssize_t size(self) noexcept nogil:
        return self._nanos.shape[0]

    cdef Py_ssize_t at_or_after(self, int64_t nanos) noexcept nogil:
        cdef Py_ssize_t low = 0
        cdef Py_ssize_t high = self._nanos.shape[0]
        cdef Py_ssize_t middle
        while low < high:
            middle = (low + high) // 2
            if self._nanos[middle] < nanos:
                low = middle + 1
            else:
                high = middle
        return low

    cdef Py_ssize_t at_or_before(self, int64_t nanos) noexcept nogil:
        if nanos == INT64_MAX:
            return self._nanos.shape[0] - 1
        return self.at_or_after(nanos + 1) - 1


@cython.auto_pickle(False)
cdef class HistoryWindow:
    """A read-only view on consecutive values of one asset, with the usual reductions.

    The reductions leave NaN out and give what pandas gives without bottleneck: sums are pairwise,
    the standard deviation has one degree of freedom less by default.
    """

    def __len__(self):
        return self._size

    @property
    def values(self):
        """numpy.ndarray of float64, shape (len,): the values, read-only."""
        return self._array[self._start:self._start + self._size]

    @property
    def index(self):
        """DatetimeIndex: the time of each value."""
        return self._axis.index[self._ordinal:self._ordinal + self._size]

    def item(self, position):
        """Return one value by its position, from the end if that is negative."""
        cdef Py_ssize_t at = position
        if at < 0:
            at += self._size
        if not 0 <= at < self._size:
            raise IndexError(
                f"position {position} is out of bounds for a window of {self._size} bars"
            )
        return FLOAT64(self._data[at])

    def part(self, Py_ssize_t start, Py_ssize_t stop):
        """Return the window from position `start` up to, not including, `stop`."""
        if not 0 <= start <= stop <= self._size:
            raise IndexError(
                f"positions {start} to {stop} are out of bounds for a window of {self._size} bars"
            )
        return _window(
            self._array, self._data - self._start, self._start + start, stop - start,
            self._axis, self._ordinal + start, self.name,
        )

    def sum(self):
        """Return the sum, 0 if all values are NaN."""
        cdef Py_ssize_t count = 0
        return FLOAT64(self._sum(&count))

    def mean(self):
        """Return the mean, NaN if all values are."""
        cdef Py_ssize_t count = 0
        cdef double total = self._sum(&count)
        return FLOAT64(total / count if count else NAN)

    def var(self, Py_ssize_t ddof=1):
        """Return the variance, NaN unless more than `ddof` values are numbers."""
        return FLOAT64(self._variance(ddof))

    def std(self, Py_ssize_t ddof=1):
        """Return the standard deviation, NaN unless more than `ddof` values are numbers."""
        return FLOAT64(sqrt(self._variance(ddof)))

    def min(self):
        """Return the smallest value, NaN if all values are."""
        cdef double least = NAN
        cdef Py_ssize_t at
        for at in range(self._size):
            if isnan(least) or self._data[at] < least:
                least = self._data[at]
        return FLOAT64(least)

    def max(self):
        """Return the largest value, NaN if all values are."""
        cdef double largest = NAN
        cdef Py_ssize_t at
        for at in range(self._size):
            if isnan(largest) or self._data[at] > largest:
                largest = self._data[at]
        return FLOAT64(largest)

    cdef double _sum(self, Py_ssize_t* count) noexcept nogil:
        return _pairwise_sum(self._data, self._size, 0.0, False, count)

    cdef double _variance(self, Py_ssize_t ddof) noexcept:
        cdef Py_ssize_t count = 0
        cdef double mean = self._sum(&count)
        if count <= ddof:
            return NAN
        mean /= count
        return _pairwise_sum(self._data, self._size, mean, True, &count) / (count - ddof)


cdef inline double _term(double value, double mean, bint squared, Py_ssize_t* count) noexcept nogil:
    if isnan(value):
        return 0.0
    count[0] += 1
    return (mean - value) * (mean - value) if squared else value


cdef double _pairwise_sum(
    const double* values, Py_ssize_t size, double mean, bint squared, Py_ssize_t* count
) noexcept nogil:
    """Return the sum of values or of their squared distances from `mean`, as numpy adds them.

    Eight running sums for up to 128 values, halves of the rest: the rounding error grows with the
    logarithm of the length (Higham, The accuracy of floating point summation, 1993), and the
    result has the bits of numpy's. `count` becomes the number of values that are numbers.
    """
    cdef double[8] sums
    cdef double total
    cdef Py_ssize_t at
    cdef Py_ssize_t lane
    cdef Py_ssize_t half
    cdef Py_ssize_t second = 0
    count[0] = 0
    if size < 8:
        total = 0.0
        for at in range(size):
            total += _term(values[at], mean, squared, count)
        return total
    if size <= 128:
        for lane in range(8):
            sums[lane] = _term(values[lane], mean, squared, count)
        for at in range(8, size - size % 8, 8):
            for lane in range(8):
                sums[lane] += _term(values[at + lane], mean, squared, count)
        total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + (
            (sums[4] + sums[5]) + (sums[6] + sums[7])
        )
        for at in range(size - size % 8, size):
            total += _term(values[at], mean, squared, count)
        return total
    half = size // 2
    half -= half % 8
    total = _pairwise_sum(values, half, mean, squared, count)
    total += _pairwise_sum(values + half, size - half, mean, squared, &second)
    count[0] += second
    return total


cdef HistoryWindow _window(
    array, const double* data, Py_ssize_t start, Py_ssize_t size, Axis axis, Py_ssize_t ordinal,
    name,
):
    """Return the window of `size` values from `start` on of `array`, whose memory is `data`."""
    cdef HistoryWindow window = HistoryWindow.__new__(HistoryWindow)
    window._array = array
    window._data = data + start
    window._start = start
    window._size = size
    window._axis = axis
    window._ordinal = ordinal
    window.name = name
    return window


cdef HistoryWindow _copied_window(values, Axis axis, Py_ssize_t ordinal, name):
    """Return a window on an array of its own, which becomes read-only."""
    values.flags.writeable = False
    cdef const double[::1] view = values
    return _window(values, &view[0], 0, view.shape[0], axis, ordinal, name)


@cython.auto_pickle(False)
cdef class _Segment:
    """A stretch of a column as it is seen in one epoch, the time between two adjustments.

    It holds the ordinals from `first` up to, not including, `stop`.
    """


@cython.auto_pickle(False)
cdef class AssetBars:
    """The bars of one asset on an axis, raw or adjusted as seen from a later bar.

    Columns are read when they are first asked for, adjustments when they first matter.

    Parameters
    ----------
    asset : Asset or ContinuousFuture
    axis : Axis
    source : object
        Where the bars come from: ``range(asset)`` returns the ordinals of the first and the last
        bar, ``column(asset, field)`` the float64 array of all bars between,
        ``adjustments(asset)`` their breakpoints (ordinals ascending, factors of prices, factors of
        volumes, whether the factors are added rather than multiplied) or None, and
        ``decimals(asset)`` the number of decimal places that history is rounded to.
    alive : tuple of int
        Ordinals between which the asset has a price, both included.
    """

    def __init__(self, asset, Axis axis, source, alive):
        self.asset = asset
        self._axis = axis
        self._source = source
        self.first, self.last = source.range(asset)
        self.alive_first, self.alive_last = alive
        self.start_ns = _nanos(asset.start_date, INT64_MIN)
        self.end_ns = _nanos(asset.end_date, INT64_MAX)
        self.auto_close_ns = _nanos(getattr(asset, "auto_close_date", None), INT64_MAX)
        self._arrays = [None] * 5
        self._segments = [None] * 6
        self._exact = [None] * 6
        self._decimals = source.decimals(asset)
        self._is_adjusted = isinstance(asset, Equity)
        self._last_close.asked = self._last_close.answer = -1
        self._last_trade.asked = self._last_trade.answer = -1

    def window_of(self, field, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t perspective):
        """Return the :class:`HistoryWindow` on what :meth:`values` returns."""
        if not 0 <= start < stop <= self._axis.size():
            raise IndexError(
                f"ordinals from {start} up to {stop} are no window on an axis of "
                f"{self._axis.size()} bars"
            )
        return self.window(COLUMNS[field], start, stop, perspective)

    def values(self, field, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t perspective):
        """Return history from ordinal `start` up to, not including, `stop`.

        Parameters
        ----------
        field : {"open", "high", "low", "close", "volume", "price"}
        start, stop : int
        perspective : int
            Ordinal that the values are seen from: adjustments up to it are applied.

        Returns
        -------
        numpy.ndarray of float64, shape (stop - start,), read-only

        Raises
        ------
        IndexError
            If the axis has not all these ordinals, or there are none.
        """
        return self.window_of(field, start, stop, perspective).values

    def raw(self, field, Py_ssize_t ordinal):
        """Return the value of one bar as it was: NaN, or 0 of volume, where there is none."""
        return self.value(COLUMNS[field], ordinal)

    def seen(self, field, Py_ssize_t ordinal, Py_ssize_t perspective):
        """Return the value at an ordinal as :meth:`BarData.current` gives it at `perspective`."""
        return self.spot(COLUMNS[field], ordinal, perspective)

    def last_traded_ordinal(self, Py_ssize_t ordinal):
        """Return the last ordinal up to this one that saw a trade, -1 if none did."""
        return self.last_traded(ordinal)

    cdef int _load(self, int column) except -1:
        cdef const double[::1] view
        if self.first > self.last:
            values = np.empty(0)
        else:
            values = self._source.column(self.asset, FIELDS[column])[:]
        values.flags.writeable = False
        self._arrays[column] = values
        view = values
        self._data[column] = &view[0] if view.shape[0] else NULL
        return 0

    cdef int _load_adjustments(self) except -1:
        breakpoints = self._source.adjustments(self.asset)
        self._adjustments_known = True
        if breakpoints is None:
            breakpoints = (np.empty(0, dtype=np.intp), np.empty(0), np.empty(0), False)
        self._breaks, self._price_factors, self._volume_factors, self._additive = breakpoints
        return 0

    cdef Py_ssize_t _epoch(self, Py_ssize_t perspective) except -1:
        """Return how many adjustments are known at an ordinal."""
        if not self._adjustments_known:
            self._load_adjustments()
        cdef Py_ssize_t low = 0
        cdef Py_ssize_t high = self._breaks.shape[0]
        cdef Py_ssize_t middle
        while low < high:
            middle = (low + high) // 2
            if self._breaks[middle] <= perspective:
                low = middle + 1
            else:
                high = middle
        return low

    cdef double value(self, int column, Py_ssize_t ordinal) except? -1:
        """Return the raw value of a bar; NaN, or 0 of volume, where there is none."""
        if ordinal < self.first or ordinal > self.last:
            return 0.0 if column == VOLUME else NAN
        if self._arrays[column] is None:
            self._load(column)
        return self._data[column][ordinal - self.first]

    cdef Py_ssize_t last_close(self, Py_ssize_t ordinal) except -2:
        """Return the last ordinal up to this one whose close is known, -1 if none is."""
        return self._last_known(CLOSE, ordinal, &self._last_close)

    cdef Py_ssize_t last_traded(self, Py_ssize_t ordinal) except -2:
        """Return the last ordinal up to this one that saw a trade, -1 if none did."""
        return self._last_known(VOLUME, ordinal, &self._last_trade)

    cdef Py_ssize_t _last_known(
        self, int column, Py_ssize_t ordinal, _LastKnown* found
    ) except -2:
        """Return the last ordinal whose value is neither NaN nor 0; no hole is crossed twice."""
        cdef Py_ssize_t at = min(ordinal, self.last)
        cdef double value
        if self._arrays[column] is None:
            self._load(column)
        while at >= self.first:
            value = self._data[column][at - self.first]
            if value > 0 or value < 0:
                break
            if at == found.asked:
                at = found.answer
                break
            at -= 1
        if at < self.first:
            at = -1
        found.asked = min(ordinal, self.last)
        found.answer = at
        return at

    cdef double _ratio(self, int column, Py_ssize_t known, Py_ssize_t epoch) noexcept:
        """Return the product of the adjustments from number `known` up to, not including, `epoch`.

        Adjustments of a continuous future concern its windows only.
        """
        cdef double ratio = 1.0
        cdef Py_ssize_t number
        if self._is_adjusted:
            for number in range(known, epoch):
                if column == VOLUME:
                    ratio *= self._volume_factors[number]
                else:
                    ratio *= self._price_factors[number]
        return ratio

    cdef double ratio(
        self, int column, Py_ssize_t ordinal, Py_ssize_t perspective
    ) except? -1:
        """Return the factor by which a value of the bar at `ordinal` is seen from `perspective`."""
        if ordinal == perspective:
            return 1.0
        return self._ratio(column, self._epoch(ordinal), self._epoch(perspective))

    cdef double price(self, Py_ssize_t ordinal, Py_ssize_t perspective) except? -1:
        """Return the last close known at `ordinal`, adjusted as seen from `perspective`."""
        cdef Py_ssize_t at
        if ordinal < self.alive_first or ordinal > self.alive_last:
            return NAN
        at = self.last_close(ordinal)
        if at < 0:
            return NAN
        return self._data[CLOSE][at - self.first] * self.ratio(CLOSE, at, perspective)

    cdef double spot(self, int column, Py_ssize_t ordinal, Py_ssize_t perspective) except? -1:
        """Return the value of the bar at `ordinal`, adjusted as seen from `perspective`."""
        if column == PRICE:
            return self.price(ordinal, perspective)
        if ordinal < self.alive_first or ordinal > self.alive_last:
            return 0.0 if column == VOLUME else NAN
        return self.value(column, ordinal) * self.ratio(column, ordinal, perspective)

    cdef bint _is_exact(self, int column) except -1:
        """Tell whether history shows the raw column as it is where nothing is adjusted."""
        cdef int source = CLOSE if column == PRICE else column
        if self._exact[column] is None:
            if self._arrays[source] is None:
                self._load(source)
            raw = self._arrays[source]
            exact = np.array_equal(np.round(raw, self._decimals), raw, equal_nan=True)
            if column == PRICE:
                exact = exact and not np.isnan(raw).any()
            self._exact[column] = bool(exact)
        return self._exact[column]

    cdef _Segment _segment(
        self, int column, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t perspective
    ):
        """Return a stretch of a column that has the window, as seen from `perspective`."""
        cdef Py_ssize_t epoch = self._epoch(perspective)
        cdef _Segment segment = self._segments[column]
        if (
            segment is not None
            and segment.epoch == epoch
            and segment.first <= start
            and stop <= segment.stop
        ):
            return segment

        cdef int source = CLOSE if column == PRICE else column
        cdef Py_ssize_t known = self._breaks[epoch - 1] if epoch else -1
        cdef Py_ssize_t coming = (
            self._breaks[epoch] if epoch < self._breaks.shape[0] else self._axis.size()
        )
        cdef bint exact = self._is_exact(column)
        cdef const double[::1] view
        segment = _Segment.__new__(_Segment)
        segment.epoch = epoch
        if exact and start >= max(known, self.first) and stop <= self.last + 1:
            segment.array = self._arrays[source]
            segment.data = self._data[source]
            segment.first = max(known, self.first)
            segment.stop = self.last + 1
            # Its array begins at the asset's first bar, wherever the segment does.
            if segment.first > self.first:
                segment.array = segment.array[segment.first - self.first:]
                segment.data += segment.first - self.first
        else:
            # Windows move on by a bar at a time: those to come find their values ready.
            segment.first = start
            segment.stop = max(stop, min(coming, stop + (stop - start), self._axis.size()))
            segment.array = self._materialise(column, segment.first, segment.stop, epoch)
            view = segment.array
            segment.data = &view[0]
        self._segments[column] = segment
        return segment

    cdef _materialise(self, int column, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t epoch):
        """Return a read-only copy of a column, adjusted, rounded and, if price, filled."""
        cdef int source = CLOSE if column == PRICE else column
        values = np.empty(stop - start)
        cdef double[::1] out = values
        cdef Py_ssize_t at
        cdef Py_ssize_t number
        cdef Py_ssize_t reach
        cdef double factor
        cdef double scale = 10.0 ** self._decimals
        for at in range(start, stop):
            out[at - start] = self.value(source, at)
        for number in range(epoch):
            factor = (
                self._volume_factors[number] if column == VOLUME else self._price_factors[number]
            )
            reach = min(self._breaks[number], stop) - start
            for at in range(reach):
                if not self._additive:
                    out[at] *= factor
                elif column != VOLUME:
                    out[at] += factor
        for at in range(stop - start):
            out[at] = rint(out[at] * scale) / scale  # as numpy rounds, ties to even
        if column == PRICE:
            self._fill(out, start, epoch)
        values.flags.writeable = False
        return values

    cdef int _fill(self, double[::1] out, Py_ssize_t start, Py_ssize_t epoch) except -1:
        """Carry prices on to bars without, from before `start` too, and end them with the asset."""
        cdef Py_ssize_t at
        cdef Py_ssize_t before
        cdef double last
        if isnan(out[0]):
            before = self.last_close(start)
            if before >= 0:
                out[0] = self._data[CLOSE][before - self.first]
                out[0] *= self._ratio(CLOSE, self._epoch(before), epoch)
        last = NAN
        for at in range(out.shape[0]):
            if start + at > self.alive_last:
                out[at] = NAN
            elif isnan(out[at]):
                out[at] = last
            else:
                last = out[at]
        return 0

    cdef HistoryWindow window(
        self, int column, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t perspective
    ):
        """Return the values from ordinal `start` up to, not including, `stop`."""
        cdef _Segment segment
        if column == PRICE and isnan(self.value(CLOSE, start)):
            # The price that fills the beginning of a window is not rounded, others are.
            values = self._materialise(column, start, stop, self._epoch(perspective))
            return _copied_window(values, self._axis, start, self.asset)
        segment = self._segment(column, start, stop, perspective)
        return _window(
            segment.array, segment.data, start - segment.first, stop - start,
            self._axis, start, self.asset,
        )


@cython.auto_pickle(False)
cdef class PriceFeed:
    """Prices at the bar that a simulation stands at.

    A cursor of two integers says where that is; nothing is known of later bars. A feed is made by
    :meth:`rustybt.data.data_portal.DataPortal.feed`.

    Parameters
    ----------
    data_portal : DataPortal
    sessions : numpy.ndarray of int64, shape (sessions,)
        Labels of the sessions of the simulation, consecutive sessions of the portal's calendar.
    data_frequency : {"daily", "minute"}

    Attributes
    ----------
    sessions : numpy.ndarray of int64, shape (sessions,)
        Session labels, the axis of the cursor's `session`.
    minutes : numpy.ndarray of int64, shape (minutes,), or None
        Market minutes of the portal, the axis of the cursor's `minute`; None for daily data.
    now_ns, session_ns : int
        Time of the present bar and label of its session, nanoseconds since 1970 in UTC.
    before_open : bool
        Whether the present time is between bars, before the session's first.
    """

    def __init__(self, data_portal, sessions, data_frequency):
        if data_frequency not in ("daily", "minute"):
            raise ValueError(f"data_frequency must be 'daily' or 'minute', got {data_frequency!r}")
        calendar = data_portal.trading_calendar
        self.data_portal = data_portal
        self.sessions = np.asarray(sessions).astype("M8[ns]").view(np.int64)
        self.daily = data_frequency == "daily"
        self._session_axis = data_portal.session_axis
        self._first_minutes = calendar.first_minutes_nanos
        self._last_minutes = calendar.last_minutes_nanos
        self._bar_times = execution_times(calendar)[1] if self.daily else self._last_minutes
        self._session_bars = {}
        self._same_hours = {}
        self._bars = self._session_bars if self.daily else {}
        self._origin = 0
        if self.sessions.size:
            self._origin = self._session_axis.at_or_after(self.sessions[0])
            stop = self._origin + self.sessions.size
            if not np.array_equal(self._session_axis.nanos[self._origin:stop], self.sessions):
                raise ValueError(
                    f"sessions must be consecutive sessions of the calendar {calendar.name}"
                )
        first_day = data_portal.first_trading_day
        self._first_session = (
            0 if first_day is None else self._session_axis.at_or_after(first_day.value)
        )
        self._opened_session = -1
        if not self.daily:
            self._minute_axis = data_portal.minute_axis
            self.minutes = self._minute_axis.nanos
            self._first_minute = self._minute_axis.at_or_after(
                self._first_minutes[self._first_session]
            )

    def session_minutes(self, Py_ssize_t session):
        """Return the ordinals on `minutes` of the first and the last minute of a session.

        Parameters
        ----------
        session : int
            Ordinal on `sessions`.
        """
        cdef Py_ssize_t at = self._ordinal(session)
        return (
            self._minute_axis.at_or_after(self._first_minutes[at]),
            self._minute_axis.at_or_before(self._last_minutes[at]),
        )

    cpdef void move(self, Py_ssize_t session, Py_ssize_t minute) except *:
        """Move the cursor to a bar.

        Parameters
        ----------
        session : int
            Ordinal on `sessions`.
        minute : int
            Ordinal on `minutes`; -1 for daily data, whose time is the last minute of the session,
            or to stand right before the first minute of the session.
        """
        cdef Py_ssize_t at = self._ordinal(session)
        if minute < 0 and not self.daily:
            self.move_before_open(session, self._first_minutes[at])
            return
        self.before_open = False
        self._session = self._bar_session = at
        self.session_ns = self._session_axis._nanos[at]
        if self.daily:
            self._bar = self._perspective = at
            self.now_ns = self._bar_times[at]
        else:
            if minute >= self._minute_axis.size():
                raise IndexError(f"minute {minute} is none of {self._minute_axis.size()} minutes")
            self._bar = self._perspective = minute
            self.now_ns = self._minute_axis._nanos[minute]
            if self._opened_session != at:
                self._open(at)

    cpdef void move_before_open(self, Py_ssize_t session, int64_t now_ns) except *:
        """Move the cursor between the last bar before `now_ns` and the first after it.

        That bar is what is seen then, adjusted by the actions that take effect in the session.

        Parameters
        ----------
        session : int
            Ordinal on `sessions` of the session that is about to open.
        now_ns : int
            The present time, nanoseconds since 1970 in UTC.
        """
        cdef Py_ssize_t at = self._ordinal(session)
        self.before_open = True
        self._session = at
        self.session_ns = self._session_axis._nanos[at]
        self.now_ns = now_ns
        if self.daily:
            self._bar = self._bar_session = at - 1
            self._perspective = at
        else:
            self._open(at)
            self._bar = self._minute_axis.at_or_before(now_ns - 1)
            self._perspective = max(self._bar, self._opened)
            self._bar_session = at
            if self._bar < self._opened:
                self._bar_session = at - 1
                self._open(at - 1)

    cdef Py_ssize_t _ordinal(self, Py_ssize_t session) except -1:
        """Return the ordinal of a session on the calendar."""
        cdef Py_ssize_t ordinal = self._origin + session
        if not 0 <= ordinal < self._session_axis.size():
            raise IndexError(f"session {session} is outside of the calendar")
        return ordinal

    cpdef void move_within(self, Py_ssize_t session, int64_t now_ns) except *:
        """Move the cursor to a daily bar, at another time of its session than its last minute.

        Parameters
        ----------
        session : int
            Ordinal on `sessions`.
        now_ns : int
            The present time, nanoseconds since 1970 in UTC.
        """
        self.move(session, -1)
        self.now_ns = now_ns

    cdef int _open(self, Py_ssize_t session) except -1:
        """Find the first minute of a session."""
        self._opened_session = session
        self._opened = (
            self._minute_axis.at_or_after(self._first_minutes[session]) if session >= 0 else 0
        )
        return 0

    def seek(self, now, bint before_open=False):
        """Move the cursor to a time.

        Parameters
        ----------
        now : pandas.Timestamp
            A market minute, or for daily data also a session label. The session may be any of the
            calendar.
        before_open : bool, default False
            Whether the time lies between bars and the last bar before it is to be seen.
        """
        cdef int64_t nanos = now.value
        cdef Py_ssize_t session = self._session_of(nanos)
        cdef Py_ssize_t minute = -1
        if not (self.daily or before_open):
            minute = self._minute_axis.at_or_before(nanos)
            before_open = minute < 0 or self._minute_axis._nanos[minute] != nanos
        if before_open:
            self.move_before_open(session - self._origin, nanos)
        else:
            self.move(session - self._origin, minute)
            self.now_ns = nanos

    cdef Py_ssize_t _session_of(self, int64_t nanos) except -1:
        """Return the ordinal of the session that a time lies in or before."""
        cdef Py_ssize_t low = 0
        cdef Py_ssize_t high = self._last_minutes.shape[0]
        cdef Py_ssize_t middle
        while low < high:
            middle = (low + high) // 2
            if self._last_minutes[middle] < nanos:
                low = middle + 1
            else:
                high = middle
        if low == self._last_minutes.shape[0]:
            raise ValueError(
                f"{pd.Timestamp(nanos, tz='UTC')} is after the last session of the calendar "
                f"{self.data_portal.trading_calendar.name}"
            )
        return low

    cdef AssetBars bars(self, asset):
        """Return the bars of an asset at the frequency of the simulation."""
        found = self._bars.get(asset)
        if found is None:
            found = self._bars[asset] = self.data_portal.asset_bars(asset, self.daily)
        return found

    cdef AssetBars session_bars(self, asset):
        """Return the daily bars of an asset."""
        found = self._session_bars.get(asset)
        if found is None:
            found = self._session_bars[asset] = self.data_portal.asset_bars(asset, True)
        return found

    cpdef double price(self, asset) except? -1:
        """Return the last close known, forward-filled and adjusted; NaN if there is none.

        There is none before the first bar and after the end date of the asset.
        """
        return self.bars(asset).price(self._bar, self._perspective)

    def prices(self, assets):
        """Return :meth:`price` of several assets.

        Parameters
        ----------
        assets : sequence of Asset

        Returns
        -------
        numpy.ndarray of float64, shape (assets,)
        """
        prices = np.empty(len(assets))
        cdef double[::1] out = prices
        cdef Py_ssize_t at = 0
        for asset in assets:
            out[at] = self.bars(asset).price(self._bar, self._perspective)
            at += 1
        return prices

    cpdef double bar(self, asset, int column) except? -1:
        """Return a raw value of the present bar: NaN, or 0 of volume, without a trade.

        Parameters
        ----------
        asset : Asset
        column : int
            0 open, 1 high, 2 low, 3 close, 4 volume.
        """
        cdef AssetBars bars = self.bars(asset)
        if not 0 <= column <= VOLUME:
            raise ValueError(f"column must be a number from 0 to {VOLUME}, got {column}")
        if self._bar < bars.alive_first or self._bar > bars.alive_last:
            return 0.0 if column == VOLUME else NAN
        return bars.value(column, self._bar)

    cpdef bint can_trade(self, asset) except -1:
        """Tell whether the asset is alive, its exchange open and its price known."""
        cdef AssetBars bars = self.bars(asset)
        if not bars.start_ns <= self.session_ns <= bars.end_ns:
            return False
        if self.session_ns > bars.auto_close_ns:
            return False
        if not self.daily and not self._is_exchange_open(asset):
            return False
        return not isnan(bars.price(self._bar, self._perspective))

    cdef bint _is_exchange_open(self, asset) except -1:
        """Tell whether the asset's exchange is open at the present minute.

        Outside of sessions it is that of the calendar's next open, which by itself is no minute
        of the calendar: an exchange that keeps the same hours counts as closed then, as in Zipline.
        """
        calendar = self.data_portal.trading_calendar
        exchange = asset.exchange_info
        if not self.before_open:
            if exchange not in self._same_hours:
                self._same_hours[exchange] = (
                    exchange.canonical_name == calendar.name
                    or exchange.calendar.name == calendar.name
                )
            if self._same_hours[exchange]:
                return True
        minute = self.now()
        if not calendar.is_open_on_minute(minute):
            minute = calendar.next_open(minute)
        return asset.is_exchange_open(minute)

    cpdef bint is_stale(self, asset) except -1:
        """Tell whether the asset is alive and has traded before, but not in the present bar."""
        cdef AssetBars bars = self.bars(asset)
        if not bars.start_ns <= self.session_ns <= bars.end_ns:
            return False
        return not self.bar(asset, VOLUME) > 0 and bars.last_traded(self._bar) >= 0

    cpdef object now(self):
        """Return the present time as a UTC pandas.Timestamp."""
        return pd.Timestamp(self.now_ns, tz="UTC")

    def session_label(self):
        """Return the label of the present session, a pandas.Timestamp without time zone."""
        return self._session_axis.index[self._session]

    def bar_label(self):
        """Return the time of the bar that is seen: its session label or its minute."""
        if self.daily:
            return self._session_axis.index[self._bar]
        return self._minute_axis.index[self._bar]

    def current(self, asset, field):
        """Return what :meth:`BarData.current` gives for one asset and one field."""
        return self.spot(asset, field)

    def frame(self, assets, field, bar_count, frequency):
        """Return what :meth:`BarData.history` gives for several assets and one field."""
        times = self.checked_times(bar_count, frequency)
        _column(field, bar_count)
        return pd.DataFrame(
            self.matrix(assets, field, bar_count, frequency), index=times, columns=assets
        )

    def checked_times(self, bar_count, frequency):
        """Return the times of the last bars, a DatetimeIndex, if there is data for all."""
        cdef Py_ssize_t count = _count(bar_count)
        if count < 1:
            raise ValueError(f"bar_count must be >= 1, but got {bar_count}")
        self._check(count, frequency)
        if frequency == "1d":
            return self._session_axis.index[self._bar_session + 1 - count:self._bar_session + 1]
        return self._minute_axis.index[self._bar + 1 - count:self._bar + 1]

    def matrix(self, assets, field, bar_count, frequency):
        """Return the values of :meth:`frame`, shape (bar_count, assets), memory by asset."""
        rows = np.empty((len(assets), _count(bar_count)))
        cdef Py_ssize_t at = 0
        for asset in assets:
            rows[at] = self.history(asset, field, bar_count, frequency).values
            at += 1
        return rows.T

    cdef HistoryWindow history(self, asset, field, bar_count, frequency):
        """Return the last bars of one field."""
        column = COLUMNS.get(field)
        if column is None or type(bar_count) is not int or bar_count < 1:
            column = _column(field, bar_count)
        self._check(bar_count, frequency)
        return self.window(asset, column, bar_count, frequency)

    cdef object spot(self, asset, field):
        """Return what :meth:`BarData.current` gives for one asset and one field."""
        cdef AssetBars bars
        cdef double value
        cdef Py_ssize_t at
        column = COLUMNS.get(field)
        if column is not None and not isinstance(asset, str):
            value = self.bars(asset).spot(column, self._bar, self._perspective)
            if column == VOLUME and value == rint(value):
                return int(value)
            return value
        if field == "last_traded" and not isinstance(asset, str):
            bars = self.bars(asset)
            at = bars.last_traded(self._bar)
            return pd.NaT if at < 0 else bars._axis.index[at]
        if field == "contract" and hasattr(asset, "root_symbol"):
            return self.data_portal.current_contract(asset, self._session_axis.index[self._session])
        if self.data_portal.contains(asset, field):
            return self.data_portal.get_extra_value(asset, field, self.now())
        raise ValueError(
            f"Invalid field: {field!r} is no field of {asset!r}, use one of "
            f"{', '.join(SPOT_FIELDS)} or one of an extra source"
        )

    cdef HistoryWindow window(self, asset, int column, Py_ssize_t count, frequency):
        """Return the last `count` bars of one column, seen from the present time."""
        cdef HistoryWindow window
        cdef double ratio
        if self.daily or frequency == "1m":
            window = self.bars(asset).window(
                column, self._bar + 1 - count, self._bar + 1, self._bar
            )
        else:
            window = self._session_window(asset, column, count)
        if self.before_open:
            ratio = self.bars(asset).ratio(column, self._bar, self._perspective)
            if ratio != 1.0:
                values = window.values * ratio
                return _copied_window(values, window._axis, window._ordinal, asset)
        return window

    cdef HistoryWindow _session_window(self, asset, int column, Py_ssize_t count):
        """Return a window of sessions that ends with the minutes so far of the present one."""
        cdef AssetBars bars = self.session_bars(asset)
        cdef HistoryWindow window
        cdef Py_ssize_t start = self._bar_session + 1 - count
        cdef double[::1] out
        values = np.empty(count)
        out = values
        if count > 1:
            window = bars.window(column, start, self._bar_session, self._bar_session)
            values[:count - 1] = window.values
        out[count - 1] = self._so_far(self.bars(asset), column)
        if column == PRICE and isnan(out[count - 1]) and self._bar_session <= bars.alive_last:
            if count > 1:
                out[count - 1] = out[count - 2]
            else:
                out[0] = bars.price(self._bar_session - 1, self._bar_session)
        return _copied_window(values, self._session_axis, start, asset)

    cdef double _so_far(self, AssetBars bars, int column) except? -1:
        """Return a column of the present session, aggregated from its minutes up to now."""
        cdef double result = 0.0 if column == VOLUME else NAN
        cdef double value
        cdef Py_ssize_t at
        cdef int64_t label = self._session_axis._nanos[self._bar_session]
        if not bars.start_ns <= label <= bars.end_ns:
            return result
        if column == CLOSE or column == PRICE:
            at = bars.last_close(self._bar)
            return bars.value(CLOSE, at) if at >= self._opened else NAN
        for at in range(max(self._opened, bars.first), min(self._bar, bars.last) + 1):
            value = bars.value(column, at)
            if column == VOLUME:
                result += value
            elif isnan(value):
                continue
            elif column == OPEN:
                return value
            elif isnan(result) or (value > result if column == HIGH else value < result):
                result = value
        return result

    cdef int _check(self, Py_ssize_t count, frequency) except -1:
        """Raise the error for a window that begins before there is data, if it does."""
        if frequency == "1d":
            if self._bar_session + 1 - count < self._first_session:
                raise self._starts_before_data(
                    count, self._first_session, self._first_session + count
                )
        elif frequency != "1m" or self.daily:
            raise _wrong_frequency(frequency)
        elif self._bar + 1 - count < self._first_minute:
            last = self._minute_axis._nanos[
                min(self._first_minute + count, self._minute_axis.size() - 1)
            ]
            first = self._session_of(self._minute_axis._nanos[self._first_minute])
            raise self._starts_before_data(count, first, self._session_of(last) + 1)
        return 0

    cdef _starts_before_data(self, Py_ssize_t count, Py_ssize_t first, Py_ssize_t suggested):
        from rustybt.errors import HistoryWindowStartsBeforeData

        sessions = self._session_axis.index
        return HistoryWindowStartsBeforeData(
            first_trading_day=sessions[first].date(),
            bar_count=count,
            suggested_start_day=sessions[min(suggested, len(sessions) - 1)].date(),
        )


@contextmanager
def handle_non_market_minutes(bar_data):
    """Have `bar_data` show the last market minute, its time lying between two of them."""
    bar_data._handle_non_market_minutes = True
    try:
        yield
    finally:
        bar_data._handle_non_market_minutes = False


@cython.auto_pickle(False)
cdef class BarData:
    """What a strategy sees of the market at the present bar: its ``data``.

    Parameters
    ----------
    data_portal : DataPortal or PriceFeed
        Where prices come from. A feed that the simulation moves is used as it stands.
    simulation_dt_func : callable, optional
        Returns the present time, a pandas.Timestamp; needed with a data portal only.
    data_frequency : {"daily", "minute"}
    trading_calendar : exchange_calendars.ExchangeCalendar
    restrictions : Restrictions, optional
        Assets that must not be traded: ``is_restricted(asset, dt)`` returns a bool.
    """

    def __init__(
        self,
        data_portal,
        simulation_dt_func=None,
        data_frequency="daily",
        trading_calendar=None,
        restrictions=None,
    ):
        if isinstance(data_portal, PriceFeed):
            self.feed = data_portal
        else:
            if simulation_dt_func is None:
                raise TypeError("BarData needs a simulation_dt_func to tell the time of the portal")
            self.feed = data_portal.feed((), data_frequency)
        self._now = simulation_dt_func
        self._restrictions = restrictions

    cdef int _synchronise(self) except -1:
        if self._now is not None:
            self.feed.seek(self._now(), self._adjust_minutes)
        return 0

    def current(self, assets, fields):
        """Return the present value of fields of assets.

        Parameters
        ----------
        assets : Asset, ContinuousFuture or iterable of them
        fields : str or iterable of str
            "price" is the last known close, forward-filled, as seen at present: adjusted for what
            has happened since; NaN before the first trade and after the end date of the asset.
            "open", "high", "low" and "close" are those of the present bar, NaN without a trade;
            "volume" is 0 then. "last_traded" is the time of the last trade, NaT if there was
            none. "contract" is the contract that a continuous future stands for.

        Returns
        -------
        float, int, pandas.Timestamp or Future
            For one asset and one field.
        pandas.Series
            By field for one asset and several fields, by asset for several assets and one field.
        pandas.DataFrame
            Assets by fields for several of both.
        """
        cdef PriceFeed feed = self.feed
        self._synchronise()
        if isinstance(fields, str):
            if isinstance(assets, str) or _is_one(assets):
                return feed.spot(assets, fields)
            _check_assets(assets)
            return _series([feed.spot(asset, fields) for asset in assets], assets, fields)
        _check_fields(fields)
        if isinstance(assets, str):
            return _series([feed.spot(assets, field) for field in fields], fields, assets)
        if _is_one(assets):
            return _series([feed.spot(assets, field) for field in fields], fields, assets.symbol)
        _check_assets(assets)
        return pd.DataFrame({
            field: _series([feed.spot(asset, field) for asset in assets], assets, field)
            for field in fields
        })

    def can_trade(self, assets):
        """Return whether assets can be traded at present.

        An asset can if it is alive in the session, or the next one outside of a session, its
        exchange is open at this minute, or the next of the calendar, its price is known and it is
        not restricted.

        Parameters
        ----------
        assets : Asset or iterable of Asset

        Returns
        -------
        bool, or pandas.Series of bool by asset
        """
        self._synchronise()
        if _is_one(assets):
            return self._can_trade(assets)
        _check_assets(assets)
        return pd.Series([self._can_trade(asset) for asset in assets], index=assets, dtype=bool)

    cdef bint _can_trade(self, asset) except -1:
        if self._restrictions is not None:
            if self._restrictions.is_restricted(asset, self._restriction_time()):
                return False
        return self.feed.can_trade(asset)

    cdef _restriction_time(self):
        return self.feed.bar_label() if self.feed.before_open else self.feed.now()

    def is_stale(self, assets):
        """Return whether assets are alive and have traded before, but not in the present bar.

        Parameters
        ----------
        assets : Asset or iterable of Asset

        Returns
        -------
        bool, or pandas.Series of bool by asset
        """
        self._synchronise()
        if _is_one(assets):
            return self.feed.is_stale(assets)
        _check_assets(assets)
        return pd.Series(
            [self.feed.is_stale(asset) for asset in assets], index=assets, dtype=bool
        )

    def history(self, assets, fields, bar_count, frequency):
        """Return the last bars of assets, the present one included.

        Values are as seen at present: adjusted for splits, mergers and dividends up to now, and
        rounded to thousandths (futures: to the decimal places of their tick size).

        Parameters
        ----------
        assets : Asset, ContinuousFuture or iterable of them
        fields : str or iterable of str
            "price" (the close, forward-filled), "open", "high", "low", "close" or "volume"; "sid"
            of a continuous future is that of the contract.
        bar_count : int
            Number of bars, at least 1.
        frequency : {"1d", "1m"}
            Of the bars. Days of a simulation on minutes end with the present session so far.

        Returns
        -------
        pandas.Series
            By time, for one asset and one field.
        pandas.DataFrame
            Times by assets for several assets and one field; for several fields, pairs of time and
            asset by fields.

        Raises
        ------
        HistoryWindowStartsBeforeData
            If the window begins before the first session with data.
        ValueError
            If `bar_count` is less than 1 or a field or the frequency is not known.
        """
        cdef HistoryWindow window
        self._synchronise()
        if type(fields) is str and _is_one(assets):
            window = self.feed.history(assets, fields, bar_count, frequency)
            series = new_series(HistorySeries)
            PyObject_GenericSetAttr(series, "_window", window)
            return series
        return self._history_frame(assets, fields, bar_count, frequency)

    cdef _history_frame(self, assets, fields, bar_count, frequency):
        several = [assets] if _is_one(assets) else assets
        _check_assets(several)
        if isinstance(fields, str):
            return self.feed.frame(several, fields, bar_count, frequency)
        _check_fields(fields)
        times = self.feed.checked_times(bar_count, frequency)
        values = {
            field: self.feed.matrix(several, field, bar_count, frequency) for field in fields
        }
        label = "date" if frequency == "1d" else "date_time"
        return frame_by_fields(values, times, list(several), label)

    def history_array(self, assets, field, bar_count, frequency):
        """Return the values of :meth:`history` as an array.

        Parameters
        ----------
        assets : Asset, ContinuousFuture or sequence of them
        field : str
        bar_count : int
        frequency : {"1d", "1m"}

        Returns
        -------
        numpy.ndarray of float64, read-only
            Of shape (bar_count,) for one asset, of shape (bar_count, assets) for several.
        """
        self._synchronise()
        if _is_one(assets):
            return self.feed.history(assets, field, bar_count, frequency).values
        _check_assets(assets)
        matrix = self.feed.matrix(assets, field, bar_count, frequency)
        matrix.flags.writeable = False
        return matrix

    def current_chain(self, continuous_future):
        """Return the contracts of a continuous future from the present one on.

        Parameters
        ----------
        continuous_future : ContinuousFuture

        Returns
        -------
        list of Future
        """
        self._synchronise()
        return self.feed.data_portal.get_current_future_chain(continuous_future, self.feed.now())

    @property
    def current_dt(self):
        """pandas.Timestamp: the present time, UTC."""
        return self.feed.now() if self._now is None else self._now()

    @property
    def current_session(self):
        """pandas.Timestamp: label of the session that the present time lies in or before."""
        self._synchronise()
        return self.feed.session_label()

    @property
    def current_session_minutes(self):
        """DatetimeIndex: minutes of the current session."""
        return self.feed.data_portal.trading_calendar.session_minutes(self.current_session)

    @property
    def fetcher_assets(self):
        """list of Asset: assets of the extra sources at the present session."""
        return self.feed.data_portal.get_fetcher_assets(self.current_dt)

    @property
    def _handle_non_market_minutes(self):
        return self._adjust_minutes

    @_handle_non_market_minutes.setter
    def _handle_non_market_minutes(self, value):
        self._adjust_minutes = value


cdef bint _is_one(assets) except -1:
    """Tell one asset from several; anything that is neither raises TypeError."""
    if isinstance(assets, Asset):
        return True
    if not isinstance(assets, str):
        if isinstance(assets, Iterable):
            return False
        if hasattr(assets, "root_symbol"):  # a continuous future
            return True
    raise TypeError(
        "Expected assets argument to be of type or iterable of type Asset, ContinuousFuture, got "
        f"{type(assets).__name__} {assets!r}: look the asset up with symbol() or sid()"
    )


cdef int _check_assets(assets) except -1:
    for asset in assets:
        if not isinstance(asset, Asset) and not hasattr(asset, "root_symbol"):
            raise TypeError(
                "Expected assets argument to be of type or iterable of type Asset, "
                f"ContinuousFuture, got {type(asset).__name__} {asset!r} among them: look the "
                "asset up with symbol() or sid()"
            )
    return 0


cdef int _check_fields(fields) except -1:
    if not isinstance(fields, Iterable) or not all(isinstance(field, str) for field in fields):
        raise TypeError(
            f"Expected fields argument to be of type or iterable of type str, got {fields!r}"
        )
    return 0


cdef int _column(field, bar_count) except -1:
    """Return the column number of a field, raise the error for a wrong window."""
    if _count(bar_count) < 1:
        raise ValueError(f"bar_count must be >= 1, but got {bar_count}")
    if field not in COLUMNS:
        raise ValueError(
            f"Invalid field: {field!r} has no history, use one of {', '.join(FIELDS)}"
        )
    return COLUMNS[field]


cdef Py_ssize_t _count(bar_count) except? -1:
    try:
        return to_int(bar_count)
    except TypeError:
        raise TypeError(
            "Expected bar_count argument to be of type int, got "
            f"{type(bar_count).__name__} {bar_count!r}"
        ) from None


cdef _wrong_frequency(frequency):
    if frequency == "1m":
        return ValueError(
            "Invalid frequency: there are no minutes in a simulation with data_frequency "
            "'daily', use '1d' or run it on minutes"
        )
    return ValueError(f"Invalid frequency: {frequency!r}, use '1d' or '1m'")


cdef _series(list values, index, name):
    return pd.Series(values, index=index, name=name)


cdef int64_t _nanos(date, int64_t unknown) except? -1:
    """Return a date's nanoseconds since 1970; `unknown` for None and NaT."""
    return unknown if date is None or date is pd.NaT else date.value
