"""The verdict over all jobs of a workflow, or all steps of a local run."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ci.errors import CiError

SUCCESS = "success"
FAILURE = "failure"
# Only a local run has this one: the package route of this machine lacks what the step needs.
NOT_HERE = "not here"


@dataclass(frozen=True)
class Outcome:
    """How one job, or one step, ended, and why it was not run where it was not."""

    name: str
    result: str
    reason: str = ""

    @property
    def acceptable(self) -> bool:
        """Whether it succeeded, or cannot run on this machine; skipped is neither."""
        return self.result in {SUCCESS, NOT_HERE}


def outcomes(needs: str) -> list[Outcome]:
    """Read GitHub's `toJSON(needs)`.

    Raises
    ------
    CiError
        If it is no such text, names no job, or a job has a result that no job of a workflow has.
    """
    try:
        jobs = json.loads(needs)
        found = [Outcome(name, str(job["result"])) for name, job in sorted(jobs.items())]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CiError(f"NEEDS is not what toJSON(needs) gives: {needs!r:.80}") from None
    if not found:
        raise CiError("NEEDS names no job, so there is nothing to pass")
    if any(outcome.result == NOT_HERE for outcome in found):
        raise CiError(f"no job of a workflow ends with {NOT_HERE!r}")
    return found


def passed(found: list[Outcome]) -> bool:
    """Return whether something succeeded and nothing failed or was skipped."""
    return any(outcome.result == SUCCESS for outcome in found) and all(
        outcome.acceptable for outcome in found
    )


def table(found: list[Outcome]) -> str:
    """Return one line an outcome and a closing line."""
    width = max((len(outcome.name) for outcome in found), default=0)
    lines = [
        f"{outcome.name.ljust(width)}  {outcome.result}"
        + (f": {outcome.reason}" if outcome.reason else "")
        for outcome in found
    ]
    return "\n".join([*lines, "", _closing(found)])


def _closing(found: list[Outcome]) -> str:
    bad = [outcome.name for outcome in found if not outcome.acceptable]
    absent = sum(outcome.result == NOT_HERE for outcome in found)
    if bad:
        return f"{len(bad)} of {len(found)} did not pass: {', '.join(bad)}"
    if not passed(found):
        return "nothing was run, so nothing passed"
    if absent:
        return f"{len(found) - absent} of {len(found)} passed, {absent} cannot run here"
    return f"all {len(found)} passed"
