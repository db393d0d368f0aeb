"""The command line."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pixiw import PIXI_VERSION, __version__, handover, listing, options
from pixiw.bootstrap import REQUIREMENTS, ROOT, Bootstrap
from pixiw.errors import PixiwError, UsageError
from pixiw.graph import Planner
from pixiw.lock_use import LockUse, lock_use
from pixiw.manifest import find_manifest, read_manifest
from pixiw.options import Option
from pixiw.platforms import current_subdir
from pixiw.preparation import CHANNEL, Preparation, check_channel
from pixiw.process import Interrupted
from pixiw.runner import Runner
from pixiw.suggestions import did_you_mean, listed
from pixiw.workspace import WorkspaceOn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HELP = """\
pixiw runs the tasks of pixi.toml: through pixi where a fitting one is installed, by itself
where not.

Usage: pixiw [--channel conda-forge|externals] COMMAND

Commands:
  run [-e ENV] TASK [ARGS...]   run a task and what it depends on, or any command
      --dry-run (-n)            only show what would run
      --skip-deps               only the task itself
      --clean-env               keep nothing of the caller's environment variables
      --locked, --frozen        pixi.lock must fit pixi.toml, or is followed even if it does not
  task list [-e ENV] [--json]   list the tasks
  install [-e ENV] [--all]      make environments ready without running anything
  shell-hook [-e ENV]           print the shell commands that activate an environment
  info [--json]                 where things are and which way they come
  clean [-e ENV]                remove environments, and what pixiw keeps beside them

Options:
  --channel NAME                take packages from conda-forge, or from this machine's own
                                interpreters, compilers and Python index ("externals")
  -m, --manifest-path PATH      use this pixi.toml
  --version, --help

docs/pixiw.md tells the differences from pixi."""

_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS}
"""Errors of files that belong to somebody else."""

_TASK_LIKE = re.compile(r"[\w.:-]+")

_MANIFEST_OPTIONS = {
    "--manifest-path": Option("manifest", takes_value=True),
    "-m": Option("manifest", takes_value=True),
    "--channel": Option("channel", takes_value=True),
}
_ENVIRONMENT_OPTIONS = {
    **_MANIFEST_OPTIONS,
    "--environment": Option("environment", takes_value=True),
    "-e": Option("environment", takes_value=True),
}
_LOCK_OPTIONS = {"--frozen": Option("frozen"), "--locked": Option("locked")}
_RUN_OPTIONS = {
    **_ENVIRONMENT_OPTIONS,
    **_LOCK_OPTIONS,
    "--clean-env": Option("clean"),
    "--dry-run": Option("dry-run"),
    "-n": Option("dry-run"),
    "--skip-deps": Option("skip-deps"),
}


def main(arguments: Sequence[str]) -> NoReturn:
    """Run a command line and end the process with its exit code."""
    try:
        code = _guarded(list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        code = 1
    sys.stderr.flush()
    # Compiled libraries of the environment solver may crash in the interpreter's own teardown,
    # after all work is done; there is nothing left to tear down.
    os._exit(code)


def _guarded(arguments: list[str]) -> int:
    try:
        return dispatch(arguments)
    except PixiwError as error:
        sys.stdout.flush()
        print(f"pixiw: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if error.errno not in _NOT_OURS or error.filename is None:
            raise
        sys.stdout.flush()
        print(
            f"pixiw: cannot use {error.filename}: {error.strerror}; make it accessible to you, or "
            "work in a checkout of your own",
            file=sys.stderr,
        )
        return 1
    except Interrupted as event:
        return event.exit_code
    except KeyboardInterrupt:
        print("pixiw: interrupted", file=sys.stderr)
        return 130


def dispatch(arguments: list[str]) -> int:
    """Hand the call over to pixi, or carry it out."""
    if arguments[:1] == ["lock-requirements"]:
        from pixiw.requirements import lock_requirements

        options.no_more(options.parse(arguments[1:], {}, "lock-requirements"), arguments[0])
        lock_requirements()
        print(f"wrote {REQUIREMENTS}", file=sys.stderr)
        return 0
    if _asks_for_pixi(arguments):
        pixi, reasons = handover.find(_manifest_of(arguments))
        if pixi is not None:
            handover.hand_over(pixi, _without_channel(arguments))
        for reason in reasons:
            if not os.environ.get(handover.REFUSE_PIXI):
                print(f"pixiw: {reason}; going on without it", file=sys.stderr)
    return Call(arguments).run()


def _own_options(arguments: Sequence[str]) -> int:
    """Return how many of the leading words are pixiw's to read: all before a task's name."""
    position = 0
    seen_command = False
    while position < len(arguments):
        word = arguments[position]
        if word in {"--channel", "-e", "--environment", "-m", "--manifest-path"}:
            position += 2
        elif word.startswith("-") and word != "--":
            position += 1
        elif not seen_command and word != "--":
            seen_command = True
            position += 1
        else:
            break
    return min(position, len(arguments))


def _without_channel(arguments: Sequence[str]) -> list[str]:
    """Return the call without ``--channel``, which pixi does not know."""
    count = _own_options(arguments)
    own, rest = list(arguments[:count]), list(arguments[count:])
    kept: list[str] = []
    while own:
        word = own.pop(0)
        if word == "--channel":
            del own[:1]
        elif not word.startswith("--channel="):
            kept.append(word)
    return kept + rest


def _option_of(arguments: Sequence[str], *names: str) -> str | None:
    """Return the last value of one of pixiw's own options."""
    own = list(arguments[: _own_options(arguments)])
    value: str | None = None
    for index, word in enumerate(own):
        name, sign, attached = word.partition("=")
        if name in names:
            value = attached if sign else next(iter(own[index + 1 :]), None)
    return value


