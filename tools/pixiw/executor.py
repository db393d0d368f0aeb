"""Carries out parsed commands: the built-in ones itself, the others as programs."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pixiw import process
from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pixiw.shell import Command, Step

# Commands of pixi's shell that are no programs on Windows, or not the same on every system.
_UNIX_PROGRAMS = frozenset({"cat", "cp", "mkdir", "mv", "rm", "sleep", "xargs"})


class _Exit(Exception):  # noqa: N818 - an event, not an error
    """The ``exit`` command."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit {code}")
        self.code = code


class Executor:
    """A shell's state while it runs one task.

    Parameters
    ----------
    variables : mapping
        The environment variables that programs get.
    cwd : Path
        The working directory.
    """

    def __init__(self, variables: Mapping[str, str], cwd: Path) -> None:
        self.exported = dict(variables)
        self.local: dict[str, str] = {}
        self.cwd = cwd
        self._builtins: dict[str, Callable[[Sequence[str]], int]] = {
            "cd": self._cd,
            "echo": self._echo,
            "exit": self._exit,
            "export": self._export,
            "false": lambda _: 1,
            "pwd": self._pwd,
            "true": lambda _: 0,
            "unset": self._unset,
        }

    def run(self, steps: Sequence[Step]) -> int:
        """Run a list of commands and return the exit code of the last one that ran."""
        code = 0
        try:
            for step in steps:
                if (step.condition == "&&" and code) or (step.condition == "||" and not code):
                    continue
                code = self._command(step.command)
        except _Exit as end:
            code = end.code
        return code

    @property
    def _visible(self) -> dict[str, str]:
        return {**self.exported, **self.local}

    def _command(self, command: Command) -> int:
        assigned: dict[str, str] = {}
        for name, word in command.assignments:
            assigned[name] = word.joined({**self._visible, **assigned})
        arguments = [field for word in command.words for field in word.fields(self._visible)]
        if not arguments:
            for name, value in assigned.items():
                (self.exported if name in self.exported else self.local)[name] = value
            return 0
        builtin = self._builtins.get(arguments[0])
        if builtin is not None:
            return builtin(arguments[1:])
        if os.name == "nt" and arguments[0] in _UNIX_PROGRAMS:
            message = (
                f"the shell command {arguments[0]} is not supported by pixiw on Windows; "
                "use pixi itself"
            )
            raise PixiwError(message)
        return process.run(arguments, {**self.exported, **assigned}, self.cwd)

    def _echo(self, arguments: Sequence[str]) -> int:
        print(*arguments, flush=True)
        return 0

    def _pwd(self, _arguments: Sequence[str]) -> int:
        print(self.cwd, flush=True)
        return 0

    def _cd(self, arguments: Sequence[str]) -> int:
        target = self.cwd / (arguments[0] if arguments else self.exported.get("HOME", "."))
        if len(arguments) > 1 or not target.is_dir():
            print(f"pixiw: cd: {' '.join(arguments)}: no such folder", file=sys.stderr)
            return 1
        self.cwd = Path(os.path.normpath(target))
        return 0

    def _exit(self, arguments: Sequence[str]) -> int:
        if len(arguments) > 1 or (arguments and not re.fullmatch(r"\d{1,3}", arguments[0])):
            print("pixiw: exit takes one number from 0 to 255", file=sys.stderr)
            raise _Exit(2)
        raise _Exit(int(arguments[0]) % 256 if arguments else 0)

    def _export(self, arguments: Sequence[str]) -> int:
        for argument in arguments:
            name, sign, value = argument.partition("=")
            self.exported[name] = value if sign else self.local.get(name, "")
            self.local.pop(name, None)
        return 0

    def _unset(self, arguments: Sequence[str]) -> int:
        for name in arguments:
            self.exported.pop(name, None)
            self.local.pop(name, None)
        return 0
