"""The cases of the parity tests: a strategy, its data and how it is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import parity_data

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"


@dataclass(frozen=True)
class Case:
    """One run of a strategy; `settings` replace constants of its file."""

    name: str
    strategy: str
    bundle: str
    start: str
    end: str
    frequency: str = "daily"
    capital_base: float = 1_000_000.0
    calendar: str = "XNYS"
    metrics_set: str = "default"
    settings: dict[str, Any] = field(default_factory=dict)
    capital_changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    benchmark_returns: Callable[[], pd.Series] | None = None
    final_value: float | None = None

    @property
    def path(self) -> Path:
        """The strategy's file."""
        folder = EXAMPLES if self.bundle == "sample" and self.final_value else HERE / "strategies"
        return folder / f"{self.strategy}.py"


def made_returns() -> pd.Series:
    """Return a benchmark's returns for the sessions of the generated equities."""
    days = parity_data.equities().sessions
    changes = (parity_data.draws(7, len(days), 401) - 200) / 10_000
    return pd.Series(np.asarray(changes), index=days)


def daily(name: str, strategy: str | None = None, **changes: Any) -> Case:
    """Return a case on the generated equities, by default from June to October 2018."""
    given = {"start": "2018-06-01", "end": "2018-10-31", "bundle": "parity-equities"} | changes
    return Case(name=name, strategy=strategy or name, **given)


def minute(name: str, strategy: str | None = None, **changes: Any) -> Case:
    """Return a case on the generated minute bars, a half day among its sessions."""
    given = {"start": "2018-06-28", "end": "2018-07-06", "bundle": "parity-minutes"} | changes
    return Case(name=name, strategy=strategy or name, frequency="minute", **given)


def future(name: str, strategy: str | None = None, **changes: Any) -> Case:
    """Return a case on the generated futures."""
    given = {"start": "2018-03-01", "end": "2018-08-31", "bundle": "parity-futures"} | changes
    return Case(name=name, strategy=strategy or name, calendar="us_futures", **given)


def reference(name: str, start: str, end: str, final_value: float) -> Case:
    """Return a published example on the nine stocks, with the contract's final value."""
    return Case(
        name=name,
        strategy=name,
        bundle="sample",
        start=start,
        end=end,
        capital_base=10_000_000.0,
        final_value=final_value,
    )


CASES = [
    reference("buy_and_hold", "2008-01-01", "2013-01-01", 10032855.90),
    reference("buyapple", "2014-01-01", "2014-11-01", 10228181.07),
    reference("dual_moving_average", "2011-01-01", "2013-01-01", 9996406.00),
    Case("stocks_rebalance", "stocks_rebalance", "sample", "2013-05-01", "2014-07-31"),
    daily("order_functions"),
    daily("styles"),
    daily("costs_default", "costs"),
    daily("costs_free", "costs", settings={"SLIPPAGE": "none", "COMMISSION": "none"}),
    daily("costs_fixed", "costs", settings={"SLIPPAGE": "fixed", "COMMISSION": "per_trade"}),
    daily("costs_share", "costs", settings={"SLIPPAGE": "share", "COMMISSION": "per_share"}),
    daily("costs_points", "costs", settings={"SLIPPAGE": "points", "COMMISSION": "per_dollar"}),
    daily("costs_own", "costs", settings={"SLIPPAGE": "own", "COMMISSION": "own"}),
    daily("cancel_end_of_day"),
    daily("corporate_actions"),
    daily("stock_dividends", end="2018-12-31"),
    daily("delisting", start="2018-08-20", end="2018-10-05"),
    daily("schedules", end="2018-12-31"),
    daily("controls"),
    daily("restrictions"),
    daily("benchmark_asset"),
    daily("benchmark_returns", "benchmark_none", benchmark_returns=made_returns),
    daily(
        "capital_changes",
        capital_changes={
            "2018-06-20": {"type": "delta", "value": 250_000.0},
            "2018-08-01": {"type": "target", "value": 700_000.0},
            "2018-09-04": {"type": "delta", "value": -50_000.0},
        },
    ),
    daily("history_daily", start="2018-07-02", end="2018-08-31"),
    daily("market_state", start="2018-06-20", end="2018-09-25"),
    daily("pipeline_ranking"),
    Case("pipeline_stocks", "pipeline_stocks", "sample", "2005-02-01", "2006-06-30"),
    minute("minute_cross"),
    minute("minute_styles"),
    minute("minute_history"),
    minute("minute_schedules"),
    minute("minute_end_of_day"),
    minute("minute_pipeline", start="2018-07-02"),
    future("futures_trend"),
    future("futures_costs_fixed", "futures_costs", settings={"COSTS": "fixed"}),
    future("futures_costs_share", "futures_costs", settings={"COSTS": "share"}),
    future("futures_costs_trade", "futures_costs", settings={"COSTS": "trade"}),
    future("continuous", start="2018-03-12", end="2018-06-29"),
]
BY_NAME = {case.name: case for case in CASES}
DATA = {
    "parity-equities": parity_data.equities,
    "parity-minutes": parity_data.minutes,
    "parity-futures": parity_data.futures,
}
