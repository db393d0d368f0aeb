"""Changes to a rectangle of a two-dimensional array, as values.

An adjustment names a rectangle (first and last row, first and last column, all inclusive) and
what happens to the cells in it. Adjustments are immutable, compare by value, and pickle. They
are applied by ``mutate``, or by the moving windows (``rustybt.lib._float64window`` and its
siblings) when the row they belong to comes into view.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from operator import index as as_index

from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint8_t

import numpy as np

from rustybt.lib._nanoseconds import DATETIME64, to_nanoseconds

__all__ = [
    "ADD",
    "MULTIPLY",
    "OVERWRITE",
    "Adjustment",
    "AdjustmentKind",
    "ArrayAdjustment",
    "Boolean1DArrayOverwrite",
    "BooleanOverwrite",
    "Datetime641DArrayOverwrite",
    "Datetime64Overwrite",
    "Float641DArrayOverwrite",
    "Float64Add",
    "Float64Adjustment",
    "Float64Multiply",
    "Float64Overwrite",
    "Int64Overwrite",
    "Object1DArrayOverwrite",
    "ObjectOverwrite",
    "choose_adjustment_type",
    "get_adjustment_locs",
    "in_order",
    "make_adjustment_from_indices",
    "make_adjustment_from_labels",
]

FLOAT64 = np.dtype("float64")
INT64 = np.dtype("int64")
UINT8 = np.dtype("uint8")
BOOL = np.dtype("bool")
OBJECT = np.dtype("object")


ctypedef fused cell:
    double
    int64_t
    uint8_t


class AdjustmentKind(IntEnum):
    """What an adjustment does to the cells of its rectangle."""

    MULTIPLY = 0
    ADD = 1
    OVERWRITE = 2


MULTIPLY = AdjustmentKind.MULTIPLY
ADD = AdjustmentKind.ADD
OVERWRITE = AdjustmentKind.OVERWRITE


cdef Py_ssize_t _position(str name, object value) except? -1:
    """Return a row or column number as a C integer."""
    try:
        return as_index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be an integer, got {value!r} of type {type(value).__name__}"
        ) from None
    except OverflowError:
        raise ValueError(f"{name} must be a position in an array, got {value}") from None


cdef class Adjustment:
    """Base of all adjustments: the rectangle they change.

    Parameters
    ----------
    first_row, last_row : int
        First and last row of the rectangle, ``0 <= first_row <= last_row``.
    first_col, last_col : int
        First and last column of the rectangle, ``0 <= first_col <= last_col``.

    Raises
    ------
    TypeError
        If a position is not an integer.
    ValueError
        If a position is negative, or a first one lies after the last.
    """

    def __init__(self, first_row, last_row, first_col, last_col):
        # The cells are written without bounds checks: nothing is kept before all is checked.
        cdef Py_ssize_t top = _position("first_row", first_row)
        cdef Py_ssize_t bottom = _position("last_row", last_row)
        cdef Py_ssize_t left = _position("first_col", first_col)
        cdef Py_ssize_t right = _position("last_col", last_col)
        if not 0 <= top <= bottom:
            raise ValueError(
                "first_row must be in the range [0, last_row], "
                f"got first_row={first_row} and last_row={last_row}"
            )
        if not 0 <= left <= right:
            raise ValueError(
                "first_col must be in the range [0, last_col], "
                f"got first_col={first_col} and last_col={last_col}"
            )
        self.first_row, self.last_row = top, bottom
        self.first_col, self.last_col = left, right

    @property
    def dtype(self):
        """dtype of the data that this adjustment changes; object for string labels."""
        return None

    @classmethod
    def from_assets_and_dates(
        cls, dates_index, assets_index, start_date, end_date, asset_id, value
    ):
        """Make an adjustment of this class for the cells of one asset between two dates.

        See Also
        --------
        get_adjustment_locs : how labels become positions, and its errors.
        """
        first_row, last_row, column = get_adjustment_locs(
            dates_index, assets_index, start_date, end_date, asset_id
        )
        return cls(first_row, last_row, column, column, value)

    def mutate(self, array):
        """Change the rectangle of `array` in place.

        Parameters
        ----------
        array : numpy.ndarray, two-dimensional
            Of this adjustment's dtype; writable.

        Raises
        ------
        TypeError
            If `array` is not a numpy array of the dtype that this adjustment changes.
        ValueError
            If `array` is not two-dimensional, or read-only.
        IndexError
            If the rectangle reaches beyond `array`.
        """
        self._unsupported(getattr(array, "dtype", type(array).__name__))

    def _unsupported(self, dtype):
        """Refuse data that this adjustment cannot change."""
        raise TypeError(f"{type(self).__name__} cannot change {dtype} data")

    cdef int apply_float64(
            self, double[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        self._unsupported(FLOAT64)
        return 0

    cdef int apply_int64(
            self, int64_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        self._unsupported(INT64)
        return 0

    cdef int apply_uint8(
            self, uint8_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        self._unsupported(BOOL)
        return 0

    cdef int apply_object(
            self, object data, Py_ssize_t origin, Py_ssize_t start) except -1:
        self._unsupported("label")
        return 0

    def _payload(self):
        """Return what the constructor takes after the rectangle."""
        return ()

    def _comparable(self):
        """Return the payload in a form in which equal values compare and hash equal."""
        return self._payload()

    def _rectangle(self):
        return self.first_row, self.last_row, self.first_col, self.last_col

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return (self._rectangle() == other._rectangle()
                and self._comparable() == other._comparable())

    def __hash__(self):
        return hash((type(self).__name__, self._rectangle(), self._comparable()))

    def __reduce__(self):
        return type(self), (*self._rectangle(), *self._payload())

    def __repr__(self):
        shown = "".join(f", value={value!r}" for value in self._payload())
        return (
            f"{type(self).__name__}(first_row={self.first_row}, last_row={self.last_row}, "
            f"first_col={self.first_col}, last_col={self.last_col}{shown})"
        )


cdef int _check_rectangle(
        Adjustment adjustment, Py_ssize_t height, Py_ssize_t width) except -1:
    """Refuse a rectangle that reaches beyond an array of this shape."""
    if adjustment.last_row >= height or adjustment.last_col >= width:
        raise IndexError(
            f"{adjustment!r} reaches beyond data of shape {(height, width)}: its last row and "
            f"column may be at most {height - 1} and {width - 1}"
        )
    return 0


def _writable(adjustment, array, accepted, storage):
    """Return `array`, checked, as a view in the dtype it is stored in."""
    if not isinstance(array, np.ndarray) or array.dtype not in accepted:
        found = f"{array.dtype} array of shape {array.shape}" if isinstance(
            array, np.ndarray) else type(array).__name__
        raise TypeError(
            f"{type(adjustment).__name__} changes arrays of dtype "
            f"{' or '.join(map(str, accepted))}, got {found}"
        )
    if array.ndim != 2:
        raise ValueError(
            f"{type(adjustment).__name__} changes two-dimensional arrays, "
            f"got an array of shape {array.shape}"
        )
    _check_rectangle(adjustment, array.shape[0], array.shape[1])
    if not array.flags.writeable:
        raise ValueError(
            f"{type(adjustment).__name__} cannot change a read-only {array.dtype} array of "
            f"shape {array.shape}: pass a copy of it"
        )
    return array.view(storage)


cdef inline int _check_columns(Adjustment adjustment, Py_ssize_t columns) except -1:
    """Refuse a rectangle wider than the data, before any cell is touched."""
    if adjustment.last_col >= columns:
        raise IndexError(f"{adjustment!r} reaches beyond data of {columns} columns")
    return 0


cdef inline Py_ssize_t _from_row(
        Adjustment adjustment, Py_ssize_t origin, Py_ssize_t start) noexcept nogil:
    """Return the first row to change, counted in the stretch."""
    return max(adjustment.first_row, start, origin) - origin


cdef inline Py_ssize_t _to_row(
        Adjustment adjustment, Py_ssize_t origin, Py_ssize_t rows) noexcept nogil:
    """Return the row behind the last one to change, counted in the stretch."""
    return min(adjustment.last_row - origin + 1, rows)


cdef int _overwrite(
        Adjustment box,
        cell[:, :] data,
        Py_ssize_t origin,
        Py_ssize_t start,
        cell value) except -1:
    """Set every cell to one value."""
    cdef Py_ssize_t row, column
    _check_columns(box, data.shape[1])
    for row in range(_from_row(box, origin, start), _to_row(box, origin, data.shape[0])):
        for column in range(box.first_col, box.last_col + 1):
            data[row, column] = value
    return 0


cdef int _overwrite_rows(
        Adjustment box,
        cell[:, :] data,
        Py_ssize_t origin,
        Py_ssize_t start,
        const cell[:] values) except -1:
    """Set the cells of each row to that row's value."""
    cdef Py_ssize_t row, column
    _check_columns(box, data.shape[1])
    _check_length(box, values.shape[0])
    for row in range(_from_row(box, origin, start), _to_row(box, origin, data.shape[0])):
        for column in range(box.first_col, box.last_col + 1):
            data[row, column] = values[row + origin - box.first_row]
    return 0


