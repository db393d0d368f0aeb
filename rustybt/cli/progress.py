"""A bar for the sessions of a backtest, on a terminal only."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from types import TracebackType

WIDTH = 30
REDRAW_SECONDS = 0.1


class Progress:
    """Draws how far a simulation has come.

    Nothing is drawn where the stream is no terminal, or where the variable ``CI`` is set.

    Parameters
    ----------
    stream
        Where to draw; standard error by default.
    quiet
        Draw nothing anywhere.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.live = not quiet and self.stream.isatty() and not os.environ.get("CI")
        self._started = self._drawn = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.live:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def __call__(self, done: int, total: int) -> None:
        """Draw that `done` of `total` sessions are simulated, ten times a second at most."""
        if not self.live:
            return
        now = time.monotonic()
        if now - self._drawn < REDRAW_SECONDS and done < total:
            return
        self._drawn = now
        full = WIDTH * done // max(total, 1)
        rest = (now - self._started) * (total - done) / max(done, 1)
        bar = "█" * full + "·" * (WIDTH - full)
        self.stream.write(f"\r{bar} {done}/{total} sessions, {rest:.0f} s left\x1b[K")
        self.stream.flush()
