"""Positions of market minutes: where a time lies among all minutes at which the market is open."""

from libc.stdint cimport int64_t

import numpy as np

cdef int64_t MINUTE = 60_000_000_000


cdef class MarketMinutes:
    """The minutes of stretches of trading, numbered through from 0.

    A stretch is a session, or the part of one before or after its break; early closes make it
    shorter. Times are int64 nanoseconds since 1970 UTC.

    Parameters
    ----------
    opens : ndarray of int64, shape (stretches,)
        First minute of each stretch.
    closes : ndarray of int64, shape (stretches,)
        Last minute of each stretch, whole minutes after its open and before the next open.
    """

    def __init__(self, opens, closes):
        self.opens = np.ascontiguousarray(opens, dtype=np.int64)
        self.closes = np.ascontiguousarray(closes, dtype=np.int64)
        if self.opens.ndim != 1 or self.opens.shape != self.closes.shape:
            raise ValueError(
                f"each stretch needs an open and a close, got the shapes {self.opens.shape} and "
                f"{self.closes.shape}"
            )
        self._opens = self.opens
        self._closes = self.closes
        self._starts = np.zeros(self.opens.size + 1, dtype=np.intp)
        cdef Py_ssize_t stretch
        cdef int64_t previous
        for stretch in range(self._opens.shape[0]):
            if stretch and self._opens[stretch] <= self._closes[stretch - 1]:
                raise ValueError(f"the stretch {stretch} opens before the one before it closes")
            previous = self._closes[stretch] - self._opens[stretch]
            if previous < 0 or previous % MINUTE:
                raise ValueError(f"the stretch {stretch} must close whole minutes after its open")
            self._starts[stretch + 1] = self._starts[stretch] + previous // MINUTE + 1

    def __len__(self):
        return self._starts[self._opens.shape[0]]

    def __reduce__(self):
        return type(self), (self.opens, self.closes)

    def values(self):
        """Return all minutes.

        Returns
        -------
        ndarray of int64, shape (minutes,)
        """
        minutes = np.empty(len(self), dtype=np.int64)
        cdef int64_t[::1] out = minutes
        cdef Py_ssize_t stretch, position
        cdef int64_t minute
        with nogil:
            for stretch in range(self._opens.shape[0]):
                minute = self._opens[stretch]
                for position in range(self._starts[stretch], self._starts[stretch + 1]):
                    out[position] = minute
                    minute += MINUTE
        return minutes

    cpdef int64_t minute_value(self, Py_ssize_t position) except? -1:
        """Return the minute at a position.

        Raises
        ------
        IndexError
            If there are not so many minutes.
        """
        cdef Py_ssize_t low = 0
        cdef Py_ssize_t high = self._opens.shape[0]
        cdef Py_ssize_t middle
        if position < 0 or position >= self._starts[high]:
            raise IndexError(f"there are {self._starts[high]} minutes, got the position {position}")
        while high - low > 1:
            middle = (low + high) // 2
            if self._starts[middle] <= position:
                low = middle
            else:
                high = middle
        return self._opens[low] + (position - self._starts[low]) * MINUTE

    cpdef Py_ssize_t find_position_of_minute(
        self, int64_t minute, bint forward_fill=False
    ) except? -2:
        """Return the position of a minute.

        Parameters
        ----------
        minute : int
        forward_fill : bool, default False
            Whether a time at which the market is closed has the position of the last minute
            before it, -1 where there is none.

        Raises
        ------
        ValueError
            If the market is closed and `forward_fill` is false.
        """
        cdef Py_ssize_t low = -1
        cdef Py_ssize_t high = self._opens.shape[0]
        cdef Py_ssize_t middle
        cdef int64_t past
        while high - low > 1:
            middle = (low + high) // 2
            if self._opens[middle] <= minute:
                low = middle
            else:
                high = middle
        if low >= 0:
            past = minute - self._opens[low]
            if minute <= self._closes[low] and (forward_fill or past % MINUTE == 0):
                return self._starts[low] + past // MINUTE
        if not forward_fill:
            raise ValueError(f"{np.datetime64(minute, 'ns')} UTC is no minute of the market")
        return -1 if low < 0 else self._starts[low + 1] - 1

    def find_last_traded_position(self, const double[::1] volumes, int64_t minute):
        """Return the last position not after a minute that has a volume, -1 if there is none.

        Parameters
        ----------
        volumes : ndarray of float64, shape (minutes,)
            Volume of each minute from the first on; may be shorter than all minutes.
        minute : int
        """
        cdef Py_ssize_t position = self.find_position_of_minute(minute, forward_fill=True)
        position = min(position, volumes.shape[0] - 1)
        while position >= 0 and not volumes[position] > 0:
            position -= 1
        return position
