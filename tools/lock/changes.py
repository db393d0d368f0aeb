"""What differs between two locks, for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lock.reader import Locked

# Packages of one environment on one platform: version and build of each name.
Contents = dict[tuple[str, str], dict[str, str]]


@dataclass(frozen=True, order=True)
class Change:
    """A package that another version took the place of; empty where there is none."""

    name: str
    before: str
    after: str


def contents(locked: Locked) -> Contents:
    """Return what a lock holds, as far as a change of it is told."""
    return {
        (environment, locked.platforms[platform].subdir): {
            str(record.name.normalized): f"{record.version} {record.build}" for record in records
        }
        for (environment, platform), records in locked.packages.items()
    }


def between(before: Contents, after: Contents) -> dict[Change, list[tuple[str, str]]]:
    """Return every change, with the environments and platforms that it is for."""
    found: dict[Change, list[tuple[str, str]]] = {}
    for place in sorted(set(before) | set(after)):
        old, new = before.get(place, {}), after.get(place, {})
        for name in sorted(set(old) | set(new)):
            change = Change(name, old.get(name, ""), new.get(name, ""))
            if change.before != change.after:
                found.setdefault(_shortened(change), []).append(place)
    return dict(sorted(found.items()))


def as_markdown(changes: Mapping[Change, list[tuple[str, str]]]) -> str:
    """Return a table, one line a change."""
    if not changes:
        return "The lock is up to date: no package changes.\n"
    lines = [
        f"{len({change.name for change in changes})} packages change.",
        "",
        "| package | before | after | platforms | environments |",
        "|---|---|---|---|---|",
    ]
    for change, places in changes.items():
        environments = ", ".join(sorted({environment for environment, _ in places}))
        platforms = ", ".join(sorted({platform for _, platform in places}))
        cells = (change.name, change.before or "-", change.after or "-", platforms, environments)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _shortened(change: Change) -> Change:
    """Leave the builds out where the versions tell the change."""
    before, after = change.before.partition(" ")[0], change.after.partition(" ")[0]
    return Change(change.name, before, after) if before != after else change
