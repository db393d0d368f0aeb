"""Minutes aggregate into sessions as pandas' groupby does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rustybt.data._resample import (
    _minute_to_session_close,
    _minute_to_session_high,
    _minute_to_session_low,
    _minute_to_session_open,
    _minute_to_session_volume,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PRICES = {
    "first": _minute_to_session_open,
    "max": _minute_to_session_high,
    "min": _minute_to_session_low,
    "last": _minute_to_session_close,
}
KERNELS = [*PRICES.values(), _minute_to_session_volume]
NAN = float("nan")


@st.composite
def closes_and(
    draw: st.DrawFn, dtype: str, elements: st.SearchStrategy[Any]
) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Minutes and the closes of sessions, some of them empty, that need not reach the end."""
    data = draw(hnp.arrays(dtype, st.integers(0, 40), elements=elements))
    closes = draw(st.lists(st.integers(-1, data.size - 1), max_size=12))
    return np.array(sorted(closes), dtype=np.intp), data


def reference(how: str, closes: NDArray[np.intp], data: NDArray[Any]) -> NDArray[Any]:
    session = np.searchsorted(closes, np.arange(data.size))
    grouped = pd.Series(data).groupby(session)
    sessions: pd.Series[Any] = getattr(grouped, how)()
    fill = 0 if how == "sum" else np.nan
    return sessions.reindex(range(closes.size), fill_value=fill).to_numpy()


@pytest.mark.parametrize("how", PRICES)
@given(
    case=closes_and(
        "float64",
        elements=st.one_of(st.just(NAN), st.floats(-1e9, 1e9), st.sampled_from([-np.inf, np.inf])),
    )
)
def test_prices_aggregate_as_in_pandas(how: str, case: tuple[NDArray[Any], NDArray[Any]]) -> None:
    closes, data = case
    out = np.full(closes.size, 99.0)
    PRICES[how](closes, data, out)
    np.testing.assert_array_equal(out, reference(how, closes, data))


@pytest.mark.parametrize("out_dtype", ["uint32", "uint64", "int64"])
@pytest.mark.parametrize("dtype", ["uint32", "uint64"])
@given(drawn=st.data())
def test_volumes_aggregate_as_in_pandas(dtype: str, out_dtype: str, drawn: st.DataObject) -> None:
    closes, data = drawn.draw(closes_and(dtype, elements=st.integers(0, 10**8)))
    out = np.full(closes.size, 99, dtype=out_dtype)
    _minute_to_session_volume(closes, data, out)
    np.testing.assert_array_equal(out, reference("sum", closes, data))


@given(
    case=closes_and("float64", elements=st.one_of(st.just(NAN), st.integers(0, 10**9).map(float)))
)
def test_real_volumes_count_nan_as_zero(case: tuple[NDArray[Any], NDArray[Any]]) -> None:
    closes, data = case
    out = np.full(closes.size, 99.0)
    _minute_to_session_volume(closes, data, out)
    np.testing.assert_array_equal(out, reference("sum", closes, data))


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (_minute_to_session_open, [2.0, NAN, NAN, -7.0]),
        (_minute_to_session_high, [3.0, NAN, NAN, -5.0]),
        (_minute_to_session_low, [2.0, NAN, NAN, -7.0]),
        (_minute_to_session_close, [3.0, NAN, NAN, -5.0]),
    ],
)
def test_sessions_without_trade_and_without_minutes(
    kernel: Callable[..., None], expected: list[float]
) -> None:
    prices = np.array([NAN, 2.0, 3.0, NAN, NAN, -7.0, -6.0, -5.0])
    out = np.zeros(4)
    kernel(np.array([2, 4, 4, 7], dtype=np.intp), prices, out)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("kernel", KERNELS)
