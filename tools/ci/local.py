"""What ci.yml runs, run here: the same tasks, in the same order, with the same summary."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from ci import gate, matrix, route, workflow
from ci.errors import CiError
from ci.gate import FAILURE, NOT_HERE, SUCCESS, Outcome
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

    Raises
    ------
    CiError
        If the workflow runs something else than tasks, or nothing of it can be run here.
    """
    document = workflow.load(root / WORKFLOW)
    offer = route.offer(root)
    found = []
    for run_ in _here(root, document, offer, all_pythons=all_pythons):
        label = f"{run_.environment}: {run_.task}"
        if run_.environment in offer.refusals:
            found.append(Outcome(label, NOT_HERE, offer.refusals[run_.environment]))
            continue
        print(f"\n== {label}", file=sys.stderr, flush=True)
        command = [str(root / "pixiw"), "run", "-e", run_.environment, run_.task, *run_.arguments]
        done = subprocess.run(command, cwd=root, check=False)
        found.append(Outcome(label, SUCCESS if done.returncode == 0 else FAILURE))
    return found


def as_json(found: list[Outcome]) -> dict[str, Any]:
    """Return the summary for programs."""
    return {
        "version": VERSION,
        "ok": gate.passed(found),
        "tasks": [
            {"name": outcome.name, "result": outcome.result, "reason": outcome.reason}
            for outcome in found
        ],
    }


def _here(
    root: Path, document: dict[str, Any], offer: route.Offer, *, all_pythons: bool
) -> Iterator[workflow.TaskRun]:
    environments = _environments(root, offer)
    if not all_pythons:
        environments = environments[-1:]
    runs = [run_ for run_ in workflow.task_runs(document) if run_.task not in BOOKKEEPING]
    matrix_runs = [run_ for run_ in runs if run_.environment.startswith("$")]
    for run_ in runs:
        if not run_.environment.startswith("$"):
            yield run_
        elif run_ is matrix_runs[0]:
            # The jobs of the matrix, one after the other for a Python before the next.
            for environment in environments:
                for each in matrix_runs:
                    yield each.in_environment({"ENVIRONMENT": environment})


def _environments(root: Path, offer: route.Offer) -> list[str]:
    """Return the test environments of this platform whose Python can be had, oldest first."""
    here = [job.environment for job in matrix.jobs("push") if job.platform == current_subdir()]
    features = tomllib.loads((root / "pixi.toml").read_text(encoding="utf-8"))["feature"]
    wanted = {name: features[name]["dependencies"]["python"].removesuffix(".*") for name in here}
    found = [name for name in here if offer.pythons is None or wanted[name] in offer.pythons]
    if not found:
        raise CiError(f"no test environment has a Python of this machine: {', '.join(here)}")
    return found
