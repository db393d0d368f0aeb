from libc.stdint cimport int64_t, uint8_t


cdef class Adjustment:
    cdef readonly Py_ssize_t first_row
    cdef readonly Py_ssize_t last_row
    cdef readonly Py_ssize_t first_col
    cdef readonly Py_ssize_t last_col

    # `data` holds a stretch of the rows of a larger array: its first row is that array's row
    # `origin`. Only the rows from `start` (counted in the larger array) onwards change.
    cdef int apply_float64(
        self, double[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1
    cdef int apply_int64(
        self, int64_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1
    cdef int apply_uint8(
        self, uint8_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1
    cdef int apply_object(
        self, object data, Py_ssize_t origin, Py_ssize_t start) except -1


cdef class Float64Adjustment(Adjustment):
    cdef readonly double value


cdef class ArrayAdjustment(Adjustment):
    cdef readonly object values
