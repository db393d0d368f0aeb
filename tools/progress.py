"""Progress of long work: a live line on a terminal, one closing line anywhere else."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from types import TracebackType

REDRAW_SECONDS = 0.08
QUIET_SECONDS = 1.0


class Step:
    """A piece of work that the user waits for.

    Parameters
    ----------
    title : str
        What is being done, as in "assembling the channel".
    total : int, optional
        How many items there are, if that is known.
    stream : text stream, optional
        Where to write, standard error by default.

    Notes
    -----
    On a terminal the line is redrawn while the work goes on. Elsewhere, and where the variable
    ``CI`` is set, one line is written at the end, and none for work shorter than a second.
    """

    def __init__(self, title: str, total: int | None = None, stream: TextIO | None = None) -> None:
        self.title = title
        self.total = total
        self.done = 0
        self.stream = sys.stderr if stream is None else stream
        self.live = self.stream.isatty() and not os.environ.get("CI")
        self._started = 0.0
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._draw("")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        elapsed = time.monotonic() - self._started
        if self.live:
            self.stream.write("\r\x1b[K")
        if self.live or elapsed >= QUIET_SECONDS or kind is not None:
            ending = "failed" if kind is not None else "done"
            self.stream.write(f"{self.title}{self._count()}: {ending} in {elapsed:.1f} s\n")
        self.stream.flush()

    def advance(self, item: str = "", by: int = 1) -> None:
        """Count items that are finished and show the latest.

        Parameters
        ----------
        item : str
            What was finished.
        by : int
            How many items it stands for.
        """
        self.done += by
        self._draw(item)

    def _count(self) -> str:
        if self.total is not None:
            return f" {self.done}/{self.total}"
        return f" {self.done}" if self.done else ""

    def _draw(self, item: str) -> None:
        now = time.monotonic()
        if not self.live or (item and now - self._drawn < REDRAW_SECONDS):
            return
        self._drawn = now
        try:
            columns = os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError):
            columns = 80
        line = f"{self.title}{self._count()} {item}".rstrip()
        self.stream.write(f"\r\x1b[K{line[: columns - 1]}")
        self.stream.flush()
