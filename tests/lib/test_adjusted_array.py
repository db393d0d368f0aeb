from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.lib import adjustment as adj
from rustybt.lib.adjusted_array import (
    AdjustedArray,
    WindowLengthNotPositive,
    WindowLengthTooLong,
    ensure_adjusted_array,
    ensure_ndarray,
)
from rustybt.lib.labelarray import LabelArray

if TYPE_CHECKING:
    from collections.abc import Callable

# Data and values of several types, or what is refused.
Value: TypeAlias = Any

NAT = np.datetime64("NaT", "ns")
HALVE = adj.Float64Multiply(0, 1, 0, 0, 0.5)
RAISE = adj.Float64Add(0, 2, 0, 0, 1.0)


def prices() -> AdjustedArray:
    """Return five rows of one column, with a halving at row 2."""
    return AdjustedArray(np.arange(1.0, 6.0)[:, None], {2: [HALVE]}, np.nan)


def columns(windows: Value) -> list[list[Any]]:
    """Return the first column of each window."""
    return [window[:, 0].tolist() for window in windows]


@pytest.mark.parametrize(
    ("given_dtype", "missing", "dtype", "kept_missing"),
    [
        *[(name, np.nan, "float64", np.nan) for name in ("float16", "float32", "float64")],
        *[
            (name, np.int16(-1), "int64", -1)
            for name in ("int8", "int16", "int32", "int64", "uint16", "uint32")
        ],
        ("uint8", 0, "bool", False),
        ("bool", np.True_, "bool", True),
        *[(f"datetime64[{unit}]", NAT, "datetime64[ns]", NAT) for unit in ("ns", "us", "s", "D")],
        ("datetime64[ns]", pd.NaT, "datetime64[ns]", NAT),
        (">f8", 0, "float64", 0.0),
    ],
)
def test_dtypes_are_normalised(
    given_dtype: str, missing: Value, dtype: str, kept_missing: Value
) -> None:
    data = np.array([[0, 1], [1, 0], [1, 1]]).astype(given_dtype)
    array = AdjustedArray(data, {}, missing)
    assert array.dtype == np.dtype(dtype)
    assert type(array.missing_value) is type(kept_missing)
    np.testing.assert_array_equal(array.missing_value, kept_missing)
    np.testing.assert_array_equal(array.data, data.astype(dtype))
    assert array.data.dtype == np.dtype(dtype)
    for number, window in enumerate(array.traverse(2)):
        assert window.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(window, data[number : number + 2].astype(dtype))


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        (np.array([["a"], ["bc"], [""]]), ""),
        (np.array([[b"a"], [b"bc"], [b""]]), b""),
        (np.array([["a"], [None], ["a"]], dtype=object), None),
        (LabelArray([["a"], [None], ["a"]], None), None),
    ],
)
def test_strings_become_labels(data: Value, missing: Value) -> None:
    array = AdjustedArray(data, {}, missing)
    assert isinstance(array.data, LabelArray)
    assert array.data.tolist() == data.tolist()
    assert array.missing_value == missing
    windows = list(array.traverse(2))
    assert all(isinstance(window, LabelArray) for window in windows)
    assert [window.tolist() for window in windows] == [data[:2].tolist(), data[1:].tolist()]


@pytest.mark.parametrize("copy", [True, False])
def test_traverse_applies_adjustments_when_their_row_comes_into_view(copy: bool) -> None:
    array = prices()
    expected = [[1.0, 2.0], [1.0, 3.0], [3.0, 4.0], [4.0, 5.0]]
    assert columns(array.traverse(2, copy=copy)) == expected


@pytest.mark.parametrize(
    ("offset", "perspective", "expected"),
    [
        (0, 1, [[0.5, 1.0], [1.0, 3.0], [3.0, 4.0], [4.0, 5.0]]),
        (1, 0, [[1.0, 3.0], [3.0, 4.0], [4.0, 5.0]]),
        (3, 1, [[4.0, 5.0]]),
        (4, 0, []),
    ],
)
def test_traverse_with_offsets(offset: int, perspective: int, expected: list[list[float]]) -> None:
    assert columns(prices().traverse(2, offset, perspective)) == expected


