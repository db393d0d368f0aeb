"""Functions on groups of each row against pandas.groupby."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from rustybt.lib.normalize import naive_grouped_rowwise_apply

DATA = np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [5.0, 6.0, 7.0]])
LABELS = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 2]])


@given(
    shape=npst.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12),
    labels=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5),
    seed=st.integers(0, 2**32),
    fortran=st.booleans(),
)
def test_groups_are_those_of_pandas(
    shape: tuple[int, int], labels: list[int], seed: int, fortran: bool
) -> None:
    rng = np.random.default_rng(seed)
    data = rng.integers(-9, 9, shape).astype("float64")
    groups = rng.choice(np.array(labels, dtype="int64"), shape)
    if fortran:
        data, groups = np.asfortranarray(data), np.asfortranarray(groups)
    data.flags.writeable = groups.flags.writeable = False

    found = naive_grouped_rowwise_apply(data, groups, np.cumsum)

    assert found.shape == shape
    for i in range(shape[0]):
        expected = pd.Series(data[i]).groupby(groups[i]).cumsum()
        np.testing.assert_array_equal(found[i], expected)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda row: row - row.min(), [[0, 1, 0], [0, 0, 2], [0, 0, 0]]),
        (lambda row: row / row.sum(), [[1 / 3, 2 / 3, 1], [1 / 3, 1, 2 / 3], [1, 1, 1]]),
        (lambda row: row.mean(), [[1.5, 1.5, 3], [3, 3, 3], [5, 6, 7]]),
        (lambda row: row[::-1], [[2, 1, 3], [4, 3, 2], [5, 6, 7]]),
    ],
)
def test_results_worked_out_by_hand(function: Any, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(
        naive_grouped_rowwise_apply(DATA, LABELS, function), expected, rtol=1e-15
    )


def test_arguments_and_output() -> None:
    out = np.empty((3, 3), dtype="float32")
    found = naive_grouped_rowwise_apply(
        DATA, LABELS.astype("uint8"), lambda row, a, b: row * a + b, (2, 3), out
    )
    assert found is out
    np.testing.assert_array_equal(out, DATA * 2 + 3)


def test_output_has_the_dtype_of_the_data() -> None:
    dates = DATA.astype("M8[ns]")
    found = naive_grouped_rowwise_apply(dates, LABELS, lambda row: row.max())
    assert found.dtype == dates.dtype
    np.testing.assert_array_equal(found.astype("int64"), [[2, 2, 3], [4, 3, 4], [5, 6, 7]])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((DATA[0], LABELS[0], np.cumsum), ValueError, r"data must be 2-D, got shape \(3,\)"),
        ((DATA, LABELS[:2], np.cumsum), ValueError, r"shape \(2, 3\), data has \(3, 3\)"),
        (([[1.0]], LABELS, np.cumsum), TypeError, "data must be an array, got list"),
        ((DATA, [[1]], np.cumsum), TypeError, "group_labels must be an array, got list"),
        ((DATA, DATA, np.cumsum), TypeError, "integers, got dtype float64"),
        ((DATA, LABELS, np.cumsum, (), DATA[:1]), ValueError, r"out has shape \(1, 3\)"),
        ((DATA, LABELS, lambda row: row[1:]), ValueError, r"2 values for a group of 2.*\(1,\)"),
        ((LABELS, LABELS, np.mean), TypeError, "float64, which the int64 output cannot hold"),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        naive_grouped_rowwise_apply(*arguments)
