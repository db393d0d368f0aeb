"""An interpreter of its own for one question, and how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

CHILD = Path(__file__).with_name("child.py")

_SINGLE_THREADED = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_WINDOWS_CRASH = 0x80000000  # exit statuses from here on are NTSTATUS errors


@dataclass(frozen=True)
class Outcome:
    """The steps that a child reached, in order, and how it ended."""

    steps: tuple[dict[str, Any], ...]
    status: int
    timed_out: bool
    stderr: str
    seconds: float

    def step(self, name: str) -> dict[str, Any] | None:
        """Return the facts of the step `name`, or None if it was not reached."""
        return next((step for step in self.steps if step["step"] == name), None)

    def all(self, name: str) -> list[dict[str, Any]]:
        """Return the facts of every step `name`."""
        return [step for step in self.steps if step["step"] == name]

    @property
    def crash(self) -> str | None:
        """The signal or system error that ended the child, if one did."""
        if self.status < 0:
            try:
                return signal.Signals(-self.status).name
            except ValueError:
                return f"signal {-self.status}"
        if sys.platform == "win32" and self.status >= _WINDOWS_CRASH:
            return f"system error {self.status:#010x}"
        return None

    @property
    def last_words(self) -> str:
        """The last line that the child wrote on standard error."""
        lines = self.stderr.split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")


@dataclass(frozen=True)
class Interpreter:
    """The interpreter that runs, isolated by `flags`, started in the neutral directory `cwd`."""

    flags: tuple[str, ...]
    cwd: str
    timeout: float
    children: set[subprocess.Popen[str]] = field(default_factory=set, compare=False)

    def stop(self) -> None:
        """End every child that still runs, so that nobody waits for its answer."""
        for child in tuple(self.children):
            child.kill()

    def ask(self, *question: str) -> Outcome:
        """Run child.py with `question` and wait for its end, or for the time limit."""
        # A pool of BLAS threads in every child would cost more than all the probes.
        environment = {**os.environ, **dict.fromkeys(_SINGLE_THREADED, "1")}
        started = monotonic()
        child = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this folder
            [sys.executable, *self.flags, str(CHILD), *question],
            cwd=self.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        timed_out = False
        self.children.add(child)
        try:
            out, err = child.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            child.kill()
            out, err = child.communicate()
        finally:
            child.kill()  # where the wait itself was interrupted
            self.children.discard(child)
        return Outcome(
            steps=tuple(_steps(out)),
            status=child.returncode,
            timed_out=timed_out,
            stderr=err,
            seconds=monotonic() - started,
        )


def _steps(out: str) -> list[dict[str, Any]]:
    steps = []
    for line in out.splitlines():
        try:
            step = json.loads(line)
        except ValueError:
            continue  # the line that a crash cut short
        if isinstance(step, dict) and "step" in step:
            steps.append(step)
    return steps
