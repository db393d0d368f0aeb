"""Where packages come from: conda-forge, or the channel made of what the machine has."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TIMEOUT_SECONDS = 4.0
_REMEMBERED_SECONDS = 3600.0
_ADDRESS = "https://conda.anaconda.org/{name}"


class Route(Enum):
    """Source of an environment's packages."""

    CONDA_FORGE = "conda-forge"
    EXTERNALS = "externals"


def address(channel: str) -> str:
    """Address of a channel given by its name or by its address."""
    full = channel if "://" in channel else _ADDRESS.format(name=channel)
    return full.rstrip("/")


@cache
def _fault(channel: str) -> str | None:
    """Why a channel cannot be reached, or None where it can."""
    request = urllib.request.Request(  # noqa: S310 - a channel of the manifest
        f"{address(channel)}/noarch/repodata.json.zst", method="HEAD"
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP status {error.code}"
    except urllib.error.URLError as error:
        reason = error.reason
        return str(getattr(reason, "strerror", None) or reason)
    except TimeoutError:
        return f"no answer within {_TIMEOUT_SECONDS:.0f} s"
    except (OSError, ValueError) as error:
        return str(error)


def _remembered(memory: Path | None, channels: tuple[str, ...]) -> str | None:
    if memory is None:
        return None
    try:
        noted = json.loads(memory.read_text(encoding="utf-8"))
        fresh = 0 <= time.time() - noted["time"] < _REMEMBERED_SECONDS
        return str(noted["fault"]) if fresh and noted["channels"] == list(channels) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(memory: Path | None, channels: tuple[str, ...], fault: str) -> None:
    if memory is None:
        return
    noted = {"channels": list(channels), "fault": fault, "time": time.time()}
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        aside = memory.with_name(f".{memory.name}.tmp")
        aside.write_text(json.dumps(noted), encoding="utf-8")
        aside.replace(memory)
    except OSError:
        # Only time is lost: the next run asks again.
        return


def choose_route(
    forced: Route | None, channels: Iterable[str], memory: Path | None = None
) -> tuple[Route, str]:
    """Choose where packages come from.

    Parameters
    ----------
    forced
        What the user asked for, or None.
    channels
        The manifest's channels, by name or address.
    memory
        File that remembers for an hour that they could not be reached, so that a machine
        without a network does not wait for an answer in every run.

    Returns
    -------
    tuple
        The route, and the reason in one line.
    """
    if forced is not None:
        return forced, f"packages come from {forced.value}, as asked for"
    wanted = tuple(channels)
    fault = _remembered(memory, wanted)
    if fault is None:
        for channel in wanted:
            reason = _fault(channel)
            if reason is not None:
                fault = f"{channel} is not reachable ({reason})"
                _remember(memory, wanted, fault)
                break
        else:
            return Route.CONDA_FORGE, f"packages come from {', '.join(wanted)}"
    return Route.EXTERNALS, f"{fault}, so packages are made of what this machine has"
