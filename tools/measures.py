"""What a benchmark measured, against what, and whether that meets its target."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Measure:
    """One measurement, the reference it is set against and its target.

    Parameters
    ----------
    name : str
        What was measured.
    value : float
        The result, in `unit`; less is better.
    unit : str
        "s", "ms" or "MB".
    reference : str
        What it is compared with, measured in the same run.
    reference_value : float
        The reference's result, in `unit`.
    limit : float, optional
        The target: what `limit_on` is at most.
    limit_on : {"ratio", "value"}
        Whether the target is for the ratio to the reference or for the value itself.
    """

    name: str
    value: float
    unit: Literal["s", "ms", "MB"]
    reference: str
    reference_value: float
    limit: float | None = None
    limit_on: Literal["ratio", "value"] = "ratio"

    @property
    def ratio(self) -> float:
        """The value divided by the reference's."""
        return self.value / self.reference_value

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.limit is None:
            return None
        return (self.ratio if self.limit_on == "ratio" else self.value) <= self.limit

    @property
    def target(self) -> str:
        """The target in words, empty where there is none."""
        if self.limit is None:
            return ""
        return f"<= {self.limit:.3g}" + ("" if self.limit_on == "ratio" else f" {self.unit}")

    def as_json(self) -> dict[str, Any]:
        """Return the measure as an object of the report."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "reference": self.reference,
            "reference_value": self.reference_value,
            "ratio": self.ratio,
            "target": None if self.limit is None else {"on": self.limit_on, "at_most": self.limit},
            "met": self.met,
        }


@dataclass
class Report:
    """The measures of one run on one machine, and what could not be measured."""

    benchmark: str
    measures: list[Measure] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return the report as a JSON document."""
        document = {
            "version": 1,
            "benchmark": self.benchmark,
            "machine": machine(),
            "measures": [measure.as_json() for measure in self.measures],
            "missing": [{"name": name, "reason": why} for name, why in self.missing.items()],
        }
        return json.dumps(document, indent=1)

    def as_table(self) -> str:
        """Return the report as aligned columns, a line of the machine above them."""
        heading = ("measured", "value", "against", "value", "ratio", "target", "")
        rows = [heading, *(_row(measure) for measure in self.measures)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
        lines = [", ".join(f"{key} {value}" for key, value in machine().items()), ""]
        for row in rows:
            cells = [
                cell.rjust(width) if column in {1, 3, 4} else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
        lines += [f"{name}: not measured, {reason}" for name, reason in self.missing.items()]
        return "\n".join(lines)


def machine() -> dict[str, str | int]:
    """Describe what the measures were taken on, without naming the machine."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": usable or 1,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _row(measure: Measure) -> tuple[str, ...]:
    verdict = {True: "met", False: "NOT MET", None: ""}[measure.met]
    return (
        measure.name,
        _amount(measure.value, measure.unit),
        measure.reference,
        _amount(measure.reference_value, measure.unit),
        _figures(measure.ratio, 2),
        measure.target,
        verdict,
    )


def _amount(value: float, unit: str) -> str:
    return f"{_figures(value, 1 if unit == 'ms' else 2)} {unit}"


def _figures(value: float, decimals: int) -> str:
    """Write a number with two decimals more where those wanted would leave one digit or none."""
    return f"{value:.{decimals if value >= 10 ** (1 - decimals) else decimals + 2}f}"
