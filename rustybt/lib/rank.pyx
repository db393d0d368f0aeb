"""Ranks of the values in each row of a 2-D array, with masks and missing values.

Every value is mapped to an unsigned 64-bit key that sorts like the value itself. One stable
integer sort then serves all dtypes and both directions, ties keep the order of their columns,
and no comparison of floats takes place.
"""

from libc.math cimport NAN
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from datetime import datetime
from numbers import Number

import numpy as np

ctypedef fused value_t:
    int64_t
    double

cdef enum Method:
    ORDINAL
    AVERAGE
    MIN
    MAX
    DENSE

# A value's sort key and the column it stands in.
cdef struct Entry:
    uint64_t key
    Py_ssize_t column

# The best column of one group so far; `row` tells entries of this row from older ones.
cdef struct Slot:
    int64_t label
    Py_ssize_t column
    Py_ssize_t row

cdef uint64_t SIGN_BIT = <uint64_t>1 << 63
cdef uint64_t GOLDEN_RATIO = 0x9E3779B97F4A7C15ULL

# Below this length an insertion sort beats the fixed cost of the radix sort's histograms.
cdef Py_ssize_t SHORT_ROW = 48

_METHODS = {"ordinal": ORDINAL, "average": AVERAGE, "min": MIN, "max": MAX, "dense": DENSE}
_RANKABLE = "float64, int64 or datetime64"


cdef inline uint64_t sort_key(value_t value) noexcept nogil:
    """Map a value to an unsigned integer that orders the same way."""
    cdef uint64_t bits
    cdef double canonical
    if value_t is double:
        canonical = value + 0.0  # -0.0 becomes 0.0: the two tie
        memcpy(&bits, &canonical, sizeof(double))
        # IEEE 754 orders like sign and magnitude: flip negatives whole, positives in the sign.
        return ~bits if bits & SIGN_BIT else bits | SIGN_BIT
    else:
        return <uint64_t>value ^ SIGN_BIT


cdef void insertion_sort(Entry* entries, Py_ssize_t count) noexcept nogil:
    """Sort a few entries by key, stably and in place."""
    cdef Py_ssize_t i, j
    cdef Entry moving
    for i in range(1, count):
        moving = entries[i]
        j = i
        while j > 0 and entries[j - 1].key > moving.key:
            entries[j] = entries[j - 1]
            j -= 1
        entries[j] = moving


cdef Entry* radix_sort(Entry* entries, Entry* spare, Py_ssize_t count) noexcept nogil:
    """Sort entries by key, stably, least significant byte first; return where they end up."""
    cdef Py_ssize_t counts[8][256]
    cdef Py_ssize_t i, total, here
    cdef int digit, byte, shift
    cdef uint64_t key
    cdef Entry* swap

    memset(counts, 0, sizeof(counts))
    for i in range(count):
        key = entries[i].key
        for digit in range(8):
            counts[digit][(key >> (8 * digit)) & 0xFF] += 1

    for digit in range(8):
        shift = 8 * digit
        # All keys share this byte: the pass would move nothing.
        if counts[digit][(entries[0].key >> shift) & 0xFF] == count:
            continue
        total = 0
        for byte in range(256):
            here = counts[digit][byte]
            counts[digit][byte] = total
            total += here
        for i in range(count):
            byte = (entries[i].key >> shift) & 0xFF
            spare[counts[digit][byte]] = entries[i]
            counts[digit][byte] += 1
        swap = entries
        entries = spare
        spare = swap
    return entries


cdef inline Entry* stable_sort(Entry* entries, Entry* spare, Py_ssize_t count) noexcept nogil:
    """Sort entries by key, stably; return the buffer that holds the result."""
    if count <= SHORT_ROW:
        insertion_sort(entries, count)
        return entries
    return radix_sort(entries, spare, count)


cdef void assign_ranks(
    const Entry* entries,
    Py_ssize_t count,
    Method method,
    double* out,
) noexcept nogil:
    """Write the 1-based rank of each sorted entry to its column."""
    cdef Py_ssize_t i, j, k
    cdef Py_ssize_t distinct = 0
    cdef double rank

    if method == ORDINAL:
        for i in range(count):
            out[entries[i].column] = i + 1
        return

    i = 0
    while i < count:
        # Entries i to j - 1 are tied and hold the ordinal ranks i + 1 to j.
        j = i + 1
        while j < count and entries[j].key == entries[i].key:
            j += 1
        distinct += 1
        if method == AVERAGE:
            rank = 0.5 * (i + 1 + j)
        elif method == MIN:
            rank = i + 1
        elif method == MAX:
            rank = j
        else:
            rank = distinct
        for k in range(i, j):
            out[entries[k].column] = rank
        i = j


