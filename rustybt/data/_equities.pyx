"""Bars of many assets as contiguous columns, read by integer.

Each asset's bars lie side by side, from its first to its last session (or minute) and without
holes: where it did not trade, prices are NaN and the volume is 0. An *axis* is the array of all
sessions or minutes of the bars, an *ordinal* a place on it, a *position* a place among the assets.
"""

cimport cython
from libc.math cimport NAN
from libc.stdint cimport int64_t
from libc.string cimport memcpy

import numpy as np

COLUMNS = ("open", "high", "low", "close", "volume")

cdef dict _NUMBERS = {name: number for number, name in enumerate(COLUMNS)}


@cython.final
cdef class BarColumns:
    """Open, high, low, close and volume of assets over an axis.

    Parameters
    ----------
    sids : ndarray of int64, shape (assets,)
        Identifiers, strictly ascending.
    axis : ndarray of int64, shape (ordinals,)
        Sessions or minutes in nanoseconds since 1970 UTC, strictly ascending.
    first, last : ndarray of intp, shape (assets,)
        Ordinals of each asset's first and last bar. An asset without bars has a `last` of its
        `first` - 1.
    open, high, low, close, volume : ndarray of float64, shape (rows,)
        Bars of the assets, one asset after the other. Kept, not copied: do not write to them.

    Raises
    ------
    TypeError
        If an array is of another dtype.
    ValueError
        If shapes or ranges do not fit together.
    """

    def __init__(self, sids, axis, first, last, *, open, high, low, close, volume):
        for name, array, dtype in (
            ("sids", sids, np.int64),
            ("axis", axis, np.int64),
            ("first", first, np.intp),
            ("last", last, np.intp),
            ("open", open, np.float64),
            ("high", high, np.float64),
            ("low", low, np.float64),
            ("close", close, np.float64),
            ("volume", volume, np.float64),
        ):
            _check(name, array, dtype)
        _check_ascending("sids", sids)
        _check_ascending("axis", axis)
        if not sids.shape == first.shape == last.shape:
            raise ValueError(
                f"first and last need one ordinal for each of {sids.size} sids, got {first.size} "
                f"and {last.size}"
            )
        if ((first < 0) | (last < first - 1) | (last >= axis.size)).any():
            raise ValueError(f"first and last must be ranges on an axis of {axis.size} ordinals")
        lengths = last - first + 1
        rows = int(lengths.sum())
        for name, array in zip(COLUMNS, (open, high, low, close, volume), strict=True):
            if array.size != rows:
                raise ValueError(f"{name} must hold {rows} bars, got {array.size}")
        offset = np.cumsum(lengths) - lengths
        self.sids, self.axis, self.first, self.last, self.offset = (
            _read_only(array) for array in (sids, axis, first, last, offset)
        )
        self._columns = tuple(_read_only(array) for array in (open, high, low, close, volume))
        self._positions = {sid: position for position, sid in enumerate(sids.tolist())}
        self._first = self.first
        self._last = self.last
        self._offset = self.offset
        self._open, self._high, self._low, self._close, self._volume = self._columns
        if rows:
            self._data[OPEN] = &self._open[0]
            self._data[HIGH] = &self._high[0]
            self._data[LOW] = &self._low[0]
            self._data[CLOSE] = &self._close[0]
            self._data[VOLUME] = &self._volume[0]

    def __len__(self):
        return len(self._positions)

    def __contains__(self, sid):
        return self.position(sid) >= 0

    def __reduce__(self):
        columns = dict(zip(COLUMNS, self._columns, strict=True))
        return _rebuild, (self.sids, self.axis, self.first, self.last, columns)

    cpdef Py_ssize_t position(self, sid):
        """Return the position of an asset, given by its sid or itself, or -1 if it has no bars."""
        found = self._positions.get(int(sid))
        return -1 if found is None else found

    def positions(self, sids):
        """Return the positions of assets, -1 for unknown ones.

        Parameters
        ----------
        sids : iterable of int or Asset

        Returns
        -------
        ndarray of intp, shape (assets,)
        """
        return np.fromiter((self.position(sid) for sid in sids), dtype=np.intp)

    cpdef double value(self, int column, Py_ssize_t position, Py_ssize_t ordinal) noexcept nogil:
        """Return one value; outside the asset's range NaN, or 0 for the volume.

        Nothing is checked but the range: `column` is 0 to 4, `position` that of an asset.
        """
        if ordinal < self._first[position] or ordinal > self._last[position]:
            return 0.0 if column == VOLUME else NAN
        return self._data[column][self._offset[position] + ordinal - self._first[position]]

    cpdef Py_ssize_t last_traded(self, Py_ssize_t position, Py_ssize_t ordinal) noexcept nogil:
        """Return the last ordinal not after `ordinal` at which the asset traded, or -1."""
        cdef Py_ssize_t first = self._first[position]
        cdef Py_ssize_t shift = self._offset[position] - first
        cdef const double* volume = self._data[VOLUME]
        if ordinal > self._last[position]:
            ordinal = self._last[position]
        while ordinal >= first:
            if volume[shift + ordinal] > 0:
                return ordinal
            ordinal -= 1
        return -1

    def column(self, name):
        """Return a column of all assets, one asset's bars after the other's.

        Parameters
        ----------
        name : {"open", "high", "low", "close", "volume"}

        Returns
        -------
        ndarray of float64, shape (rows,)
            A read-only view; an asset's rows start at its `offset`.
        """
        return self._columns[_number(name)]

    def window(self, name, Py_ssize_t position, Py_ssize_t start, Py_ssize_t stop):
        """Return one asset's values from ordinal `start` up to, not including, `stop`.

        Returns
        -------
        ndarray of float64, shape (stop - start,)
            NaN, or 0 for the volume, outside the asset's range; a read-only view of the column
            when wholly inside.
        """
        cdef int number = _number(name)
        _check_position(position, self._first.shape[0])
        _check_range(start, stop)
        cdef Py_ssize_t first = self._first[position]
        cdef Py_ssize_t shift = self._offset[position] - first
        column = self._columns[number]
        if start >= first and stop <= self._last[position] + 1:
            return column[shift + start:shift + stop]
        values = np.full(stop - start, 0.0 if number == VOLUME else NAN)
        cdef Py_ssize_t begin = max(start, first)
        cdef Py_ssize_t end = min(stop, self._last[position] + 1)
        if begin < end:
            values[begin - start:end - start] = column[shift + begin:shift + end]
        return values

    def matrix(self, name, positions, Py_ssize_t start, Py_ssize_t stop):
        """Return the values of several assets from ordinal `start` up to, not including, `stop`.

        Parameters
        ----------
        name : {"open", "high", "low", "close", "volume"}
        positions : array-like of int, shape (assets,)
            A position of -1 gives a column without bars.
        start, stop : int

        Returns
        -------
        ndarray of float64, shape (stop - start, assets), Fortran order
            NaN, or 0 for the volume, outside an asset's range.
        """
        cdef int number = _number(name)
        cdef const Py_ssize_t[::1] wanted = np.ascontiguousarray(positions, dtype=np.intp)
        cdef Py_ssize_t assets = wanted.shape[0]
        cdef Py_ssize_t asset, position, begin, end
        for asset in range(assets):
            if wanted[asset] != -1:
                _check_position(wanted[asset], self._first.shape[0])
        _check_range(start, stop)
        values = np.full((assets, stop - start), 0.0 if number == VOLUME else NAN)
        cdef double[:, ::1] rows = values
        cdef const double* data = self._data[number]
        with nogil:
            for asset in range(assets):
                position = wanted[asset]
                if position < 0:
                    continue
                begin = max(start, self._first[position])
                end = min(stop, self._last[position] + 1)
                if begin < end:
                    memcpy(
                        &rows[asset, begin - start],
                        data + self._offset[position] + begin - self._first[position],
                        (end - begin) * sizeof(double),
                    )
        return values.T


