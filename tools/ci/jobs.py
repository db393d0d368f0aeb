"""The machines that a job runs on, and the values that its matrix gives each of them."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from ci import matrix
from ci.errors import CiError

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPRESSION = re.compile(r"\$\{\{\s*matrix\.([\w.]+)\s*\}\}")
_PLANNED = "fromJSON(needs.plan.outputs.matrix)"
_PLATFORMS = {runner: platform for platform, runner in matrix.RUNNERS.items()}


def combinations(job: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the values of `matrix.…` of every run of a job; one empty set without a matrix."""
    described = job.get("strategy", {}).get("matrix", {})
    if _PLANNED in str(described.get("include", "")):
        return matrix.as_json("push")
    if "include" in described:
        return [_flat(entry) for entry in described["include"]]
    axes = [[_flat({name: value}) for value in values] for name, values in described.items()]
    return [
        {name: value for part in chosen for name, value in part.items()}
        for chosen in itertools.product(*axes)
    ]


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put the matrix' values into a text.

    Raises
    ------
    CiError
        If the matrix has no such value.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise CiError(f"the matrix has no {found[1]}")
        return values[found[1]]

    return _EXPRESSION.sub(value, text)


def platform(job: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Return the platform of a job's machine.

    Raises
    ------
    CiError
        If no platform of ours runs on such a machine.
    """
    runner = filled(str(job["runs-on"]), values)
    if runner not in _PLATFORMS:
        raise CiError(f"no platform has the runner {runner}")
    return _PLATFORMS[runner]


def _flat(entry: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in entry.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = str(value)
    return found
