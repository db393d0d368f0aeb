"""Starts programs as a shell would: signals passed on, exit codes kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

COMMAND_NOT_FOUND = 127
COMMAND_NOT_EXECUTABLE = 126
SIGNAL_BASE = 128


class Interrupted(Exception):  # noqa: N818 - an event, not an error
    """The user stopped the run while a program was in the foreground; carries its exit code."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"interrupted, exit code {exit_code}")
        self.exit_code = exit_code


def _foreground_of_terminal() -> bool:
    """Tell whether a terminal delivers Ctrl-C to this process group by itself."""
    if sys.platform == "win32":
        return True
    for stream in (0, 1, 2):
        try:
            return os.tcgetpgrp(stream) == os.getpgrp()
        except OSError:
            continue
    return False


class _Signals:
    """Passes the signals that end a program on to a child, instead of dying before it."""

    def __init__(self, *, own_group: bool) -> None:
        self.own_group = own_group
        self.received: list[int] = []
        self.child: subprocess.Popen[bytes] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Take the signals while the block runs, from before the child is born."""
        names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] if os.name == "posix" else ["SIGINT"]
        numbers = [getattr(signal, name) for name in names]
        earlier = {number: signal.signal(number, self._receive) for number in numbers}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self.received.append(number)
        if self.child is not None:
            self._forward(number)

    def adopt(self, child: subprocess.Popen[bytes]) -> None:
        """Pass on to the child from now on, also what came before it was there."""
        self.child = child
        for number in tuple(self.received):
            self._forward(number)

    def _forward(self, number: int) -> None:
        if self.child is None or (not self.own_group and number == signal.SIGINT):
            # The terminal has told the child already; twice would look like impatience.
            return
        try:
            if self.own_group and sys.platform != "win32":
                os.killpg(self.child.pid, number)
            else:
                self.child.send_signal(number)
        except ProcessLookupError:
            return


def run(arguments: Sequence[str], variables: Mapping[str, str], cwd: Path) -> int:
    """Run a program to its end.

    Parameters
    ----------
    arguments : sequence of str
        The program, looked up in the ``PATH`` of ``variables``, and its arguments.
    variables : mapping
        Its whole environment.
    cwd : Path
        Its working directory.

    Returns
    -------
    int
        Its exit code; 128 + n when signal n ended it, 127 when there is no such program and
        126 when it cannot be executed.

    Raises
    ------
    Interrupted
        When a signal asked pixiw to stop meanwhile; the child has ended by then.
    """
    program = arguments[0]
    if os.path.dirname(program):  # noqa: PTH120 - a program name may be anything
        found = str(cwd / program) if os.path.exists(cwd / program) else None  # noqa: PTH110
    else:
        found = shutil.which(program, path=variables.get("PATH", os.defpath))
    if found is None:
        print(f"pixiw: {program}: command not found", file=sys.stderr)
        return COMMAND_NOT_FOUND
    own_group = os.name == "posix" and not _foreground_of_terminal()
    signals = _Signals(own_group=own_group)
    with signals.held():
        try:
            child = subprocess.Popen(
                [found, *arguments[1:]],
                env=dict(variables),
                cwd=cwd,
                process_group=0 if own_group else None,
            )
        except OSError as error:
            print(f"pixiw: {program}: {error.strerror}", file=sys.stderr)
            return COMMAND_NOT_EXECUTABLE
        signals.adopt(child)
        code = child.wait()
    code = SIGNAL_BASE - code if code < 0 else code
    if signals.received:
        raise Interrupted(code or SIGNAL_BASE + signals.received[0])
    return code
