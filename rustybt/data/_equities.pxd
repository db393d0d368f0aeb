cimport cython


cdef enum:
    OPEN = 0
    HIGH = 1
    LOW = 2
    CLOSE = 3
    VOLUME = 4


@cython.final
cdef class BarColumns:
    cdef readonly object sids
    cdef readonly object axis
    cdef readonly object first
    cdef readonly object last
    cdef readonly object offset
    cdef tuple _columns
    cdef dict _positions
    cdef const Py_ssize_t[::1] _first
    cdef const Py_ssize_t[::1] _last
    cdef const Py_ssize_t[::1] _offset
    cdef const double[::1] _open
    cdef const double[::1] _high
    cdef const double[::1] _low
    cdef const double[::1] _close
    cdef const double[::1] _volume
    cdef const double* _data[5]

    cpdef Py_ssize_t position(self, sid)
    cpdef double value(self, int column, Py_ssize_t position, Py_ssize_t ordinal) noexcept nogil
    cpdef Py_ssize_t last_traded(self, Py_ssize_t position, Py_ssize_t ordinal) noexcept nogil
