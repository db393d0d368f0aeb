"""The one exception of this package, and the sentences of a machine that is out of room."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CAUSES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file size limit is reached",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
}


class ExternalsError(Exception):
    """A cause that the user can mend; its text is the one sentence to show."""


class MissingWheelError(ExternalsError):
    """A package has no wheel for the Python asked for; another Python may do."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failing write to `path` into one sentence.

    Raises
    ------
    ExternalsError
        The disk is full, read-only, or not ours to write to.
    """
    try:
        yield
    except OSError as error:
        cause = _CAUSES.get(error.errno or 0)
        if cause is None:
            raise
        raise ExternalsError(
            f"cannot write {path}: {cause}; make room or change the permissions there, and run "
            "the same command again (nothing half-made is kept)"
        ) from error
