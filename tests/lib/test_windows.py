from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.lib import _float64window, _int64window, _labelwindow, _uint8window
from rustybt.lib import adjustment as adj
from rustybt.lib.labelarray import LabelArray

if TYPE_CHECKING:
    from collections.abc import Callable

# Data and windows of several types.
Data: TypeAlias = Any

MODULES: dict[str, Any] = {
    "float64": _float64window,
    "int64": _int64window,
    "datetime64": _int64window,
    "bool": _uint8window,
    "label": _labelwindow,
}
VIEWS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.dtype("float64")},
    "int64": {"dtype": np.dtype("int64")},
    "datetime64": {"dtype": np.dtype("datetime64[ns]")},
    "bool": {"dtype": np.dtype("bool")},
    "label": {},
}
LABELS = ["a", "b", "c", None]
KINDS = sorted(MODULES)


@dataclass
class Case:
    """One window's parameters."""

    kind: str
    data: Data
    adjustments: dict[int, list[adj.Adjustment]]
    offset: int
    length: int
    perspective: int

    def windows(self) -> Data:
        """Make the window over a copy of the data."""
        return MODULES[self.kind].AdjustedArrayWindow(
            self.data.copy(),
            VIEWS[self.kind],
            self.adjustments,
            self.offset,
            self.length,
            self.perspective,
            None,
        )

    def reference(self) -> list[Any]:
        """Apply, for each window anew, all adjustments in its view to all of the data."""
        result = []
        for stop in range(self.offset + self.length, self.data.shape[0] + 1):
            seen = self.data.copy()
            for row in sorted(self.adjustments):
                if row <= stop - 1 + self.perspective:
                    for adjustment in self.adjustments[row]:
                        adjustment.mutate(seen)
            result.append(plain(seen.view(**VIEWS[self.kind])[stop - self.length : stop]))
        return result


def plain(window: Data) -> list[list[Any]]:
    """Return a window as nested lists of numbers or labels."""
    if isinstance(window, LabelArray):
        labels: list[list[Any]] = window.as_string_array().tolist()
        return labels
    numbers = window.view(np.int64) if window.dtype.kind == "M" else window
    lists: list[list[Any]] = numbers.tolist()
    return lists


def baseline(kind: str, rows: int, columns: int) -> Data:
    """Return data whose cells differ from their neighbours."""
    numbers = (np.arange(rows * columns) * 7 % 23).reshape(rows, columns)
    if kind == "label":
        return LabelArray(np.array(LABELS, dtype=object)[numbers % 3], None, categories=LABELS)
    if kind == "bool":
        return (numbers % 2).astype(np.uint8)
    return numbers.astype(np.float64 if kind == "float64" else np.int64)


def values(kind: str, count: int | None) -> st.SearchStrategy[Any]:
    """Draw a value for an overwrite, or `count` of them."""
    one: st.SearchStrategy[Any] = {
        "float64": st.integers(-8, 8).map(lambda n: n / 4),
        "int64": st.integers(-9, 9),
        "datetime64": st.integers(0, 9).map(lambda n: np.datetime64(n, "D")),
        "bool": st.booleans(),
        "label": st.sampled_from(LABELS),
    }[kind]
    return one if count is None else st.lists(one, min_size=count, max_size=count)


CLASSES: dict[str, tuple[list[Any], Any]] = {
    "float64": (
        [adj.Float64Multiply, adj.Float64Add, adj.Float64Overwrite],
        adj.Float641DArrayOverwrite,
    ),
    "int64": ([adj.Int64Overwrite], None),
    "datetime64": ([adj.Datetime64Overwrite], adj.Datetime641DArrayOverwrite),
    "bool": ([adj.BooleanOverwrite], adj.Boolean1DArrayOverwrite),
    "label": ([adj.ObjectOverwrite], adj.Object1DArrayOverwrite),
}


@st.composite
def adjustments_of(draw: st.DrawFn, kind: str, rows: int, columns: int) -> adj.Adjustment:
    first_row, last_row = sorted(draw(st.tuples(*[st.integers(0, rows - 1)] * 2)))
    first_col, last_col = sorted(draw(st.tuples(*[st.integers(0, columns - 1)] * 2)))
    box = (first_row, last_row, first_col, last_col)
    scalars, array = CLASSES[kind]
    made: adj.Adjustment
    if array is not None and draw(st.booleans()):
        made = array(*box, draw(values(kind, last_row - first_row + 1)))
    else:
        made = draw(st.sampled_from(scalars))(*box, draw(values(kind, None)))
    return made


