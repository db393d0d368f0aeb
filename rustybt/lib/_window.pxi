# The moving window, for whatever type of cells the including module declares:
#
#   cells          ctypedef of what adjustments work on, a memoryview or an array
#   CELLS          name of that type, for messages
#   is_cells(data) whether an array holds such cells
#   apply(adjustment, cells, origin, start)
#
# A window that was handed out must not change any more, and the next one must show the
# adjustments that came into view since. Copying every window would be slow. So the windows are
# slices of sheets: each sheet is a copy of some rows, with all adjustments up to a certain one
# applied. When adjustments come into view, a sheet that nobody holds a slice of is brought up
# to date by applying what it lacks. In a loop over the windows two sheets take turns, as the
# loop still holds the last window; whoever keeps windows causes further sheets. New sheets are
# copied from the master, which catches up only then (most adjustments reach into the past and
# have left it untouched), and is handed out itself once the last adjustment is in view.

cimport cython
from cpython.ref cimport Py_REFCNT

import numpy as np

from rustybt.lib._exhausted import Exhausted
from rustybt.lib.adjustment import in_order

__all__ = ["AdjustedArrayWindow", "Exhausted"]

# How many sheets are kept for reuse, and how many times the window's length they reach ahead.
cdef enum:
    SHEETS = 2
    REACH = 3


@cython.final
@cython.auto_pickle(False)
cdef class Sheet:
    """Some rows of the data, with the adjustments before number `applied`."""

    cdef object stored     # owns the memory
    cdef object shown      # read-only view of it, in the dtype that the user sees
    cdef cells data
    cdef Py_ssize_t first
    cdef Py_ssize_t stop
    cdef Py_ssize_t applied
    cdef Py_ssize_t idle   # references to both arrays while nobody holds a slice

    def __cinit__(self, stored, dict view_kwargs):
        self.stored = stored
        self.shown = stored.view(**view_kwargs)
        self.shown.setflags(write=False)
        if stored.flags.writeable:
            self.data = stored

    cdef Py_ssize_t references(self):
        return Py_REFCNT(self.stored) + Py_REFCNT(self.shown)

    cdef bint is_free(self):
        """Tell whether nobody holds a slice of this sheet, whose base one of the arrays is."""
        return self.references() == self.idle


