"""Commands that a benchmark runs to their end, and the seconds they take."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from typing import TYPE_CHECKING

from progress import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LAST_LINES = 12
_PATIENCE_SECONDS = 20.0


class BenchmarkError(Exception):
    """A sentence on what could not be measured and what to do."""


def timed(title: str, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> float:
    """Run a command to its end, its output shown as progress.

    Parameters
    ----------
    title
        What it does, for the user.
    command
        The program and its arguments.
    folder
        Its working directory.
    variables
        Its whole environment.

    Returns
    -------
    float
        Seconds it took.

    Raises
    ------
    BenchmarkError
        It fails; the message has the end of its output.
    """
    last: deque[str] = deque(maxlen=_LAST_LINES)
    started = time.perf_counter()
    with (
        Step(title) as step,
        subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0 if os.name == "posix" else None,
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                last.append(line.rstrip())
                step.advance(line.strip(), by=0)
            code = process.wait()
        except BaseException:
            _stop(process)
            raise
        if code != 0:
            said = "\n  ".join(last)
            raise BenchmarkError(f"{title} failed; the end of its output:\n  {said}")
    return time.perf_counter() - started


def _stop(process: subprocess.Popen[str]) -> None:
    """End a command and what it started, so that nothing writes into a folder being removed."""
    _signal(process, "SIGTERM")
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process, "SIGKILL")


def _signal(process: subprocess.Popen[str], name: str) -> None:
    if os.name != "posix":
        process.kill()
        return
    try:
        os.killpg(process.pid, getattr(signal, name))
    except ProcessLookupError:
        return
