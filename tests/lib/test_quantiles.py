"""Quantiles of each row against pandas.qcut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from rustybt.lib.quantiles import quantiles

NAN = float("nan")
ROW = np.array([[1.0, 2.0, 3.0, 4.0]])


@st.composite
def tables(draw: st.DrawFn) -> NDArray[np.float64]:
    """Draw rows of distinct values, some missing, of any layout."""
    shape = draw(npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    data = rng.permuted(np.tile(np.arange(shape[1]) * 0.7, (shape[0], 1)), axis=1)
    data[rng.random(shape) < draw(st.sampled_from([0.0, 0.2, 0.9]))] = NAN
    data[np.count_nonzero(~np.isnan(data), axis=1) < 2] = NAN  # too few for two bounds
    if draw(st.booleans()):
        data = np.asfortranarray(data)
    data.flags.writeable = False
    return data


@given(data=tables(), bins=st.integers(1, 7))
def test_equal_bins_in_whole_numbers(data: NDArray[np.float64], bins: int) -> None:
    found = quantiles(data, bins)
    assert found.dtype == np.float64
    for row, result in zip(data, found, strict=True):
        present = np.flatnonzero(~np.isnan(row))
        assert np.isnan(np.delete(result, present)).all()
        for position, column in enumerate(present[np.argsort(row[present])]):
            # Bound k lies k (n - 1) / bins steps from the smallest of n values.
            steps = len(present) - 1
            assert result[column] == max(-(-position * bins // steps) - 1, 0)


@given(data=tables(), bins=st.integers(1, 7) | st.sampled_from([[0.2, 0.7], [0, 0.1, 1]]))
def test_bins_are_those_of_pandas(data: NDArray[np.float64], bins: Any) -> None:
    fractions = np.linspace(0, 1, bins + 1) if isinstance(bins, int) else np.array(bins)
    inner = fractions[(fractions > 0) & (fractions < 1)]
    for row, result in zip(data, quantiles(data, bins), strict=True):
        steps = inner * (np.count_nonzero(~np.isnan(row)) - 1)
        if np.isnan(row).all() or np.isclose(steps, np.rint(steps)).any():
            continue  # pandas has no bounds, or rounds one that is itself a value
        np.testing.assert_array_equal(result, pd.qcut(row, bins, labels=False))


@pytest.mark.parametrize(
    ("row", "bins", "expected"),
    [
        ([1.0, 2, 3, 4, 5, 6], 1, [0, 0, 0, 0, 0, 0]),
        ([1.0, 2, 3, 4, 5, 6], 2, [0, 0, 0, 1, 1, 1]),
        ([1.0, 2, 3, 4, 5, 6], 4, [0, 0, 1, 2, 3, 3]),
        ([1.0, 2, 3, 4], 3, [0, 0, 1, 2]),
        ([4.0, 1, 3, 2], [0, 1 / 3, 2 / 3, 1], [2, 0, 1, 0]),
        ([NAN, 1, 2, 3], 2, [NAN, 0, 0, 1]),
        ([1.0, 1, 1, 2, 2, 3], 2, [0, 0, 0, 1, 1, 1]),
        ([1.0, 2, 3, 4, 5, 6], [0.25, 0.75], [NAN, NAN, 0, 0, NAN, NAN]),
        ([NAN, NAN], 3, [NAN, NAN]),
        ([-np.inf, 1, 2, 3, np.inf], [0.25, 0.75], [NAN, 0, 0, 0, NAN]),
    ],
)
def test_results_worked_out_by_hand(row: list[float], bins: Any, expected: list[float]) -> None:
    np.testing.assert_array_equal(quantiles(np.array([row, row]), bins), [expected, expected])


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32"])
def test_other_numbers(dtype: str) -> None:
    np.testing.assert_array_equal(quantiles(ROW.astype(dtype), np.int64(2)), [[0, 0, 1, 1]])


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 0)])
def test_empty(shape: tuple[int, int]) -> None:
    assert quantiles(np.empty(shape), 3).shape == shape


@pytest.mark.parametrize(
    ("data", "bins", "error", "message"),
    [
        (ROW[0], 2, ValueError, r"2-D, got shape \(4,\)"),
        (ROW.astype(object), 2, TypeError, "dtype object"),
        (ROW, 0, ValueError, "at least 1, got 0"),
        (ROW, -1, ValueError, "at least 1, got -1"),
        (ROW, 2.5, TypeError, "must be an integer, got 2.5"),
        (ROW, True, TypeError, "must be an integer, got True"),
        (ROW, "ab", TypeError, "must be numbers, got 'ab'"),
        (ROW, None, TypeError, "sequence of numbers, got None"),
        ([[1.0, 2.0]], 2, TypeError, "data must be an array of real numbers, got list"),
        (ROW, [0.5], ValueError, "at least two"),
        (ROW, [0.5, 0.5], ValueError, "must increase"),
        (ROW, [0.0, 1.5], ValueError, "must increase within 0 and 1"),
        (ROW, [0.0, NAN, 1.0], ValueError, "must increase"),
        (np.array([[1.0, 2.0], [3.0, 3.0]]), 2, ValueError, r"row 1 do not increase .* tied"),
        (np.array([[5.0, NAN]]), 2, ValueError, "row 0 do not increase"),
        (np.array([[-np.inf, np.inf]]), 2, ValueError, "row 0 do not increase"),
    ],
)
def test_wrong_arguments(data: Any, bins: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        quantiles(data, bins)
