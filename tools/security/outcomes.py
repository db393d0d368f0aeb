"""How the scans ended: one file each, and the verdict over all of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from security.errors import SecurityError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VERSION = 1
_ABSENT = "did not run"


@dataclass(frozen=True)
class Outcome:
    """How one scan ended.

    Parameters
    ----------
    scanner
        Its name.
    revision
        Commit that was scanned.
    found
        Number of findings, waived ones included.
    problems
        Lines on what remains: findings, and waivers out of date.
    """

    scanner: str
    revision: str
    found: int
    problems: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """What the summary says."""
        if self.problems:
            return f"{len(self.problems)} to fix or waive"
        return f"passed, {self.found} waived" if self.found else "passed"


def forget(folder: Path, scanner: str) -> None:
    """Remove the outcome of an earlier scan, so that it cannot stand for this one."""
    (folder / f"{scanner}.json").unlink(missing_ok=True)


def write(folder: Path, outcome: Outcome) -> None:
    """Keep an outcome for the summary."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"version": VERSION, **asdict(outcome)}
    aside = folder / f".{outcome.scanner}.tmp"
    aside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    aside.replace(folder / f"{outcome.scanner}.json")


def summary(folder: Path, scanners: Iterable[str], revision: str) -> tuple[str, bool]:
    """Return a table of all scans, and whether every one of them ran here and passed.

    Parameters
    ----------
    folder
        Where the outcomes lie.
    scanners
        All that must have run.
    revision
        Commit that they must have scanned.
    """
    rows, details, good = [], [], True
    for scanner in scanners:
        outcome = _read(folder / f"{scanner}.json")
        if outcome is None:
            verdict = _ABSENT
        elif outcome.revision != revision:
            verdict = f"{_ABSENT} on this commit"
        else:
            verdict = outcome.verdict
            details += [f"{scanner}: {line}" for line in outcome.problems]
        good = good and verdict.startswith("passed")
        rows.append((scanner, verdict))
    width = max(len(scanner) for scanner, _ in rows)
    lines = [f"{scanner.ljust(width)}  {verdict}" for scanner, verdict in rows]
    return "\n".join([*lines, *([""] if details else []), *details]), good


def _read(path: Path) -> Outcome | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("version") != VERSION:
            raise SecurityError(f"{path} is of another version: scan again")
        return Outcome(**{**document, "problems": tuple(document["problems"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise SecurityError(f"{path} is no outcome of a scan: scan again") from None
