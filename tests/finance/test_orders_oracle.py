"""Orders fare as in zipline-reloaded 3.2.1; oracle/orders.py made what it did."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from rustybt.finance.execution import asymmetric_round_price

ORACLE = Path(__file__).parent / "oracle"
STORED = json.loads((ORACLE / "orders.json").read_text(encoding="utf-8"))
REPLAY = runpy.run_path(str(ORACLE / "replay.py"))


def near(expected: Any) -> Any:
    """Return numbers, nested in lists, as they compare but for the last bits."""
    if isinstance(expected, list):
        return [near(item) for item in expected]
    if isinstance(expected, float):
        return pytest.approx(expected, rel=1e-13)
    return expected


@pytest.mark.parametrize("bar_data", ["BarData", "FeedingBarData"])
@pytest.mark.parametrize("case", STORED["cases"], ids=range(len(STORED["cases"])))
def test_orders_fare_as_in_the_oracle(case: dict[str, Any], bar_data: str) -> None:
    outcome = REPLAY["replay"]("rustybt", case, REPLAY[bar_data])
    for name, expected in case["outcome"].items():
        assert outcome[name] == near(expected), name


def test_the_cases_hold_what_they_are_for() -> None:
    orders = [order for case in STORED["cases"] for order in case["outcome"]["orders"]]
    states = [dict(zip(REPLAY["STATE"], order, strict=True)) for order in orders]
    assert {state["status"] for state in states} == {"OPEN", "FILLED", "CANCELLED"}
    assert any(state["open_amount"] and state["filled"] for state in states)
    fills = [len(case["outcome"]["fills"]) for case in STORED["cases"]]
    assert sum(fills) > 400


def test_prices_are_rounded_as_in_the_oracle() -> None:
    for price, down, tick_size, expected in STORED["rounded"]:
        assert asymmetric_round_price(price, down, tick_size) == expected
