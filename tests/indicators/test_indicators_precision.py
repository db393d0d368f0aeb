"""What long series, large offsets, wild magnitudes and infinities must not do to results."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import fsum, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.stride_tricks import sliding_window_view

from rustybt import indicators

MILLION = 1_000_000
HALF_ULP = 2.0**-53


@pytest.fixture(scope="module")
def prices() -> np.ndarray:
    return 100 + 0.01 * np.random.default_rng(3).standard_normal(MILLION).cumsum()


@pytest.mark.parametrize("constant", [107.112075, 0.1, 1e-300, 123456789.123456789, 1e300])
@pytest.mark.parametrize("window", [3, 20, 21, 127, 252])
def test_a_constant_stays_itself_for_a_million_rows(constant: float, window: int) -> None:
    x = np.full(MILLION, constant)
    assert (indicators.rolling_mean(x, window)[window - 1 :] == constant).all()
    assert (indicators.rolling_var(x, window)[window - 1 :] == 0).all()
    assert np.isnan(indicators.rolling_zscore(x, window)).all()
    assert (indicators.ewm_mean(x, span=window, adjust=False) == constant).all()
    assert (indicators.ewm_var(x, span=window, bias=True) == 0).all()


@pytest.mark.parametrize("window", [20, 252])
def test_sums_of_a_million_rows_stay_within_the_bound(prices: np.ndarray, window: int) -> None:
    result = indicators.rolling_sum(prices, window)
    rows = np.r_[window - 1 : 3000, MILLION - 3000 : MILLION]
    exact = np.array([fsum(prices[row + 1 - window : row + 1]) for row in rows])
    bound = (log2(window) + 2) * HALF_ULP * exact
    assert (np.abs(result[rows] - exact) <= bound).all()


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, -1e12])
@pytest.mark.parametrize("window", [20, 63])
def test_an_offset_costs_no_digits(offset: float, window: int) -> None:
    x = offset + np.random.default_rng(4).standard_normal(MILLION)
    views = sliding_window_view(x, window)[:: MILLION // 500]
    rows = np.arange(0, len(x) - window + 1, MILLION // 500) + window - 1
    # Differences from a value of the window are exact, so long doubles hold all there is.
    centred = (views - views[:, :1]).astype(np.longdouble)
    exact = centred.var(axis=1, ddof=1)
    computed = indicators.rolling_var(x, window)
    np.testing.assert_allclose(computed[rows], exact.astype(float), rtol=1e-13)
    assert (computed[window - 1 :] >= 0).all()

    other = 3 * x + 1e-3 * np.random.default_rng(5).standard_normal(MILLION)
    paired = sliding_window_view(other, window)[:: MILLION // 500]
    right = (paired - paired[:, :1]).astype(np.longdouble)
    left = centred - centred.mean(axis=1, keepdims=True)
    products = (left * (right - right.mean(axis=1, keepdims=True))).sum(axis=1)
    expected = (products / (window - 1)).astype(float)
    computed = indicators.rolling_cov(x, other, window)
    np.testing.assert_allclose(computed[rows], expected, rtol=1e-12)


def exact_variance(values: np.ndarray) -> Fraction:
    numbers = [Fraction(float(value)) for value in values]
    mean = sum(numbers, Fraction(0)) / len(numbers)
    return sum(((number - mean) ** 2 for number in numbers), Fraction(0)) / (len(numbers) - 1)


@given(
    x=hnp.arrays(
        np.float64,
        st.integers(2, 24),
        elements=st.one_of(
            st.floats(-1e6, 1e6, allow_subnormal=False),
            st.sampled_from([1e16, 1.0, -1e16, 1e9, 1e9 + 1e-6, 0.0]),
        ),
    ),
    window=st.integers(2, 24),
)
def test_sums_and_variances_of_wild_magnitudes(x: np.ndarray, window: int) -> None:
    window = min(window, len(x))
    sums = indicators.rolling_sum(x, window)
    variances = indicators.rolling_var(x, window)
    for row in range(window - 1, len(x)):
        seen = x[row + 1 - window : row + 1]
        magnitude = fsum(np.abs(seen))
        assert abs(sums[row] - fsum(seen)) <= (log2(window) + 3) * HALF_ULP * magnitude
        expected = float(exact_variance(seen))
        # A deviation is known to an ulp of the window's spread, hence the absolute part.
        slack = (np.ptp(seen) * HALF_ULP) ** 2
        assert abs(variances[row] - expected) <= 1e-12 * expected + slack
        assert variances[row] >= 0


def test_alternating_magnitudes_leave_no_trace() -> None:
    x = np.tile([1e16, 1.0], 500_000)
    x[600_000:] = 1.0
    settled = slice(600_020, None)
    assert (indicators.rolling_sum(x, 20)[settled] == 20).all()
    assert (indicators.rolling_mean(x, 20)[settled] == 1).all()
    assert (indicators.rolling_var(x, 20)[settled] == 0).all()
    assert (indicators.rolling_sum(x, 20)[19:600_000] == 10 * 1e16).all()


@pytest.mark.parametrize("poison", [np.inf, -np.inf, np.nan, 1e308])
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "zscore", "median", "min", "max"])
def test_a_bad_value_is_gone_with_its_window(poison: float, name: str) -> None:
    function = getattr(indicators, f"rolling_{name}")
    x = np.random.default_rng(6).standard_normal(200)
    expected = function(x, 20)
    spoilt = x.copy()
    spoilt[[50, 120]] = poison
    result = function(spoilt, 20)
    touched = np.zeros(200, dtype=bool)
    touched[50:70] = touched[120:140] = True
    np.testing.assert_array_equal(result[~touched], expected[~touched])


@pytest.mark.parametrize("poison", [np.inf, -np.inf, np.nan])
def test_recursions_pass_over_what_is_not_finite(poison: float) -> None:
    x = 100 + np.random.default_rng(7).standard_normal(300)
    spoilt = np.insert(x, [100, 200], poison)
    kept = np.isfinite(spoilt)
    functions: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
        lambda values: indicators.ewm_mean(values, span=10, ignore_na=True),
        lambda values: indicators.ewm_var(values, span=10, ignore_na=True),
        lambda values: indicators.atr(values + 1, values - 1, values),
        lambda values: indicators.macd(values).signal,
        indicators.drawdown,
        lambda values: indicators.cumulative_returns(values / 1e4),
    )
    for function in functions:
        np.testing.assert_array_equal(function(spoilt)[kept], function(x))
    # This one, as an unadjusted mean, adds up groups of rows, which a row more shifts.
    np.testing.assert_allclose(indicators.rsi(spoilt)[kept], indicators.rsi(x), rtol=1e-13)


def test_a_million_returns_compound_without_drift() -> None:
    returns = np.random.default_rng(8).standard_normal(MILLION) * 1e-3
    exact = np.cumsum(np.log1p(returns.astype(np.longdouble)))
    expected = np.expm1(exact).astype(np.float64)
    result = indicators.cumulative_returns(returns)
    np.testing.assert_allclose(result, expected, rtol=1e-11, atol=1e-13)


def test_small_returns_keep_their_digits() -> None:
    result = indicators.cumulative_returns(np.full(3, 1e-17))
    np.testing.assert_allclose(result, [1e-17, 2e-17, 3e-17], rtol=1e-15)
