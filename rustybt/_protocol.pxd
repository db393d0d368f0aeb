from libc.stdint cimport int64_t

from rustybt.data._equities cimport CLOSE, HIGH, LOW, OPEN, VOLUME

# One more column: the close, forward-filled.
cdef enum:
    PRICE = 5


cdef class Axis:
    cdef readonly object nanos
    cdef const int64_t[::1] _nanos
    cdef object _index

    cdef Py_ssize_t size(self) noexcept nogil
    cdef Py_ssize_t at_or_after(self, int64_t nanos) noexcept nogil
    cdef Py_ssize_t at_or_before(self, int64_t nanos) noexcept nogil


cdef class HistoryWindow:
    cdef object _array
    cdef const double* _data
    cdef Py_ssize_t _start
    cdef Py_ssize_t _size
    cdef Axis _axis
    cdef Py_ssize_t _ordinal
    cdef readonly object name

    cdef double _sum(self, Py_ssize_t* count) noexcept nogil
    cdef double _variance(self, Py_ssize_t ddof) noexcept


cdef class _Segment:
    cdef object array
    cdef const double* data
    cdef Py_ssize_t first
    cdef Py_ssize_t stop
    cdef Py_ssize_t epoch


# What was last asked for, an ordinal, and what was found.
cdef struct _LastKnown:
    Py_ssize_t asked
    Py_ssize_t answer


cdef class AssetBars:
    cdef readonly object asset
    cdef readonly Py_ssize_t first
    cdef readonly Py_ssize_t last
    cdef readonly int64_t start_ns
    cdef readonly int64_t end_ns
    cdef readonly int64_t auto_close_ns
    cdef Py_ssize_t alive_first
    cdef Py_ssize_t alive_last
    cdef Axis _axis
    cdef object _source
    cdef list _arrays
    cdef const double* _data[5]
    cdef list _segments
    cdef list _exact
    cdef int _decimals
    cdef bint _is_adjusted
    cdef bint _adjustments_known
    cdef const Py_ssize_t[::1] _breaks
    cdef const double[::1] _price_factors
    cdef const double[::1] _volume_factors
    cdef bint _additive
    cdef _LastKnown _last_close
    cdef _LastKnown _last_trade

    cdef int _load(self, int column) except -1
    cdef int _load_adjustments(self) except -1
    cdef Py_ssize_t _epoch(self, Py_ssize_t perspective) except -1
    cdef double value(self, int column, Py_ssize_t ordinal) except? -1
    cdef Py_ssize_t last_close(self, Py_ssize_t ordinal) except -2
    cdef Py_ssize_t last_traded(self, Py_ssize_t ordinal) except -2
    cdef Py_ssize_t _last_known(
        self, int column, Py_ssize_t ordinal, _LastKnown* found
    ) except -2
    cdef double _ratio(self, int column, Py_ssize_t known, Py_ssize_t epoch) noexcept
    cdef double ratio(self, int column, Py_ssize_t ordinal, Py_ssize_t perspective) except? -1
    cdef double price(self, Py_ssize_t ordinal, Py_ssize_t perspective) except? -1
    cdef double spot(self, int column, Py_ssize_t ordinal, Py_ssize_t perspective) except? -1
    cdef bint _is_exact(self, int column) except -1
    cdef object _materialise(
        self, int column, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t epoch
    )
    cdef int _fill(self, double[::1] out, Py_ssize_t start, Py_ssize_t epoch) except -1
    cdef _Segment _segment(
        self, int column, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t perspective
    )
    cdef HistoryWindow window(
        self, int column, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t perspective
    )


cdef class PriceFeed:
    cdef readonly object data_portal
    cdef readonly object sessions
    cdef readonly object minutes
    cdef readonly bint daily
    cdef readonly bint before_open
    cdef readonly int64_t now_ns
    cdef readonly int64_t session_ns
    cdef Axis _session_axis
    cdef Axis _minute_axis
    cdef dict _bars
    cdef dict _session_bars
    cdef dict _same_hours
    cdef const int64_t[::1] _first_minutes
    cdef const int64_t[::1] _last_minutes
    cdef const int64_t[::1] _bar_times
    cdef Py_ssize_t _origin
    cdef Py_ssize_t _first_session
    cdef Py_ssize_t _first_minute
    cdef Py_ssize_t _session
    cdef Py_ssize_t _bar_session
    cdef Py_ssize_t _bar
    cdef Py_ssize_t _perspective
    cdef Py_ssize_t _opened
    cdef Py_ssize_t _opened_session

    cdef AssetBars bars(self, object asset)
    cdef AssetBars session_bars(self, object asset)
    cdef Py_ssize_t _ordinal(self, Py_ssize_t session) except -1
    cdef int _open(self, Py_ssize_t session) except -1
    cdef Py_ssize_t _session_of(self, int64_t nanos) except -1
    cdef bint _is_exchange_open(self, object asset) except -1
    cdef int _check(self, Py_ssize_t count, object frequency) except -1
    cdef object _starts_before_data(
        self, Py_ssize_t count, Py_ssize_t first, Py_ssize_t suggested
    )
    cdef HistoryWindow history(
        self, object asset, object field, object bar_count, object frequency
    )
    cdef object spot(self, object asset, object field)
    cdef HistoryWindow window(
        self, object asset, int column, Py_ssize_t count, object frequency
    )
    cdef HistoryWindow _session_window(self, object asset, int column, Py_ssize_t count)
    cdef double _so_far(self, AssetBars bars, int column) except? -1
    cpdef void move(self, Py_ssize_t session, Py_ssize_t minute) except *
    cpdef void move_before_open(self, Py_ssize_t session, int64_t now_ns) except *
    cpdef void move_within(self, Py_ssize_t session, int64_t now_ns) except *
    cpdef double price(self, object asset) except? -1
    cpdef double bar(self, object asset, int column) except? -1
    cpdef bint can_trade(self, object asset) except -1
    cpdef bint is_stale(self, object asset) except -1
    cpdef object now(self)


cdef class BarData:
    cdef readonly PriceFeed feed
    cdef object _now
    cdef object _restrictions
    cdef bint _adjust_minutes

    cdef int _synchronise(self) except -1
    cdef bint _can_trade(self, object asset) except -1
    cdef object _restriction_time(self)
    cdef object _history_frame(
        self, object assets, object fields, object bar_count, object frequency
    )
