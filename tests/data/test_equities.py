"""Contiguous columns give what a pandas frame with one column an asset gives."""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rustybt.data._equities import COLUMNS, BarColumns

VALUES = st.one_of(st.just(np.nan), st.floats(0.01, 1e6))
VOLUMES = st.sampled_from([0.0, 0.0, 1.0, 2.0**53])


class Case(NamedTuple):
    """Bars of a few assets, twice."""

    bars: BarColumns
    frames: dict[str, pd.DataFrame]
    """A row for each ordinal and a column for each sid."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    length = draw(st.integers(1, 12))
    sids = sorted(draw(st.sets(st.integers(0, 2**40), max_size=4)))
    axis = np.cumsum(draw(hnp.arrays(np.int64, length, elements=st.integers(1, 10**15))))
    first, last = [], []
    pieces: list[dict[str, Any]] = []
    frames = {
        name: pd.DataFrame(0.0 if name == "volume" else np.nan, index=range(length), columns=sids)
        for name in COLUMNS
    }
    for _ in sids:
        begin = draw(st.integers(0, length - 1))
        end = draw(st.integers(begin - 1, length - 1))
        piece = {
            name: draw(
                hnp.arrays(
                    np.float64, end - begin + 1, elements=VOLUMES if name == "volume" else VALUES
                )
            )
            for name in COLUMNS
        }
        for name, values in piece.items():
            frames[name].iloc[begin : end + 1, len(pieces)] = values
        first.append(begin)
        last.append(end)
        pieces.append(piece)
    columns: dict[str, Any] = {
        name: np.concatenate([np.empty(0), *(piece[name] for piece in pieces)]) for name in COLUMNS
    }
    bars = BarColumns(
        np.array(sids, dtype=np.int64),
        axis,
        np.array(first, dtype=np.intp),
        np.array(last, dtype=np.intp),
        **columns,
    )
    return Case(bars, frames)


@given(case=cases(), name=st.sampled_from(COLUMNS), drawn=st.data())
def test_windows_matrices_and_values_are_those_of_a_frame(
    case: Case, name: str, drawn: st.DataObject
) -> None:
    bars, frame = case.bars, case.frames[name]
    start = drawn.draw(st.integers(0, len(frame)))
    stop = drawn.draw(st.integers(start, len(frame)))
    expected = frame.to_numpy()[start:stop]
    positions = list(range(len(bars)))
    np.testing.assert_array_equal(bars.matrix(name, positions, start, stop), expected)
    number = COLUMNS.index(name)
    for position in positions:
        column = expected[:, position]
        np.testing.assert_array_equal(bars.window(name, position, start, stop), column)
        values = [bars.value(number, position, ordinal) for ordinal in range(start, stop)]
        np.testing.assert_array_equal(values, column)


@given(case=cases())
def test_the_last_trade_is_the_last_volume(case: Case) -> None:
    volume = case.frames["volume"]
    for position, sid in enumerate(volume):
        traded = pd.Series(volume.index, dtype="f8").where(volume[sid].to_numpy() > 0)
        expected = traded.ffill().fillna(-1).astype(int).tolist()
        assert [case.bars.last_traded(position, at) for at in volume.index] == expected
        assert case.bars.last_traded(position, -1) == -1


@given(case=cases(), strangers=st.lists(st.integers(0, 2**41), max_size=3))
def test_unknown_assets_have_no_bars(case: Case, strangers: list[int]) -> None:
    bars, volume = case.bars, case.frames["volume"]
    wanted = [*volume.columns[::-1], *strangers]
    known = list(volume.columns)
    positions = bars.positions(wanted)
    assert positions.tolist() == [known.index(sid) if sid in known else -1 for sid in wanted]
    assert [sid in bars for sid in wanted] == [sid in known for sid in wanted]
    expected = volume.reindex(columns=wanted, fill_value=0.0)
    matrix = bars.matrix("volume", positions, 0, len(volume))
    np.testing.assert_array_equal(matrix, expected.to_numpy())


@given(case=cases())
def test_pickling_keeps_everything(case: Case) -> None:
    again = pickle.loads(pickle.dumps(case.bars))  # noqa: S301 - made here
    for name in ("sids", "axis", "first", "last", "offset"):
        np.testing.assert_array_equal(getattr(again, name), getattr(case.bars, name))
    for name in COLUMNS:
        np.testing.assert_array_equal(again.column(name), case.bars.column(name))


def three_bars(**changes: Any) -> BarColumns:
    arguments: dict[str, Any] = {
        "sids": np.array([5, 9]),
        "axis": np.array([10, 20, 30]),
        "first": np.array([0, 1], dtype=np.intp),
        "last": np.array([1, 1], dtype=np.intp),
        **{name: np.arange(3.0) for name in COLUMNS},
    }
    arguments |= changes
    placing = [arguments.pop(name) for name in ("sids", "axis", "first", "last")]
    return BarColumns(*placing, **arguments)


def test_a_window_inside_is_a_read_only_view() -> None:
    bars = three_bars()
    window = bars.window("close", 0, 0, 2)
    assert np.shares_memory(window, bars.column("close"))
    for array in (window, bars.column("close"), bars.sids, bars.axis, bars.first):
        assert not array.flags.writeable


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"sids": np.array([9, 5])}, ValueError, "sids must strictly ascend, got 5 at 1 after 9"),
        ({"sids": np.array([5, 5])}, ValueError, "sids must strictly ascend"),
        ({"axis": np.array([10, 10, 30])}, ValueError, "axis must strictly ascend"),
        ({"axis": np.array([10, 20])[:1]}, ValueError, "ranges on an axis of 1 ordinals"),
        ({"last": np.array([1, 3], dtype=np.intp)}, ValueError, "ranges on an axis of 3"),
        ({"last": np.array([1, -1], dtype=np.intp)}, ValueError, "ranges on an axis of 3"),
        ({"first": np.array([-1, 1], dtype=np.intp)}, ValueError, "ranges on an axis of 3"),
        ({"first": np.array([0], dtype=np.intp)}, ValueError, "one ordinal for each of 2 sids"),
        ({"low": np.arange(2.0)}, ValueError, "low must hold 3 bars, got 2"),
        ({"low": np.arange(6.0)[::2]}, ValueError, "one-dimensional and contiguous"),
        ({"low": np.arange(3)}, TypeError, "low must be an array of float64, got int64"),
        ({"sids": [5, 9]}, TypeError, "sids must be an array of int64, got list"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    changes: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        three_bars(**changes)


def test_questions_out_of_range_are_refused() -> None:
    bars = three_bars()
    with pytest.raises(ValueError, match=r"the columns open, high.*got 'price'"):
        bars.column("price")
    with pytest.raises(IndexError, match="2 assets, got the position 2"):
        bars.window("close", 2, 0, 1)
    with pytest.raises(IndexError, match="2 assets, got the position -2"):
        bars.matrix("close", [-2], 0, 1)
    with pytest.raises(ValueError, match="must not end before its start, got 2 to 1"):
        bars.window("close", 0, 2, 1)
