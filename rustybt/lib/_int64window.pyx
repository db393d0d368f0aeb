"""Moving windows over int64 data, and datetime64[ns] data viewed as int64."""

from libc.stdint cimport int64_t

import numpy as np

from rustybt.lib.adjustment cimport Adjustment

ctypedef int64_t[:, :] cells

CELLS = "int64 array"


cdef bint is_cells(object data):
    return isinstance(data, np.ndarray) and data.dtype == "int64"


cdef inline int apply(
        Adjustment adjustment, cells data, Py_ssize_t origin, Py_ssize_t start) except -1:
    return adjustment.apply_int64(data, origin, start)


include "_window.pxi"
