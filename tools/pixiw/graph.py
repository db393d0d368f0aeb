"""Which tasks a call runs, in which environments, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError, UsageError
from pixiw.model import DEFAULT, PassedArgument
from pixiw.suggestions import did_you_mean, listed
from pixiw.templates import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pixiw.model import Task, TaskDependency
    from pixiw.workspace import WorkspaceOn

from pixiw import PIXI_VERSION


@dataclass(frozen=True)
class Node:
    """A task with its environment and the values of its arguments."""

    task: Task
    environment: str
    values: tuple[tuple[str, str], ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The task as messages name it."""
        return f"{self.task.name} in {self.environment}"


class Planner:
    """Orders a task after everything it depends on.

    Parameters
    ----------
    workspace : WorkspaceOn
        The manifest on this machine.
    init_cwd : Path
        Where the user stands, for templates.
    """

    def __init__(self, workspace: WorkspaceOn, init_cwd: Path) -> None:
        self.workspace = workspace
        self.init_cwd = init_cwd

    def plan(
        self,
        name: str,
        arguments: Sequence[str] = (),
        *,
        environment: str | None = None,
        skip_dependencies: bool = False,
    ) -> tuple[Node, ...]:
        """Return the nodes to run, dependencies first, each once.

        Raises
        ------
        PixiwError
            For an unknown task or environment, one that is ambiguous, wrong arguments, or a
            cycle of dependencies, which the message spells out.
        """
        chosen = self.environment_of(name, environment)
        task = self.workspace.environment(chosen).tasks[name]
        if task.arguments:
            passed = tuple(PassedArgument(None, value) for value in arguments)
            node = Node(task, chosen, bind(task, passed))
        else:
            node = Node(task, chosen, extra=tuple(arguments))
        ordered: dict[Node, None] = {}
        if skip_dependencies:
            return (node,)
        self._visit(node, (), ordered)
        return tuple(ordered)

    def is_task(self, name: str) -> bool:
        """Tell whether any environment has a task of this name."""
        return any(name in found.tasks for found in self.workspace.environments.values())

    def environment_of(
        self, name: str, wanted: str | None = None, parent: str | None = None
    ) -> str:
        """Return the environment that a task runs in.

        The one asked for; else that of the task which depends on it, the task's
        ``default-environment``, the default environment, or the only one that has the task.
        """
        if wanted is not None:
            environment = self.workspace.environment(wanted)
            if name not in environment.tasks:
                raise self.missing(name, wanted)
            return wanted
        environments = self.workspace.environments
        having = [key for key, found in environments.items() if name in found.tasks]
        if not having:
            raise self.missing(name, None)
        if parent in having:
            return parent
        default = environments[having[0]].tasks[name].default_environment
        if default is not None:
            return self.environment_of(name, default)
        if DEFAULT in having:
            return DEFAULT
        here = [key for key in having if self.workspace.runs_here(environments[key])] or having
        if len(here) > 1:
            message = (
                f'task "{name}" is in the environments {listed(here)}; choose one with '
                f"--environment, as in: pixiw run -e {min(here)} {name}"
            )
            raise PixiwError(message)
        return here[0]

    def missing(self, name: str, environment: str | None) -> PixiwError:
        """Make the error for a task that does not exist, with the near and the real ones."""
        environments = self.workspace.environments
        if environment is not None:
            tasks = set(environments[environment].tasks)
            place = f'environment "{environment}" has no task "{name}"'
        else:
            tasks = {task for found in environments.values() for task in found.tasks}
            place = f'no task "{name}"'
        shown = listed(task for task in tasks if not task.startswith("_"))
        return PixiwError(f"{place}{did_you_mean(name, tasks)}; there are {shown or 'none'}")

    def _visit(self, node: Node, trail: tuple[Node, ...], ordered: dict[Node, None]) -> None:
        if node in ordered:
            return
        for index, earlier in enumerate(trail):
            if (earlier.task.name, earlier.environment) == (node.task.name, node.environment):
                names = [step.task.name for step in (*trail[index:], node)]
                message = (
                    f"the tasks depend on each other in a circle: {' -> '.join(names)}; "
                    "remove one of these depends-on"
                )
                raise PixiwError(message)
        for dependency in node.task.depends_on:
            self._visit(self._dependency(node, dependency), (*trail, node), ordered)
        ordered[node] = None

    def _dependency(self, node: Node, dependency: TaskDependency) -> Node:
        where = f'depends-on of task "{node.task.name}"'
        try:
            chosen = self.environment_of(dependency.task, dependency.environment, node.environment)
            task = self.workspace.environment(chosen).tasks[dependency.task]
        except PixiwError as error:
            message = f"{where}: {error}"
            raise PixiwError(message) from error
        context = self.context(node)
        passed = tuple(
            PassedArgument(argument.name, render(argument.value, context, where))
            for argument in dependency.arguments
        )
        if task.arguments or any(argument.name is not None for argument in passed):
            return Node(task, chosen, bind(task, passed))
        return Node(task, chosen, extra=tuple(argument.value for argument in passed))

    def context(self, node: Node) -> Mapping[str, object]:
        """Return what templates of a node may use."""
        return {**dict(node.values), "pixi": self.facts(node.environment)}

    def facts(self, environment: str) -> Mapping[str, object]:
        """Return pixi's own template variables."""
        subdir = self.workspace.subdir
        system = subdir.partition("-")[0]
        return {
            "platform": self.workspace.platform.name,
            "environment": {"name": environment},
            "manifest_path": str(self.workspace.manifest.path),
            "version": PIXI_VERSION,
            "init_cwd": str(self.init_cwd),
            "is_win": system == "win",
            "is_unix": system != "win",
            "is_linux": system == "linux",
            "is_osx": system == "osx",
        }


def bind(task: Task, passed: Sequence[PassedArgument]) -> tuple[tuple[str, str], ...]:
    """Match what is passed with what the task declares.

    Raises
    ------
    UsageError
        For too many arguments, an unknown name, a missing one, or a value outside its choices.
    """
    names = [argument.name for argument in task.arguments]
    values: dict[str, str] = {}
    positional = [argument for argument in passed if argument.name is None]
    if len(positional) > len(names):
        message = (
            f'task "{task.name}" takes {len(names)} arguments ({", ".join(names) or "none"}), '
            f"{len(positional)} were given"
        )
        raise UsageError(message)
    values.update(zip(names, (argument.value for argument in positional), strict=False))
    for argument in passed:
        if argument.name is None:
            continue
        if argument.name not in names:
            message = (
                f'task "{task.name}" has no argument "{argument.name}"'
                f"{did_you_mean(argument.name, names)}"
            )
            raise UsageError(message)
        if argument.name in values:
            message = f'argument "{argument.name}" of task "{task.name}" is given twice'
            raise UsageError(message)
        values[argument.name] = argument.value
    for declared in task.arguments:
        if declared.name not in values and declared.default is None:
            message = (
                f'task "{task.name}" needs the argument "{declared.name}"; usage: pixiw run '
                f"{task.name} {' '.join(f'<{name}>' for name in names)}"
            )
            raise UsageError(message)
        value = values.setdefault(declared.name, declared.default or "")
        if declared.choices and value not in declared.choices:
            message = (
                f'argument "{declared.name}" of task "{task.name}" is "{value}", but must be one '
                f"of {listed(declared.choices)}"
            )
            raise UsageError(message)
    return tuple((name, values[name]) for name in names)
