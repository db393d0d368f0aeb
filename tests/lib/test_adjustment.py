from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.lib import adjustment as adj
from rustybt.lib.labelarray import LabelArray

if TYPE_CHECKING:
    from collections.abc import Callable

# Arrays and values of several types, or what is refused.
Value: TypeAlias = Any

MOMENT = np.datetime64("2014-01-01T01:02:03", "ns")
NAT = np.datetime64("NaT", "ns")
DATES = pd.DatetimeIndex(["2014-01-02", "2014-01-04", "2014-01-06", "2014-01-08", "2014-01-10"])
ASSETS = pd.Index([5, 3, 9])

SCALARS: list[tuple[type[Any], Any]] = [
    (adj.Float64Multiply, 1.5),
    (adj.Float64Add, -0.25),
    (adj.Float64Overwrite, float("nan")),
    (adj.Int64Overwrite, 7),
    (adj.Datetime64Overwrite, MOMENT),
    (adj.Datetime64Overwrite, NAT),
    (adj.BooleanOverwrite, True),
    (adj.ObjectOverwrite, "abc"),
    (adj.ObjectOverwrite, None),
]
ARRAYS: list[tuple[type[Any], list[Any]]] = [
    (adj.Float641DArrayOverwrite, [1.0, float("nan")]),
    (adj.Datetime641DArrayOverwrite, [MOMENT, NAT]),
    (adj.Boolean1DArrayOverwrite, [True, False]),
    (adj.Object1DArrayOverwrite, ["a", None]),
]
ALL = [(cls, value) for cls, value in [*SCALARS, *ARRAYS]]


@pytest.mark.parametrize(
    ("cls", "change"),
    [
        (adj.Float64Multiply, lambda cells, value: cells * value),
        (adj.Float64Add, lambda cells, value: cells + value),
        (adj.Float64Overwrite, lambda cells, value: np.full(cells.shape, value)),
    ],
)
@given(data=st.data())
def test_float64_changes_the_rectangle_and_nothing_else(
    cls: type[adj.Float64Adjustment], change: Callable[[Any, float], Any], data: st.DataObject
) -> None:
    rows, columns = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 5))
    first_row, last_row = sorted(data.draw(st.tuples(*[st.integers(0, rows - 1)] * 2)))
    first_col, last_col = sorted(data.draw(st.tuples(*[st.integers(0, columns - 1)] * 2)))
    value = data.draw(st.floats(-1e6, 1e6))
    order: Any = data.draw(st.sampled_from("CF"))
    array = np.array(np.arange(rows * columns, dtype=float).reshape(rows, columns), order=order)
    expected = array.copy()
    box = (slice(first_row, last_row + 1), slice(first_col, last_col + 1))
    expected[box] = change(expected[box], value)
    cls(first_row, last_row, first_col, last_col, value).mutate(array)
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("overwrite", "value", "array"),
    [
        (adj.Int64Overwrite, np.int32(5), np.arange(12).reshape(4, 3)),
        (adj.Datetime64Overwrite, MOMENT, np.zeros((4, 3), dtype="datetime64[ns]")),
        (adj.Datetime64Overwrite, MOMENT, np.zeros((4, 3), dtype=np.int64)),
        (adj.BooleanOverwrite, np.True_, np.zeros((4, 3), dtype=bool)),
        (adj.BooleanOverwrite, 1, np.zeros((4, 3), dtype=np.uint8)),
        (adj.ObjectOverwrite, ("a", "tuple"), np.full((4, 3), None, dtype=object)),
    ],
)
def test_overwrites_set_the_rectangle(overwrite: Value, value: Value, array: Value) -> None:
    expected = array.copy()
    for row in (1, 2):
        expected[row, 1] = value.astype(array.dtype) if value is MOMENT else value
    overwrite(1, 2, 1, 1, value).mutate(array)
    assert array.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("overwrite", "values", "array"),
    [
        (adj.Float641DArrayOverwrite, [1.5, 2.0, -3.0], np.zeros((5, 3))),
        (
            adj.Datetime641DArrayOverwrite,
            np.array(["2014", "2015", "2016"], dtype="datetime64[Y]"),
            np.zeros((5, 3), dtype="datetime64[ns]"),
        ),
        (adj.Boolean1DArrayOverwrite, [True, False, True], np.zeros((5, 3), dtype=bool)),
        (adj.Object1DArrayOverwrite, ["a", None, 4], np.full((5, 3), "x", dtype=object)),
    ],
)
def test_array_overwrites_give_each_row_its_value(
    overwrite: Value, values: Value, array: Value
) -> None:
    expected = array.copy()
    for row, value in zip((1, 2, 3), values, strict=True):
        for column in (0, 1):
            expected[row, column] = value
    overwrite(1, 3, 0, 1, values).mutate(array)
    assert array.tolist() == expected.tolist()


