"""Cumulative returns and drawdown against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rustybt.indicators import cumulative_returns, drawdown

returns = st.one_of(st.floats(-0.5, 1, allow_subnormal=False), st.sampled_from([np.nan, np.inf]))
prices = st.one_of(st.floats(0.01, 1e6), st.sampled_from([np.nan, -np.inf]))


def finite(x: np.ndarray) -> pd.Series:
    return pd.Series(np.where(np.isfinite(x), x, np.nan))


@given(x=hnp.arrays(np.float64, st.integers(1, 60), elements=returns), least=st.integers(1, 4))
def test_returns_compound(x: np.ndarray, least: int) -> None:
    expected = (1 + finite(x)).cumprod() - 1
    expected[finite(x).notna().cumsum() < least] = np.nan
    np.testing.assert_allclose(cumulative_returns(x, least), expected, rtol=1e-9, atol=1e-12)


@given(x=hnp.arrays(np.float64, st.integers(1, 60), elements=prices), least=st.integers(1, 4))
def test_drawdown_is_the_fall_from_the_peak(x: np.ndarray, least: int) -> None:
    expected = finite(x) / finite(x).cummax() - 1
    expected[finite(x).notna().cumsum() < least] = np.nan
    np.testing.assert_allclose(drawdown(x, least), expected, rtol=1e-9, atol=1e-12)


def test_a_total_loss_stays_one() -> None:
    assert cumulative_returns([0.5, -1.0, 3.0]).tolist() == [0.5, -1.0, -1.0]  # type: ignore[attr-defined]


def test_without_a_value_above_zero_there_is_no_peak() -> None:
    result = drawdown(np.array([-1.0, 0.0, 4.0, 1.0]))
    np.testing.assert_array_equal(result, [np.nan, np.nan, 0, -0.75])


@pytest.mark.parametrize("function", [cumulative_returns, drawdown])
def test_no_period_at_all_is_refused(function: object) -> None:
    with pytest.raises(ValueError, match="min_periods must be at least 1"):
        function(np.arange(3.0), 0)  # type: ignore[operator]
