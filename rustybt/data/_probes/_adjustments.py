"""Known answers of `rustybt.data._adjustments`."""

import sqlite3

import pandas as pd

from rustybt.data._adjustments import load_adjustments_from_sqlite


def probe() -> tuple[object, object]:
    """Return (computed, expected) adjustments for a split on the second of three days."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE splits (effective_date INTEGER, ratio REAL, sid INTEGER)")
    database.execute("INSERT INTO splits VALUES (172800, 0.5, 7)")
    dates = pd.date_range("1970-01-02", periods=3)
    made = load_adjustments_from_sqlite(database, dates, [3, 7], True, False, False, "all")
    database.close()

    computed = [
        (kind, row, one.first_col, one.value)
        for kind, rows in made.items()
        for row, ones in rows.items()
        for one in ones
    ]
    return computed, [("price", 1, 1, 0.5), ("volume", 1, 1, 2.0)]
