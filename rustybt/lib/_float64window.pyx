"""Moving windows over float64 data."""

import numpy as np

from rustybt.lib.adjustment cimport Adjustment

ctypedef double[:, :] cells

CELLS = "float64 array"


cdef bint is_cells(object data):
    return isinstance(data, np.ndarray) and data.dtype == "float64"


cdef inline int apply(
        Adjustment adjustment, cells data, Py_ssize_t origin, Py_ssize_t start) except -1:
    return adjustment.apply_float64(data, origin, start)


include "_window.pxi"
