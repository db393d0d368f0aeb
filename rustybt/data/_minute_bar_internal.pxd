from libc.stdint cimport int64_t


cdef class MarketMinutes:
    cdef readonly object opens
    cdef readonly object closes
    cdef const int64_t[::1] _opens
    cdef const int64_t[::1] _closes
    cdef Py_ssize_t[::1] _starts

    cpdef int64_t minute_value(self, Py_ssize_t position) except? -1
    cpdef Py_ssize_t find_position_of_minute(self, int64_t minute, bint forward_fill=*) except? -2