cdef int _check_length(Adjustment box, Py_ssize_t values) except -1:
    """Refuse values that are not one a row."""
    if values != box.last_row - box.first_row + 1:
        raise ValueError(
            f"{type(box).__name__} needs one value a row: got {values} values for the "
            f"{box.last_row - box.first_row + 1} rows from {box.first_row} to {box.last_row}"
        )
    return 0


cdef class Float64Adjustment(Adjustment):
    """Base of the adjustments of float64 data by one number.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : float

    Raises
    ------
    TypeError
        If `value` is not a number.
    """

    def __init__(self, first_row, last_row, first_col, last_col, value):
        Adjustment.__init__(self, first_row, last_row, first_col, last_col)
        # An array has __float__ too, which takes one of a single element in some versions of numpy.
        is_scalar = not isinstance(value, (str, bytes)) and getattr(value, "ndim", 0) == 0
        if not is_scalar or not hasattr(value, "__float__"):
            raise TypeError(
                f"{type(self).__name__} needs a number as value, "
                f"got {value!r} of type {type(value).__name__}"
            )
        self.value = value

    @property
    def dtype(self):
        return FLOAT64

    def mutate(self, array):
        self.apply_float64(_writable(self, array, (FLOAT64,), FLOAT64), 0, 0)

    def _payload(self):
        return (self.value,)

    def _comparable(self):
        # NaN differs from itself; two adjustments that write it are the same adjustment.
        return None if self.value != self.value else self.value


