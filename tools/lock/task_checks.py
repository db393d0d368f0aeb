"""Whether the environments that tasks name exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lock.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixiw.model import Manifest, Task


def task_problems(manifest: Manifest) -> Iterator[Problem]:
    """Find tasks that run in, or depend on a task in, an environment that is not there."""
    for task in _tasks(manifest):
        for environment in _named(task):
            # A name with a placeholder is known only when the task runs.
            if environment not in manifest.environments and "{{" not in environment:
                yield Problem(
                    f'the task "{task.name}" of pixi.toml names the environment "{environment}", '
                    "which pixi.toml has not"
                )


def _tasks(manifest: Manifest) -> Iterator[Task]:
    own = (table.own for table in manifest.environments.values() if table.own is not None)
    for feature in (*manifest.features.values(), *own):
        for layer in (feature.base, *feature.targets.values()):
            yield from layer.tasks.values()


def _named(task: Task) -> Iterator[str]:
    if task.default_environment is not None:
        yield task.default_environment
    for dependency in task.depends_on:
        if dependency.environment is not None:
            yield dependency.environment
