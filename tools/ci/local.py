"""What ci.yml runs, run here: the same tasks, in the same order, with the same summary."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from ci import matrix, workflow
from ci.gate import SUCCESS, Outcome
from externals import interpreters
from pixiw.platforms import current_subdir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKFLOW = ".github/workflows/ci.yml"
VERSION = 1
# These choose and judge jobs on GitHub; here this module does.
BOOKKEEPING = frozenset({"ci-plan", "ci-gate"})


def run(root: Path, *, all_pythons: bool) -> list[Outcome]:
    """Run the tasks of ci.yml for this platform; go on after a failure.

    Parameters
    ----------
    root
        Root of the checkout.
    all_pythons
        Run the test jobs for every Python at hand, not only for the newest.

    Returns
    -------
    list of Outcome
        One for each task, in the order of the workflow.
    """
    document = workflow.load(root / WORKFLOW)
    found = []
    for run_ in _here(root, document, all_pythons=all_pythons):
        label = f"{run_.environment}: {run_.task}"
        print(f"\n== {label}", file=sys.stderr, flush=True)
        command = [str(root / "pixiw"), "run", "-e", run_.environment, run_.task, *run_.arguments]
        done = subprocess.run(command, cwd=root, check=False)
        found.append(Outcome(label, SUCCESS if done.returncode == 0 else "failure"))
    return found


def as_json(found: list[Outcome]) -> dict[str, Any]:
    """Return the summary for programs."""
    return {
        "version": VERSION,
        "ok": all(outcome.passed for outcome in found),
        "tasks": [{"name": outcome.name, "result": outcome.result} for outcome in found],
    }


def _here(
    root: Path, document: dict[str, Any], *, all_pythons: bool
) -> Iterator[workflow.TaskRun]:
    environments = _environments(root)
    if not all_pythons:
        environments = environments[-1:]
    tests = [run for run in workflow.task_runs(document) if run.environment.startswith("$")]
    for run_ in workflow.task_runs(document):
        if run_.task in BOOKKEEPING:
            continue
        if not run_.environment.startswith("$"):
            yield run_
        elif run_ == tests[0]:
            # A matrix job is run whole for one Python before the next.
            for environment in environments:
                for test in tests:
                    yield test.in_environment({"ENVIRONMENT": environment})


def _environments(root: Path) -> list[str]:
    """Return the test environments of this platform whose Python is at hand, oldest first."""
    here = [job.environment for job in matrix.jobs("push") if job.platform == current_subdir()]
    features = tomllib.loads((root / "pixi.toml").read_text(encoding="utf-8"))["feature"]
    wanted = {name: features[name]["dependencies"]["python"].removesuffix(".*") for name in here}
    at_hand = {f"{found.version[0]}.{found.version[1]}" for found in interpreters.find()}
    return [name for name in here if wanted[name] in at_hand]