cdef class Float64Multiply(Float64Adjustment):
    """Multiply the cells of a float64 array by a number.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : float
        The factor.
    """

    cdef int apply_float64(
            self, double[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        cdef Py_ssize_t row, column
        _check_columns(self, data.shape[1])
        for row in range(_from_row(self, origin, start), _to_row(self, origin, data.shape[0])):
            for column in range(self.first_col, self.last_col + 1):
                data[row, column] *= self.value
        return 0


cdef class Float64Add(Float64Adjustment):
    """Add a number to the cells of a float64 array.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : float
        The summand.
    """

    cdef int apply_float64(
            self, double[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        cdef Py_ssize_t row, column
        _check_columns(self, data.shape[1])
        for row in range(_from_row(self, origin, start), _to_row(self, origin, data.shape[0])):
            for column in range(self.first_col, self.last_col + 1):
                data[row, column] += self.value
        return 0


cdef class Float64Overwrite(Float64Adjustment):
    """Set the cells of a float64 array to a number.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : float
        What the cells become.
    """

    cdef int apply_float64(
            self, double[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        return _overwrite[double](self, data, origin, start, self.value)


cdef int64_t _int64(object adjustment, object value) except? -1:
    """Return an integer that fits 64 bits."""
    try:
        value = as_index(value)
    except TypeError:
        raise TypeError(
            f"{type(adjustment).__name__} needs an integer as value, "
            f"got {value!r} of type {type(value).__name__}"
        ) from None
    if not INT64_MIN <= value <= INT64_MAX:
        raise ValueError(
            f"{type(adjustment).__name__} needs a value that fits int64, got {value}"
        )
    return value


cdef class Int64Overwrite(Adjustment):
    """Set the cells of an int64 array to an integer.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : int
        What the cells become.

    Raises
    ------
    TypeError
        If `value` is not an integer; a float is not cut off.
    ValueError
        If `value` does not fit 64 bits.
    """

    cdef readonly int64_t value

    def __init__(self, first_row, last_row, first_col, last_col, value):
        Adjustment.__init__(self, first_row, last_row, first_col, last_col)
        self.value = _int64(self, value)

    @property
    def dtype(self):
        return INT64

    def mutate(self, array):
        self.apply_int64(_writable(self, array, (INT64,), INT64), 0, 0)

    def _payload(self):
        return (self.value,)

    cdef int apply_int64(
            self, int64_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        return _overwrite[int64_t](self, data, origin, start, self.value)


cdef class Datetime64Overwrite(Adjustment):
    """Set the cells of a datetime64[ns] array, or of its int64 view, to a point in time.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : numpy.datetime64 or pandas.Timestamp
        What the cells become; a Timestamp with a time zone counts in UTC.

    Attributes
    ----------
    value : int
        Nanoseconds since 1970-01-01 UTC.

    Raises
    ------
    TypeError
        If `value` is no datetime64 and no Timestamp.
    ValueError
        If `value` does not fit datetime64[ns].
    """

    cdef readonly int64_t value

    def __init__(self, first_row, last_row, first_col, last_col, value):
        Adjustment.__init__(self, first_row, last_row, first_col, last_col)
        moment = value.to_datetime64() if hasattr(value, "to_datetime64") else value
        if not isinstance(moment, np.datetime64):
            raise TypeError(
                f"{type(self).__name__} needs a numpy.datetime64 or a pandas.Timestamp as value, "
                f"got {value!r} of type {type(value).__name__}"
            )
        name = f"the value of a {type(self).__name__}"
        self.value = to_nanoseconds(np.array([moment]), name).view(INT64)[0]

    @property
    def dtype(self):
        return DATETIME64

    def mutate(self, array):
        self.apply_int64(_writable(self, array, (DATETIME64, INT64), INT64), 0, 0)

    def _payload(self):
        return (np.datetime64(self.value, "ns"),)

    def _comparable(self):
        return self.value

    cdef int apply_int64(
            self, int64_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        return _overwrite[int64_t](self, data, origin, start, self.value)


cdef class BooleanOverwrite(Adjustment):
    """Set the cells of a bool array, or of its uint8 view, to a truth value.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : bool
        What the cells become; 0 and 1 are taken too.

    Raises
    ------
    TypeError
        If `value` is none of these.
    """

    cdef readonly bint value

    def __init__(self, first_row, last_row, first_col, last_col, value):
        Adjustment.__init__(self, first_row, last_row, first_col, last_col)
        if not isinstance(value, (bool, np.bool_, int, np.integer)) or value not in (0, 1):
            raise TypeError(
                f"{type(self).__name__} needs True or False as value, "
                f"got {value!r} of type {type(value).__name__}"
            )
        self.value = value

    @property
    def dtype(self):
        return BOOL

    def mutate(self, array):
        self.apply_uint8(_writable(self, array, (BOOL, UINT8), UINT8), 0, 0)

    def _payload(self):
        return (self.value,)

    cdef int apply_uint8(
            self, uint8_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        return _overwrite[uint8_t](self, data, origin, start, self.value)


def _labels(adjustment, array):
    """Return `array`, checked to be a two-dimensional array of objects or labels."""
    if not hasattr(array, "as_int_array"):
        return _writable(adjustment, array, (OBJECT,), OBJECT)
    if array.ndim != 2:
        raise ValueError(
            f"{type(adjustment).__name__} changes two-dimensional arrays, "
            f"got a LabelArray of shape {array.shape}"
        )
    _check_rectangle(adjustment, array.shape[0], array.shape[1])
    if not array.as_int_array().flags.writeable:
        raise ValueError(
            f"{type(adjustment).__name__} cannot change a read-only LabelArray of "
            f"shape {array.shape}: pass a copy of it"
        )
    return array


cdef int _overwrite_objects(
        object data, slice rows, Adjustment box, object value) except -1:
    """Set cells to one object, also to one that numpy would take for an array."""
    if type(data) is np.ndarray:
        data[rows, box.first_col:box.last_col + 1].fill(value)
    else:
        data[rows, box.first_col:box.last_col + 1] = value
    return 0


cdef class ObjectOverwrite(Adjustment):
    """Set the cells of a LabelArray, or of an object array, to a value.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    value : object
        What the cells become. For a LabelArray one of its categories.
    """

    cdef readonly object value

    def __init__(self, first_row, last_row, first_col, last_col, value):
        Adjustment.__init__(self, first_row, last_row, first_col, last_col)
        self.value = value

    @property
    def dtype(self):
        return OBJECT

    def mutate(self, array):
        self.apply_object(_labels(self, array), 0, 0)

    def _payload(self):
        return (self.value,)

    cdef int apply_object(
            self, object data, Py_ssize_t origin, Py_ssize_t start) except -1:
        cdef Py_ssize_t first = _from_row(self, origin, start)
        cdef Py_ssize_t stop = _to_row(self, origin, data.shape[0])
        _check_columns(self, data.shape[1])
        if first < stop:
            _overwrite_objects(data, slice(first, stop), self, self.value)
        return 0


cdef class ArrayAdjustment(Adjustment):
    """Base of the adjustments that give each row of their rectangle a value of its own.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    values : array_like, one-dimensional, of length ``last_row - first_row + 1``
        Copied.

    Attributes
    ----------
    values : numpy.ndarray
        The values, read-only, of the dtype that the adjustment changes.

    Raises
    ------
    TypeError
        If the values are of another dtype.
    ValueError
        If there is not one value a row.
    """

    def __init__(self, first_row, last_row, first_col, last_col, values):
        Adjustment.__init__(self, first_row, last_row, first_col, last_col)
        private = self._converted(values)
        if private.ndim != 1:
            raise ValueError(
                f"{type(self).__name__} needs one-dimensional values, "
                f"got an array of shape {private.shape}"
            )
        _check_length(self, private.shape[0])
        private.setflags(write=False)
        self.values = private

    def _converted(self, values):
        """Return a copy of the values in the dtype that the adjustment changes."""
        self._unsupported(getattr(values, "dtype", type(values).__name__))

    def _payload(self):
        return (self.values,)

    def _comparable(self):
        return self.values.tobytes()

    def __repr__(self):
        return Adjustment.__repr__(self).replace(", value=", ", values=", 1)


def _plain_copy(adjustment, values, kinds, dtype):
    """Return a copy of the values as `dtype`, from one of the given kinds of dtype only."""
    given = np.asarray(values)
    if given.dtype.kind not in kinds:
        raise TypeError(
            f"{type(adjustment).__name__} needs {dtype} values, "
            f"got {given.dtype} values of shape {given.shape}"
        )
    return np.array(given, dtype=dtype)


cdef class Float641DArrayOverwrite(ArrayAdjustment):
    """Set the cells of each row of a float64 array to that row's number.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    values : array_like of float, of length ``last_row - first_row + 1``
    """

    @property
    def dtype(self):
        return FLOAT64

    def _converted(self, values):
        return _plain_copy(self, values, "fiu", FLOAT64)

    def _comparable(self):
        # One bit pattern for every NaN, and for both zeros.
        return (np.where(np.isnan(self.values), np.nan, self.values) + 0.0).tobytes()

    def mutate(self, array):
        self.apply_float64(_writable(self, array, (FLOAT64,), FLOAT64), 0, 0)

    cdef int apply_float64(
            self, double[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        return _overwrite_rows[double](self, data, origin, start, self.values)


cdef class Datetime641DArrayOverwrite(ArrayAdjustment):
    """Set the cells of each row of a datetime64[ns] array to that row's point in time.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    values : array_like of datetime64, of length ``last_row - first_row + 1``
        Of any unit; kept in nanoseconds.
    """

    @property
    def dtype(self):
        return DATETIME64

    def _converted(self, values):
        name = f"the values of a {type(self).__name__}"
        return to_nanoseconds(np.asarray(values), name).copy()

    def mutate(self, array):
        self.apply_int64(_writable(self, array, (DATETIME64, INT64), INT64), 0, 0)

    cdef int apply_int64(
            self, int64_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        return _overwrite_rows[int64_t](self, data, origin, start, self.values.view(INT64))


cdef class Boolean1DArrayOverwrite(ArrayAdjustment):
    """Set the cells of each row of a bool array to that row's truth value.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    values : array_like of bool, of length ``last_row - first_row + 1``
    """

    @property
    def dtype(self):
        return BOOL

    def _converted(self, values):
        return _plain_copy(self, values, "b", BOOL)

    def mutate(self, array):
        self.apply_uint8(_writable(self, array, (BOOL, UINT8), UINT8), 0, 0)

    cdef int apply_uint8(
            self, uint8_t[:, :] data, Py_ssize_t origin, Py_ssize_t start) except -1:
        return _overwrite_rows[uint8_t](self, data, origin, start, self.values.view(UINT8))


cdef class Object1DArrayOverwrite(ArrayAdjustment):
    """Set the cells of each row of a LabelArray, or of an object array, to that row's value.

    Parameters
    ----------
    first_row, last_row, first_col, last_col : int
        The rectangle, see `Adjustment`.
    values : array_like of object, of length ``last_row - first_row + 1``
        For a LabelArray each one of its categories.
    """

    @property
    def dtype(self):
        return OBJECT

    def _converted(self, values):
        return np.array(values, dtype=OBJECT)

    def _comparable(self):
        return tuple(self.values.tolist())

    def mutate(self, array):
        self.apply_object(_labels(self, array), 0, 0)

    cdef int apply_object(
            self, object data, Py_ssize_t origin, Py_ssize_t start) except -1:
        cdef Py_ssize_t row
        _check_columns(self, data.shape[1])
        for row in range(_from_row(self, origin, start), _to_row(self, origin, data.shape[0])):
            _overwrite_objects(
                data, slice(row, row + 1), self, self.values[row + origin - self.first_row]
            )
        return 0


def choose_adjustment_type(adjustment_kind, value):
    """Return the class that adjusts by a value of this type.

    Parameters
    ----------
    adjustment_kind : AdjustmentKind
        MULTIPLY and ADD exist for floating point values only.
    value : float, int, bool, datetime64, Timestamp, str, bytes or None

    Returns
    -------
    type
        A subclass of `Adjustment`.

    Raises
    ------
    ValueError
        If the kind is unknown.
    TypeError
        If there is no adjustment of this kind for such a value.
    """
    try:
        kind = AdjustmentKind(adjustment_kind)
    except ValueError:
        raise ValueError(
            f"adjustment_kind must be one of {', '.join(map(repr, AdjustmentKind))}, "
            f"got {adjustment_kind!r}"
        ) from None
    if kind is not OVERWRITE:
        if isinstance(value, (float, np.floating)):
            return Float64Multiply if kind is MULTIPLY else Float64Add
        raise TypeError(
            f"{kind.name} adjustments exist for floating point values only, "
            f"got {value!r} of type {type(value).__name__}"
        )
    if isinstance(value, (bool, np.bool_)):
        return BooleanOverwrite
    if isinstance(value, (float, np.floating)):
        return Float64Overwrite
    # To numpy a timedelta64 is one of the integers.
    if isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64):
        return Int64Overwrite
    if isinstance(value, (str, bytes)) or value is None:
        return ObjectOverwrite
    if isinstance(value, np.datetime64) or hasattr(value, "to_datetime64"):
        return Datetime64Overwrite
    raise TypeError(
        f"no OVERWRITE adjustment exists for values of type {type(value).__name__}, got {value!r}"
    )


def make_adjustment_from_indices(
    first_row, last_row, first_column, last_column, adjustment_kind, value
):
    """Make the adjustment of a rectangle given by row and column numbers.

    Parameters
    ----------
    first_row, last_row, first_column, last_column : int
        The rectangle, see `Adjustment`.
    adjustment_kind : AdjustmentKind
    value : object
        See `choose_adjustment_type`.

    Returns
    -------
    Adjustment
    """
    return choose_adjustment_type(adjustment_kind, value)(
        first_row, last_row, first_column, last_column, value
    )


def make_adjustment_from_labels(
    dates_index, assets_index, start_date, end_date, asset_id, adjustment_kind, value
):
    """Make the adjustment of the cells of one asset between two dates.

    Parameters
    ----------
    dates_index, assets_index, start_date, end_date, asset_id
        See `get_adjustment_locs`.
    adjustment_kind : AdjustmentKind
    value : object
        See `choose_adjustment_type`.

    Returns
    -------
    Adjustment
    """
    return choose_adjustment_type(adjustment_kind, value).from_assets_and_dates(
        dates_index, assets_index, start_date, end_date, asset_id, value
    )


def _date_labels(dates):
    """Return dates (pandas index or array of datetime64) in nanoseconds since 1970, UTC."""
    if hasattr(dates, "tz_convert"):
        dates = dates.tz_convert(None) if dates.tz is not None else dates
    return to_nanoseconds(np.asarray(dates), "dates_index").view(INT64)


def _date_label(name, date):
    """Return one date in nanoseconds since 1970, UTC; None for an open end."""
    if isinstance(date, str):
        date = np.datetime64(date, "ns")
    if hasattr(date, "to_datetime64"):
        date = date.to_datetime64()
    if date is None or isinstance(date, np.datetime64) and np.isnat(date):
        return None
    return to_nanoseconds(np.asarray(date), name).view(INT64)[()]


def get_adjustment_locs(dates_index, assets_index, start_date, end_date, asset_id):
    """Return the rows between two dates and the column of an asset.

    Parameters
    ----------
    dates_index : pandas.DatetimeIndex or array of datetime64
        Labels of the rows, ascending.
    assets_index : pandas.Index or array of int
        Labels of the columns.
    start_date, end_date : Timestamp, datetime64, or None
        The dates, both included. A date that is no label stands for the next label inside the
        range; no start date (None or NaT) for the first row, no end date for the last.
    asset_id : int

    Returns
    -------
    tuple of int
        First row, last row, column.

    Raises
    ------
    ValueError
        If the dates are not ascending, no label lies between the two dates, or the asset is not
        exactly once among the labels.
    """
    dates = _date_labels(dates_index)
    if (dates[1:] < dates[:-1]).any():
        raise ValueError(f"dates_index must be ascending; its {dates.size} dates are not")
    start = _date_label("start_date", start_date)
    end = _date_label("end_date", end_date)
    first_row = 0 if start is None else int(np.searchsorted(dates, start, side="left"))
    last_row = (dates.size if end is None else int(np.searchsorted(dates, end, side="right"))) - 1
    if first_row > last_row:
        raise ValueError(
            f"dates_index has no date from {start_date} to {end_date} among its {dates.size} dates"
        )
    columns = np.flatnonzero(np.asarray(assets_index) == asset_id)
    if columns.size != 1:
        raise ValueError(
            f"asset {asset_id!r} must be once among the {len(assets_index)} labels of "
            f"assets_index, is {columns.size} times"
        )
    return first_row, last_row, int(columns[0])


def in_order(adjustments, shape):
    """Return adjustments in the order in which they apply to data of this shape.

    Parameters
    ----------
    adjustments : mapping of int to sequence of Adjustment
        The adjustments that apply when a row comes into view; those of one row in order.
    shape : tuple of int
        Shape of the data, (rows, columns).

    Returns
    -------
    rows : list of int
        The row of each adjustment, ascending.
    ordered : list of Adjustment

    Raises
    ------
    TypeError
        If it is no such mapping.
    ValueError
        If a row is negative.
    IndexError
        If a rectangle reaches beyond the data.
    """
    cdef Py_ssize_t row
    cdef Py_ssize_t height = shape[0]
    cdef Py_ssize_t width = shape[1]
    cdef Adjustment adjustment
    if not isinstance(adjustments, Mapping):
        raise TypeError(
            "adjustments must map row numbers to lists of Adjustment, "
            f"got {type(adjustments).__name__}"
        )
    groups = {_position("a key of adjustments", key): key for key in adjustments}
    rows = []
    ordered = []
    for row in sorted(groups):
        if row < 0:
            raise ValueError(f"a key of adjustments must be a row number from 0 on, got {row}")
        group = adjustments[groups[row]]
        if not isinstance(group, Sequence):
            raise TypeError(
                f"adjustments[{row}] must be a list of Adjustment, got {type(group).__name__}"
            )
        for entry in group:
            if not isinstance(entry, Adjustment):
                raise TypeError(
                    f"adjustments[{row}] must hold only Adjustment objects, "
                    f"got {type(entry).__name__}"
                )
            adjustment = entry
            _check_rectangle(adjustment, height, width)
            rows.append(row)
            ordered.append(adjustment)
    return rows, ordered
