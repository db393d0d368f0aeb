"""What is dropped and what stays is what a plain loop over the rows says."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.data.bar_checks import InvalidBarsError, check_bars
from rustybt.data.bar_reader import OHLCV

# Four sessions; the 4th and 5th of January 2020 are a weekend.
AXIS = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"]).as_unit("ns")
DATES = [*AXIS, pd.Timestamp("2020-01-04"), pd.Timestamp("2020-01-08"), pd.NaT]

Row = tuple[float, float, float, float, float]
PRICES = st.sampled_from([1.0, 1.0, 2.0, 2.0, 3.0, 0.0, -1.0, math.nan, math.inf])
GOOD = st.sampled_from([(1.0, 3.0, 1.0, 2.0, 10.0), (2.0, 2.0, 2.0, 2.0, 0.0)])
EMPTY = st.sampled_from([(0.0,) * 5, (math.nan,) * 5, (math.nan, 0.0, math.nan, 0.0, 0.0)])
VOLUMES = st.sampled_from([10.0, 10.9, 0.0, -1.0, math.nan, math.inf, 2.0**54])
ROWS = st.one_of(GOOD, GOOD, EMPTY, st.tuples(PRICES, PRICES, PRICES, PRICES, VOLUMES))


def is_empty(row: Row) -> bool:
    return all(math.isnan(value) or value == 0 for value in row)


def is_valid(row: Row) -> bool:
    open_, high, low, close, volume = row
    if any(math.isnan(value) for value in row):
        return is_empty(row)
    return is_empty(row) or (
        0 < low <= min(open_, close)
        and max(open_, close) <= high < math.inf
        and 0 <= volume <= 2**53
    )


def reference(rows: list[tuple[pd.Timestamp, Row]]) -> dict[pd.Timestamp, Row]:
    """Return the rows that stay, by date: of several with one date only the first may."""
    kept: dict[pd.Timestamp, Row] = {}
    seen = set()
    for date, row in rows:
        if date in AXIS and date not in seen and is_valid(row):
            kept[date] = row
        seen.add(date)
    return kept


@given(rows=st.lists(st.tuples(st.sampled_from(DATES), ROWS), max_size=7))
def test_invalid_rows_are_dropped_and_the_others_put_in_order(
    rows: list[tuple[pd.Timestamp, Row]],
) -> None:
    frame = pd.DataFrame(
        [row for _, row in rows],
        index=pd.DatetimeIndex([date for date, _ in rows]),
        columns=list(OHLCV),
        dtype=np.float64,
    )
    axis = np.array(AXIS.asi8)
    bars = check_bars(frame, axis, sid=1, noun="session", on_invalid="ignore")
    kept = reference(rows)
    if not kept:
        assert bars is None
    else:
        assert bars is not None
        ordinals = [int(AXIS.searchsorted(date)) for date in kept]
        assert bars.first == min(ordinals)
        expected = np.full((5, max(ordinals) - bars.first + 1), np.nan)
        expected[4] = 0
        for date, row in kept.items():
            if not is_empty(row):
                expected[:, int(AXIS.searchsorted(date)) - bars.first] = row
        np.testing.assert_array_equal(bars.columns, [*expected[:4], np.trunc(expected[4])])
    dates = [date for date, _ in rows]
    if len(kept) == len(rows) and dates == sorted(dates):
        check_bars(frame, axis, sid=1, noun="session", on_invalid="raise")
    else:
        with pytest.raises(InvalidBarsError, match=r"the bars of sid 1(, row|: the dates descend)"):
            check_bars(frame, axis, sid=1, noun="session", on_invalid="raise")


def test_only_the_first_few_rows_are_named() -> None:
    frame = pd.DataFrame(1.0, index=AXIS.repeat(3), columns=list(OHLCV))
    with pytest.raises(InvalidBarsError, match=r"row 1 .*row 7 .*there twice; 3 more$") as error:
        check_bars(frame, np.array(AXIS.asi8), sid=1, noun="session", on_invalid="raise")
    assert str(error.value).count("there twice") == 5
