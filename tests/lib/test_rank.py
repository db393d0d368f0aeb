"""Ranks against scipy.stats.rankdata and numpy, group maxima against a dictionary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from scipy.stats import rankdata

from rustybt.lib import rank
from rustybt.lib.labelarray import LabelArray

METHODS = ["ordinal", "average", "min", "max", "dense"]
DTYPES = ["float64", "int64", "datetime64[ns]"]
NAN = float("nan")
NAT = np.datetime64("NaT", "ns")

Array = NDArray[Any]


def missing_of(dtype: str) -> Any:
    """Return a value that stands for a missing one."""
    return {"float64": NAN, "int64": -7, "datetime64[ns]": NAT}[dtype]


def elements_of(dtype: str) -> st.SearchStrategy[Any]:
    """Draw values with many ties, extremes and missing values."""
    if dtype == "float64":
        edges = [NAN, np.inf, -np.inf, 0.0, -0.0, 5e-324, np.finfo(float).max]
        return st.sampled_from([1.0, 2.0, -3.5, *edges]) | st.floats(width=64)
    limits = np.iinfo("int64")
    edges = [-7, limits.max, limits.min + 1, limits.min]
    return st.sampled_from([0, 1, 2, *edges]) | st.integers(limits.min, limits.max)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Array, NDArray[np.bool_], Any]:
    """Draw data of any layout, a mask and the missing value."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(npst.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=70))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pool = np.array(
        draw(st.lists(elements_of(dtype), min_size=1, max_size=40)),
        dtype="float64" if dtype == "float64" else "int64",
    )
    data = rng.choice(pool, shape).view(dtype)
    mask = rng.random(shape) < draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))
    layout = draw(st.sampled_from(["C", "F", "strided", "reversed", "read-only"]))
    if layout == "F":
        data = np.asfortranarray(data)
    elif layout == "strided":
        wide = np.repeat(np.repeat(data, 2, axis=0), 3, axis=1)
        data = wide[::2, ::3]
    elif layout == "reversed":
        data = data[::-1, ::-1].copy()[::-1, ::-1]
    elif layout == "read-only":
        data.flags.writeable = False
        mask.flags.writeable = False
    return data, mask, missing_of(dtype)


def reference(row: Array, valid: NDArray[np.bool_], method: str, ascending: bool) -> Array:
    """Rank one row by scipy on the positions of its distinct values, which negate exactly."""
    positions = np.unique(row[valid], return_inverse=True)[1]
    out = np.full(row.shape, np.nan)
    if valid.any():
        out[valid] = rankdata(positions if ascending else -positions, method=method)
    return out


def missing(data: Array, value: Any) -> NDArray[np.bool_]:
    """Tell by pandas where data are missing."""
    return np.asarray(pd.isna(data) | (data == value))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ascending", [True, False])
@given(table=tables())
def test_masked_ranks_are_scipys(
    table: tuple[Array, NDArray[np.bool_], Any], method: str, ascending: bool
) -> None:
    data, mask, missing_value = table
    valid = mask & ~missing(data, missing_value)
    before = data.copy()

    ranks = rank.masked_rankdata_2d(data, mask, missing_value, method, ascending)  # type: ignore[arg-type]

    assert ranks.dtype == np.float64
    assert ranks.shape == data.shape
    np.testing.assert_array_equal(data, before)
    for row, row_valid, row_ranks in zip(data, valid, ranks, strict=True):
        np.testing.assert_array_equal(row_ranks, reference(row, row_valid, method, ascending))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ascending", [True, False])
@given(table=tables())
def test_float64_entry_is_the_masked_rank(
    table: tuple[Array, NDArray[np.bool_], Any], method: str, ascending: bool
) -> None:
    data, mask, _ = table
    data = data.astype("int64").astype("float64") if data.dtype != np.float64 else data
    ranks = rank.rankdata_2d_f64(data, method, ascending, mask)  # type: ignore[arg-type]
    valid = mask & ~np.isnan(data)
    for row, row_valid, row_ranks in zip(data, valid, ranks, strict=True):
        np.testing.assert_array_equal(row_ranks, reference(row, row_valid, method, ascending))


