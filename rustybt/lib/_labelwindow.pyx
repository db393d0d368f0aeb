"""Moving windows over labels."""

from rustybt.lib.adjustment cimport Adjustment

from rustybt.lib.labelarray import LabelArray

ctypedef object cells

CELLS = "LabelArray"


cdef bint is_cells(object data):
    return isinstance(data, LabelArray)


cdef inline int apply(
        Adjustment adjustment, cells data, Py_ssize_t origin, Py_ssize_t start) except -1:
    return adjustment.apply_object(data, origin, start)


include "_window.pxi"
