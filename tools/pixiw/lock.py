"""A lock between processes, held by a file and freed by the system when its holder dies."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from types import TracebackType

HELD = "PIXIW_LOCKS_HELD"
"""Environment variable that names the locks which a parent process holds for this one."""

QUIET_SECONDS = 1.0
POLL_SECONDS = 0.05


def inherited(path: Path) -> bool:
    """Tell whether the process that started this one holds the lock for it."""
    return str(path.resolve()) in os.environ.get(HELD, "").split(os.pathsep)


def pass_on(path: Path, held: str) -> str:
    """Return the value of `HELD` for a child of a process that holds the lock."""
    return os.pathsep.join([*filter(None, held.split(os.pathsep)), str(path.resolve())])


def _try_lock(descriptor: int) -> bool:
    """Take the lock if it is free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            return False
        raise
    return True


class FileLock:
    """Exclusive lock on a file, re-entrant for the processes that its holder starts.

    Parameters
    ----------
    path : Path
        The lock file; it and its folder are made when missing, and the file stays behind.
    waiting : str
        What to tell the user, once, after a second of waiting.

    Raises
    ------
    PixiwError
        When the file cannot be made, as in a read-only checkout.
    """

    def __init__(self, path: Path, waiting: str) -> None:
        self.path = Path(path)
        self.waiting = waiting
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        if not inherited(self.path):
            self._acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            # Closing the only descriptor of the file frees the lock on every system.
            os.close(self._descriptor)
            self._descriptor = None

    def _acquire(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            message = (
                f"cannot write {self.path}: {error.strerror}; make {self.path.parent} writable, "
                "or work in a copy of the checkout that is"
            )
            raise PixiwError(message) from error
        try:
            self._wait(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _wait(self, descriptor: int) -> None:
        started = time.monotonic()
        told = False
        while not _try_lock(descriptor):
            if not told and time.monotonic() - started >= QUIET_SECONDS:
                print(f"pixiw: {self.waiting}, waiting for it to finish", file=sys.stderr)
                told = True
            time.sleep(POLL_SECONDS)
