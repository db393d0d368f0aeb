"""Moving windows over bool data viewed as uint8."""

from libc.stdint cimport uint8_t

import numpy as np

from rustybt.lib.adjustment cimport Adjustment

ctypedef uint8_t[:, :] cells

CELLS = "uint8 array"


cdef bint is_cells(object data):
    return isinstance(data, np.ndarray) and data.dtype == "uint8"


cdef inline int apply(
        Adjustment adjustment, cells data, Py_ssize_t origin, Py_ssize_t start) except -1:
    return adjustment.apply_uint8(data, origin, start)


include "_window.pxi"