@cython.final
cdef class AdjustedArrayWindow:
    """A moving window over a two-dimensional array whose past is adjusted as time goes by.

    Iterating yields the windows from the first to the last as read-only arrays of shape
    (window_length, columns). A window shows the adjustments whose row it has reached, and no
    later ones. What was yielded does not change any more.

    Parameters
    ----------
    data : numpy.ndarray or LabelArray, shape (rows, columns)
        The unadjusted data, of this module's type. Adjustments may be written into it; pass a
        copy to keep it.
    view_kwargs : dict
        How windows are viewed, as arguments of `numpy.ndarray.view`: ``{"dtype": ...}`` for
        datetime64 kept as int64 and for bool kept as uint8.
    adjustments : mapping of int to sequence of Adjustment
        The adjustments that apply from the moment a row comes into view, those of one row in
        order. Rows behind the data never do.
    offset : int
        Number of rows to skip before the first window.
    window_length : int
        Number of rows of a window.
    perspective_offset : int
        0 to see a window as it was known at its last row; 1 as it was known a row later.
    rounding_places : int or None
        Number of decimal places to round float64 windows to; None to leave them.

    Raises
    ------
    TypeError
        If `data` is not of this module's type, or an adjustment does not fit its type.
    ValueError
        If `data` is not two-dimensional or shorter than the window, or a number is out of range.
    IndexError
        If an adjustment reaches beyond the data.
    """

    cdef readonly dict view_kwargs
    cdef readonly Py_ssize_t window_length
    cdef Py_ssize_t _perspective_offset
    cdef object _rounding_places
    cdef Py_ssize_t _rows
    cdef Py_ssize_t _anchor        # last row of the next window
    cdef Py_ssize_t _limit         # first anchor that the sheet in use does not serve
    cdef list _upcoming            # rows of the adjustments, in order
    cdef list _adjustments
    cdef Py_ssize_t _seen          # number of adjustments in view
    cdef Sheet _master
    cdef Sheet _sheet              # the one in use
    cdef list _sheets
    cdef object _current

    def __cinit__(
        self,
        data,
        view_kwargs,
        adjustments,
        Py_ssize_t offset,
        Py_ssize_t window_length,
        Py_ssize_t perspective_offset,
        rounding_places,
    ):
        if not is_cells(data):
            found = f"{data.dtype} array of shape {data.shape}" if isinstance(
                data, np.ndarray) else type(data).__name__
            raise TypeError(f"data must be a {CELLS}, got {found}")
        if data.ndim != 2:
            raise ValueError(f"data must be two-dimensional, got shape {data.shape}")
        if not 1 <= window_length <= data.shape[0]:
            raise ValueError(
                f"window_length must be from 1 to the number of rows, got {window_length} for "
                f"data of shape {data.shape}"
            )
        if offset < 0:
            raise ValueError(f"offset must be 0 or more, got {offset}")
        if perspective_offset not in (0, 1):
            raise ValueError(
                f"perspective_offset must be 0 or 1, got {perspective_offset}: a window is seen "
                "from its last row or from the row behind it"
            )
        self._upcoming, self._adjustments = in_order(adjustments, data.shape)
        if self._adjustments and not data.flags.writeable:
            data = data.copy()
        self.view_kwargs = dict(view_kwargs)
        self.window_length = window_length
        self._perspective_offset = perspective_offset
        self._rounding_places = rounding_places if data.dtype.kind == "f" else None
        self._rows = data.shape[0]
        # Any offset behind the data leaves no window; a huge one must not overflow the sum.
        self._anchor = min(offset, self._rows) + window_length - 1
        self._master = Sheet(data, self.view_kwargs)
        self._master.stop = self._rows
        self._sheets = []

    def __iter__(self):
        return self

    def __next__(self):
        if self._anchor >= self._rows:
            raise StopIteration
        return self._move_to(self._anchor)

    def seek(self, Py_ssize_t target_ix):
        """Move forward to the window that ends before a row, and return it.

        Parameters
        ----------
        target_ix : int
            The row behind the last row of the window wanted.

        Returns
        -------
        numpy.ndarray or LabelArray, shape (window_length, columns)
            Read-only.

        Raises
        ------
        Exhausted
            If the data have no such row; the window stays where it is.
        ValueError
            If the window has passed that row, or its first position lies behind it.
        """
        if target_ix > self._rows:
            raise Exhausted(
                f"no window ends before row {target_ix}: the data have {self._rows} rows"
            )
        if target_ix == self._anchor and self._current is not None:
            return self._current
        if target_ix <= self._anchor:
            raise ValueError(
                f"cannot move back to the window that ends before row {target_ix}: "
                f"the next window ends before row {self._anchor + 1}"
            )
        return self._move_to(target_ix - 1)

    cdef object _move_to(self, Py_ssize_t last):
        """Return the window that ends with row `last`."""
        cdef Py_ssize_t first = last - self.window_length + 1
        if last >= self._limit:
            self._change_sheet(first, last)
        cdef Py_ssize_t start = first - self._sheet.first
        window = self._sheet.shown[start:start + self.window_length]
        if self._rounding_places is not None:
            window = np.round(window, self._rounding_places)
            window.setflags(write=False)
        self._current = window
        self._anchor = last + 1
        return window

    cdef int _change_sheet(self, Py_ssize_t first, Py_ssize_t last) except -1:
        """Put in use a sheet on which the window's rows are as they are to be seen."""
        cdef Py_ssize_t total = len(self._adjustments)
        cdef Py_ssize_t seen = self._seen
        while seen < total and self._upcoming[seen] <= last + self._perspective_offset:
            seen += 1
        self._seen = seen
        self._current = None
        if seen == total:
            # Nothing will be written any more: the data themselves can be shown.
            self._update(self._master, seen, first)
            self._sheet = self._master
            self._sheets.clear()
            self._limit = self._rows
            return 0
        self._sheet = self._free_sheet(first, last)
        self._update(self._sheet, seen, first)
        self._limit = min(
            self._sheet.stop, <Py_ssize_t> self._upcoming[seen] - self._perspective_offset
        )
        return 0

    cdef int _update(self, Sheet sheet, Py_ssize_t seen, Py_ssize_t start) except -1:
        """Apply what the sheet lacks to the rows from `start` on; earlier ones are past."""
        while sheet.applied < seen:
            apply(self._adjustments[sheet.applied], sheet.data, sheet.first, start)
            sheet.applied += 1
        return 0

    cdef Sheet _free_sheet(self, Py_ssize_t first, Py_ssize_t last):
        """Return a sheet with the rows of the window that nobody else looks at."""
        cdef Sheet sheet
        for sheet in self._sheets:
            if sheet.first <= first and last < sheet.stop and sheet.is_free():
                return sheet
        self._update(self._master, self._seen, first)
        cdef Py_ssize_t stop = min(self._rows, last + 1 + REACH * self.window_length)
        for sheet in self._sheets:
            if sheet.is_free() and sheet.stored.shape[0] >= stop - first:
                sheet.stored[:stop - first] = self._master.stored[first:stop]
                break
        else:
            sheet = Sheet(self._master.stored[first:stop].copy(), self.view_kwargs)
            sheet.idle = sheet.references()
            self._sheets.append(sheet)
            if len(self._sheets) > SHEETS:
                # The oldest belongs to those who hold its slices.
                del self._sheets[0]
        sheet.first = first
        sheet.stop = stop
        sheet.applied = self._seen
        return sheet

    def __reduce__(self):
        raise TypeError(
            "an AdjustedArrayWindow is an iterator and cannot be pickled: pickle the "
            "AdjustedArray and traverse it again"
        )

    def __repr__(self):
        return (
            f"<AdjustedArrayWindow: window_length={self.window_length}, anchor={self._anchor}, "
            f"max_anchor={self._rows}, dtype={self.view_kwargs.get('dtype')!r}>"
        )