cdef void rank_rows(
    const value_t[:, :] data,
    const uint8_t[:, :] valid,
    Method method,
    bint ascending,
    bint rank_invalid_last,
    double[:, ::1] out,
    Entry* entries,
    Entry* spare,
) noexcept nogil:
    """Rank the valid values of each row; the rest get NaN, or the last ranks by column."""
    cdef Py_ssize_t i, j, count, last
    cdef uint64_t flip = 0 if ascending else ~<uint64_t>0

    for i in range(data.shape[0]):
        count = 0
        for j in range(data.shape[1]):
            if valid[i, j]:
                entries[count].key = sort_key(data[i, j]) ^ flip
                entries[count].column = j
                count += 1
            else:
                out[i, j] = NAN
        if count:
            assign_ranks(stable_sort(entries, spare, count), count, method, &out[i, 0])
        if rank_invalid_last:
            last = count
            for j in range(data.shape[1]):
                if not valid[i, j]:
                    last += 1
                    out[i, j] = last


cdef void mark_maxima(
    const value_t[:, :] data,
    const int64_t[:, :] groupby,
    const uint8_t[:, :] valid,
    uint8_t[:, ::1] out,
    Slot* slots,
    int bits,
) noexcept nogil:
    """Mark the first largest valid value of each group of each row."""
    cdef Py_ssize_t i, j
    cdef Py_ssize_t last_slot = (<Py_ssize_t>1 << bits) - 1
    cdef Py_ssize_t at
    cdef int64_t label

    for i in range(last_slot + 1):
        slots[i].row = -1
    for i in range(data.shape[0]):
        for j in range(data.shape[1]):
            if not valid[i, j]:
                continue
            label = groupby[i, j]
            # Fibonacci hashing with linear probing; a slot of an older row counts as free.
            at = <Py_ssize_t>((<uint64_t>label * GOLDEN_RATIO) >> (64 - bits))
            while slots[at].row == i and slots[at].label != label:
                at = (at + 1) & last_slot
            if slots[at].row != i:
                slots[at].row = i
                slots[at].label = label
            elif data[i, j] > data[i, slots[at].column]:
                out[i, slots[at].column] = 0
            else:
                continue
            slots[at].column = j
            out[i, j] = 1


def rankdata_1d_descending(data, method):
    """Rank a 1-D array, the largest value first.

    Parameters
    ----------
    data : ndarray, shape (n,), dtype float64, int64 or datetime64
        Values to rank. NaN and NaT stay unranked.
    method : {'ordinal', 'average', 'min', 'max', 'dense'}
        What tied values get: ranks by position, the mean, smallest or largest of their ranks,
        or the number of distinct values up to them.

    Returns
    -------
    ndarray, shape (n,), dtype float64
        Ranks from 1, NaN where `data` is NaN or NaT.

    Raises
    ------
    TypeError
        If `data` is no array of a dtype that can be ranked.
    ValueError
        If `data` is not 1-D or `method` is unknown.
    """
    values = _values(data, "data", 1)[np.newaxis, :]
    return _ranks(values, _present(values), method, False, False)[0]


def rankdata_2d_ordinal(array):
    """Rank each row of a 2-D array in ascending order, ties in order of their columns.

    Parameters
    ----------
    array : ndarray, shape (rows, columns), dtype float64, int64 or datetime64
        Values to rank.

    Returns
    -------
    ndarray, shape (rows, columns), dtype float64
        Ordinal ranks from 1. NaN and NaT sort after every other value, as in numpy.

    Raises
    ------
    TypeError
        If `array` is no array of a dtype that can be ranked.
    ValueError
        If `array` is not 2-D.
    """
    values = _values(array, "array", 2)
    return _ranks(values, _present(values), "ordinal", True, True)


