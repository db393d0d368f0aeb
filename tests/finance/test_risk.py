"""Risk figures are empyrical's, and those over ever longer windows those of each window."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.finance import risk
from rustybt.finance._finance_ext import (
    expanding_alpha_beta,
    expanding_max_drawdown,
    expanding_sharpe,
    expanding_sortino,
    expanding_volatility,
    minute_annual_volatility,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STORED = json.loads((Path(__file__).parent / "oracle" / "risk_figures.json").read_text())
MARKET = np.array(STORED["market"])
ALONE = [name for name in STORED["series"]["noise"]["figures"] if name not in {"alpha", "beta"}]
EXPANDING: dict[str, tuple[Callable[[Any], Any], Callable[[Any], float]]] = {
    "volatility": (expanding_volatility, risk.annual_volatility),
    "sharpe": (expanding_sharpe, risk.sharpe_ratio),
    "sortino": (expanding_sortino, risk.sortino_ratio),
    "max_drawdown": (expanding_max_drawdown, risk.max_drawdown),
}

some_returns = st.floats(-0.5, 0.5).map(lambda value: round(value, 6))
series = st.lists(st.one_of(some_returns, st.just(math.nan)), max_size=30)
pairs = st.lists(st.tuples(some_returns, some_returns), max_size=30)


def returns_of(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([float(value) for value in STORED["series"][name]["returns"]])


def same(expected: Any) -> Any:
    return pytest.approx(float(expected), rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("figure", ALONE)
@pytest.mark.parametrize("name", STORED["series"])
def test_figure_is_that_of_empyrical(name: str, figure: str) -> None:
    expected = STORED["series"][name]["figures"][figure]
    assert getattr(risk, figure)(returns_of(name)) == same(expected)
    assert getattr(risk, figure)(pd.Series(returns_of(name))) == same(expected)


@pytest.mark.parametrize("name", STORED["series"])
def test_alpha_and_beta_are_those_of_empyrical(name: str) -> None:
    returns = returns_of(name)
    expected = STORED["series"][name]["figures"]
    assert risk.alpha(returns, MARKET[: returns.size]) == same(expected["alpha"])
    assert risk.beta(returns, MARKET[: returns.size]) == same(expected["beta"])


@pytest.mark.parametrize("figure", ALONE)
def test_nothing_has_no_figure(figure: str) -> None:
    assert math.isnan(getattr(risk, figure)([]))


def test_drawdowns_count_the_start_as_a_peak() -> None:
    assert risk.drawdowns([-0.5, 1.0, 0.5, -0.2]).tolist() == pytest.approx([-0.5, 0, 0, -0.2])


def test_cumulative_returns_compound_and_pass_over_gaps() -> None:
    assert risk.cumulative_returns([0.1, math.nan, 0.1]).tolist() == pytest.approx([0.1, 0.1, 0.21])


@pytest.mark.parametrize("periods", [12, 52])
def test_periods_annualise(periods: int) -> None:
    returns = returns_of("noise")
    assert risk.annual_volatility(returns, periods) == pytest.approx(
        np.std(returns, ddof=1) * math.sqrt(periods)
    )
    assert risk.annual_return(returns, periods) == pytest.approx(
        np.prod(1 + returns) ** (periods / returns.size) - 1
    )


def test_returns_must_have_one_dimension_and_the_benchmark_the_same_length() -> None:
    with pytest.raises(ValueError, match=r"one-dimensional, got shape \(1, 2\)"):
        risk.sharpe_ratio([[0.1, 0.2]])
    with pytest.raises(ValueError, match="same periods, got 2 and 1"):
        risk.beta([0.1, 0.2], [0.1])
    with pytest.raises(ValueError, match="same days, got 2 and 1"):
        expanding_alpha_beta(np.zeros(2), np.zeros(1))


@pytest.mark.parametrize("figure", EXPANDING)
@given(returns=series)
def test_expanding_figure_is_that_of_every_prefix(figure: str, returns: list[float]) -> None:
    expanding, of_all = EXPANDING[figure]
    array = np.array(returns, dtype=np.float64)
    expected = [of_all(array[: day + 1]) for day in range(array.size)]
    assert expanding(array).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@given(returns=pairs)
def test_expanding_alpha_and_beta_are_those_of_every_prefix(
    returns: list[tuple[float, float]],
) -> None:
    array = np.array(returns, dtype=np.float64).reshape(-1, 2)
    mine, theirs = array[:, 0].copy(), array[:, 1].copy()
    expected = [risk.alpha_beta(mine[: day + 1], theirs[: day + 1]) for day in range(len(returns))]
    alpha, beta = expanding_alpha_beta(mine, theirs)
    assert beta.tolist() == pytest.approx([b for _, b in expected], rel=1e-6, nan_ok=True)
    assert alpha.tolist() == pytest.approx([a for a, _ in expected], rel=1e-6, nan_ok=True)


def test_expanding_volatility_keeps_its_digits_far_from_zero() -> None:
    returns = 1e6 + np.tile([0.0, 1.0], 500)
    expected = np.std(np.tile([0.0, 1.0], 500), ddof=1) * math.sqrt(252)
    assert expanding_volatility(returns)[-1] == pytest.approx(expected, rel=1e-9)


@given(
    days=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    data=st.data(),
)
def test_volatility_of_a_minute_is_that_of_the_days_before_and_the_day_so_far(
    days: list[int], data: st.DataObject
) -> None:
    labels = np.repeat(np.arange(len(days)), days)
    minutes = np.array(
        data.draw(st.lists(some_returns, min_size=labels.size, max_size=labels.size))
    )
    daily = np.array(
        [np.prod(1 + minutes[labels == day]) - 1 for day in range(len(days))], dtype=np.float64
    )
    expected = []
    for minute, day in enumerate(labels):
        today = np.prod(1 + minutes[: minute + 1][labels[: minute + 1] == day]) - 1
        expected.append(risk.annual_volatility([*daily[:day], today]))
    computed = minute_annual_volatility(labels.astype(np.int64), minutes, daily)
    assert computed.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def test_minutes_need_labels_and_days_returns() -> None:
    with pytest.raises(ValueError, match="same minutes, got 1 and 2"):
        minute_annual_volatility(np.zeros(1, dtype=np.int64), np.zeros(2), np.zeros(1))
    with pytest.raises(ValueError, match="more than the 1 days"):
        minute_annual_volatility(np.arange(3), np.zeros(3), np.zeros(1))
