"""A benchmark's report: ratios, targets, the table and the JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from measures import Measure, Report


def measure(value: float = 30.0, reference: float = 100.0, **more: Any) -> Measure:
    return Measure("cold wheel build", value, "s", "other", reference, **more)


@pytest.mark.parametrize(
    ("made", "target", "met"),
    [
        (measure(60, 100, limit=0.6), "<= 0.6", True),
        (measure(60.1, 100, limit=0.6), "<= 0.6", False),
        (measure(3, 100, limit=3, limit_on="value"), "<= 3 s", True),
        (measure(3.01, 100, limit=3, limit_on="value"), "<= 3 s", False),
        (measure(), "", None),
    ],
)
def test_target(made: Measure, target: str, met: bool | None) -> None:
    assert made.target == target
    assert made.met is met
    assert made.ratio == pytest.approx(made.value / made.reference_value)


def test_table_has_a_line_a_measure_and_what_is_missing() -> None:
    report = Report("build", [measure(limit=0.6), measure(90, limit=0.6), measure(5, 10)])
    report.missing["wheel size"] = "the index is unreachable"
    machine, empty, heading, *rows, missing = report.as_table().splitlines()
    assert re.fullmatch(r"system \w+, architecture \w+, cores \d+, python 3\.\d+\.\d+", machine)
    assert empty == ""
    assert heading.split() == ["measured", "value", "against", "value", "ratio", "target"]
    cells = [re.split(r"\s{2,}", row) for row in rows]
    assert cells == [
        ["cold wheel build", "30.00 s", "other", "100.00 s", "0.30", "<= 0.6", "met"],
        ["cold wheel build", "90.00 s", "other", "100.00 s", "0.90", "<= 0.6", "NOT MET"],
        ["cold wheel build", "5.00 s", "other", "10.00 s", "0.50"],
    ]
    assert missing == "wheel size: not measured, the index is unreachable"


def test_json_is_versioned_and_complete() -> None:
    report = Report("build", [measure(limit=3, limit_on="value"), measure()], {"size": "no index"})
    document = json.loads(report.as_json())
    assert document["version"] == 1
    assert document["benchmark"] == "build"
    assert set(document["machine"]) == {"system", "architecture", "cores", "python"}
    assert document["measures"] == [
        {
            "name": "cold wheel build",
            "value": 30.0,
            "unit": "s",
            "reference": "other",
            "reference_value": 100.0,
            "ratio": 0.3,
            "target": {"on": "value", "at_most": 3},
            "met": False,
        },
        {
            "name": "cold wheel build",
            "value": 30.0,
            "unit": "s",
            "reference": "other",
            "reference_value": 100.0,
            "ratio": 0.3,
            "target": None,
            "met": None,
        },
    ]
    assert document["missing"] == [{"name": "size", "reason": "no index"}]


def test_small_numbers_keep_their_digits() -> None:
    row = Report("engine", [measure(0.0312, 1.3, limit=1 / 30)]).as_table().splitlines()[-1]
    assert row.split("  ")[1].strip() == "0.0312 s"
    assert row.split()[-4:] == ["0.0240", "<=", "0.0333", "met"]
