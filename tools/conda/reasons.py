"""Why an environment of a build cannot be had: rattler-build tells that, but not why."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import rattler
from rattler.exceptions import SolverError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ITEM = re.compile(r"\s*- (\S.*)")


def specs(log: Iterable[str]) -> tuple[str, ...]:
    """Return the specs of the last environment that a build's log tells of solving."""
    found: list[str] = []
    inside = False
    for line in log:
        if line.strip() == "Specs:":
            found, inside = [], True
            continue
        item = _ITEM.fullmatch(line)
        if inside and item:
            found.append(item[1])
        else:
            inside = False
    return tuple(found)


def unsolvable(channels: Sequence[str], wanted: Sequence[str], platform: str) -> str | None:
    """Solve `wanted` again and return the solver's reason, or None where a solution exists.

    Parameters
    ----------
    channels
        Addresses of the channels, the first one first.
    wanted
        Match specs.
    platform
        That the environment is for.
    """
    try:
        asyncio.run(
            rattler.solve(
                list(channels),
                list(wanted),
                platforms=[platform, "noarch"],  # type: ignore[list-item]
                virtual_packages=list(rattler.VirtualPackage.detect()),
            )
        )
    except SolverError as error:
        return "\n".join(f"  {line}" for line in str(error).splitlines() if line.strip())
    return None
