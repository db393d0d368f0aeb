"""Make risk_figures.json: series of returns and their figures by empyrical-reloaded 0.5.12.

Run it with the oracle's Python, from anywhere: ``python risk_figures.py``.
"""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import empyrical
import numpy as np

OUT = Path(__file__).with_suffix(".json")
FUNCTIONS = {
    "total_return": empyrical.cum_returns_final,
    "annual_return": empyrical.annual_return,
    "annual_volatility": empyrical.annual_volatility,
    "downside_risk": empyrical.downside_risk,
    "sharpe_ratio": empyrical.sharpe_ratio,
    "sortino_ratio": empyrical.sortino_ratio,
    "max_drawdown": empyrical.max_drawdown,
    "calmar_ratio": empyrical.calmar_ratio,
}

warnings.simplefilter("ignore")
rng = np.random.default_rng(20200102)
noise = rng.normal(0.0005, 0.012, 40)
gaps = np.where(rng.random(40) < 0.2, np.nan, rng.normal(0.0, 0.02, 40))
market = rng.normal(0.0003, 0.01, 40)
SERIES = {
    "noise": noise,
    "gaps": gaps,
    "gains": np.abs(noise),
    "losses": -np.abs(noise),
    "zeros": np.zeros(10),
    "constant": np.full(10, 0.01),
    "ruin": np.array([0.1, -1.0, 0.05]),
    "one": np.array([0.02]),
    "two": np.array([0.02, -0.01]),
    "unknown": np.array([np.nan, np.nan, np.nan]),
}


def plain(value: float) -> float | str:
    """Return a number as JSON knows it."""
    return float(value) if math.isfinite(value) else str(float(value))


def figures(returns: np.ndarray) -> dict[str, float | str]:
    """Return the figures of a series by name, those of the market as benchmark included."""
    values = {name: plain(function(returns)) for name, function in FUNCTIONS.items()}
    alpha, beta = empyrical.alpha_beta_aligned(returns, market[: returns.size])
    return {**values, "alpha": plain(alpha), "beta": plain(beta)}


if __name__ == "__main__":
    stored = {
        "market": market.tolist(),
        "series": {
            name: {"returns": [plain(r) for r in returns], "figures": figures(returns)}
            for name, returns in SERIES.items()
        },
    }
    OUT.write_text(json.dumps(stored, indent=1) + "\n")
