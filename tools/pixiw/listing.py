"""Tables and JSON of tasks."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixiw.model import Task
    from pixiw.workspace import WorkspaceOn

VERSION = 1


def visible(workspace: WorkspaceOn, environment: str | None) -> dict[str, list[tuple[str, Task]]]:
    """Return (environment, task) pairs by task name, hidden tasks left out."""
    if environment is None:
        chosen = [found for found in workspace.environments.values() if workspace.runs_here(found)]
    else:
        chosen = [workspace.environment(environment)]
    tasks: dict[str, list[tuple[str, Task]]] = {}
    for found in chosen:
        for name, task in found.tasks.items():
            if not task.hidden:
                tasks.setdefault(name, []).append((found.name, task))
    return dict(sorted(tasks.items()))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns; the last column runs free."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def tasks_table(workspace: WorkspaceOn, environment: str | None) -> str:
    """Return the tasks that run on this machine, with their descriptions."""
    tasks = visible(workspace, environment)
    if not tasks:
        return "No tasks that can run on this machine."
    rows = [
        (name, ", ".join(place for place, _ in found), found[0][1].description or "")
        for name, found in tasks.items()
    ]
    title = "Tasks that can run on this machine:"
    body = table(("Task", "Environments", "Description"), rows)
    return f"{title}\n{'-' * len(title)}\n{body}"


def tasks_json(workspace: WorkspaceOn, environment: str | None) -> str:
    """Return the tasks with all their settings, once per environment."""
    tasks = [
        {"environment": place, **_settings(task)}
        for found in visible(workspace, environment).values()
        for place, task in found
    ]
    return json.dumps({"version": VERSION, "tasks": tasks}, indent=2)


def tasks_words(workspace: WorkspaceOn, environment: str | None) -> str:
    """Return the names with spaces between, for completions and scripts."""
    return " ".join(visible(workspace, environment))


def _settings(task: Task) -> dict[str, object]:
    return {**asdict(task), "env": dict(task.env)}
