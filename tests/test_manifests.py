"""pixi.toml, pyproject.toml and .ci/run say the same thing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


PIXI = _load("pixi.toml")
PYPROJECT = _load("pyproject.toml")
TASKS = {
    name: task
    for table in [PIXI, *PIXI["feature"].values()]
    for name, task in table.get("tasks", {}).items()
}


@pytest.mark.parametrize("line", PYPROJECT["project"]["dependencies"])
def test_run_time_ranges_agree(line: str) -> None:
    requirement = Requirement(line)
    assert SpecifierSet(PIXI["dependencies"][requirement.name]) == requirement.specifier


def test_nothing_at_run_time_beyond_the_metadata() -> None:
    declared = {Requirement(line).name for line in PYPROJECT["project"]["dependencies"]}
    assert set(PIXI["dependencies"]) == declared | {"python"}


@pytest.mark.parametrize("line", PYPROJECT["build-system"]["requires"])
def test_build_ranges_agree(line: str) -> None:
    requirement = Requirement(line)
    here = SpecifierSet(PIXI["feature"]["build"]["dependencies"][requirement.name.lower()])
    lowest = next(spec for spec in here if spec.operator == ">=").version
    assert requirement.specifier.contains(lowest)


def test_pythons_agree() -> None:
    lowest = PYPROJECT["project"]["requires-python"]
    assert PIXI["dependencies"]["python"].startswith(f"{lowest},")
    features = {name for name in PIXI["feature"] if re.fullmatch(r"py3\d+", name)}
    classified = {
        f"py{found[1].replace('.', '')}"
        for line in PYPROJECT["project"]["classifiers"]
        if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))
    }
    assert features == classified
    assert features <= set(PIXI["environments"])


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_is_described_and_can_run(name: str) -> None:
    task = TASKS[name]
    assert task["description"]
    assert "cmd" in task or "depends-on" in task
    for dependency in task.get("depends-on", []):
        named = {"task": dependency} if isinstance(dependency, str) else dependency
        assert named["task"] in TASKS
        assert named.get("environment", "default") in PIXI["environments"]
    for script in re.findall(r"python (?:-P )?((?:tools|benchmarks)/\S+)", task.get("cmd", "")):
        assert (ROOT / script).exists(), f"{name} runs {script}, which is not there"


def test_ci_runs_nothing_but_tasks() -> None:
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands[:2] == ["set -euo pipefail", 'cd "$(dirname "$0")/.."']
    runs = [re.fullmatch(r"\./pixiw run (?:-e (\S+) )?(\S+)", line) for line in commands[2:]]
    assert all(runs), commands
    names = [run[2] for run in runs if run]
    assert set(names) <= set(TASKS)
    assert {"smoke", "test"} <= set(names)
    assert {run[1] for run in runs if run and run[1]} <= set(PIXI["environments"])
