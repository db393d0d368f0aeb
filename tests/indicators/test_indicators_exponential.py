"""Exponentially weighted functions against their definition and pandas."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rustybt.indicators import ewm_mean, ewm_var

values = hnp.arrays(
    np.float64,
    st.integers(1, 60),
    elements=st.one_of(st.floats(-1e3, 1e3, allow_subnormal=False), st.just(np.nan)),
)
decays = st.one_of(
    st.fixed_dictionaries({"span": st.floats(1, 50)}),
    st.fixed_dictionaries({"com": st.floats(0, 50)}),
    st.fixed_dictionaries({"halflife": st.floats(0.1, 50)}),
    st.fixed_dictionaries({"alpha": st.floats(0.01, 1)}),
)


@given(
    x=values, decay=decays, adjust=st.booleans(), ignore_na=st.booleans(), least=st.integers(1, 5)
)
def test_mean_agrees_with_pandas(
    x: np.ndarray, decay: dict[str, float], adjust: bool, ignore_na: bool, least: int
) -> None:
    options: dict[str, Any] = {**decay, "adjust": adjust, "ignore_na": ignore_na}
    expected = pd.Series(x).ewm(**options, min_periods=least).mean()
    result = ewm_mean(x, **options, min_periods=least)
    np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10)


def exact_variances(
    x: np.ndarray, alpha: float, *, adjust: bool, ignore_na: bool, bias: bool
) -> list[float]:
    """Evaluate the definition, all weights kept apart, in 250 digits."""
    variances = []
    weights: list[Decimal] = []
    seen: list[Decimal] = []
    keep, fresh = 1 - Decimal(alpha), Decimal(1) if adjust else Decimal(alpha)
    with localcontext(prec=250):
        for value in x:
            missing = math.isnan(value)
            if not (missing and ignore_na):
                weights = [weight * keep for weight in weights]
            if not missing:
                seen.append(Decimal(float(value)))
                weights.append(fresh if weights else Decimal(1))
                if not adjust:
                    weights = [weight / sum(weights) for weight in weights]
            variances.append(_variance(seen, weights, bias=bias))
    return variances


def _variance(values: list[Decimal], weights: list[Decimal], *, bias: bool) -> float:
    total = sum(weights)
    if not total or (len(values) < 2 and not bias):
        return math.nan
    mean = sum(w * x for w, x in zip(weights, values, strict=True)) / total
    spread = sum(w * (x - mean) ** 2 for w, x in zip(weights, values, strict=True)) / total
    correction = 1 if bias else total**2 / (total**2 - sum(w * w for w in weights))
    return float(spread * correction)


@given(
    x=values,
    alpha=st.floats(0.05, 0.95),
    adjust=st.booleans(),
    ignore_na=st.booleans(),
    bias=st.booleans(),
)
def test_variance_is_what_the_definition_says(
    x: np.ndarray, alpha: float, adjust: bool, ignore_na: bool, bias: bool
) -> None:
    options = {"adjust": adjust, "ignore_na": ignore_na, "bias": bias}
    result = ewm_var(x, alpha=alpha, **options)
    assert not (result < 0).any()
    # The mean itself is rounded: its error enters squared, relative to the largest value.
    scale = np.nanmax(np.abs(x), initial=0.0)
    np.testing.assert_allclose(
        result, exact_variances(x, alpha, **options), rtol=1e-9, atol=1e-12 * scale**2
    )


@pytest.mark.parametrize("adjust", [True, False])
def test_long_series_agree_with_pandas(adjust: bool) -> None:
    x = np.random.default_rng(1).standard_normal((5001, 40)).cumsum(axis=0)
    frame = pd.DataFrame(x)
    for span in (2, 20, 500):
        window = frame.ewm(span=span, adjust=adjust)
        np.testing.assert_allclose(
            ewm_mean(x, span=span, adjust=adjust), window.mean(), rtol=1e-10, atol=1e-10
        )
        np.testing.assert_allclose(
            ewm_var(x, span=span, adjust=adjust)[1:], window.var()[1:], rtol=1e-8, atol=1e-8
        )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"span": 3, "com": 1},
        {"span": 0.5},
        {"com": -0.1},
        {"halflife": 0},
        {"alpha": 0},
        {"alpha": 1.5},
        {"alpha": np.nan},
        {"span": np.inf},
        {"alpha": 0.5, "min_periods": 0},
    ],
)
@pytest.mark.parametrize("function", [ewm_mean, ewm_var])
def test_bad_decays_are_refused(function: Callable[..., Any], options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        function(np.arange(3.0), **options)


@pytest.mark.parametrize("halflife", [1e-300, 1e-3, 1.0, 1e9, 1e15, 1e300])
def test_a_long_half_life_loses_no_digits(halflife: float) -> None:
    with localcontext(prec=400):
        weight = float(1 - (-Decimal(2).ln() / Decimal(halflife)).exp())
    result = ewm_mean([0.0, 1.0], halflife=halflife, adjust=False)
    np.testing.assert_allclose(result, [0.0, weight], rtol=1e-14)


@pytest.mark.parametrize("span", ["20", b"20", [20.0]])
def test_a_decay_that_is_no_number_is_refused(span: object) -> None:
    with pytest.raises(TypeError, match="span must be a real number, got"):
        ewm_mean(np.arange(3.0), span=span)  # type: ignore[arg-type]


@pytest.mark.parametrize("gap", [None, 0, 7, 8, 9, 300])
@pytest.mark.parametrize("rows", [1, 7, 8, 9, 17, 255, 256, 257, 600])
def test_means_across_the_groups_of_rows(rows: int, gap: int | None) -> None:
    x = 50.0 + np.cumsum(np.random.default_rng(rows).standard_normal((rows, 40)), axis=0)
    if gap is not None and gap < rows:
        x[gap, ::3] = np.nan
    expected = pd.DataFrame(x).ewm(alpha=0.1, adjust=False).mean().to_numpy()
    found = ewm_mean(x, alpha=0.1, adjust=False)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    alone = ewm_mean(x[:, 3].copy(), alpha=0.1, adjust=False)
    np.testing.assert_array_equal(alone, found[:, 3])
