"""Adjustments are stored as given, refused where they cannot be, and applied as pandas would."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.data._adjustments import load_adjustments_from_sqlite
from rustybt.data.adjustments import (
    InvalidAdjustmentsError,
    SQLiteAdjustmentReader,
    SQLiteAdjustmentWriter,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DAYS = pd.date_range("2020-01-01", periods=12, freq="D", unit="ns")
WINDOW = DAYS[2:10]
SIDS = (3, 5, 8)


@st.composite
def ratios(draw: st.DrawFn) -> pd.DataFrame:
    """Draw splits or mergers, some of assets not asked for, in and out of the window."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from([*SIDS, 99]),
                st.sampled_from(DAYS.tolist()),
                st.sampled_from([0.25, 0.5, 2.0, 3.0]),
            ),
            max_size=8,
        )
    )
    frame = pd.DataFrame(rows, columns=["sid", "effective_date", "ratio"])
    return frame.astype({"sid": np.int64, "effective_date": "M8[ns]", "ratio": np.float64})


def expected(frames: list[pd.DataFrame], power: float) -> NDArray[np.float64]:
    """Return the factor of each row and asset.

    A row holds what was known before its session opened, the bar of the session before it: a
    split of that session changes it, too.
    """
    factors = np.ones((len(WINDOW), len(SIDS)))
    for sid, day, ratio in pd.concat(frames).itertuples(index=False, name=None):
        if sid in SIDS and day in WINDOW:
            factors[: int(WINDOW.searchsorted(day)) + 1, SIDS.index(sid)] *= ratio**power
    return factors


def applied(by_row: dict[int, list[Any]]) -> NDArray[np.float64]:
    """Return the factors that adjustment objects come to, seen from the window's end."""
    factors = np.ones((len(WINDOW), len(SIDS)))
    for row, group in by_row.items():
        for adjustment in group:
            assert adjustment.last_row == row
            adjustment.mutate(factors)
    return factors


@given(splits=ratios(), mergers=ratios(), flags=st.tuples(*[st.booleans()] * 2))
def test_factors_are_products_of_what_comes_later(
    splits: pd.DataFrame, mergers: pd.DataFrame, flags: tuple[bool, bool]
) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        SQLiteAdjustmentWriter(database, None).write(splits, mergers)
        made = load_adjustments_from_sqlite(database, WINDOW, SIDS, *flags, False, "all")
        alone = {
            kind: load_adjustments_from_sqlite(database, WINDOW, SIDS, *flags, False, kind)[kind]
            for kind in ("price", "volume")
        }
    with_splits, with_mergers = (
        frame if flag else frame[:0] for frame, flag in zip((splits, mergers), flags, strict=True)
    )
    prices = expected([with_splits, with_mergers], 1)
    np.testing.assert_allclose(applied(made["price"]), prices, rtol=1e-12)
    np.testing.assert_allclose(applied(made["volume"]), expected([with_splits], -1), rtol=1e-12)
    for kind, by_row in alone.items():
        np.testing.assert_array_equal(applied(by_row), applied(made[kind]))


def test_a_kind_that_is_none_is_refused() -> None:
    with (
        closing(sqlite3.connect(":memory:")) as database,
        pytest.raises(ValueError, match="one of price, volume, all, got 'open'"),
    ):
        load_adjustments_from_sqlite(database, WINDOW, SIDS, True, True, True, "open")


@given(splits=ratios(), mergers=ratios())
def test_arrays_of_an_asset_are_all_rows_in_order(
    splits: pd.DataFrame, mergers: pd.DataFrame
) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        SQLiteAdjustmentWriter(database, None).write(splits, mergers)
        reader = SQLiteAdjustmentReader(database)
        for sid in SIDS:
            both = pd.concat([splits.assign(kind=0), mergers.assign(kind=1)])
            rows = both[both["sid"] == sid].sort_values(["effective_date", "kind"], kind="stable")
            found = reader.asset_adjustments(sid)
            assert found.effective.tolist() == rows["effective_date"].astype("i8").tolist()
            assert found.kind.tolist() == rows["kind"].tolist()
            assert sorted(found.ratio) == sorted(rows["ratio"])


def splits(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"sid": [1], "effective_date": [DAYS[0]], "ratio": [0.5]} | columns)