def test_overwrites_change_labels() -> None:
    labels = LabelArray([["a", "b"], ["c", "a"], ["b", "c"]], None)
    adj.ObjectOverwrite(0, 1, 0, 0, "b").mutate(labels)
    adj.Object1DArrayOverwrite(1, 2, 1, 1, ["c", None]).mutate(labels)
    assert labels.tolist() == [["b", "b"], ["b", "c"], ["b", None]]
    with pytest.raises(ValueError, match="'z' is not in the categories"):
        adj.ObjectOverwrite(0, 0, 0, 0, "z").mutate(labels)


@pytest.mark.parametrize(("cls", "value"), ALL)
def test_values_compare_and_hash(cls: type[Any], value: Value) -> None:
    one, same = cls(0, 1, 0, 2, value), cls(0, 1, 0, 2, copy.copy(value))
    assert one == same
    assert hash(one) == hash(same)
    assert one != cls(0, 1, 0, 1, value)
    assert one != 5
    others = [other(0, 1, 0, 2, v) for other, v in ALL if other is not cls]
    assert all(one != other for other in others)


def test_other_values_are_unequal() -> None:
    assert adj.Float64Add(0, 0, 0, 0, 1.0) != adj.Float64Add(0, 0, 0, 0, 2.0)
    assert adj.Float64Add(0, 0, 0, 0, 0.0) == adj.Float64Add(0, 0, 0, 0, -0.0)
    one = adj.Float641DArrayOverwrite(0, 1, 0, 0, [0.0, 1.0])
    assert one == adj.Float641DArrayOverwrite(0, 1, 0, 0, [-0.0, 1.0])
    assert one != adj.Float641DArrayOverwrite(0, 1, 0, 0, [0.0, 2.0])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(("cls", "value"), ALL)
def test_pickles(cls: type[Any], value: Value, protocol: int) -> None:
    original = cls(0, 1, 0, 2, value)
    restored = pickle.loads(pickle.dumps(original, protocol))  # noqa: S301 - made here
    assert type(restored) is cls
    assert restored == original
    assert repr(restored) == repr(original)


@pytest.mark.parametrize(
    ("adjustment", "text"),
    [
        (
            adj.Float64Multiply(0, 1, 2, 3, 2),
            "Float64Multiply(first_row=0, last_row=1, first_col=2, last_col=3, value=2.0)",
        ),
        (
            adj.ObjectOverwrite(0, 1, 2, 3, "x"),
            "ObjectOverwrite(first_row=0, last_row=1, first_col=2, last_col=3, value='x')",
        ),
        (
            adj.Float641DArrayOverwrite(0, 1, 2, 3, [1, 2]),
            (
                "Float641DArrayOverwrite(first_row=0, last_row=1, first_col=2, last_col=3, "
                "values=array([1., 2.]))"
            ),
        ),
        (
            adj.Adjustment(0, 1, 2, 3),
            "Adjustment(first_row=0, last_row=1, first_col=2, last_col=3)",
        ),
    ],
)
def test_repr(adjustment: adj.Adjustment, text: str) -> None:
    assert repr(adjustment) == text