@pytest.mark.parametrize(
    ("data", "adjustment", "missing", "expected"),
    [
        ([[1], [2], [3]], adj.Int64Overwrite(0, 0, 0, 0, 9), 0, [[9], [2], [3]]),
        ([[True], [False], [True]], adj.BooleanOverwrite(1, 1, 0, 0, True), False, [[True]] * 3),
        (
            np.array([["2014"], ["2015"], ["2016"]], dtype="datetime64[D]"),
            adj.Datetime641DArrayOverwrite(0, 1, 0, 0, np.array([0, 1], dtype="datetime64[ns]")),
            NAT,
            np.array([[0], [1], [1451606400 * 10**9]], dtype="datetime64[ns]").tolist(),
        ),
        (
            np.array([["a"], ["b"], ["c"]]),
            adj.Object1DArrayOverwrite(0, 2, 0, 0, ["c", "", "a"]),
            "",
            [["c"], [""], ["a"]],
        ),
    ],
)
def test_all_types_adjust(data: Value, adjustment: Value, missing: Value, expected: Value) -> None:
    if isinstance(data, np.ndarray) and data.dtype.kind == "U":
        data = LabelArray(data, "", categories=["a", "b", "c"])
    array = AdjustedArray(
        data if isinstance(data, LabelArray) else np.array(data), {2: [adjustment]}, missing
    )
    (window,) = array.traverse(3)
    assert window.tolist() == expected


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30),
    st.integers(1, 10),
    st.sampled_from([True, False]),
)
def test_windows_without_adjustments_are_slices(
    numbers: list[float], length: int, copy: bool
) -> None:
    data = np.array(numbers)[:, None]
    length = min(length, len(numbers))
    windows = list(AdjustedArray(data.copy(), {}, np.nan).traverse(length, copy=copy))
    expected = np.lib.stride_tricks.sliding_window_view(data, length, axis=0).swapaxes(1, 2)
    np.testing.assert_array_equal(np.array(windows), expected)


def test_copy_true_leaves_the_data_and_does_not_see_them_change() -> None:
    data = np.arange(1.0, 6.0)[:, None]
    original = data.copy()
    array = AdjustedArray(data, {2: [HALVE]}, np.nan)
    windows = array.traverse(2)
    assert columns(array.traverse(2)) == columns(prices().traverse(2))
    np.testing.assert_array_equal(data, original)
    data[:] = -1.0
    assert columns(windows) == columns(prices().traverse(2))


@pytest.mark.parametrize(
    ("action", "word"),
    [
        (lambda array: array.traverse(2), "traverse"),
        (lambda array: array.data, "read the data of"),
        (lambda array: array.copy(), "copy"),
        (lambda array: array.inspect(), "read the data of"),
        (lambda array: array.update_labels(str), "update the labels of"),
        (pickle.dumps, "read the data of"),
        (ensure_ndarray, "read the data of"),
    ],
)
def test_copy_false_gives_the_data_away(action: Callable[[Any], object], word: str) -> None:
    array = prices()
    array.traverse(2, copy=False)
    with pytest.raises(ValueError, match=f"cannot {word} an invalidated AdjustedArray"):
        action(array)


def test_a_refused_traverse_does_not_invalidate() -> None:
    array = prices()
    with pytest.raises(ValueError, match="offset must be 0 or more"):
        array.traverse(2, offset=-1, copy=False)
    assert len(list(array.traverse(2))) == 4


def test_data_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        prices().data[0, 0] = 3.0
    data = np.zeros((2, 2))
    AdjustedArray(data, {}, np.nan)
    data[0, 0] = 1.0


def test_copy_is_independent() -> None:
    array = prices()
    duplicate = array.copy()
    assert duplicate.adjustments == array.adjustments
    duplicate.update_adjustments({2: [RAISE], 4: [RAISE]}, "append")
    duplicate.traverse(2, copy=False)
    assert array.adjustments == {2: [HALVE]}
    assert columns(array.traverse(2)) == columns(prices().traverse(2))


@pytest.mark.parametrize(
    ("method", "first"), [("append", [HALVE, RAISE]), ("prepend", [RAISE, HALVE])]
)
def test_update_adjustments_orders_those_of_one_row(method: str, first: list[Any]) -> None:
    array = prices()
    new: dict[int, list[adj.Adjustment]] = {2: [RAISE], 3: [RAISE]}
    array.update_adjustments(new, method)
    assert array.adjustments == {2: first, 3: [RAISE]}
    new[3].append(HALVE)
    assert array.adjustments[3] == [RAISE]
    value = (2.0 * 0.5 + 1.0) if method == "append" else (2.0 + 1.0) * 0.5
    assert columns(array.traverse(2))[1] == [value, 4.0]


def test_a_refused_update_changes_nothing() -> None:
    array = prices()
    for adjustments, method in (
        ({3: [RAISE], 4: [adj.Float64Add(0, 9, 0, 0, 1.0)]}, "append"),
        ({3: [RAISE]}, "middle"),
    ):
        with pytest.raises((IndexError, ValueError)):
            array.update_adjustments(adjustments, method)
        assert array.adjustments == {2: [HALVE]}


