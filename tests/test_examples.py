"""The examples run, on the sample that is part of rustybt, and give what they give in Zipline."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rustybt import run_algorithm

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

# Final portfolio values of zipline-reloaded 3.2.1, by these files with its imports.
FINAL_VALUES = [
    ("buy_and_hold", "2008-01-01", "2013-01-01", 1e7, 10032855.90),
    ("buyapple", "2014-01-01", "2014-11-01", 1e7, 10228181.07),
    ("dual_moving_average", "2011-01-01", "2013-01-01", 1e7, 9996406.00),
    ("mean_reversion", "2005-01-03", "2014-12-31", 1e6, 752973.12),
    ("olmar", "2005-01-03", "2014-12-31", 1e6, 1236097.19),
]


def example(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.parametrize(("name", "start", "end", "capital", "expected"), FINAL_VALUES)
def test_the_sample_gives_ziplines_result(
    name: str, start: str, end: str, capital: float, expected: float, tmp_path: Path
) -> None:
    functions = example(name)
    perf = run_algorithm(
        start=pd.Timestamp(start),
        end=pd.Timestamp(end),
        initialize=functions["initialize"],
        handle_data=functions.get("handle_data"),
        capital_base=capital,
        bundle="sample",
        environ={"RUSTYBT_ROOT": str(tmp_path)},
    )
    assert round(perf["portfolio_value"].iloc[-1], 2) == expected


def test_futures_roll_and_give_ziplines_result() -> None:
    perf = example("futures_trend")["main"]()
    traded = [row["sid"].symbol for rows in perf["transactions"] for row in rows]
    assert {"CLJ18", "CLZ18"} <= set(traded)
    assert (perf["exposure"] > 0).any()
    assert (perf["exposure"] < 0).any()
    assert round(perf["portfolio_value"].iloc[-1], 2) == 990944.80


@pytest.mark.parametrize("seed", range(20))
def test_olmar_weights_are_the_nearest_on_the_simplex(seed: int) -> None:
    from scipy.optimize import minimize

    olmar = example("olmar")
    vector = np.random.default_rng(seed).normal(0.2, 1.0, 6)
    found = olmar["project"](vector)
    best = minimize(
        lambda weights: ((weights - vector) ** 2).sum(),
        np.full(6, 1 / 6),
        bounds=[(0, None)] * 6,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12},
    )
    np.testing.assert_allclose(found, best.x, atol=1e-5)
    weights = np.full(6, 1 / 6)
    predicted = 1 + vector / 50
    moved = olmar["update"](weights, predicted)
    assert moved.sum() == pytest.approx(1)
    assert (moved >= 0).all()
    assert moved @ predicted >= weights @ predicted - 1e-12


def test_every_example_is_run_here() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {name for name, *_ in FINAL_VALUES} | {"futures_trend"}