def _asks_for_pixi(arguments: Sequence[str]) -> bool:
    """Tell whether pixi could do what is asked: it knows no externals channel."""
    forced = _option_of(arguments, "--channel") or os.environ.get(CHANNEL)
    return forced != "externals"


def _manifest_of(arguments: Sequence[str]) -> Path | None:
    named = _option_of(arguments, "--manifest-path", "-m")
    try:
        return locate(named)
    except PixiwError:
        return None


def working_directory() -> Path:
    """Return where the user stands."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise PixiwError("the working directory has been removed; go to one that exists") from error


def locate(named: str | None) -> Path:
    """Return the manifest: the one named, the nearest upwards, or that beside pixiw."""
    here = working_directory()
    if named is None:
        return find_manifest(here, fallback=ROOT)
    path = here / named
    return path / "pixi.toml" if path.is_dir() else path


class Call:
    """One command line, carried out without pixi."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.parsed = options.Parsed()
        self.globals = options.Parsed()
        self.use = LockUse.FITTING
        self.commands: Mapping[str, Callable[[list[str]], int]] = {
            "clean": self.clean,
            "info": self.info,
            "install": self.install,
            "i": self.install,
            "run": self.run_task,
            "r": self.run_task,
            "shell-hook": self.shell_hook,
            "task": self.task,
        }

    def run(self) -> int:
        """Find the subcommand and run it."""
        first = {
            **_MANIFEST_OPTIONS,
            "--help": Option("help"),
            "-h": Option("help"),
            "--version": Option("version"),
            "-V": Option("version"),
        }
        self.globals = options.parse(self.arguments, first, "pixiw")
        if "version" in self.globals.flags:
            print(f"pixiw {__version__} (reads manifests of pixi {PIXI_VERSION})")
            return 0
        if "help" in self.globals.flags or not self.globals.rest:
            print(HELP)
            return 0 if "help" in self.globals.flags else 2
        name, *rest = self.globals.rest
        command = self.commands.get(name)
        if command is None:
            near = did_you_mean(name, self.commands)
            message = (
                f'"{name}" is not a command of pixiw{near}; it has {listed(self.commands)}, '
                "and leaves the others to pixi itself"
            )
            raise UsageError(message)
        if rest[:1] in (["--help"], ["-h"]):
            print(HELP)
            return 0
        return command(rest)

    def parse(self, arguments: list[str], known: Mapping[str, Option], command: str) -> None:
        """Read a subcommand's options."""
        self.parsed = options.parse(arguments, known, command)
        self.use = lock_use(self.parsed.flags)

    def value(self, name: str) -> str | None:
        """Return an option's value, wherever on the line it stands."""
        return self.parsed.values.get(name, self.globals.values.get(name))

    def workspace(self) -> WorkspaceOn:
        """Read the manifest."""
        return WorkspaceOn(read_manifest(locate(self.value("manifest"))), current_subdir())

    def channel(self) -> str | None:
        """Return the channel that the user forces."""
        option = check_channel(self.value("channel"), "--channel")
        return option or check_channel(os.environ.get(CHANNEL) or None, CHANNEL)

    def runner(self, workspace: WorkspaceOn) -> Runner:
        """Make what runs tasks."""
        script = ROOT / ("pixiw.bat" if os.name == "nt" else "pixiw")
        return Runner(
            Planner(workspace, working_directory()),
            Preparation(workspace, self.channel(), self.use),
            script,
            clean="clean" in self.parsed.flags,
        )

    def enter_tools(self) -> None:
        """Go on inside pixiw's own environment."""
        Bootstrap().enter(self.arguments)

    def run_task(self, arguments: list[str]) -> int:
        """``run``: a task with what it depends on, or any command."""
        self.parse(arguments, _RUN_OPTIONS, "run")
        workspace = self.workspace()
        if not self.parsed.rest:
            print(listing.tasks_table(workspace, self.value("environment")))
            return 0
        runner = self.runner(workspace)
        name, *rest = self.parsed.rest
        environment = self.value("environment")
        if not runner.planner.is_task(name):
            return self._run_command(runner, environment)
        self.enter_tools()
        nodes = runner.planner.plan(
            name,
            rest,
            environment=environment,
            skip_dependencies="skip-deps" in self.parsed.flags,
        )
        if "dry-run" in self.parsed.flags:
            runner.show(nodes)
            return 0
        return runner.run(nodes)

    def _run_command(self, runner: Runner, environment: str | None) -> int:
        """Run what is no task as a command, if there is such a program."""
        words = self.parsed.rest
        chosen = runner.workspace.environment(environment or "default").name
        if "dry-run" in self.parsed.flags:
            print(f"Command (in {chosen}): {shlex.join(words)}")
            return 0
        self.enter_tools()
        path = runner.variables(chosen, clean=runner.clean).get("PATH", os.defpath)
        if _TASK_LIKE.fullmatch(words[0]) and shutil.which(words[0], path=path) is None:
            # Most likely a mistyped task: its neighbours help more than "command not found".
            raise runner.planner.missing(words[0], environment)
        return runner.command(words, chosen)

    def task(self, arguments: list[str]) -> int:
        """``task list``."""
        if arguments[:1] not in (["list"], ["ls"]):
            what = f'"task {arguments[0]}"' if arguments else '"task" alone'
            message = f'{what} is not supported by pixiw, only "task list"; use pixi itself'
            raise UsageError(message)
        known = {
            **_ENVIRONMENT_OPTIONS,
            "--json": Option("json"),
            "--machine-readable": Option("words"),
        }
        self.parse(arguments[1:], known, "task list")
        options.no_more(self.parsed, "task list")
        show = listing.tasks_table
        if "json" in self.parsed.flags:
            show = listing.tasks_json
        elif "words" in self.parsed.flags:
            show = listing.tasks_words
        print(show(self.workspace(), self.value("environment")))
        return 0

    def install(self, arguments: list[str]) -> int:
        """``install``: make environments ready."""
        known = {
            **_ENVIRONMENT_OPTIONS,
            **_LOCK_OPTIONS,
            "--all": Option("all"),
            "-a": Option("all"),
        }
        self.parse(arguments, known, "install")
        options.no_more(self.parsed, "install")
        workspace = self.workspace()
        runner = self.runner(workspace)
        names = [self.value("environment") or "default"]
        if "all" in self.parsed.flags:
            here = workspace.environments.items()
            names = [name for name, found in here if workspace.runs_here(found)]
        for name in names:
            workspace.environment(name)
        self.enter_tools()
        for name in names:
            ready = runner.ready(name)
            print(f'Environment "{name}" is ready in {ready.prefix}', file=sys.stderr)
        return 0

    def shell_hook(self, arguments: list[str]) -> int:
        """``shell-hook``: the activation as commands of a POSIX shell."""
        self.parse(arguments, {**_ENVIRONMENT_OPTIONS, **_LOCK_OPTIONS}, "shell-hook")
        options.no_more(self.parsed, "shell-hook")
        workspace = self.workspace()
        runner = self.runner(workspace)
        name = workspace.environment(self.value("environment") or "default").name
        self.enter_tools()
        outer = os.environ
        for variable, text in sorted(runner.variables(name, clean=False).items()):
            if outer.get(variable) != text and variable != "INIT_CWD":
                print(f"export {variable}={shlex.quote(text)}")
        return 0

    def info(self, arguments: list[str]) -> int:
        """``info``: where things are."""
        from pixiw import report

        self.parse(arguments, {**_MANIFEST_OPTIONS, "--json": Option("json")}, "info")
        options.no_more(self.parsed, "info")
        workspace = self.workspace()
        self.enter_tools()
        facts = report.collect(workspace, Preparation(workspace, self.channel()))
        print(report.as_json(facts) if "json" in self.parsed.flags else report.as_table(facts))
        return 0

    def clean(self, arguments: list[str]) -> int:
        """``clean``: remove environments and everything that pixiw made."""
        from pixiw.cleaning import clean

        self.parse(arguments, _ENVIRONMENT_OPTIONS, "clean")
        options.no_more(self.parsed, "clean")
        clean(self.workspace(), self.value("environment"))
        return 0