def test_update_labels_maps_data_and_adjustments() -> None:
    labels = LabelArray([["a"], ["b"], [None]], None)
    array = AdjustedArray(
        labels,
        {
            1: [adj.ObjectOverwrite(0, 0, 0, 0, "b")],
            2: [adj.Object1DArrayOverwrite(1, 2, 0, 0, ["a", None])],
        },
        None,
    )
    array.update_labels(lambda label: label and label.upper())
    assert columns(array.traverse(2)) == [["B", "B"], ["A", None]]
    assert labels.tolist() == [["a"], ["b"], [None]]
    with pytest.raises(TypeError, match=r"update_labels needs label data.* float64"):
        prices().update_labels(str)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        prices(),
        AdjustedArray(
            np.zeros((2, 1), "M8[s]"), {1: [adj.Datetime64Overwrite(0, 0, 0, 0, NAT)]}, NAT
        ),
        AdjustedArray(np.array([[True], [False]]), {}, False),
        AdjustedArray(np.array([["a"], ["b"]]), {1: [adj.ObjectOverwrite(0, 0, 0, 0, "b")]}, ""),
    ],
)
def test_pickles(array: AdjustedArray, protocol: int) -> None:
    restored = pickle.loads(pickle.dumps(array, protocol))  # noqa: S301 - made here
    assert restored.dtype == array.dtype
    assert restored.adjustments == array.adjustments
    np.testing.assert_array_equal(restored.missing_value, array.missing_value)
    assert repr(columns(restored.traverse(1))) == repr(columns(array.traverse(1)))


def test_inspect_and_repr_show_what_it_holds() -> None:
    text = prices().inspect()
    assert text.startswith("Adjusted Array (float64):\n\nData:\narray([[1.],\n")
    assert f"Adjustments:\n{{2: [{HALVE!r}]}}\n" in text
    assert repr(prices()) == "<AdjustedArray: float64, shape (5, 1), 1 adjustments>"


def test_ensure_functions() -> None:
    array = prices()
    assert ensure_adjusted_array(array, np.nan) is array
    data = np.ones((2, 2))
    made = ensure_adjusted_array(data, np.nan)
    np.testing.assert_array_equal(made.data, data)
    assert made.adjustments == {}
    assert ensure_ndarray(data) is data
    np.testing.assert_array_equal(ensure_ndarray(array), array.data)
    with pytest.raises(TypeError, match="numpy array or an AdjustedArray is needed, got list"):
        ensure_adjusted_array([[1.0]], np.nan)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="numpy array or an AdjustedArray is needed, got list"):
        ensure_ndarray([[1.0]])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "adjustments", "missing", "error", "message"),
    [
        ([[1.0]], {}, np.nan, TypeError, "numpy array or a LabelArray, got list"),
        (np.zeros(3), {}, np.nan, ValueError, r"two-dimensional, got shape \(3,\)"),
        (np.zeros((3, 1), complex), {}, 0, TypeError, r"complex128 \(shape \(3, 1\)\) cannot be"),
        (np.zeros((3, 1), np.uint64), {}, 0, TypeError, "dtype uint64"),
        (np.zeros((3, 1), "m8[ns]"), {}, 0, TypeError, "dtype timedelta64"),
        (
            np.array([["3000"]], "M8[D]"),
            {},
            NAT,
            ValueError,
            "data .* from 3000-01-01 to 3000-01-01",
        ),
        (np.zeros((3, 1), int), {}, np.nan, TypeError, "missing_value nan .* in int64 data"),
        (np.zeros((3, 1)), {}, None, TypeError, "missing_value None .* in float64 data"),
        (np.zeros((3, 1), bool), {}, 2, TypeError, "missing_value 2 .* in bool data"),
        (np.zeros((3, 1), "M8[ns]"), {}, 0, TypeError, r"missing_value 0 .* datetime64\[ns\] data"),
        (np.array([["a"]]), {}, 3, TypeError, "missing_value 3 of type int .* in label data"),
        (np.zeros((3, 1)), [], np.nan, TypeError, "must map row numbers .* got list"),
        (np.zeros((3, 1)), {-1: [HALVE]}, np.nan, ValueError, "from 0 on, got -1"),
        (np.zeros((1, 1)), {0: [HALVE]}, np.nan, IndexError, r"beyond data of shape \(1, 1\)"),
        (
            np.zeros((3, 1), int),
            {1: [HALVE]},
            0,
            TypeError,
            r"adjustments\[1\] holds a Float64Multiply, which cannot change int64 data of shape",
        ),
        (np.array([["a"], ["b"]]), {1: [HALVE]}, "", TypeError, "cannot change label data"),
    ],
)
def test_refuses_bad_parameters(
    data: Value, adjustments: Value, missing: Value, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        AdjustedArray(data, adjustments, missing)


@pytest.mark.parametrize(
    ("length", "error", "message"),
    [
        (0, WindowLengthNotPositive, "1 or more, got 0"),
        (-3, WindowLengthNotPositive, "1 or more, got -3"),
        (6, WindowLengthTooLong, r"window_length 6 is longer than the data of shape \(5, 1\)"),
    ],
)
def test_refuses_window_lengths(length: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        prices().traverse(length)


@pytest.mark.parametrize("name", ["window_length", "offset", "perspective_offset"])
def test_refuses_what_is_no_integer(name: str) -> None:
    arguments: dict[str, Any] = {"window_length": 2, name: 1.0}
    with pytest.raises(TypeError, match=f"^{name} must be an integer, got 1.0 of type float"):
        prices().traverse(**arguments)


def test_an_offset_behind_the_data_leaves_no_window() -> None:
    assert list(prices().traverse(2, offset=2**70)) == []
