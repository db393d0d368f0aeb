"""Codes of labels against pandas.factorize and pandas.Categorical."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rustybt.lib._factorize import (
    factorize_strings,
    factorize_strings_known_categories,
    smallest_uint_that_can_hold,
)

LABELS = st.sampled_from(["", "a", "b", "AAPL", "é", "日"]) | st.text(max_size=3)


def array_of(labels: list[Any]) -> NDArray[Any]:
    """Return labels as a 1-D array of objects."""
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def check_consistent(
    result: tuple[NDArray[Any], NDArray[Any], dict[Any, int]], missing_value: Any
) -> None:
    """Check what holds for every factorization."""
    codes, categories, reverse = result
    assert codes.dtype == np.min_scalar_type(len(categories) - 1)
    assert categories.dtype == object
    assert reverse == {label: code for code, label in enumerate(categories)}
    assert missing_value in reverse


@given(
    labels=st.lists(LABELS | st.none(), max_size=60),
    missing_value=st.sampled_from([None, "", "a", "absent"]),
    sort=st.booleans(),
)
def test_codes_are_pandas_factorize(
    labels: list[Any], missing_value: str | None, sort: bool
) -> None:
    values = array_of(labels)
    values.flags.writeable = False

    result = factorize_strings(values, missing_value, sort)

    check_consistent(result, missing_value)
    codes, categories, _ = result
    assert categories[codes].tolist() == labels
    others = [label for label in pd.unique(values) if label != missing_value]
    if sort:
        others.sort(key=lambda label: (label is not None, label))
    assert categories.tolist() == [missing_value, *others]


@given(
    labels=st.lists(LABELS | st.none(), max_size=60),
    categories=st.lists(LABELS, unique=True, max_size=20),
    missing_value=st.sampled_from([None, "", "a", "absent"]),
    sort=st.booleans(),
)
def test_known_categories_are_pandas_categorical(
    labels: list[Any], categories: list[str], missing_value: str | None, sort: bool
) -> None:
    result = factorize_strings_known_categories(array_of(labels), categories, missing_value, sort)

    check_consistent(result, missing_value)
    codes, found, reverse = result
    listed = categories if missing_value in categories else [missing_value, *categories]
    if sort:
        others = sorted(label for label in categories if label != missing_value)
        assert found.tolist() == [missing_value, *others]
    else:
        assert found.tolist() == listed

    known = [label for label in found if label is not None]
    expected = pd.Categorical(
        [label if label in known else None for label in labels],
        categories=pd.Index(known, dtype=object),
    )
    table = array_of([*known, missing_value])
    assert found[codes].tolist() == table[expected.codes].tolist()
    assert [reverse[label] for label in found[codes]] == codes.tolist()


@pytest.mark.parametrize(
    ("labels", "missing_value", "sort", "codes", "categories"),
    [
        (["b", "a", "", "c", "a"], "", True, [2, 1, 0, 3, 1], ["", "a", "b", "c"]),
        (["b", "a", "", "c", "a"], "", False, [1, 2, 0, 3, 2], ["", "b", "a", "c"]),
        (["b", "a", None, "c"], None, True, [2, 1, 0, 3], [None, "a", "b", "c"]),
        (["b", None], "", True, [2, 1], ["", None, "b"]),
        ([b"b", b"a", None], None, True, [2, 1, 0], [None, b"a", b"b"]),
        (["b", "a"], "zz", True, [2, 1], ["zz", "a", "b"]),
        ([], "", True, [], [""]),
    ],
)
def test_results_of_the_oracle(
    labels: list[Any], missing_value: Any, sort: bool, codes: list[int], categories: list[Any]
) -> None:
    found = factorize_strings(array_of(labels), missing_value, sort)
    assert found[0].tolist() == codes
    assert found[0].dtype == np.uint8
    assert found[1].tolist() == categories


@pytest.mark.parametrize(
    ("categories", "sort", "codes", "found"),
    [
        (["c", "b", "a"], True, [2, 1, 0, 0], ["", "a", "b", "c"]),
        (["c", "b", "a"], False, [2, 3, 0, 0], ["", "c", "b", "a"]),
        (["c", "", "b", "a"], False, [2, 3, 1, 1], ["c", "", "b", "a"]),
        (("c", "", "b", "a"), True, [2, 1, 0, 0], ["", "a", "b", "c"]),
        (np.array(["b"]), True, [1, 0, 0, 0], ["", "b"]),
    ],
)
def test_known_results_of_the_oracle(
    categories: Any, sort: bool, codes: list[int], found: list[str]
) -> None:
    values = array_of(["b", "a", "z", ""])
    result = factorize_strings_known_categories(values, categories, "", sort)
    assert result[0].tolist() == codes
    assert result[1].tolist() == found


@pytest.mark.parametrize(
    ("distinct", "dtype"),
    [(1, "uint8"), (255, "uint8"), (256, "uint16"), (65_535, "uint16"), (65_536, "uint32")],
)
def test_codes_take_the_smallest_dtype(distinct: int, dtype: str) -> None:
    labels = [f"{i:05}" for i in range(distinct)]  # the missing value is one category more
    codes, categories, _ = factorize_strings(array_of(labels), "", sort=True)
    assert codes.dtype == dtype
    np.testing.assert_array_equal(codes, np.arange(1, distinct + 1))
    known = factorize_strings_known_categories(array_of(labels[-1:]), labels, "", sort=False)
    assert known[0].dtype == dtype
    assert known[0].tolist() == [distinct]
    assert len(categories) == distinct + 1


@pytest.mark.parametrize("kind", ["<U3", "<S3", object])
def test_arrays_of_fixed_width_and_strides(kind: Any) -> None:
    values = np.array(["a", "xx", "b", "xx", "a", "xx"]).astype(kind)[::2]
    missing_value: Any = b"" if kind == "<S3" else ""
    codes, categories, _ = factorize_strings(values, missing_value, sort=True)
    assert codes.tolist() == [1, 2, 1]
    assert categories.tolist() == [missing_value, *np.unique(values).tolist()]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (0, "uint8"),
        (np.int32(255), "uint8"),
        (256, "uint16"),
        (2**16 - 1, "uint16"),
        (2**16, "uint32"),
        (2**32 - 1, "uint32"),
        (2**32, "uint64"),
        (2**64 - 1, "uint64"),
    ],
)
def test_smallest_unsigned_dtype(value: int, dtype: str) -> None:
    assert smallest_uint_that_can_hold(value) == np.dtype(dtype) == np.min_scalar_type(value)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (-1, ValueError, "negative, got -1"),
        (2**64, ValueError, "below 2"),
        (1.5, TypeError, "float"),
        ("1", TypeError, "str"),
    ],
)
def test_no_unsigned_dtype(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        smallest_uint_that_can_hold(value)


@pytest.mark.parametrize(
    ("values", "missing_value", "error", "message"),
    [
        (["a"], "", TypeError, "values must be an array of labels, not list"),
        (np.array([1, 2]), "", TypeError, "got dtype int64"),
        (array_of(["a", 1.5]), "", TypeError, r"values\[1\] must be .* got 1.5 of type float"),
        (array_of(["a", ["b"]]), "", TypeError, r"values\[1\] must be .* of type list"),
        (array_of(["a", float("nan")]), None, TypeError, r"values\[1\].*nan of type float"),
        (array_of([b"a", "b"]), None, TypeError, r"values\[1\] is str, .* bytes"),
        (array_of(["a", b"b"]), "", TypeError, r"values\[1\] is bytes, .* str"),
        (array_of(["a"]), 0, TypeError, "missing_value must be str, bytes or None, got 0"),
        (np.array([["a"]], dtype=object), "", ValueError, r"1-D, got shape \(1, 1\)"),
    ],
)
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("sort", [False, True])
def test_wrong_values(
    values: Any, missing_value: Any, error: type[Exception], message: str, known: bool, sort: bool
) -> None:
    known_categories: list[Any] = [[]] if known else []
    factorize: Any = factorize_strings_known_categories if known else factorize_strings
    with pytest.raises(error, match=message):
        factorize(values, *known_categories, missing_value, sort)


@pytest.mark.parametrize(
    ("categories", "error", "message"),
    [
        ("abc", TypeError, "several labels, got the single one 'abc'"),
        (["a", 1], TypeError, r"categories\[1\] must be str, bytes or None, got 1"),
        (["a", b"a"], TypeError, r"categories\[1\] is bytes"),
        (["a", "b", "a"], ValueError, "'a' appears more than once"),
    ],
)
@pytest.mark.parametrize("sort", [False, True])
def test_wrong_categories(
    categories: Any, error: type[Exception], message: str, sort: bool
) -> None:
    with pytest.raises(error, match=message):
        factorize_strings_known_categories(array_of(["a"]), categories, "", sort)
