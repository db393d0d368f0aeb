"""`ci local`: what ci.yml runs for this platform, in its order, with a stand-in for pixiw."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ci import local, matrix, workflow
from ci.errors import CiError
from ci.gate import FAILURE, NOT_HERE, SUCCESS
from pixiw.platforms import current_subdir

ROOT = Path(__file__).resolve().parents[2]
HERE = current_subdir()
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script of a Unix shell"),
    pytest.mark.skipif(HERE not in matrix.RUNNERS, reason=f"ci.yml does not run on {HERE}"),
]

PIXIW = """#!/bin/sh
if [ "$1" = info ]; then cat "{folder}/info.json"; exit 0; fi
echo "$*" >> "{folder}/runs"
[ "$4" != "$(cat "{folder}/broken")" ]
"""


def checkout(folder: Path, info: object, broken: str = "") -> Path:
    """Return a checkout whose pixiw notes what it is to run."""
    for name in (".github/workflows/ci.yml", "pixi.toml", "tools/externals/names.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "info.json").write_text(json.dumps(info), encoding="utf-8")
    (folder / "broken").write_text(broken, encoding="utf-8")
    (folder / "pixiw").write_text(PIXIW.format(folder=folder), encoding="utf-8")
    (folder / "pixiw").chmod(0o755)
    return folder


def externals(*versions: str) -> dict[str, object]:
    """Return what pixiw says of a machine without conda-forge."""
    return {
        "channel": "externals (no network)",
        "interpreters": [{"version": version, "refusal": ""} for version in versions]
        + [{"version": "3.14.1", "refusal": "no headers"}],
        "environments": [
            {"name": "lint", "specs": ["ruff >=0.15"]},
            {"name": "checks", "specs": ["actionlint >=1", "cargo-deny", "rust"]},
        ],
    }


def runs(folder: Path) -> list[str]:
    """Return the environments and tasks that were run."""
    lines = (folder / "runs").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("run -e ") for line in lines)
    return [line.removeprefix("run -e ") for line in lines]


def test_the_tasks_of_the_workflow_in_its_order(tmp_path: Path) -> None:
    root = checkout(tmp_path, {"channel": "conda-forge"})
    found = local.run(root, all_pythons=False)
    newest = matrix.ENVIRONMENTS[-1]
    assert runs(root) == [
        *(
            "lint lint",
            "lint lock-check",
            "checks lint-actions",
            "default typecheck",
            "default docs",
        ),
        *(f"{newest} {task}" for task in ("smoke", "audit", "test", "prove-wheel")),
    ]
    assert {outcome.result for outcome in found} == {SUCCESS}
    assert local.as_json(found)["ok"] is True
    assert local.as_json(found)["version"] == 1


def test_nothing_of_the_workflow_is_left_out(tmp_path: Path) -> None:
    root = checkout(tmp_path, {"channel": "conda-forge"})
    ran = {outcome.name.partition(": ")[2] for outcome in local.run(root, all_pythons=True)}
    document = workflow.load(ROOT / local.WORKFLOW)
    assert ran == {run.task for run in workflow.task_runs(document)} - local.BOOKKEEPING
    assert {line.split()[0] for line in runs(root)} >= set(matrix.ENVIRONMENTS)


def test_a_failure_is_told_and_the_rest_runs_all_the_same(tmp_path: Path) -> None:
    root = checkout(tmp_path, {"channel": "conda-forge"}, broken="lock-check")
    found = local.run(root, all_pythons=False)
    results = {outcome.name: outcome.result for outcome in found}
    assert [name for name, result in results.items() if result == FAILURE] == ["lint: lock-check"]
    assert len(runs(root)) == len(found)
    assert local.as_json(found)["ok"] is False


def test_what_the_route_lacks_is_said_and_not_run(tmp_path: Path) -> None:
    root = checkout(tmp_path, externals("3.12.1", "3.13.0"))
    found = local.run(root, all_pythons=True)
    absent = [outcome for outcome in found if outcome.result == NOT_HERE]
    assert [outcome.name for outcome in absent] == ["checks: lint-actions"]
    assert absent[0].reason == "only conda-forge has actionlint and cargo-deny"
    tested = [line.split()[0] for line in runs(root) if line.endswith(" test")]
    assert tested == ["py312", "py313"]
    assert not any(line.startswith("checks") for line in runs(root))


def test_a_machine_without_a_python_to_test_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CiError, match="no test environment has a Python of this machine"):
        local.run(checkout(tmp_path, externals("3.9.1")), all_pythons=False)


def test_a_pixiw_that_does_not_work_is_an_error(tmp_path: Path) -> None:
    root = checkout(tmp_path, {})
    (root / "info.json").unlink()
    with pytest.raises(CiError, match="pixiw info --json does not work"):
        local.run(root, all_pythons=False)
