"""Compares pixi's version with a manifest's ``requires-pixi``."""

from __future__ import annotations

import operator
import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from pixiw.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable

_CLAUSE = re.compile(r"(>=|<=|==|!=|~=|=|>|<)?\s*v?(\d+(?:\.\d+)*)(\.\*|\*)?")
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _order(left: list[int], right: list[int]) -> int:
    """Return -1, 0 or 1; missing parts count as zero."""
    for one, other in zip_longest(left, right, fillvalue=0):
        if one != other:
            return -1 if one < other else 1
    return 0


def satisfies(version: str, spec: str) -> bool:
    """Tell whether a version such as ``0.77.0`` fits a spec such as ``>=0.77,<1``.

    Raises
    ------
    ManifestError
        When the spec is none.
    """
    found = _numbers(version)
    return any(
        all(_clause(found, clause.strip(), spec) for clause in alternative.split(","))
        for alternative in spec.split("|")
    )


def _clause(found: list[int], clause: str, spec: str) -> bool:
    if clause == "*":
        return True
    parsed = _CLAUSE.fullmatch(clause)
    if parsed is None:
        message = f'requires-pixi = "{spec}" is no version spec; write it like ">=0.77,<1"'
        raise ManifestError(message)
    sign, wanted = parsed.group(1) or "==", _numbers(parsed.group(2))
    prefix = found[: len(wanted)] == wanted
    if sign == "=" or (parsed.group(3) and sign == "=="):
        return prefix
    if parsed.group(3) and sign == "!=":
        return not prefix
    if sign == "~=":
        return _order(found, wanted) >= 0 and found[: len(wanted) - 1] == wanted[:-1]
    return _COMPARE[sign](_order(found, wanted), 0)
