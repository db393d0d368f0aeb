"""Shows what a check found, as a table or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lock.checker import Verdict

VERSION = 1


def as_table(verdict: Verdict) -> str:
    """Return the records and the Python of each environment on each platform."""
    subdirs = sorted({held.subdir for held in verdict.held})
    cells = {
        (held.environment, held.subdir): f"{held.records} ({held.python or 'no python'})"
        for held in verdict.held
    }
    names = sorted({held.environment for held in verdict.held})
    rows = [["", *subdirs]]
    rows += [[name, *(cells.get((name, subdir), "-") for subdir in subdirs)] for name in names]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.append("")
    lines.append(f"hashes as in {_counted(verdict.versions, 'earlier version')} of the lock")
    if verdict.unverified:
        lines.append(f"without hashes: {', '.join(verdict.unverified)}")
    return "\n".join(lines)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def as_json(verdict: Verdict) -> str:
    """Return everything that was found, as JSON."""
    content = {
        "version": VERSION,
        "ok": verdict.problem is None,
        "problem": None if verdict.problem is None else verdict.problem.as_json(),
        "environments": [
            {
                "environment": held.environment,
                "platform": held.subdir,
                "records": held.records,
                "python": held.python,
            }
            for held in verdict.held
        ],
        "unverified": list(verdict.unverified),
        "earlier_versions": verdict.versions,
    }
    return json.dumps(content, indent=2)
