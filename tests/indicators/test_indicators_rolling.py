"""Rolling functions against pandas, polars and numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.stride_tricks import sliding_window_view

from rustybt import indicators

PANDAS = {
    "sum": lambda rolling: rolling.sum(),
    "mean": lambda rolling: rolling.mean(),
    "min": lambda rolling: rolling.min(),
    "max": lambda rolling: rolling.max(),
    "median": lambda rolling: rolling.median(),
    "var": lambda rolling: rolling.var(),
    "std": lambda rolling: rolling.std(),
}
PAIRS = ("cov", "corr", "beta")


def rolling(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(indicators, f"rolling_{name}")
    return function


# Quarters of moderate size: sums are exact, so that exact references can be asked for.
quarters = st.integers(-4000, 4000).map(lambda number: number / 4)
gappy = st.one_of(quarters, st.sampled_from([np.nan, np.inf, -np.inf]))


@st.composite
def windows(draw: st.DrawFn, rows: int) -> tuple[int, int]:
    window = draw(st.integers(1, rows))
    return window, draw(st.integers(1, window))


def brute(name: str, x: np.ndarray, window: int, periods: int) -> np.ndarray:
    """Each window by itself, from the definition."""
    out = np.full(x.shape, np.nan)
    for row in range(len(x)):
        seen = x[max(0, row + 1 - window) : row + 1]
        seen = seen[np.isfinite(seen)]
        if len(seen) < periods:
            continue
        if name in {"var", "std"}:
            if len(seen) > 1:
                out[row] = getattr(np, name)(seen, ddof=1)
        elif name == "zscore":
            spread = seen.std(ddof=1) if len(seen) > 1 else 0
            if np.isfinite(x[row]) and np.ptp(seen) > 0:
                out[row] = (x[row] - seen.mean()) / spread
        else:
            out[row] = getattr(np, name)(seen)
    return out


@pytest.mark.parametrize("name", [*PANDAS, "zscore"])
@given(data=st.data())
def test_series_with_gaps_follow_the_definition(name: str, data: st.DataObject) -> None:
    x = data.draw(hnp.arrays(np.float64, st.integers(1, 60), elements=gappy))
    window, periods = data.draw(windows(len(x)))
    expected = brute(name, x, window, periods)
    result = rolling(name)(x, window, periods)
    if name in {"sum", "min", "max", "median"}:
        np.testing.assert_array_equal(result, expected)
    else:
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("window", [1, 2, 3, 4, 5, 7, 8, 16, 20, 21, 31, 60, 63, 64, 100, 127, 500])
@pytest.mark.parametrize("name", PANDAS)
def test_every_kind_of_window_agrees_with_pandas(name: str, window: int) -> None:
    generator = np.random.default_rng(window)
    x = generator.standard_normal((3000, 3)) + 10
    x[generator.random(x.shape) < 0.02] = np.nan
    x[:, 0] = np.arange(3000) % 97
    for periods in {window, max(1, window // 2)}:
        expected = PANDAS[name](pd.DataFrame(x).rolling(window, min_periods=periods)).to_numpy()
        result = rolling(name)(x, window, periods)
        np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["sum", "mean", "min", "max", "median", "var", "std"])
def test_complete_series_agree_with_polars(name: str) -> None:
    x = np.random.default_rng(5).standard_normal(20_000).cumsum()
    expected = getattr(pl.Series(x), f"rolling_{name}")(20).to_numpy()
    np.testing.assert_allclose(rolling(name)(x, 20), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("window", [1, 2, 1023, 1024, 1500])
def test_medians_of_long_windows_are_exact(window: int) -> None:
    generator = np.random.default_rng(window)
    x = generator.integers(0, 500, 4000).astype(np.float64)
    expected = np.median(sliding_window_view(x, window), axis=1)
    np.testing.assert_array_equal(indicators.rolling_median(x, window)[window - 1 :], expected)
    x[generator.random(4000) < 0.1] = np.nan
    periods = window // 2 or 1
    wanted = pd.Series(x).rolling(window, min_periods=periods).median()
    np.testing.assert_array_equal(indicators.rolling_median(x, window, periods), wanted)


def pair_reference(name: str, x: np.ndarray, y: np.ndarray, ddof: int) -> float:
    if name == "cov":
        return float(np.cov(x, y, ddof=ddof)[0, 1]) if len(x) > ddof else np.nan
    if np.ptp(y) == 0 or (name == "corr" and np.ptp(x) == 0):
        return np.nan
    if name == "corr":
        return float(np.corrcoef(x, y)[0, 1])
    return float(np.polyfit(y - y.mean(), x - x.mean(), 1)[0])


@pytest.mark.parametrize("name", PAIRS)
@given(data=st.data())
def test_two_series_follow_the_definition(name: str, data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 40))
    x = data.draw(hnp.arrays(np.float64, rows, elements=gappy))
    y = data.draw(hnp.arrays(np.float64, rows, elements=gappy))
    window, periods = data.draw(windows(rows))
    result = rolling(name)(x, y, window, periods)
    for row in range(rows):
        part = slice(max(0, row + 1 - window), row + 1)
        both = np.isfinite(x[part]) & np.isfinite(y[part])
        if both.sum() < periods:
            assert np.isnan(result[row])
            continue
        expected = pair_reference(name, x[part][both], y[part][both], 1)
        np.testing.assert_allclose(result[row], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("ddof", [0, 1, 2])
def test_degrees_of_freedom(ddof: int) -> None:
    x, y = np.random.default_rng(1).standard_normal((2, 50))
    views = sliding_window_view(x, 5)
    for name in ("var", "std"):
        expected = getattr(views, name)(axis=1, ddof=ddof)
        np.testing.assert_allclose(rolling(name)(x, 5, ddof=ddof)[4:], expected, rtol=1e-12)
    both = zip(views, sliding_window_view(y, 5), strict=True)
    expected = [np.cov(a, b, ddof=ddof)[0, 1] for a, b in both]
    np.testing.assert_allclose(indicators.rolling_cov(x, y, 5, ddof=ddof)[4:], expected, rtol=1e-12)
    score = (x[4:] - views.mean(axis=1)) / views.std(axis=1, ddof=ddof)
    np.testing.assert_allclose(indicators.rolling_zscore(x, 5, ddof=ddof)[4:], score, rtol=1e-10)


def test_no_freedom_left_is_not_a_number() -> None:
    x = np.arange(4.0)
    assert np.isnan(indicators.rolling_var(x, 2, ddof=2)).all()
    assert np.isnan(indicators.rolling_std(x, 1)).all()
    assert np.isnan(indicators.rolling_cov(x, x, 1)).all()


@given(
    x=hnp.arrays(np.float64, st.integers(2, 50), elements=st.floats(-1e6, 1e6)),
    slope=st.sampled_from([-3.0, -0.1, 0.1, 7.0]),
)
def test_correlation_never_leaves_its_range(x: np.ndarray, slope: float) -> None:
    result = indicators.rolling_corr(x, slope * x + 1, 2)
    seen = result[~np.isnan(result)]
    assert (np.abs(seen) <= 1).all()


@pytest.mark.parametrize("scale", [1e-120, 1.0, 1e120])
def test_correlation_has_no_units(scale: float) -> None:
    x, y = np.random.default_rng(2).standard_normal((2, 100))
    expected = indicators.rolling_corr(x, y, 10)
    result = indicators.rolling_corr(x * scale, y * scale, 10)
    np.testing.assert_allclose(result, expected, rtol=1e-9)