def test_read_only_and_strided_inputs(kernel: Callable[..., None]) -> None:
    dtype = "uint32" if kernel is _minute_to_session_volume else "float64"
    spread = np.arange(24, dtype=dtype)
    closes = np.array([3, 0, 7, 0], dtype=np.intp)[::2]
    wide = np.zeros(4, dtype=dtype)
    strided, plain = wide[::2], np.zeros(2, dtype=dtype)
    data = spread[::-3]
    data.flags.writeable = closes.flags.writeable = False
    kernel(closes, data, strided)
    kernel(closes.copy(), data.copy(), plain)
    assert strided.tolist() == plain.tolist()
    assert wide[1::2].tolist() == [0, 0]


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_sessions(kernel: Callable[..., None]) -> None:
    dtype = "uint32" if kernel is _minute_to_session_volume else "float64"
    out = np.zeros(0, dtype=dtype)
    kernel(np.zeros(0, dtype=np.intp), np.ones(3, dtype=dtype), out)
    kernel(np.zeros(0, dtype=np.intp), np.ones(0, dtype=dtype), out)
    assert out.size == 0


@pytest.mark.parametrize(
    ("volume", "dtype", "out_dtype"),
    [(2**31, "uint32", "uint32"), (2**62, "uint64", "int64"), (2**63, "uint64", "uint64")],
)
def test_a_volume_too_large_is_refused_and_nothing_written(
    volume: int, dtype: str, out_dtype: str
) -> None:
    data = np.array([1, 2, volume, volume], dtype=dtype)
    out = np.array([9, 9], dtype=out_dtype)
    with pytest.raises(OverflowError, match="volume of session 1 is too large for the dtype of"):
        _minute_to_session_volume(np.array([1, 3]), data, out)
    assert out.tolist() == [9, 9]
    _minute_to_session_volume(np.array([1, 2]), data, out)
    assert out.tolist() == [3, volume]


def test_a_wider_output_takes_a_large_volume() -> None:
    out = np.zeros(1, dtype=np.uint64)
    _minute_to_session_volume(np.array([1]), np.full(2, 2**32 - 1, dtype=np.uint32), out)
    assert out.tolist() == [2**33 - 2]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"close_locs": [1, 3]}, TypeError, "close_locs must be a numpy.ndarray, got list"),
        ({"data": [1.0]}, TypeError, "data must be a numpy.ndarray, got list"),
        ({"out": None}, TypeError, "out must be a numpy.ndarray, got NoneType"),
        (
            {"close_locs": np.array([1, 3], dtype="int32")},
            TypeError,
            "close_locs must be of dtype intp, got int32",
        ),
        ({"data": np.ones(4, "float32")}, TypeError, "data must be of dtype .*, got float32"),
        ({"out": np.ones(2, "float32")}, TypeError, "out must be of dtype .*, got float32"),
        ({"data": np.ones((4, 1))}, ValueError, r"data must be one-.* got shape \(4, 1\)"),
        ({"out": np.ones((2, 2))}, ValueError, r"out must be one-.* got shape \(2, 2\)"),
        (
            {"close_locs": np.zeros((2, 1), dtype="intp")},
            ValueError,
            r"close_locs must be one-dimensional, got shape \(2, 1\)",
        ),
        ({"out": np.ones(3)}, ValueError, r"of one length.* got shapes \(2,\) and \(3,\)"),
        ({"close_locs": np.array([3, 1])}, ValueError, "got 1 after 3 at session 1"),
        ({"close_locs": np.array([-2, 1])}, ValueError, "got -2 after -1 at session 0"),
        (
            {"close_locs": np.array([1, 4])},
            ValueError,
            "within data, which has 4 minutes, got 4 at session 1",
        ),
    ],
)
def test_bad_input_is_named_and_nothing_written(
    kernel: Callable[..., None], changes: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    out = np.full(2, 9.0)
    arguments = {"close_locs": np.array([1, 3]), "data": np.ones(4), "out": out} | changes
    with pytest.raises(error, match=sentence):
        kernel(**arguments)
    assert out.tolist() == [9.0, 9.0]


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_read_only_output_is_refused(kernel: Callable[..., None]) -> None:
    out = np.ones(1)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="out is read-only"):
        kernel(np.array([0]), np.ones(1), out)
