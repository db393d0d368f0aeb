"""Runs planned tasks in their environments."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pixiw import lock, shell
from pixiw.cache import Inquiry, TaskCache
from pixiw.errors import PixiwError
from pixiw.executor import Executor
from pixiw.templates import render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pixiw.graph import Node, Planner
    from pixiw.shell import Step
    from pixiw.workspace import Environment

# What a clean environment keeps of the user's own, as pixi does.
_KEPT = (
    "DISPLAY",
    "LC_ALL",
    "LC_TIME",
    "LC_NUMERIC",
    "LC_MEASUREMENT",
    "SHELL",
    "USER",
    "USERNAME",
    "LOGNAME",
    "HOME",
    "HOSTNAME",
    "TMPDIR",
    "XPC_SERVICE_NAME",
    "XPC_FLAGS",
)


class Ready(Protocol):
    """An environment on disk."""

    @property
    def prefix(self) -> Path:
        """Its folder."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables of its activation."""

    @property
    def digest(self) -> str:
        """A digest of the packages in it."""


@dataclass(frozen=True)
class Action:
    """A task made concrete: nothing is left to decide but to run it."""

    node: Node
    text: str
    steps: tuple[Step, ...]
    set_by_task: Mapping[str, str]
    variables: Mapping[str, str]
    cwd: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Runner:
    """Runs tasks one after the other and stops at the first that fails.

    Parameters
    ----------
    planner : Planner
        Knows the workspace and what templates may use.
    prepare : callable
        Makes an environment ready and says where it is.
    pixi : Path
        The program that tasks find in ``PIXI_EXE``.
    clean : bool
        Whether every task gets a clean environment.
    """

    def __init__(
        self,
        planner: Planner,
        prepare: Callable[[Environment], Ready],
        pixi: Path,
        *,
        clean: bool = False,
    ) -> None:
        self.planner = planner
        self.workspace = planner.workspace
        self.pixi = pixi
        self.clean = clean
        self._prepare = prepare
        self._ready: dict[str, Ready] = {}

    @cached_property
    def state(self) -> Path:
        """Folder of locks and memories."""
        return self.workspace.root / ".pixi" / "pixiw"

    def ready(self, environment: str) -> Ready:
        """Make an environment ready, once a run."""
        if environment not in self._ready:
            self._ready[environment] = self._prepare(self.workspace.environment(environment))
        return self._ready[environment]

    def run(self, nodes: Sequence[Node]) -> int:
        """Run the nodes and return the exit code of the one that failed, or 0."""
        for node in nodes:
            if node.task.command is None:
                self._check_alias(node)
                continue
            code = self._run_node(node)
            if code:
                return code
        return 0

    def command(self, arguments: Sequence[str], environment: str) -> int:
        """Run any command in an environment, from the user's own folder."""
        steps = shell.parse(arguments[0]) if len(arguments) == 1 else (shell.literal(arguments),)
        variables = self.variables(environment, clean=self.clean)
        return Executor(variables, self.planner.init_cwd).run(steps)

    def show(self, nodes: Sequence[Node]) -> None:
        """Print what would run."""
        for node in nodes:
            if node.task.command is not None:
                text, _ = self.steps(node)
                print(f"Task ({node.label}): {text}")

    def steps(self, node: Node) -> tuple[str, tuple[Step, ...]]:
        """Return a node's command as text and parsed, with its arguments in place."""
        context = self.planner.context(node)
        where = f'task "{node.task.name}"'
        command = node.task.command or ""
        if isinstance(command, str):
            text = render(command, context, where)
        else:
            text = " ".join(shell.quoted(render(word, context, where)) for word in command)
        try:
            steps = shell.with_arguments(shell.parse(text), node.extra)
        except shell.ShellError as error:
            message = f"{where}: {error}"
            raise shell.ShellError(message) from error
        return " ".join([text, *([shlex.join(node.extra)] if node.extra else [])]), steps

    def variables(self, environment: str, *, clean: bool) -> dict[str, str]:
        """Return the environment variables of programs in an environment."""
        outer = os.environ
        if clean and os.name != "nt":
            outer_kept = {name: outer[name] for name in _KEPT if name in outer}
        else:
            outer_kept = dict(outer)
        ready = self.ready(environment)
        return {**outer_kept, **ready.variables, **self.facts(environment)}

    def facts(self, environment: str) -> dict[str, str]:
        """Return the variables that pixi itself sets."""
        manifest = self.workspace.manifest
        platform = self.workspace.platform
        name = manifest.workspace.name
        shown = name if environment == "default" else f"{name}:{environment}"
        supported = self.workspace.environment(environment).platforms
        virtual = (
            f"{key}={version}={build}" for key, version, build in platform.virtual_packages()
        )
        facts = {
            "CONDA_DEFAULT_ENV": shown,
            "INIT_CWD": str(self.planner.init_cwd),
            "PIXI_ENVIRONMENT_CURRENT_PLATFORM": platform.name,
            "PIXI_ENVIRONMENT_CURRENT_SUBDIR": platform.subdir,
            "PIXI_ENVIRONMENT_CURRENT_VIRTUAL_PACKAGES": ",".join(virtual),
            "PIXI_ENVIRONMENT_NAME": environment,
            "PIXI_ENVIRONMENT_PLATFORMS": ",".join(supported),
            "PIXI_EXE": str(self.pixi),
            "PIXI_IN_SHELL": "1",
            "PIXI_PROJECT_MANIFEST": str(manifest.path),
            "PIXI_PROJECT_NAME": name,
            "PIXI_PROJECT_ROOT": str(manifest.root),
            "PIXI_PROMPT": f"({shown}) ",
        }
        if manifest.workspace.version is not None:
            facts["PIXI_PROJECT_VERSION"] = manifest.workspace.version
        return facts

    def _check_alias(self, node: Node) -> None:
        if node.extra:
            message = (
                f'task "{node.task.name}" only names other tasks and takes no arguments, '
                f"not {shlex.join(node.extra)}"
            )
            raise PixiwError(message)

    def _action(self, node: Node) -> Action:
        task = node.task
        where = f'task "{task.name}"'
        context = self.planner.context(node)
        text, steps = self.steps(node)
        variables = self.variables(node.environment, clean=self.clean or task.clean_env)
        set_by_task: dict[str, str] = {}
        for name, value in task.env:
            rendered = shell.word(render(value, context, where))
            set_by_task[name] = variables[name] = rendered.joined(variables)
        cwd = self.workspace.root / render(task.cwd or ".", context, where)
        if not cwd.is_dir():
            message = f"{where} runs in {cwd}, which is no folder; mend its cwd"
            raise PixiwError(message)

        def patterns(raw: Sequence[str]) -> tuple[str, ...]:
            rendered = (shell.word(render(pattern, context, where)) for pattern in raw)
            return tuple(word.joined(variables) for word in rendered)

        return Action(
            node,
            text,
            steps,
            set_by_task,
            variables,
            cwd,
            patterns(task.inputs),
            patterns(task.outputs),
        )

    def _run_node(self, node: Node) -> int:
        action = self._action(node)
        if not action.inputs and not action.outputs:
            return self._execute(action, action.variables)
        if not action.outputs:
            return self._run_cached(action, action.variables)
        held = self.state / "locks" / f"tasks-{node.environment}.lock"
        with lock.FileLock(held, waiting=f"another pixiw runs tasks in {node.environment}"):
            marker = lock.pass_on(held, action.variables.get(lock.HELD, ""))
            return self._run_cached(action, {**action.variables, lock.HELD: marker})

    def _run_cached(self, action: Action, variables: Mapping[str, str]) -> int:
        ready = self.ready(action.node.environment)
        inquiry = Inquiry(
            action.cwd,
            action.text,
            action.set_by_task,
            f"{ready.prefix} {ready.digest}",
            action.inputs,
            action.outputs,
        )
        label = f"{action.node.label} {action.node.values} {action.node.extra}"
        cache = TaskCache(self.state / "tasks", label)
        if cache.fresh(inquiry):
            print(f"Task ({action.node.label}) can be skipped (cache hit)", file=sys.stderr)
            return 0
        try:
            cache.forget()
            code = self._execute(action, variables)
            missing = cache.remember(inquiry) if code == 0 else []
        except OSError as error:
            message = f"cannot write {cache.path}: {error.strerror}"
            raise PixiwError(message) from error
        for pattern in missing:
            print(
                f'pixiw: task "{action.node.task.name}" made no file that matches its output '
                f'"{pattern}", so it will run again next time',
                file=sys.stderr,
            )
        return code

    def _execute(self, action: Action, variables: Mapping[str, str]) -> int:
        print(f"Task ({action.node.label}): {action.text}", file=sys.stderr, flush=True)
        return Executor(variables, action.cwd).run(action.steps)