def rankdata_2d_f64(array, method="ordinal", ascending=True, mask=None):
    """Rank each row of a 2-D float64 array.

    Parameters
    ----------
    array : ndarray, shape (rows, columns), dtype float64
        Values to rank. NaN stays unranked.
    method : {'ordinal', 'average', 'min', 'max', 'dense'}
        What tied values get, see `rankdata_1d_descending`.
    ascending : bool
        Whether the smallest value of a row gets rank 1; else the largest does.
    mask : ndarray, shape (rows, columns), dtype bool or uint8, optional
        Where False, the value takes no part in its row's ranking.

    Returns
    -------
    ndarray, shape (rows, columns), dtype float64
        Ranks from 1, NaN where `array` is NaN or masked.

    Raises
    ------
    TypeError
        If `array` is no float64 array, or `mask` neither bool nor uint8.
    ValueError
        If `array` is not 2-D, `mask` has another shape, or `method` is unknown.
    """
    values = _values(array, "array", 2)
    if values.dtype != np.float64:
        raise TypeError(
            f"array must have dtype float64, got {values.dtype}; "
            "masked_rankdata_2d ranks int64 and datetime64"
        )
    valid = _present(values)
    if mask is not None:
        valid &= _mask(mask, values.shape)
    return _ranks(values, valid, method, ascending, False)


def masked_rankdata_2d(data, mask, missing_value, method, ascending):
    """Rank each row of a 2-D array, leaving out masked and missing values.

    Parameters
    ----------
    data : ndarray, shape (rows, columns), dtype float64, int64 or datetime64
        Values to rank. NaN and NaT are always missing.
    mask : ndarray, shape (rows, columns), dtype bool or uint8
        Where False, the value takes no part in its row's ranking.
    missing_value : scalar
        The value that stands for a missing one, of the kind of `data`.
    method : {'ordinal', 'average', 'min', 'max', 'dense'}
        What tied values get, see `rankdata_1d_descending`.
    ascending : bool
        Whether the smallest value of a row gets rank 1; else the largest does.

    Returns
    -------
    ndarray, shape (rows, columns), dtype float64
        Ranks from 1 among the values that take part, NaN elsewhere.

    Raises
    ------
    TypeError
        If `data` has a dtype that cannot be ranked, `mask` is neither bool nor uint8, or
        `missing_value` is of another kind than `data`.
    ValueError
        If `data` is not 2-D, `mask` has another shape, or `method` is unknown.
    """
    values = _values(data, "data", 2)
    valid = _mask(mask, values.shape) & _present(values)
    expected = (datetime, np.datetime64) if values.dtype.kind == "M" else (Number, np.bool_)
    if not isinstance(missing_value, expected):
        raise TypeError(
            f"missing_value of {values.dtype} data must be a "
            f"{'datetime' if values.dtype.kind == 'M' else 'number'}, got {missing_value!r}"
        )
    valid &= ~is_missing(values, missing_value)
    return _ranks(values, valid, method, ascending, False)


def grouped_masked_is_maximal(data, groupby, mask):
    """Find the largest unmasked value of each group of each row.

    Parameters
    ----------
    data : ndarray, shape (rows, columns), dtype int64, float64 or datetime64
        Values to compare. NaN and NaT are never maximal.
    groupby : ndarray, shape (rows, columns), dtype int64
        The group of each value; a label means one group per row.
    mask : ndarray, shape (rows, columns), dtype bool or uint8
        Where False, the value is not considered.

    Returns
    -------
    ndarray, shape (rows, columns), dtype bool
        True at one value a row and group: the largest, the first of them if tied.

    Raises
    ------
    TypeError
        If one of the arrays has another dtype.
    ValueError
        If `data` is not 2-D, or `groupby` or `mask` has another shape.
    """
    cdef Slot* slots
    cdef int bits = 1
    cdef const int64_t[:, :] integers
    cdef const double[:, :] floats
    cdef const int64_t[:, :] labels
    cdef const uint8_t[:, :] valid
    cdef uint8_t[:, ::1] maximal

    values = _values(data, "data", 2)
    if not isinstance(groupby, np.ndarray) or groupby.dtype != np.int64:
        raise TypeError(f"groupby must be an int64 array, not {_described(groupby)}")
    if groupby.shape != values.shape:
        raise ValueError(f"groupby has shape {groupby.shape}, data has shape {values.shape}")
    labels = np.require(groupby, requirements="A")
    valid = (_mask(mask, values.shape) & _present(values)).view(np.uint8)
    out = np.zeros(values.shape, dtype=np.bool_)
    maximal = out.view(np.uint8)

    # A table at least twice as large as a row keeps probing short.
    while (<Py_ssize_t>1 << bits) < 2 * labels.shape[1]:
        bits += 1
    slots = <Slot*>malloc((<size_t>1 << bits) * sizeof(Slot))
    if slots == NULL:
        raise MemoryError(f"no memory to group rows of {values.shape[1]} values")
    try:
        if values.dtype.kind == "f":
            floats = values
            with nogil:
                mark_maxima(floats, labels, valid, maximal, slots, bits)
        else:
            integers = values.view(np.int64)
            with nogil:
                mark_maxima(integers, labels, valid, maximal, slots, bits)
    finally:
        free(slots)
    return out


