"""What can go wrong in words."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file size limit is reached",
}
_FORBIDDEN = {
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
}
_NUMBER = re.compile(r"\(os error (\d+)\)")


class CondaError(Exception):
    """A failure whose text is one sentence for the user, with details below it where they help."""


def room(error: str, log: str, folder: Path) -> CondaError | None:
    """Return the error of a machine that does not let us write, if that is what happened.

    Parameters
    ----------
    error
        What the build tool says went wrong.
    log
        The last that the build itself said. It may be denied many a thing for other reasons, so
        only a lack of room counts there.
    folder
        Where both write.
    """
    numbers = [int(number) for number in _NUMBER.findall(error)]
    causes = [(_FULL | _FORBIDDEN)[number] for number in numbers if number in _FULL | _FORBIDDEN]
    causes += [cause for number, cause in _FULL.items() if os.strerror(number) in error + log]
    if not causes:
        return None
    mend = "make room or change the permissions there, and run the same command again"
    return CondaError(f"cannot write below {folder}: {causes[0]}; {mend}")