@pytest.mark.parametrize(("cls", "value"), ALL)
def test_is_immutable(cls: type[Any], value: Value) -> None:
    adjustment = cls(0, 1, 0, 2, value)
    for name in ("first_row", "last_row", "first_col", "last_col", "value", "values", "other"):
        with pytest.raises(AttributeError):
            setattr(adjustment, name, 1)


@pytest.mark.parametrize("rectangle", [(-1, 0, 0, 0), (1, 0, 0, 0), (0, 0, -50, 0), (0, 0, 1, 0)])
def test_keeps_nothing_of_a_refused_rectangle(rectangle: tuple[int, int, int, int]) -> None:
    adjustment = adj.Float64Overwrite(0, 1, 0, 2, 1.5)
    with pytest.raises(ValueError, match="must be in the range"):
        adj.Adjustment.__init__(adjustment, *rectangle)
    assert adjustment == adj.Float64Overwrite(0, 1, 0, 2, 1.5)


def test_array_values_are_a_read_only_copy() -> None:
    values = np.array([1.0, 2.0])
    adjustment = adj.Float641DArrayOverwrite(0, 1, 0, 0, values)
    values[0] = 9.0
    assert adjustment.values.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        adjustment.values[0] = 3.0


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        (np.datetime64("2014-01-01"), 1388534400_000000000),
        (pd.Timestamp("2014-01-01"), 1388534400_000000000),
        (pd.Timestamp("2014-01-01", tz="US/Eastern"), 1388552400_000000000),
        (pd.NaT, np.iinfo(np.int64).min),
    ],
)
def test_moments_count_in_nanoseconds_of_utc(value: Value, nanoseconds: int) -> None:
    assert adj.Datetime64Overwrite(0, 0, 0, 0, value).value == nanoseconds


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: adj.Float64Add(1, 0, 0, 0, 1.0), ValueError, "first_row=1 and last_row=0"),
        (lambda: adj.Float64Add(-1, 0, 0, 0, 1.0), ValueError, "first_row=-1"),
        (lambda: adj.Float64Add(0, 0, 3, 2, 1.0), ValueError, "first_col=3 and last_col=2"),
        (lambda: adj.Float64Add(0, 0, -2, 2, 1.0), ValueError, "first_col=-2"),
        (lambda: adj.Float64Add(0, 1.5, 0, 0, 1.0), TypeError, "last_row must be an integer"),  # type: ignore[arg-type]
        (lambda: adj.Float64Add(0, 2**70, 0, 0, 1.0), ValueError, "last_row must be a position in"),
        (lambda: adj.Float64Add(0, 0, 0, 0, np.ones(1)), TypeError, r"as value, got array\(\[1"),
        (lambda: adj.Float64Add(0, 0, 0, 0, "x"), TypeError, "needs a number as value, got 'x'"),  # type: ignore[arg-type]
        (lambda: adj.Int64Overwrite(0, 0, 0, 0, 1.5), TypeError, "integer as value, got 1.5"),  # type: ignore[arg-type]
        (lambda: adj.Int64Overwrite(0, 0, 0, 0, 2**63), ValueError, "fits int64"),
        (lambda: adj.BooleanOverwrite(0, 0, 0, 0, 2), TypeError, "True or False as value, got 2"),  # type: ignore[arg-type]
        (lambda: adj.Datetime64Overwrite(0, 0, 0, 0, 5), TypeError, "got 5 of type int"),  # type: ignore[arg-type]
        (
            lambda: adj.Datetime64Overwrite(0, 0, 0, 0, np.datetime64("3000")),
            ValueError,
            "from 3000 to 3000.* years 1678 to 2261",
        ),
        (
            lambda: adj.Float641DArrayOverwrite(0, 2, 0, 0, [1.0, 2.0]),
            ValueError,
            "got 2 values for the 3 rows from 0 to 2",
        ),
        (
            lambda: adj.Float641DArrayOverwrite(0, 1, 0, 0, [[1.0, 2.0]]),
            ValueError,
            r"one-dimensional values, got an array of shape \(1, 2\)",
        ),
        (lambda: adj.Float641DArrayOverwrite(0, 0, 0, 0, ["x"]), TypeError, "float64 values"),
        (lambda: adj.Boolean1DArrayOverwrite(0, 0, 0, 0, [1]), TypeError, "bool values, got int64"),
        (
            lambda: adj.Datetime641DArrayOverwrite(0, 0, 0, 0, [1]),
            TypeError,
            "must be datetime64, got int64",
        ),
    ],
)
def test_refuses_bad_parameters(
    make: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make()


READ_ONLY = np.zeros((2, 2))
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("adjustment", "array", "error", "message"),
    [
        (
            adj.Float64Add(0, 1, 0, 2, 1.0),
            np.zeros((2, 2)),
            IndexError,
            r"beyond data of shape \(2, 2\): its last row and column may be at most 1 and 1",
        ),
        (
            adj.Float64Add(0, 0, 0, 0, 1.0),
            np.zeros((2, 2), dtype=np.int64),
            TypeError,
            r"Float64Add changes arrays of dtype float64, got int64 array of shape \(2, 2\)",
        ),
        (adj.Float64Add(0, 0, 0, 0, 1.0), [[1.0]], TypeError, "got list"),
        (adj.Float64Add(0, 0, 0, 0, 1.0), np.zeros(3), ValueError, r"got an array of shape \(3,\)"),
        (
            adj.Float64Add(0, 0, 0, 0, 1.0),
            READ_ONLY,
            ValueError,
            r"read-only float64 array of shape \(2, 2\)",
        ),
        (
            adj.Datetime64Overwrite(0, 0, 0, 0, MOMENT),
            np.zeros((2, 2), dtype="datetime64[us]"),
            TypeError,
            r"datetime64\[ns\] or int64, got datetime64\[us\]",
        ),
        (adj.ObjectOverwrite(0, 0, 0, 0, "a"), np.zeros((2, 2)), TypeError, "object, got float64"),
        (
            adj.ObjectOverwrite(2, 2, 0, 0, "a"),
            LabelArray([["a"]], None),
            IndexError,
            r"shape \(1, 1\)",
        ),
        (
            adj.ObjectOverwrite(0, 0, 0, 0, "a"),
            LabelArray(["a"], None),
            ValueError,
            r"LabelArray of shape \(1,\)",
        ),
        (adj.Adjustment(0, 0, 0, 0), np.zeros((2, 2)), TypeError, "cannot change float64 data"),
    ],
)
def test_refuses_arrays_it_cannot_change(
    adjustment: adj.Adjustment, array: Value, error: type[Exception], message: str
) -> None:
    before = copy.deepcopy(array)
    with pytest.raises(error, match=message):
        adjustment.mutate(array)
    assert np.array_equal(np.asarray(array), np.asarray(before))


