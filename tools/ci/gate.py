"""The verdict over all jobs of a workflow."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ci.errors import CiError

SUCCESS = "success"


@dataclass(frozen=True)
class Outcome:
    """How one job, or one step, ended."""

    name: str
    result: str

    @property
    def passed(self) -> bool:
        """Whether it ran to its end and succeeded; skipped is not passed."""
        return self.result == SUCCESS


def outcomes(needs: str) -> list[Outcome]:
    """Read GitHub's `toJSON(needs)`.

    Raises
    ------
    CiError
        If it is no such text, or names no job.
    """
    try:
        jobs = json.loads(needs)
        found = [Outcome(name, str(job["result"])) for name, job in sorted(jobs.items())]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CiError(f"NEEDS is not what toJSON(needs) gives: {needs!r:.80}") from None
    if not found:
        raise CiError("NEEDS names no job, so there is nothing to pass")
    return found


def table(found: list[Outcome]) -> str:
    """Return one line a job and a closing line."""
    width = max(len(outcome.name) for outcome in found)
    lines = [f"{outcome.name.ljust(width)}  {outcome.result}" for outcome in found]
    bad = [outcome.name for outcome in found if not outcome.passed]
    lines.append("")
    if bad:
        lines.append(f"{len(bad)} of {len(found)} did not pass: {', '.join(bad)}")
    else:
        lines.append(f"all {len(found)} passed")
    return "\n".join(lines)
