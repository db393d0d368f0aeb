"""Findings that are no fault here: each named by code and place, counted, with a reason."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from security.errors import SecurityError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from security.findings import Finding

_KEYS = {"scanner", "code", "reason", "places"}


@dataclass(frozen=True)
class Waiver:
    """So many findings of one code in one place, and why they are no fault."""

    scanner: str
    code: str
    place: str
    count: int
    reason: str


def read(path: Path, scanners: Iterable[str]) -> list[Waiver]:
    """Read the waivers.

    Raises
    ------
    SecurityError
        The file is no such list, names an unknown scanner, or waives without a reason, a place, or
        a number.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("waiver", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SecurityError(f"{path} cannot be read: {error}") from None
    known = set(scanners)
    found = []
    for entry in entries:
        label = f"{path.name}: {entry.get('scanner')} {entry.get('code')}"
        if set(entry) != _KEYS:
            raise SecurityError(f"{label}: a waiver has {', '.join(sorted(_KEYS))} and no more")
        if entry["scanner"] not in known:
            raise SecurityError(f"{label}: no scanner is called so: {', '.join(sorted(known))}")
        if len(str(entry["reason"]).split()) < 3:
            raise SecurityError(f"{label}: it needs a reason, in words")
        if not entry["places"]:
            raise SecurityError(f"{label}: it names no place")
        for place, count in entry["places"].items():
            if type(count) is not int or count < 1 or "*" in place:
                raise SecurityError(f"{label}: {place!r} must be one place with a number")
            key = (entry["scanner"], entry["code"], place, count, entry["reason"])
            found.append(Waiver(*key))
    _no_twins(found, path)
    return found


def _no_twins(waivers: list[Waiver], path: Path) -> None:
    counted = Counter((each.scanner, each.code, each.place) for each in waivers)
    twins = [" ".join(key) for key, count in counted.items() if count > 1]
    if twins:
        raise SecurityError(f"{path.name}: waived twice: {', '.join(twins)}")


def apply(
    findings: Iterable[Finding], waivers: Iterable[Waiver]
) -> tuple[list[Finding], list[str]]:
    """Return the findings that remain, and a sentence for each waiver that is out of date.

    Where a place has more findings of a code than its waiver counts, all of them remain: nobody can
    tell which of them it was written for.

    Parameters
    ----------
    findings
        Of one scanner.
    waivers
        For that scanner.
    """
    allowed = {(each.code, each.place): each.count for each in waivers}
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        grouped.setdefault((finding.code, finding.place), []).append(finding)
    left = [
        finding
        for key, found in grouped.items()
        for finding in found
        if len(found) > allowed.get(key, 0)
    ]
    stale = [
        f"{place}: {code} is waived {count} times and found {len(grouped.get((code, place), []))}"
        for (code, place), count in allowed.items()
        if len(grouped.get((code, place), [])) < count
    ]
    return sorted(left), sorted(stale)