def test_refuses_a_read_only_labelarray() -> None:
    labels = LabelArray([["a", "b"]], None)
    labels.setflags(write=False)
    with pytest.raises(ValueError, match=r"read-only LabelArray of shape \(1, 2\)"):
        adj.ObjectOverwrite(0, 0, 0, 0, "b").mutate(labels)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (adj.MULTIPLY, 1.5, adj.Float64Multiply),
        (0, np.float32(1.5), adj.Float64Multiply),
        (adj.ADD, 1.5, adj.Float64Add),
        (adj.OVERWRITE, float("nan"), adj.Float64Overwrite),
        (adj.OVERWRITE, 5, adj.Int64Overwrite),
        (adj.OVERWRITE, np.int32(5), adj.Int64Overwrite),
        (adj.OVERWRITE, True, adj.BooleanOverwrite),
        (adj.OVERWRITE, np.False_, adj.BooleanOverwrite),
        (adj.OVERWRITE, "s", adj.ObjectOverwrite),
        (adj.OVERWRITE, b"s", adj.ObjectOverwrite),
        (adj.OVERWRITE, None, adj.ObjectOverwrite),
        (adj.OVERWRITE, pd.Timestamp("2014"), adj.Datetime64Overwrite),
        (adj.OVERWRITE, pd.NaT, adj.Datetime64Overwrite),
        (2, MOMENT, adj.Datetime64Overwrite),
    ],
)
def test_chooses_the_class(kind: Value, value: Value, expected: type[Any]) -> None:
    made = adj.make_adjustment_from_indices(0, 1, 2, 3, kind, value)
    assert made == expected(0, 1, 2, 3, value)
    assert adj.choose_adjustment_type(kind, value) is expected