def test_float64_entry_defaults_to_ascending_ordinals_without_mask() -> None:
    data = np.array([[3.0, NAN, 1.0, 3.0]])
    np.testing.assert_array_equal(rank.rankdata_2d_f64(data), [[2.0, NAN, 1.0, 3.0]])


@given(table=tables())
def test_2d_ordinal_is_numpys_stable_order(table: tuple[Array, NDArray[np.bool_], Any]) -> None:
    data = table[0]
    order = np.argsort(data, axis=1, kind="stable")
    expected = np.argsort(order, axis=1, kind="stable") + 1.0
    np.testing.assert_array_equal(rank.rankdata_2d_ordinal(data), expected)


@pytest.mark.parametrize("method", METHODS)
@given(table=tables())
def test_1d_descending_is_scipys(table: tuple[Array, NDArray[np.bool_], Any], method: str) -> None:
    for row in table[0][:3]:
        np.testing.assert_array_equal(
            rank.rankdata_1d_descending(row, method),  # type: ignore[arg-type]
            reference(row, np.asarray(~pd.isna(row)), method, ascending=False),
        )


@pytest.mark.parametrize("columns", [47, 48, 49, 50, 255, 256, 257, 3_000])
@pytest.mark.parametrize("ascending", [True, False])
def test_long_rows_keep_ties_in_order_of_columns(columns: int, ascending: bool) -> None:
    rng = np.random.default_rng(columns)
    data = rng.integers(-5, 5, (3, columns)) * 10**17
    order = np.argsort(data if ascending else -data, axis=1, kind="stable")
    expected = np.argsort(order, axis=1, kind="stable") + 1.0
    mask = np.ones(data.shape, dtype=bool)
    ranks = rank.masked_rankdata_2d(data, mask, -7, "ordinal", ascending)
    np.testing.assert_array_equal(ranks, expected)