def is_missing(data, missing_value):
    """Tell where an array holds its missing value.

    Parameters
    ----------
    data : ndarray or LabelArray
        Values of any dtype and shape. A LabelArray is asked itself about its own missing value.
    missing_value : scalar
        The value that stands for a missing one. NaN matches NaN, NaT matches NaT.

    Returns
    -------
    ndarray, same shape as `data`, dtype bool
        True where a value is missing.

    Raises
    ------
    TypeError
        If `data` is no array.
    """
    if not isinstance(data, np.ndarray):
        raise TypeError(f"data must be an array, not {_described(data)}")
    if hasattr(data, "is_missing") and data.missing_value == missing_value:
        return data.is_missing()
    if _is_not_equal_to_itself(missing_value):
        if data.dtype.kind in "fc" and isinstance(missing_value, Number):
            return np.isnan(data)
        if data.dtype.kind in "mM" and not isinstance(missing_value, Number):
            return np.isnat(data)
        if data.dtype.kind == "O":
            return np.asarray(data != data, dtype=np.bool_)
        return np.zeros(data.shape, dtype=np.bool_)
    return np.asarray(data == missing_value, dtype=np.bool_)


cdef bint _is_not_equal_to_itself(value) except -1:
    """Tell whether a scalar is NaN or NaT, of whichever library."""
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (Number, datetime)) and value != value


cdef _described(value):
    """Name a wrong argument by its dtype, or by its type if it is no array."""
    if isinstance(value, np.ndarray):
        return f"dtype {value.dtype}"
    return type(value).__name__


cdef _values(data, name, int ndim):
    """Return data as a plain, aligned array after checking that it can be ranked."""
    if not isinstance(data, np.ndarray):
        raise TypeError(f"{name} must be a {ndim}-D array of {_RANKABLE}, not {_described(data)}")
    if data.dtype not in (np.float64, np.int64) and not (
        data.dtype.kind == "M" and data.dtype.isnative
    ):
        raise TypeError(f"{name} must have dtype {_RANKABLE}, got {data.dtype}")
    if data.ndim != ndim:
        raise ValueError(f"{name} must be {ndim}-D, got shape {data.shape}")
    return np.require(data, requirements="A")


cdef _mask(mask, shape):
    """Return mask as booleans after checking its dtype and shape."""
    if not isinstance(mask, np.ndarray) or mask.dtype not in (np.bool_, np.uint8):
        raise TypeError(f"mask must be an array of bool or uint8, not {_described(mask)}")
    if mask.shape != shape:
        raise ValueError(f"mask has shape {mask.shape}, the data have shape {shape}")
    return np.asarray(mask, dtype=np.bool_)


cdef _present(values):
    """Tell where values are neither NaN nor NaT; the result is the caller's own."""
    if values.dtype.kind == "i":
        return np.ones(values.shape, dtype=np.bool_)
    return ~(np.isnat(values) if values.dtype.kind == "M" else np.isnan(values))


cdef _ranks(values, present, method, bint ascending, bint rank_invalid_last):
    """Allocate the buffers and rank the rows of a checked 2-D array without the GIL."""
    cdef Entry* entries
    cdef Method kind
    cdef const int64_t[:, :] integers
    cdef const double[:, :] floats
    cdef const uint8_t[:, :] valid = present.view(np.uint8)
    cdef double[:, ::1] ranks
    cdef Py_ssize_t columns = values.shape[1]

    if not isinstance(method, str) or method not in _METHODS:
        raise ValueError(f"unknown method {method!r}; known are {', '.join(_METHODS)}")
    kind = _METHODS[method]
    out = np.empty(values.shape, dtype=np.float64)
    ranks = out
    entries = <Entry*>malloc(<size_t>max(columns, 1) * 2 * sizeof(Entry))
    if entries == NULL:
        raise MemoryError(f"no memory to sort rows of {columns} values")
    try:
        if values.dtype.kind == "f":
            floats = values
            with nogil:
                rank_rows(floats, valid, kind, ascending, rank_invalid_last, ranks,
                          entries, entries + columns)
        else:
            integers = values.view(np.int64)
            with nogil:
                rank_rows(integers, valid, kind, ascending, rank_invalid_last, ranks,
                          entries, entries + columns)
    finally:
        free(entries)
    return out