@pytest.mark.parametrize(
    ("kind", "value", "error", "message"),
    [
        (3, 1.5, ValueError, "adjustment_kind must be one of .*MULTIPLY.*, got 3"),
        (adj.MULTIPLY, 5, TypeError, "MULTIPLY adjustments exist for floating point .* got 5"),
        (adj.ADD, None, TypeError, "ADD adjustments exist for floating point"),
        (adj.OVERWRITE, [1.0], TypeError, "values of type list"),
        (adj.OVERWRITE, 1j, TypeError, "values of type complex"),
        (adj.OVERWRITE, np.timedelta64(1, "ns"), TypeError, "values of type timedelta64"),
    ],
)
def test_refuses_to_choose(kind: Value, value: Value, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        adj.choose_adjustment_type(kind, value)


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize(
    ("start", "end", "asset", "expected"),
    [
        ("2014-01-02", "2014-01-04", 3, (0, 1, 1)),
        ("2014-01-03", "2014-01-05", 9, (1, 1, 2)),
        ("2014-01-01", "2014-01-05", 5, (0, 1, 0)),
        ("2014-01-03", "2014-02-05", 9, (1, 4, 2)),
        (None, "2014-01-05", 9, (0, 1, 2)),
        ("2014-01-05", None, 9, (2, 4, 2)),
    ],
)
def test_labels_become_positions(
    start: str | None,
    end: str | None,
    asset: int,
    expected: tuple[int, int, int],
    unit: Value,
    zone: str | None,
    as_array: bool,
) -> None:
    dates: Value = DATES.as_unit(unit)
    assets: Any = ASSETS
    if as_array:
        dates, assets = dates.to_numpy(), assets.to_numpy()
    elif zone:
        dates = dates.tz_localize(zone)
    first, last = (None if day is None else pd.Timestamp(day, tz=zone) for day in (start, end))
    assert adj.get_adjustment_locs(dates, assets, first, last, asset) == expected
    made = adj.make_adjustment_from_labels(dates, assets, first, last, asset, adj.ADD, 2.5)
    first_row, last_row, column = expected
    assert made == adj.Float64Add(first_row, last_row, column, column, 2.5)
    assert made == adj.Float64Add.from_assets_and_dates(dates, assets, first, last, asset, 2.5)


@pytest.mark.parametrize(
    ("dates", "start", "end", "asset", "message"),
    [
        (DATES, "2014-01-01", "2014-01-01", 9, "no date from 2014-01-01 to 2014-01-01 among its 5"),
        (DATES, "2014-01-05", "2014-01-03", 9, "no date from 2014-01-05"),
        (DATES, "2014-01-03", "2014-01-05", 7, "asset 7 must be once among the 3 labels"),
        (DATES[::-1], "2014-01-03", "2014-01-05", 9, "ascending; its 5 dates are not"),
    ],
)
def test_refuses_labels(dates: Value, start: str, end: str, asset: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adj.get_adjustment_locs(dates, ASSETS, start, end, asset)


def test_refuses_an_ambiguous_asset() -> None:
    with pytest.raises(ValueError, match="is 2 times"):
        adj.get_adjustment_locs(DATES, [5, 3, 5], None, None, 5)
