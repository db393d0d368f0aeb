"""LabelArray against arrays of Python strings and pandas Categoricals."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from rustybt.lib.labelarray import (
    CategoryMismatch,
    LabelArray,
    MissingValueMismatch,
    labelarray_where,
)

TEXT = st.sampled_from(["", "a", "ab", "b", "abc", "é"]) | st.text("abc", max_size=3)
MISSING = st.sampled_from([None, "", "a", "absent"])

Strings = NDArray[np.object_]


def objects(labels: Any) -> Strings:
    """Return nested lists of labels as an array of objects."""
    return np.array(labels, dtype=object)


@st.composite
def strings(draw: st.DrawFn) -> Strings:
    """Draw an array of text and None with up to three dimensions."""
    shape = draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
    return draw(npst.arrays(object, shape, elements=TEXT | st.none(), fill=st.nothing()))


@given(labels=strings(), missing_value=MISSING, sort=st.booleans())
def test_labels_come_back(labels: Strings, missing_value: str | None, sort: bool) -> None:
    array = LabelArray(labels, missing_value, sort=sort)
    assert array.shape == labels.shape
    assert array.missing_value == missing_value
    assert array.tolist() == labels.tolist()
    np.testing.assert_array_equal(array.as_string_array(), labels)
    np.testing.assert_array_equal(array.categories[array.as_int_array()], labels)
    np.testing.assert_array_equal(array.is_missing(), labels == missing_value)
    np.testing.assert_array_equal(array.not_missing(), labels != missing_value)
    assert array.reverse_categories == {c: i for i, c in enumerate(array.categories)}
    assert array.missing_value_code == array.reverse_categories[missing_value] == 0


@given(labels=strings(), categories=st.lists(TEXT, unique=True), missing_value=MISSING)
def test_values_outside_the_categories_are_missing(
    labels: Strings, categories: list[str], missing_value: str | None
) -> None:
    array = LabelArray(labels, missing_value, categories)
    expected = [x if x in categories else missing_value for x in labels.ravel()]
    assert array.ravel().tolist() == expected
    assert array.is_missing().ravel().tolist() == [x == missing_value for x in expected]


@given(labels=strings(), other=TEXT | st.none() | st.just(b"a"), missing_value=MISSING)
def test_comparison_with_a_scalar(
    labels: Strings, other: str | bytes | None, missing_value: str | None
) -> None:
    array = LabelArray(labels, missing_value)
    present = labels != missing_value
    np.testing.assert_array_equal(array == other, (labels == other) & present)
    np.testing.assert_array_equal(array != other, (labels != other) & present)
    np.testing.assert_array_equal(other == array, array == other)


@given(labels=strings(), missing_value=MISSING, seed=st.integers(0, 99))
def test_comparison_with_an_array(labels: Strings, missing_value: str | None, seed: int) -> None:
    other = np.random.default_rng(seed).permuted(labels)
    categories = [x for x in dict.fromkeys(labels.ravel()) if x != missing_value]
    left = LabelArray(labels, missing_value, categories)
    right = LabelArray(other, missing_value, categories)
    present = labels != missing_value
    both = present & (other != missing_value)
    np.testing.assert_array_equal(left == right, (labels == other) & both)
    np.testing.assert_array_equal(left != right, (labels != other) & both)
    np.testing.assert_array_equal(left == other, (labels == other) & present)
    np.testing.assert_array_equal(other != left, (labels != other) & present)
    np.testing.assert_array_equal(np.equal(left, right), left == right)
    np.testing.assert_array_equal(np.not_equal(other, left), other != left)


@pytest.mark.parametrize("make", [list, tuple, np.array, objects, pd.Series, pd.Categorical])
def test_comparison_with_any_sequence(make: Any) -> None:
    array = LabelArray(["b", "a", "", "c"], "")
    other = make(["b", "b", "", "c"])
    assert (array == other).tolist() == [True, False, False, True]
    assert (array != other).tolist() == [False, True, False, False]


def test_comparison_with_what_is_no_label() -> None:
    array = LabelArray(["b", "a"], "")
    assert (array == 1) is False
    assert (array != 1) is True
    assert (array == np.array([1, 2])).tolist() == [False, False]


def test_comparison_of_different_categories() -> None:
    left = LabelArray(["a", "b"], "")
    with pytest.raises(CategoryMismatch, match=r"only the left has 'b'; only the right has 'c'"):
        _ = left == LabelArray(["a", "c"], "")
    with pytest.raises(CategoryMismatch, match=r"another order, first at 1: 'a', 'b'"):
        _ = left != LabelArray(["b", "a"], "", sort=False)
    with pytest.raises(MissingValueMismatch, match="'' and None"):
        _ = left == LabelArray(["a", "b"], None)
    with pytest.raises(CategoryMismatch, match=r"'00', '01', '02', '03', '04' and 3 more;"):
        left[:] = LabelArray([f"{i:02}" for i in range(8)], "")
    with pytest.raises(ValueError, match=r"broadcast|shape"):
        _ = left == LabelArray([["a", "b", "a"]], "")


@pytest.mark.parametrize("error", [CategoryMismatch, MissingValueMismatch])
def test_mismatch_errors_pickle(error: Any) -> None:
    made = error(objects(["a"]), objects(["b"]))
    again = pickle.loads(pickle.dumps(made))  # noqa: S301 - made here
    assert type(again) is error
    assert str(again) == str(made)


def test_indexing() -> None:
    labels = objects([["a", "b", ""], ["c", "a", "b"]])
    array = LabelArray(labels, "")
    assert array[1, 0] == "c"
    assert isinstance(array[1, 0], str)
    assert array[-1].tolist() == ["c", "a", "b"]
    for key in (0, slice(1, None), (slice(None), 1), ..., None, ([1, 0], [2, 2]), labels == "a"):
        part = array[key]
        assert isinstance(part, LabelArray)
        np.testing.assert_array_equal(part.as_string_array(), labels[key])
        assert part.categories is array.categories
    with pytest.raises(IndexError, match="out of bounds"):
        _ = array[2]
    assert [x for row in array for x in row] == labels.ravel().tolist()
    assert "c" in array
    assert "d" not in array


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (0, "c"),
        (slice(None), ""),
        (slice(0, 2), ["c", "b"]),
        (slice(0, 2), np.array(["c", "b"])),
        (np.array([True, False, True, False]), "a"),
        ([3, 0], ("c", "b")),
        (..., "b"),
    ],
)
def test_setting(key: Any, value: Any) -> None:
    labels = objects(["b", "a", "", "c"])
    array = LabelArray(labels, "")
    untouched = array.copy()
    labels[key] = value
    array[key] = value
    assert array.tolist() == labels.tolist()
    assert untouched.tolist() == ["b", "a", "", "c"]


def test_setting_a_part_of_another_array() -> None:
    array = LabelArray(["b", "a", "", "c"], "")
    array[:2] = array[2:].copy()
    assert array.tolist() == ["", "c", "", "c"]
    view = array[2:]
    view.set_scalar(0, "a")
    view.fill("b")
    assert array.tolist() == ["", "c", "b", "b"]


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("d", ValueError, "'d' is not in the categories"),
        (None, ValueError, "None is not in the categories"),
        (["a", "d"], ValueError, "'d' is not in the categories"),
        (1, TypeError, "not 1 of type int"),
        (np.array([1, 2]), TypeError, "not 1 of type int"),
        (["a", ["b"]], TypeError, r"not \['b'\] of type list"),
        ([["a"], ["b"]], ValueError, "broadcast"),
    ],
)
def test_setting_what_does_not_fit_changes_nothing(
    value: Any, error: type[Exception], message: str
) -> None:
    array = LabelArray(["b", "a", "", "c"], "")
    with pytest.raises(error, match=message):
        array[:2] = value
    assert array.tolist() == ["b", "a", "", "c"]


def test_setting_a_read_only_array() -> None:
    array = LabelArray.from_codes_and_metadata(
        np.frombuffer(b"\x01\x00", dtype="u1"), objects(["", "a"]), {"": 0, "a": 1}, ""
    )
    with pytest.raises(ValueError, match="read-only"):
        array[0] = ""
    assert array.tolist() == ["a", ""]
    with pytest.raises(ValueError, match="read-only"):
        LabelArray(["a"], "").categories[0] = "b"


def test_codes_are_shared() -> None:
    codes = np.array([1, 0, 1], dtype="u2")
    array = LabelArray.from_codes_and_metadata(codes, objects(["", "a"]), {"": 0, "a": 1}, "")
    codes[1] = 1
    assert array.tolist() == ["a", "a", "a"]
    assert np.shares_memory(array.as_int_array(), codes)
    assert array.as_int_array().dtype == np.uint16


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0, 1], ["", "a"], {"": 0, "a": 1}, ""), TypeError, "array of integers, not list"),
        ((np.zeros(2), ["", "a"], {"": 0, "a": 1}, ""), TypeError, "integers, not float64"),
        ((np.zeros(2, ">u2"), [""], {"": 0}, ""), TypeError, "byte order, not >u2"),
        ((np.array([2]), ["", "a"], {"": 0, "a": 1}, ""), ValueError, "0 to 1, got 2 to 2"),
        ((np.array([-1]), ["", "a"], {"": 0, "a": 1}, ""), ValueError, "got -1 to -1"),
        ((np.array([0]), ["", "a"], {"": 0}, ""), ValueError, "2 categories, but .* has 1"),
        ((np.array([0]), ["", "a"], {"": 0, "a": 1}, None), ValueError, "None is not among"),
    ],
)
def test_wrong_codes_and_metadata(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    codes, categories, reverse, missing_value = arguments
    with pytest.raises(error, match=message):
        LabelArray.from_codes_and_metadata(codes, objects(categories), reverse, missing_value)


@given(labels=strings(), missing_value=MISSING)
def test_predicates_are_those_of_strings(labels: Strings, missing_value: str | None) -> None:
    array = LabelArray(labels, missing_value)
    checks: list[tuple[Any, Any]] = [
        (array.startswith("a"), lambda x: x.startswith("a")),
        (array.startswith(""), lambda _: True),
        (array.endswith("b"), lambda x: x.endswith("b")),
        (array.has_substring("b"), lambda x: "b" in x),
        (array.contains("bc"), lambda x: "bc" in x),
        (array.matches("a|b$"), lambda x: re.match("a|b$", x) is not None),
        (array.matches(re.compile("B", re.IGNORECASE)), lambda x: x[:1] == "b"),
        (array.element_of(["a", "é"]), lambda x: x in {"a", "é"}),
    ]
    for found, expected in checks:
        assert found.dtype == np.bool_
        assert found.shape == labels.shape
        assert found.ravel().tolist() == [
            x is not None and x != missing_value and expected(x) for x in labels.ravel()
        ]


def test_predicates_run_once_a_category() -> None:
    array = LabelArray([["b", "a", ""], ["a", "a", "b"]], "")
    seen: list[str] = []

    def is_a(label: str) -> bool:
        seen.append(label)
        return label == "a"

    assert array.map_predicate(is_a).tolist() == [[False, True, False], [True, True, False]]
    assert seen == ["a", "b"]


@pytest.mark.parametrize(
    "container", [["a", "b"], ("a", "b"), {"a", "b"}, {"a": 1, "b": 2}, np.array(["a", "b"])]
)
def test_element_of_any_container(container: Any) -> None:
    assert LabelArray(["a", "c", "b", ""], "").element_of(container).tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_bytes() -> None:
    array = LabelArray([b"ab", b"b", None], None)
    assert array.startswith(b"a").tolist() == [True, False, False]
    assert array.has_substring(b"b").tolist() == [True, True, False]
    assert array.matches(b".b").tolist() == [True, False, False]
    assert array.map(bytes.decode).tolist() == ["ab", "b", None]


@pytest.mark.parametrize(
    ("name", "argument", "error", "message"),
    [
        ("startswith", 1, TypeError, "prefix must be str or bytes, not int"),
        ("endswith", None, TypeError, "suffix must be str or bytes, not NoneType"),
        ("has_substring", ["a"], TypeError, "substring must be str or bytes, not list"),
        ("matches", 1, TypeError, "pattern must be str or bytes, not int"),
        ("matches", "(", ValueError, r"'\(' is no regular expression: missing \)"),
        ("element_of", "ab", TypeError, "single label 'ab'"),
        ("element_of", 3, TypeError, "must hold labels, not int"),
        ("startswith", b"a", TypeError, "not bytes"),
    ],
)
def test_wrong_arguments_of_predicates(
    name: str, argument: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        getattr(LabelArray(["a"], ""), name)(argument)


@given(labels=strings(), missing_value=st.sampled_from([None, "", "absent"]))
def test_map_is_that_of_the_labels(labels: Strings, missing_value: str | None) -> None:
    array = LabelArray(labels, missing_value)
    mapped = array.map(lambda x: "none" if x is None else x[:1].upper())
    expected = [
        missing_value if x == missing_value else ("none" if x is None else x[:1].upper())
        for x in labels.ravel()
    ]
    assert mapped.shape == labels.shape
    assert mapped.ravel().tolist() == expected
    assert mapped.missing_value == missing_value
    assert set(expected) <= set(mapped.categories)


def test_map_to_the_missing_value() -> None:
    array = LabelArray(["b", "a", None], None).map(lambda x: None if x == "a" else x)
    assert array.is_missing().tolist() == [False, True, True]
    assert array.categories.tolist() == [None, "b"]


@pytest.mark.parametrize("function", [len, lambda _: None])
def test_map_to_what_is_no_label(function: Any) -> None:
    with pytest.raises(TypeError, match="must return str, bytes or the missing value, got"):
        LabelArray(["a"], "").map(function)


def test_map_narrows_and_widens_the_codes() -> None:
    labels = [f"{i:03}" for i in range(300)]
    array = LabelArray(labels, "")
    assert array.as_int_array().dtype == np.uint16
    narrow = array.map(lambda x: x[0])
    assert narrow.as_int_array().dtype == np.uint8
    assert narrow.tolist() == [x[0] for x in labels]


@pytest.mark.parametrize(
    "operation",
    [
        lambda a: a + "x",
        lambda a: a < "b",
        lambda a: a >= a,
        lambda a: -a,
        lambda a: a & a,
        np.isnan,
        np.sin,
        np.add.reduce,
        np.sort,
        np.unique,
        np.sum,
        np.max,
        np.argsort,
        np.nonzero,
        np.flatnonzero,
        lambda a: np.argpartition(a, 0),
        lambda a: np.searchsorted(a, a),
        lambda a: a.argsort(),
        lambda a: a.any(),
        lambda a: a.tobytes(),
        lambda a: np.equal(a, a, out=np.empty(a.shape, dtype=bool)),
        lambda a: a.view("u1"),
        lambda a: a.astype("u1"),
        lambda a: a.astype(str),
        lambda a: np.concatenate([a, ["x"]]),
        lambda a: np.concatenate([a, a], dtype="u1"),
        lambda a: np.where([True, False], a, "x"),
        hash,
    ],
)
def test_what_is_not_for_labels_is_refused(operation: Any) -> None:
    with pytest.raises(TypeError, match=r"as_int_array|as_string_array|unhashable"):
        operation(LabelArray(["a", "b"], ""))


def test_arithmetic_in_place_is_refused() -> None:
    array: Any = LabelArray(["a", "b"], "")
    with pytest.raises(TypeError, match=r"numpy\.add is not defined on labels"):
        array += 1
    assert array.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "operation",
    [
        lambda a: a.copy(),
        lambda a: a.ravel(),
        lambda a: a.flatten(),
        lambda a: a.reshape(-1, 1),
        lambda a: a.T,
        lambda a: a.transpose(1, 0),
        lambda a: a.swapaxes(0, 1),
        lambda a: a.repeat(2),
        lambda a: a.take([0, 3]),
        lambda a: a[:1].squeeze(),
        lambda a: a.diagonal(),
        lambda a: a.compress([True, False], axis=0),
        np.transpose,
        np.ravel,
        lambda a: np.concatenate([a, a[::-1]], axis=1),
        lambda a: np.stack([a, a]),
        lambda a: np.where(np.eye(2, 3, dtype=bool), a, a[::-1]),
        lambda a: np.broadcast_to(a, (2, 2, 3), subok=True),
        copy.copy,
        copy.deepcopy,
    ],
)
def test_what_moves_labels_keeps_them(operation: Any) -> None:
    labels = objects([["a", "b", ""], ["c", "a", "b"]])
    moved = operation(LabelArray(labels, ""))
    assert isinstance(moved, LabelArray)
    np.testing.assert_array_equal(moved.as_string_array(), operation(labels))
    assert moved.categories.tolist() == ["", "a", "b", "c"]
    assert moved.missing_value == ""


def test_item_view_and_astype() -> None:
    array = LabelArray([["a", "b"], ["", "c"]], "")
    assert array.item(3) == "c"
    assert array.item(0, 1) == "b"
    assert np.shares_memory(array.view(), array)
    assert isinstance(array.view(LabelArray), LabelArray)
    assert type(array.view(type=np.ndarray)) is np.ndarray
    np.testing.assert_array_equal(array.astype(object), array.as_string_array())
    again = array.astype(array.dtype)
    again[0, 0] = "c"
    assert array[0, 0] == "a"
    assert array.astype(array.dtype, copy=False) is array


def test_direct_construction_is_refused() -> None:
    with pytest.raises(TypeError, match=r"LabelArray\(values, missing_value\)"):
        np.ndarray.__new__(LabelArray, (2,), "u1")


@pytest.mark.parametrize("shape", [3, (2, 3), (0, 2), ()])
def test_empty_like_is_missing_everywhere(shape: Any) -> None:
    array = LabelArray(["b", "", "a"], "", categories=["b", "", "a"], sort=False)
    empty = array.empty_like(shape)
    assert empty.shape == np.empty(shape).shape
    assert empty.is_missing().shape == empty.shape
    assert set(empty.as_string_array().ravel()) <= {""}
    assert empty.categories.tolist() == ["b", "", "a"]
    assert empty.missing_value_code == 1


@given(labels=strings(), missing_value=MISSING, protocol=st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_pickling(labels: Strings, missing_value: str | None, protocol: int) -> None:
    array = LabelArray(labels, missing_value).T
    again = pickle.loads(pickle.dumps(array, protocol))  # noqa: S301 - made here
    assert type(again) is LabelArray
    assert again.shape == array.shape
    assert again.tolist() == labels.T.tolist()
    assert again.missing_value == missing_value
    assert again.reverse_categories == array.reverse_categories
    assert not again.categories.flags.writeable


@given(labels=st.lists(TEXT | st.none()), missing_value=MISSING)
def test_categoricals_there_and_back(labels: list[str | None], missing_value: str | None) -> None:
    array = LabelArray(objects(labels), missing_value)
    categorical = array.as_categorical()
    assert [None if pd.isna(x) else x for x in categorical] == labels
    assert list(categorical.categories) == [x for x in array.categories if x is not None]
    if missing_value is not None and None in labels:
        return  # the way back makes None the missing value
    again = LabelArray.from_categorical(categorical, missing_value)
    assert again.tolist() == labels
    assert again.missing_value == missing_value


@pytest.mark.parametrize("make", [pd.Categorical, lambda x: pd.Series(x).astype("category")])
@pytest.mark.parametrize(
    ("missing_value", "expected", "categories"),
    [
        (None, ["b", "a", None, "b"], [None, "a", "b"]),
        ("", ["b", "a", "", "b"], ["", "a", "b"]),
        ("a", ["b", "a", "a", "b"], ["a", "b"]),
    ],
)
def test_from_categorical(
    make: Any, missing_value: str | None, expected: list[Any], categories: list[Any]
) -> None:
    array = LabelArray.from_categorical(make(["b", "a", None, "b"]), missing_value)
    assert array.tolist() == expected
    assert array.categories.tolist() == categories


@pytest.mark.parametrize("wrong", [["a"], pd.Series(["a"]), pd.Categorical([1, 2])])
def test_from_what_is_no_categorical(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"pandas Categorical, not|must be str, bytes or None"):
        LabelArray.from_categorical(wrong)


@pytest.mark.parametrize("missing_value", [None, ""])
def test_categorical_frame(missing_value: str | None) -> None:
    labels = objects([["a", missing_value, "b"], ["b", "b", "a"]])
    array = LabelArray(labels, missing_value)
    index = pd.Index([10, 11], name="day")
    columns = pd.Index(["x", "y", "x"], name="asset")
    frame = array.as_categorical_frame(index, columns)
    pd.testing.assert_index_equal(frame.index, index)
    pd.testing.assert_index_equal(frame.columns, columns)
    for j in range(3):
        assert frame.iloc[:, j].dtype == array[:, 0].as_categorical().dtype
        found = frame.iloc[:, j].astype(object)
        assert [None if pd.isna(x) else x for x in found] == labels[:, j].tolist()
    assert array.as_categorical_frame(index, columns, name="other").columns.name == "other"


def test_wrong_shapes_for_pandas() -> None:
    array = LabelArray([["a", "b"]], "")
    one, two = pd.Index([1]), pd.Index([1, 2])
    with pytest.raises(ValueError, match=r"only a 1-D .* got shape \(1, 2\)"):
        array.as_categorical()
    with pytest.raises(ValueError, match=r"only a 2-D .* got shape \(2,\)"):
        array[0].as_categorical_frame(one, two)
    with pytest.raises(ValueError, match=r"\(1, 2\) does not fit 2 index and 1 column"):
        array.as_categorical_frame(two, one)


@given(left=strings(), missing_value=MISSING, seed=st.integers(0, 99))
def test_where(left: Strings, missing_value: str | None, seed: int) -> None:
    rng = np.random.default_rng(seed)
    right = objects([f"{x}z" for x in left.ravel()]).reshape(left.shape)
    cond = rng.random(left.shape) < 0.5
    found = labelarray_where(
        cond, LabelArray(left, missing_value), LabelArray(right, missing_value)
    )
    assert found.tolist() == np.where(cond, left, right).tolist()
    assert set(left.ravel()) | set(right.ravel()) | {missing_value} == set(found.categories)


def test_where_of_different_missing_values() -> None:
    with pytest.raises(MissingValueMismatch, match="'' and None"):
        labelarray_where(np.array([True]), LabelArray(["a"], ""), LabelArray(["a"], None))
    with pytest.raises(TypeError, match="takes LabelArrays alone, not ndarray"):
        labelarray_where(np.array([True]), LabelArray(["a"], ""), objects(["a"]))  # type: ignore[arg-type]


def test_representation() -> None:
    array = LabelArray([["a", "bc"], [None, "d"]], None)
    assert repr(array) == "LabelArray([['a', 'bc'],\n            [None, 'd']])"
    assert repr(array[0]) == "LabelArray(['a', 'bc'])"
    assert str(array[0]) == "['a' 'bc']"
    assert array.has_label("bc")
    assert not array.has_label("x")
    assert not array.has_label(3)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 2], ""), TypeError, r"values\[0\] must be str, bytes or None, got 1"),
        ((np.array([1.0]), ""), TypeError, "got dtype float64"),
        ((["a", np.nan], None), TypeError, r"values\[1\].*nan"),
        ((["a"], 1), TypeError, "missing_value must be str, bytes or None, got 1"),
        ((["a"], "", "ab"), TypeError, "several labels, got the single one 'ab'"),
        ((["a"], "", ["a", "a"]), ValueError, "'a' appears more than once"),
    ],
)
def test_wrong_construction(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        LabelArray(*arguments)