def dividends(**columns: Any) -> pd.DataFrame:
    dates = {f"{name}_date": [pd.NaT] for name in ("declared", "record", "pay")}
    return pd.DataFrame({"sid": [1], "ex_date": [DAYS[1]], "amount": [1.0]} | dates | columns)


def stock_dividends(**columns: Any) -> pd.DataFrame:
    given = dividends().drop(columns="amount").assign(payment_sid=2, ratio=0.1)
    return given.assign(**columns)


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        ({"splits": splits(ratio=[0.0])}, r"splits, row 0 \(sid 1\): ratio must be positive"),
        ({"splits": splits(ratio=[np.inf])}, "ratio must be positive and finite, got inf"),
        ({"splits": splits(ratio=[np.nan])}, "ratio must be positive and finite, got nan"),
        ({"splits": splits(sid=[-1])}, "sid must not be negative, got -1"),
        ({"splits": splits(sid=[1.5])}, "splits: sid must be whole numbers, got float64"),
        ({"splits": splits(effective_date=[pd.NaT])}, "effective_date must be a date, got NaT"),
        ({"splits": splits(extra=[1])}, "splits need the columns .*extra"),
        ({"mergers": splits(ratio=[-1.0])}, "mergers, row 0"),
        ({"dividends": dividends(amount=[-1.0])}, "amount must be positive"),
        ({"stock_dividends": stock_dividends(ratio=0.0)}, "stock_dividend_payouts, row 0"),
        ({"stock_dividends": stock_dividends(payment_sid=-2)}, "payment_sid must not be neg"),
    ],
)
def test_nothing_is_written_if_a_row_is_refused(
    frames: dict[str, pd.DataFrame], sentence: str
) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        writer = SQLiteAdjustmentWriter(database, Bars())
        writer.write(splits(sid=[7]))
        with pytest.raises(InvalidAdjustmentsError, match=sentence):
            writer.write(**({"splits": splits(), "mergers": splits()} | frames))
        found = SQLiteAdjustmentReader(database).unpack_db_to_component_dfs(convert_dates=True)
    assert found.pop("splits")["sid"].tolist() == [7]
    assert all(frame.empty for frame in found.values())


class Bars:
    """Closes of one asset: 10 in every session, missing in the last."""

    sessions = DAYS[:4]

    def load_raw_arrays(self, *_: object) -> list[Any]:
        """Return the closes, whatever is asked for."""
        return [np.array([[10.0], [10.0], [10.0], [np.nan]])]


@pytest.mark.parametrize(
    ("ex_date", "amount", "ratio"),
    [
        (DAYS[0], 1.0, None),  # no close before it
        (DAYS[1], 1.0, 0.9),
        (DAYS[3], 2.5, 0.75),
        (DAYS[4], 1.0, None),  # no price in the session before it
        (DAYS[2], 10.0, None),  # all of the price
    ],
)
def test_the_ratio_of_a_dividend(ex_date: pd.Timestamp, amount: float, ratio: float | None) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        paid = dividends(ex_date=[ex_date], amount=[amount])
        SQLiteAdjustmentWriter(database, Bars()).write(dividends=paid)
        reader = SQLiteAdjustmentReader(database)
        found = reader.get_adjustments_for_sid("dividends", 1)
        payouts = reader.get_df_from_table("dividend_payouts", convert_dates=True)
    assert found == ([] if ratio is None else [[ex_date, ratio]])
    assert payouts["amount"].tolist() == [amount]
    assert payouts["pay_date"].isna().all()


def test_dividends_need_bars() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        writer = SQLiteAdjustmentWriter(database, None)
        with pytest.raises(InvalidAdjustmentsError, match="pass equity_daily_bar_reader"):
            writer.write(dividends=dividends())


def test_a_file_is_replaced_only_if_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "adjustments.sqlite"
    for overwrite, rows in ((False, 1), (False, 2), (True, 1)):
        with SQLiteAdjustmentWriter(path, None, overwrite=overwrite) as writer:
            writer.write(splits())
        with SQLiteAdjustmentReader(path) as reader:
            assert len(reader.get_adjustments_for_sid("splits", 1)) == rows
    with pytest.raises(FileNotFoundError, match="no adjustment database at"):
        SQLiteAdjustmentReader(tmp_path / "none")