@st.composite
def cases(draw: st.DrawFn, kind: str) -> Case:
    rows, columns = draw(st.integers(1, 24)), draw(st.integers(1, 3))
    length = draw(st.integers(1, min(rows, 6)))
    groups = draw(
        st.dictionaries(
            st.integers(0, rows + 1),
            st.lists(adjustments_of(kind, rows, columns), max_size=3),
            max_size=8,
        )
    )
    data = baseline(kind, rows, columns)
    if kind != "label" and draw(st.booleans()):
        data = np.asfortranarray(data)
    return Case(kind, data, groups, draw(st.integers(0, 3)), length, draw(st.integers(0, 1)))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_windows_are_those_of_naive_application(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    expected = case.reference()
    seen, kept = [], []
    for window in case.windows():
        seen.append(plain(window))
        kept.append(window)
    assert seen == expected
    # Nor did any window change under the hands of somebody who kept it.
    assert [plain(window) for window in kept] == expected


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_whatever_is_kept_stays(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    expected = case.reference()
    keep = data.draw(st.lists(st.booleans(), min_size=len(expected), max_size=len(expected)))
    kept = {}
    for number, window in enumerate(case.windows()):
        assert plain(window) == expected[number]
        if keep[number]:
            kept[number] = window[:1] if number % 2 else window
    for number, window in kept.items():
        assert plain(window) == expected[number][: len(window)]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_no_window_looks_ahead(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    rows, columns = case.data.shape
    today = data.draw(st.integers(0, rows + 1))
    before = [plain(window) for window in case.windows()]
    later = {row: group for row, group in case.adjustments.items() if row < today}
    later[today] = [data.draw(adjustments_of(kind, rows, columns))]
    changed = Case(kind, case.data, later, case.offset, case.length, case.perspective)
    after = [plain(window) for window in changed.windows()]
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        if case.offset + case.length - 1 + number + case.perspective < today:
            assert old == new


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_seek_finds_the_window_that_iteration_yields(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind))
    expected = case.reference()
    first = case.offset + case.length
    targets = data.draw(st.lists(st.integers(0, max(len(expected) - 1, 0)), max_size=6))
    windows = case.windows()
    for number in sorted(targets) if expected else []:
        window = windows.seek(first + number)
        assert plain(window) == expected[number]
        assert windows.seek(first + number) is window


@pytest.mark.parametrize("kind", KINDS)
def test_windows_are_read_only_views_without_a_copy_each(kind: str) -> None:
    case = Case(kind, baseline(kind, 9, 2), {}, 0, 3, 0)
    first, second, *_ = case.windows()
    assert np.may_share_memory(first, second)
    for window in (first, second):
        assert not window.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            window[0, 0] = window[1, 1]


def test_view_kwargs_give_the_dtype() -> None:
    assert next(Case("bool", baseline("bool", 3, 2), {}, 0, 2, 0).windows()).dtype == bool
    dates = next(Case("datetime64", baseline("datetime64", 3, 2), {}, 0, 2, 0).windows())
    assert dates.dtype == np.dtype("datetime64[ns]")
    assert isinstance(
        next(Case("label", baseline("label", 3, 2), {}, 0, 2, 0).windows()), LabelArray
    )


@pytest.mark.parametrize("places", [0, 2, -1])
def test_rounds_float_windows(places: int) -> None:
    data = np.linspace(-37.123456, 41.98765, 12).reshape(6, 2)
    expected = [np.round(data[stop - 2 : stop], places).tolist() for stop in range(2, 7)]
    windows = _float64window.AdjustedArrayWindow(data, {}, {}, 0, 2, 0, places)
    rounded = list(windows)
    assert [window.tolist() for window in rounded] == expected
    assert not any(window.flags.writeable for window in rounded)


def test_rounding_leaves_integers() -> None:
    data = np.array([[15], [25]])
    assert next(_int64window.AdjustedArrayWindow(data, {}, {}, 0, 2, 0, -1)).tolist() == [
        [15],
        [25],
    ]


def test_adjusts_a_copy_of_read_only_data() -> None:
    data = np.ones((3, 1))
    data.flags.writeable = False
    adjustments = {2: [adj.Float64Add(0, 2, 0, 0, 1.0)]}
    windows = _float64window.AdjustedArrayWindow(data, {}, adjustments, 0, 2, 0, None)
    assert [window.tolist() for window in windows] == [[[1.0], [1.0]], [[2.0], [2.0]]]
    assert data.tolist() == [[1.0], [1.0], [1.0]]


def test_later_changes_of_the_mapping_are_not_seen() -> None:
    adjustments: dict[int, list[adj.Adjustment]] = {1: [adj.Float64Add(0, 1, 0, 0, 1.0)]}
    windows = _float64window.AdjustedArrayWindow(np.zeros((2, 1)), {}, adjustments, 0, 1, 0, None)
    adjustments[1].append(adj.Float64Add(0, 1, 0, 0, 5.0))
    adjustments[0] = [adj.Float64Add(0, 1, 0, 0, 5.0)]
    assert [window.tolist() for window in windows] == [[[0.0]], [[1.0]]]


@pytest.mark.parametrize("offset", [4, 5, 6, sys.maxsize])
def test_an_offset_behind_the_data_gives_no_window(offset: int) -> None:
    assert list(Case("float64", baseline("float64", 5, 2), {}, offset, 2, 0).windows()) == []


def test_seek_refuses_what_is_past_and_what_never_comes() -> None:
    windows = Case("float64", baseline("float64", 5, 1), {}, 1, 2, 0).windows()
    with pytest.raises(ValueError, match="ends before row 2: the next window ends before row 3"):
        windows.seek(2)
    assert windows.seek(4).tolist() == [[14.0], [21.0]]
    for target in (3, -1):
        with pytest.raises(ValueError, match=f"cannot move back .* before row {target}"):
            windows.seek(target)
    with pytest.raises(_float64window.Exhausted, match="before row 6: the data have 5 rows"):
        windows.seek(6)
    assert next(windows).tolist() == [[21.0], [5.0]]
    with pytest.raises(StopIteration):
        next(windows)


def test_one_exception_for_all_windows() -> None:
    assert len({module.Exhausted for module in MODULES.values()}) == 1


def test_repr_tells_where_the_window_is() -> None:
    windows = Case("float64", baseline("float64", 5, 1), {}, 0, 2, 0).windows()
    next(windows)
    assert repr(windows) == (
        "<AdjustedArrayWindow: window_length=2, anchor=2, max_anchor=5, dtype=dtype('float64')>"
    )
    assert windows.window_length == 2
    assert windows.view_kwargs == VIEWS["float64"]
    assert iter(windows) is windows


@pytest.mark.parametrize("kind", KINDS)
def test_cannot_be_pickled(kind: str) -> None:
    windows = Case(kind, baseline(kind, 5, 1), {}, 0, 2, 0).windows()
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(windows)


def make(**changes: Data) -> Callable[[], Any]:
    """Return what makes a float64 window of valid parameters but for some."""
    parameters = {
        "data": np.zeros((3, 2)),
        "view_kwargs": {},
        "adjustments": {},
        "offset": 0,
        "window_length": 2,
        "perspective_offset": 0,
        "rounding_places": None,
    }
    return lambda: _float64window.AdjustedArrayWindow(**{**parameters, **changes})


@pytest.mark.parametrize(
    ("construct", "error", "message"),
    [
        (make(window_length=4), ValueError, r"got 4 for data of shape \(3, 2\)"),
        (make(window_length=0), ValueError, "from 1 to the number of rows, got 0"),
        (make(window_length=1.5), TypeError, "integer"),
        (make(offset=-1), ValueError, "offset must be 0 or more, got -1"),
        (make(perspective_offset=2), ValueError, "perspective_offset must be 0 or 1, got 2"),
        (make(perspective_offset=-1), ValueError, "perspective_offset must be 0 or 1, got -1"),
        (make(data=np.zeros(3)), ValueError, r"two-dimensional, got shape \(3,\)"),
        (
            make(data=np.zeros((3, 2), dtype=np.int64)),
            TypeError,
            r"must be a float64 array, got int64 array of shape \(3, 2\)",
        ),
        (make(data=[[1.0]]), TypeError, "must be a float64 array, got list"),
        (make(adjustments=None), TypeError, "must map row numbers .* got NoneType"),
        (make(adjustments={"a": []}), TypeError, "key of adjustments must be an integer, got 'a'"),
        (make(adjustments={-1: []}), ValueError, "row number from 0 on, got -1"),
        (make(adjustments={1: 5}), TypeError, r"adjustments\[1\] must be a list"),
        (make(adjustments={1: [5]}), TypeError, r"adjustments\[1\] must hold only .* got int"),
        (
            make(adjustments={1: [adj.Float64Add(0, 3, 0, 0, 1.0)]}),
            IndexError,
            r"last_row=3.* reaches beyond data of shape \(3, 2\)",
        ),
        (
            make(adjustments={1: [adj.Float64Add(0, 0, 0, 2, 1.0)]}),
            IndexError,
            r"last_col=2.* reaches beyond data of shape \(3, 2\)",
        ),
    ],
)
def test_refuses_bad_parameters(
    construct: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        construct()


@pytest.mark.parametrize("kind", KINDS)
def test_refuses_adjustments_of_another_type(kind: str) -> None:
    wrong = (
        adj.Float64Add(0, 0, 0, 0, 1.0) if kind != "float64" else adj.Int64Overwrite(0, 0, 0, 0, 1)
    )
    windows = Case(kind, baseline(kind, 3, 1), {1: [wrong]}, 0, 2, 0).windows()
    for _ in range(2):
        with pytest.raises(TypeError, match=f"{type(wrong).__name__} cannot change .* data"):
            next(windows)


def test_a_label_without_category_is_refused_and_leaves_the_window_where_it_is() -> None:
    adjustments: dict[int, list[adj.Adjustment]] = {2: [adj.ObjectOverwrite(1, 1, 0, 0, "new")]}
    windows = Case("label", baseline("label", 3, 1), adjustments, 0, 2, 0).windows()
    first = next(windows)
    before = plain(first)
    for _ in range(2):
        with pytest.raises(ValueError, match="'new' is not in the categories"):
            next(windows)
    assert plain(first) == before
