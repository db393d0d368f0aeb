"""Workflows as data: jobs, steps, and the task that a step runs."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ci.errors import CiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_VARIABLE = re.compile(r"\$(\w+)$")


@dataclass(frozen=True)
class TaskRun:
    """``pixi run -e ENVIRONMENT TASK ARGUMENTS`` of one step.

    ``environment`` is ``$NAME`` where it is taken from a variable of the job.
    """

    job: str
    step: str
    environment: str
    task: str
    arguments: tuple[str, ...]

    def in_environment(self, variables: Mapping[str, str]) -> TaskRun:
        """Return the same run with its variables replaced.

        Raises
        ------
        CiError
            If it uses a variable that is not among `variables`.
        """

        def value(word: str) -> str:
            found = _VARIABLE.match(word)
            if found is None:
                return word
            if found[1] not in variables:
                raise CiError(f"{self.job}: {self.step}: ${found[1]} is not set")
            return variables[found[1]]

        arguments = tuple(value(word) for word in self.arguments)
        return TaskRun(self.job, self.step, value(self.environment), self.task, arguments)


def load(path: Path) -> dict[str, Any]:
    """Read a workflow or an action.

    Raises
    ------
    CiError
        If it is no YAML mapping.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise CiError(f"{path} is no YAML: {error}") from None
    if not isinstance(document, dict):
        raise CiError(f"{path} is no workflow: it holds no mapping")
    return document


def task_run(job: str, step: Mapping[str, Any]) -> TaskRun:
    """Return the task that a `run:` step runs.

    Raises
    ------
    CiError
        If the step runs anything but one task of an environment that it names.
    """
    command = str(step["run"]).strip()
    name = str(step.get("name") or command)
    words = shlex.split(command)
    if "\n" in command or words[:3] != ["pixi", "run", "-e"] or len(words) < 5:
        message = f"{job}: {name}: must be `pixi run -e ENVIRONMENT TASK`, is {command!r}"
        raise CiError(message)
    quoted = [word for word in command.split() if word.startswith("$")]
    if quoted or re.search(r"[;&|<>`]|\$\(", command):
        raise CiError(f"{job}: {name}: no shell syntax, quote variables: {command!r}")
    return TaskRun(job, name, words[3], words[4], tuple(words[5:]))


def task_runs(workflow: Mapping[str, Any]) -> Iterator[TaskRun]:
    """Yield the task of every `run:` step, in order.

    Raises
    ------
    CiError
        At the first step that runs anything else.
    """
    for job, description in workflow["jobs"].items():
        for step in description.get("steps", []):
            if "run" in step:
                yield task_run(job, step)
