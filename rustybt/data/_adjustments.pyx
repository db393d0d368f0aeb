"""Adjustment objects of arrays, made of the rows of an adjustment database."""

from libc.stdint cimport int64_t

import numpy as np

from rustybt.lib.adjustment import Float64Multiply

cdef int64_t SECOND = 1_000_000_000

_TYPES = ("price", "volume", "all")


def load_adjustments_from_sqlite(
    adjustments_db,
    dates,
    assets,
    should_include_splits,
    should_include_mergers,
    should_include_dividends,
    adjustment_type,
):
    """Return the adjustments that an array of sessions by assets needs.

    Prices before a split, a merger or a dividend are multiplied by its ratio, volumes before a
    split by 1 / its ratio.

    Parameters
    ----------
    adjustments_db : sqlite3.Connection
        A database that `SQLiteAdjustmentWriter` wrote.
    dates : DatetimeIndex
        The sessions, ascending; UTC where they have no time zone.
    assets : iterable of int
        The sid of each column.
    should_include_splits, should_include_mergers, should_include_dividends : bool
    adjustment_type : {"price", "volume", "all"}

    Returns
    -------
    dict of str to dict of int to list of Float64Multiply
        Under "price" and "volume", as asked for: adjustments by the last row that they change.
        That is the row of the session in which they take effect; it holds what was known before
        that session, the bar of the one before it.
    """
    if adjustment_type not in _TYPES:
        raise ValueError(
            f"adjustment_type must be one of {', '.join(_TYPES)}, got {adjustment_type!r}"
        )
    cdef bint with_prices = adjustment_type != "volume"
    cdef bint with_volumes = adjustment_type != "price"
    cdef dict prices = {}
    cdef dict volumes = {}
    cdef dict columns = {sid: column for column, sid in enumerate(map(int, assets))}
    cdef Py_ssize_t row, column
    seconds = np.asarray(dates.as_unit("ns").asi8) // SECOND
    if len(seconds):
        for table, wanted in (
            ("splits", should_include_splits),
            ("mergers", should_include_mergers and with_prices),
            ("dividends", should_include_dividends and with_prices),
        ):
            if not wanted:
                continue
            for sid, ratio, second in _rows(adjustments_db, table, seconds, columns):
                row = np.searchsorted(seconds, second)
                column = columns[sid]
                if with_prices:
                    prices.setdefault(row, []).append(
                        Float64Multiply(0, row, column, column, ratio)
                    )
                if with_volumes and table == "splits":
                    volumes.setdefault(row, []).append(
                        Float64Multiply(0, row, column, column, 1.0 / ratio)
                    )
    cdef dict result = {}
    if with_prices:
        result["price"] = prices
    if with_volumes:
        result["volume"] = volumes
    return result


def _rows(database, table, seconds, columns):
    """Return (sid, ratio, effective second) of the columns' assets within the sessions."""
    rows = database.execute(
        f"SELECT sid, ratio, effective_date FROM {table} "
        "WHERE effective_date BETWEEN ? AND ? ORDER BY effective_date, sid",
        (int(seconds[0]), int(seconds[seconds.size - 1])),
    )
    return [row for row in rows if row[0] in columns]
