"""Labels to integer codes: each distinct label becomes its index in an array of categories."""

from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from operator import index

import numpy as np

_UNSIGNED = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.uint32), np.dtype(np.uint64))


def smallest_uint_that_can_hold(maxval):
    """Choose the smallest unsigned integer dtype whose range includes a value.

    Parameters
    ----------
    maxval : int
        The largest value to be stored, from 0 to 2**64 - 1.

    Returns
    -------
    numpy.dtype
        uint8, uint16, uint32 or uint64.

    Raises
    ------
    TypeError
        If `maxval` is no integer.
    ValueError
        If `maxval` is negative or too large for uint64.
    """
    value = index(maxval)
    if value < 0:
        raise ValueError(f"maxval must not be negative, got {value}")
    for dtype in _UNSIGNED:
        if value >> (8 * dtype.itemsize) == 0:
            return dtype
    raise ValueError(f"maxval must be below 2**64, got {value}")


def factorize_strings(values, missing_value, sort):
    """Replace labels by codes into the array of their distinct values.

    Parameters
    ----------
    values : ndarray, shape (n,), of str, bytes and None
        Labels; str and bytes do not mix.
    missing_value : str, bytes or None
        The label that stands for a missing one; always category 0, present or not.
    sort : bool
        Whether the categories after the first are sorted (None before any other label), else
        they come in order of first appearance.

    Returns
    -------
    codes : ndarray, shape (n,), dtype unsigned integer
        Index of each label in `categories`, in the smallest dtype that holds them all.
    categories : ndarray, shape (k,), dtype object
        The distinct labels.
    reverse_categories : dict
        Code of each category.

    Raises
    ------
    TypeError
        If `values` is no array, or holds anything but labels of one kind.
    ValueError
        If `values` is not 1-D.
    """
    cdef list labels = _labels(values)
    cdef type kind = _kind_of("missing_value", missing_value, None)
    cdef dict reverse = {missing_value: 0}
    cdef Py_ssize_t i
    cdef int64_t next_code = 1
    cdef int64_t[::1] codes
    cdef object label
    cdef PyObject* code

    found = np.empty(len(labels), dtype=np.int64)
    codes = found
    for i in range(len(labels)):
        label = labels[i]
        # The type is checked before the lookup, which would choke on unhashable values.
        if label is not None and type(label) is not kind:
            kind = _kind_of(f"values[{i}]", label, kind)
        code = PyDict_GetItemWithError(reverse, label)
        if code is NULL:
            reverse[label] = codes[i] = next_code
            next_code += 1
        else:
            codes[i] = <object>code

    cdef list categories = list(reverse)
    if sort:
        categories[1:] = _sorted(categories[1:])
        positions = {label: i for i, label in enumerate(categories)}
        moved = np.fromiter([positions[label] for label in reverse], np.int64, len(reverse))
        found = moved[found]
        reverse = positions
    dtype = smallest_uint_that_can_hold(len(categories) - 1)
    return found.astype(dtype), _object_array(categories), reverse


def factorize_strings_known_categories(values, categories, missing_value, sort):
    """Replace labels by codes into given categories.

    Parameters
    ----------
    values : ndarray, shape (n,), of str, bytes and None
        Labels; one that is no category becomes the missing value.
    categories : iterable of str, bytes and None
        The distinct labels to use. The missing value is put first if it is not among them.
    missing_value : str, bytes or None
        The label that stands for a missing one.
    sort : bool
        Whether to sort the categories, the missing value first; else they keep their order.

    Returns
    -------
    codes : ndarray, shape (n,), dtype unsigned integer
        Index of each label in `categories`, in the smallest dtype that holds them all.
    categories : ndarray, shape (k,), dtype object
        The categories in their final order.
    reverse_categories : dict
        Code of each category.

    Raises
    ------
    TypeError
        If `values` is no array, `categories` is a single string, or either holds anything but
        labels of one kind.
    ValueError
        If `values` is not 1-D or a category is given twice.
    """
    cdef list labels = _labels(values)
    cdef list known
    cdef type kind = _kind_of("missing_value", missing_value, None)
    cdef dict reverse
    cdef Py_ssize_t i
    cdef int64_t missing_code
    cdef int64_t[::1] codes
    cdef object label
    cdef PyObject* code

    if isinstance(categories, (str, bytes)):
        raise TypeError(f"categories must be several labels, got the single one {categories!r}")
    known = list(categories)
    for i, label in enumerate(known):
        kind = _kind_of(f"categories[{i}]", label, kind)
    if sort:
        known = [missing_value] + _sorted([label for label in known if label != missing_value])
    elif missing_value not in known:
        known.insert(0, missing_value)

    reverse = {}
    for i, label in enumerate(known):
        if label in reverse:
            raise ValueError(f"categories must be distinct, {label!r} appears more than once")
        reverse[label] = i

    missing_code = reverse[missing_value]
    found = np.empty(len(labels), dtype=np.int64)
    codes = found
    for i in range(len(labels)):
        label = labels[i]
        if label is not None and type(label) is not kind:
            kind = _kind_of(f"values[{i}]", label, kind)
        code = PyDict_GetItemWithError(reverse, label)
        if code is NULL:
            codes[i] = missing_code
        else:
            codes[i] = <object>code
    dtype = smallest_uint_that_can_hold(len(known) - 1)
    return found.astype(dtype), _object_array(known), reverse


cdef list _labels(values):
    """Return a 1-D array's elements as Python objects."""
    if not isinstance(values, np.ndarray):
        raise TypeError(f"values must be an array of labels, not {type(values).__name__}")
    if values.dtype.kind not in "OSTU":
        raise TypeError(f"values must hold str, bytes or None, got dtype {values.dtype}")
    if values.ndim != 1:
        raise ValueError(f"values must be 1-D, got shape {values.shape}")
    return values.tolist()


cdef type _kind_of(where, label, type kind):
    """Return str or bytes, the one kind of label seen so far, or None before the first."""
    if label is None:
        return kind
    if not isinstance(label, (str, bytes)):
        raise TypeError(
            f"{where} must be str, bytes or None, got {label!r} of type {type(label).__name__}"
        )
    found = str if isinstance(label, str) else bytes
    if kind is not None and found is not kind:
        raise TypeError(
            f"{where} is {found.__name__}, labels before it are {kind.__name__}: decode or encode "
            "them, the two do not mix"
        )
    return found


cdef list _sorted(list labels):
    """Sort labels of one kind, None before any other."""
    return sorted(labels, key=lambda label: (label is not None, label))


cdef _object_array(list labels):
    """Return labels as a 1-D array of Python objects."""
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array