@pytest.mark.parametrize(
    ("method", "ascending", "expected"),
    [
        ("ordinal", True, [[NAN, 1, NAN, 2, 3], [NAN, NAN, 1, 2, 3]]),
        ("ordinal", False, [[NAN, 2, NAN, 3, 1], [NAN, NAN, 3, 2, 1]]),
        ("average", True, [[NAN, 1.5, NAN, 1.5, 3], [NAN, NAN, 1, 2, 3]]),
        ("min", False, [[NAN, 2, NAN, 2, 1], [NAN, NAN, 3, 2, 1]]),
        ("max", True, [[NAN, 2, NAN, 2, 3], [NAN, NAN, 1, 2, 3]]),
        ("dense", False, [[NAN, 2, NAN, 2, 1], [NAN, NAN, 3, 2, 1]]),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_ranks_worked_out_by_hand(
    method: str, ascending: bool, expected: list[list[float]], dtype: str
) -> None:
    data = np.array([[3, 1, 0, 1, 2], [0, 0, 1, 2, 3]])
    present = data != 0
    table: Any = data.astype(dtype)
    table[~present] = missing_of(dtype)
    mask = np.ones(data.shape, dtype=np.uint8)
    mask[0, 0] = 0
    ranks = rank.masked_rankdata_2d(table, mask, missing_of(dtype), method, ascending)  # type: ignore[arg-type]
    np.testing.assert_array_equal(ranks, expected)


def test_nan_is_missing_beside_another_missing_value() -> None:
    data = np.array([[3.0, 1.0, NAN, 1.0, 2.0]])
    ranks = rank.masked_rankdata_2d(data, np.ones(data.shape, bool), 1.0, "ordinal", True)
    np.testing.assert_array_equal(ranks, [[2.0, NAN, NAN, NAN, 1.0]])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("value", [pd.Timestamp("2020-01-02"), np.datetime64("2020-01-02")])
def test_dates_of_any_unit(unit: str, value: Any) -> None:
    data = np.array([["NaT", "2020-01-03", "2020-01-01", "2020-01-02"]], dtype=f"M8[{unit}]")
    ranks = rank.masked_rankdata_2d(data, np.ones(data.shape, bool), value, "min", True)
    np.testing.assert_array_equal(ranks, [[NAN, 2.0, 1.0, NAN]])


def test_integers_beyond_float_precision_stay_apart() -> None:
    data = np.array([[2**53 + 1, 2**53, np.iinfo("int64").min, np.iinfo("int64").max]])
    ranks = rank.masked_rankdata_2d(data, np.ones(data.shape, bool), 0, "average", False)
    np.testing.assert_array_equal(ranks, [[2.0, 3.0, 4.0, 1.0]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_unaligned_and_broadcast_arrays(dtype: str) -> None:
    packed = np.zeros((2, 3), dtype=np.dtype([("flag", "u1"), ("value", dtype)]))
    packed["value"] = np.array([[3, 1, 2], [1, 1, 5]]).astype(dtype)
    assert not packed["value"].flags.aligned
    np.testing.assert_array_equal(rank.rankdata_2d_ordinal(packed["value"]), [[3, 1, 2], [1, 2, 3]])
    row: Any = np.broadcast_to(np.array([3, 1, 2]).astype(dtype), (2, 3))
    mask = np.broadcast_to(np.array([True, False, True]), (2, 3))
    ranks = rank.masked_rankdata_2d(row, mask, missing_of(dtype), "max", False)
    np.testing.assert_array_equal(ranks, [[1, NAN, 2]] * 2)
    groups = np.broadcast_to(np.int64(4), (2, 3))
    found = rank.grouped_masked_is_maximal(row, groups, mask)
    assert found.tolist() == [[True, False, False]] * 2


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (3, 0), (1, 1)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_empty_and_single(shape: tuple[int, int], dtype: str) -> None:
    data: Any = np.zeros(shape, dtype=dtype)
    mask = np.ones(shape, dtype=bool)
    expected = np.ones(shape)
    for method in METHODS:
        found = rank.masked_rankdata_2d(data, mask, missing_of(dtype), method, True)  # type: ignore[arg-type]
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(rank.rankdata_2d_ordinal(data), expected)
    groups = np.zeros(shape, dtype="int64")
    np.testing.assert_array_equal(
        rank.grouped_masked_is_maximal(data, groups, mask), np.ones(shape, dtype=bool)
    )


DATA = np.zeros((2, 3))
MASK = np.ones((2, 3), dtype=bool)
GROUPS = np.zeros((2, 3), dtype="int64")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((DATA.astype("f4"), MASK, NAN, "min", True), TypeError, "float32"),
        ((DATA.astype(object), MASK, NAN, "min", True), TypeError, "object"),
        ((DATA.astype(">f8"), MASK, NAN, "min", True), TypeError, ">f8"),
        ((DATA.tolist(), MASK, NAN, "min", True), TypeError, "2-D array .* not list"),
        ((DATA[0], MASK, NAN, "min", True), ValueError, r"2-D, got shape \(3,\)"),
        ((DATA, MASK[:1], NAN, "min", True), ValueError, r"mask has shape \(1, 3\).*\(2, 3\)"),
        ((DATA, MASK.astype(float), NAN, "min", True), TypeError, "mask .* float64"),
        ((DATA, MASK, NAN, "median", True), ValueError, "unknown method 'median'"),
        ((DATA, MASK, NAN, None, True), ValueError, "unknown method None"),
        ((DATA, MASK, "x", "min", True), TypeError, "missing_value of float64 .* 'x'"),
        ((DATA, MASK, None, "min", True), TypeError, "missing_value of float64 .* None"),
        ((DATA.astype("M8[ns]"), MASK, 0, "min", True), TypeError, "must be a datetime, got 0"),
    ],
)
def test_wrong_arguments_of_masked_rank(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        rank.masked_rankdata_2d(*arguments)


def test_wrong_arguments_of_the_others() -> None:
    with pytest.raises(TypeError, match="masked_rankdata_2d ranks int64"):
        rank.rankdata_2d_f64(GROUPS)
    with pytest.raises(ValueError, match=r"array must be 2-D, got shape \(2,\)"):
        rank.rankdata_2d_ordinal(DATA[:, 0])
    with pytest.raises(ValueError, match=r"data must be 1-D, got shape \(2, 3\)"):
        rank.rankdata_1d_descending(DATA, "min")
    with pytest.raises(TypeError, match="groupby must be an int64 array, not dtype float64"):
        rank.grouped_masked_is_maximal(GROUPS, DATA, MASK)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"groupby has shape \(1, 3\), data has shape \(2, 3\)"):
        rank.grouped_masked_is_maximal(GROUPS, GROUPS[:1], MASK)
    with pytest.raises(TypeError, match="data must be an array, not list"):
        rank.is_missing([1.0], NAN)  # type: ignore[arg-type]


@given(table=tables(), labels=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9))
@example(
    table=(np.zeros((2, 60)), np.ones((2, 60), dtype=bool), NAN),
    labels=list(range(0, 2**62, 2**58)),
)
def test_group_maxima_are_a_dictionarys(
    table: tuple[Array, NDArray[np.bool_], Any], labels: list[int]
) -> None:
    data, mask, _ = table
    groups = np.random.default_rng(len(labels)).choice(np.array(labels, dtype="int64"), data.shape)
    expected = np.zeros(data.shape, dtype=bool)
    for i in range(data.shape[0]):
        best: dict[int, int] = {}
        for j in np.flatnonzero(mask[i] & ~np.asarray(pd.isna(data[i]))):
            label = int(groups[i, j])
            if label not in best or data[i, j] > data[i, best[label]]:
                best[label] = int(j)
        expected[i, list(best.values())] = True
    np.testing.assert_array_equal(rank.grouped_masked_is_maximal(data, groups, mask), expected)


def test_group_maxima_worked_out_by_hand() -> None:
    data = np.array([[1, 2, 3, 3, 4], [1, 1, 1, 1, 1], [1, 2, 3, 4, 5]])
    groups = np.array([[0, 0, 1, 1, -1], [0, 0, 0, 0, 0], [1, 2, 3, 4, 5]])
    mask = np.ones(data.shape, dtype=np.uint8)
    mask[0, 1] = mask[2, 3] = 0
    expected = [[1, 0, 1, 0, 1], [1, 0, 0, 0, 0], [1, 1, 1, 0, 1]]
    found = rank.grouped_masked_is_maximal(data, groups, mask)
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, np.array(expected, dtype=bool))


