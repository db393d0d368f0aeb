"""Each strategy gives in rustybt what it gives in zipline-reloaded 3.2.1."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import parity_data
import parity_results
import pytest
from parity_cases import CASES, DATA, Case
from parity_engine import condense
from parity_results import difference

if TYPE_CHECKING:
    from parity_engine import Engine

Columns = dict[str, np.ndarray]

# Differences of sums of money cancel: they are held to a billionth of the portfolio's value.
MONEY = [
    "capital_used",
    "ending_cash",
    "ending_exposure",
    "ending_value",
    "long_exposure",
    "long_value",
    "pnl",
    "short_exposure",
    "short_value",
    "starting_cash",
    "starting_exposure",
    "starting_value",
]
# So do returns, which are of the order of a thousandth or more.
RATIOS = [
    "algo_volatility",
    "algorithm_period_return",
    "alpha",
    "benchmark_period_return",
    "benchmark_volatility",
    "beta",
    "gross_leverage",
    "max_drawdown",
    "net_leverage",
    "returns",
    "sharpe",
    "sortino",
]


@pytest.fixture(scope="module")
def runs() -> dict[str, Columns]:
    return {}


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def stored(case: Case) -> Columns:
    return parity_results.load(case.name)


@pytest.fixture
def found(case: Case, engine: Engine, runs: dict[str, Columns]) -> Columns:
    if case.name not in runs:
        if case.bundle in DATA:
            engine.ingest(DATA[case.bundle]())
        runs[case.name] = condense(engine.run(case))
    return runs[case.name]


def test_stored_results_are_of_these_data(stored: Columns) -> None:
    assert stored["data_version"].tolist() == [parity_data.VERSION]


def test_sessions(stored: Columns, found: Columns) -> None:
    assert found["sessions"].tolist() == stored["sessions"].tolist()
    assert found["period_label"].tolist() == stored["period_label"].tolist()


def test_portfolio_value(case: Case, stored: Columns, found: Columns) -> None:
    differs = difference(stored, found, "perf/portfolio_value")
    assert not differs, differs
    last = found["perf/portfolio_value"][-1]
    assert round(last, 2) == round(stored["perf/portfolio_value"][-1], 2)
    if case.final_value is not None:
        assert round(last, 2) == case.final_value


@pytest.mark.parametrize("kind", ["transactions", "orders", "positions"])
def test_rows(stored: Columns, found: Columns, kind: str) -> None:
    differs = difference(stored, found, f"{kind}/")
    assert not differs, differs


def test_recorded_variables_and_every_other_column(stored: Columns, found: Columns) -> None:
    scales = {f"perf/{name}": float(np.abs(stored["perf/portfolio_value"]).max()) for name in MONEY}
    scales |= {f"perf/{name}": 1e-3 for name in RATIOS}
    differs = difference(stored, found, "perf/", scales)
    assert not differs, differs


def test_the_strategies_use_all_that_is_compared() -> None:
    folder = Path(__file__).parent / "strategies"
    used = set()
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    expected = {
        *("order", "order_value", "order_percent", "order_target", "order_target_value"),
        *("order_target_percent", "batch_market_order", "cancel_order", "get_open_orders"),
        *("MarketOrder", "LimitOrder", "StopOrder", "StopLimitOrder"),
        *("NoSlippage", "FixedSlippage", "VolumeShareSlippage", "FixedBasisPointsSlippage"),
        *("VolatilityVolumeShare", "NoCommission", "PerShare", "PerTrade", "PerDollar"),
        *("PerContract", "PerFutureTrade", "EODCancel", "NeverCancel"),
        *("month_start", "month_end", "week_start", "week_end", "every_day"),
        *("market_open", "market_close", "every_minute"),
        *("set_long_only", "set_max_leverage", "set_min_leverage", "set_max_order_count"),
        *("set_max_order_size", "set_max_position_size", "set_asset_restrictions"),
        *("set_do_not_order_list", "set_benchmark", "record", "continuous_future"),
        *("current", "history", "can_trade", "is_stale", "current_chain"),
    }
    assert expected <= used