def _rebuild(sids, axis, first, last, columns):
    return BarColumns(sids, axis, first, last, **columns)


cdef int _number(name) except -1:
    number = _NUMBERS.get(name)
    if number is None:
        raise ValueError(f"bars have the columns {', '.join(COLUMNS)}, got {name!r}")
    return number


cdef _check_position(Py_ssize_t position, Py_ssize_t assets):
    if position < 0 or position >= assets:
        raise IndexError(f"there are {assets} assets, got the position {position}")


cdef _check_range(Py_ssize_t start, Py_ssize_t stop):
    if stop < start:
        raise ValueError(f"a window must not end before its start, got {start} to {stop}")


cdef _read_only(array):
    view = array.view()
    view.flags.writeable = False
    return view


cdef _check(name, array, dtype):
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        found = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"{name} must be an array of {np.dtype(dtype)}, got {found}")
    if array.ndim != 1 or not array.flags.c_contiguous:
        raise ValueError(
            f"{name} must be one-dimensional and contiguous, got the shape {array.shape}"
        )


cdef _check_ascending(name, array):
    cdef const int64_t[::1] values = array
    cdef Py_ssize_t at
    for at in range(1, values.shape[0]):
        if values[at] <= values[at - 1]:
            raise ValueError(
                f"{name} must strictly ascend, got {values[at]} at {at} after {values[at - 1]}"
            )