@pytest.mark.parametrize(
    ("data", "value", "expected"),
    [
        (np.array([1.0, NAN]), NAN, [False, True]),
        (np.array([1.0, NAN], dtype="f4"), np.float64("nan"), [False, True]),
        (np.array([1.0, NAN]), 1.0, [True, False]),
        (np.array([1, 2]), 2, [False, True]),
        (np.array([1, 2]), NAN, [False, False]),
        (np.array([True, False]), False, [False, True]),
        (np.array(["2020", "NaT"], dtype="M8[s]"), NAT, [False, True]),
        (np.array(["2020", "NaT"], dtype="M8[ns]"), pd.NaT, [False, True]),
        (np.array(["2020", "NaT"], dtype="M8[ns]"), np.datetime64("2020"), [True, False]),
        (np.array(["a", None], dtype=object), None, [False, True]),
        (np.array(["a", NAN], dtype=object), NAN, [False, True]),
        (np.array([["a", ""]], dtype=object), "", [[False, True]]),
        (LabelArray(["a", ""], ""), "", [False, True]),
        (LabelArray(["a", None], None), None, [False, True]),
        (LabelArray(["a", ""], ""), "a", [True, False]),
    ],
)
def test_missing_values(data: Array, value: Any, expected: list[Any]) -> None:
    found = rank.is_missing(data, value)
    assert type(found) is np.ndarray
    assert found.dtype == np.bool_
    assert found.tolist() == expected
