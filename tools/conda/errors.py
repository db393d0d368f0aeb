"""What can go wrong in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CAUSES = {
    "28": "the disk is full",
    "122": "the disk quota is used up",
    "27": "the file size limit is reached",
    "30": "the file system is read-only",
    "13": "permission is denied",
}


class CondaError(Exception):
    """A failure whose text is one sentence for the user, with details below it where they help."""


def room(text: str, folder: Path) -> CondaError | None:
    """Return the error of a machine that is out of room, if `text` tells of one.

    Parameters
    ----------
    text
        What a build said.
    folder
        Where it writes.
    """
    found = re.search(r"\(os error (\d+)\)", text)
    cause = _CAUSES.get(found[1]) if found else None
    if cause is None and "No space left on device" in text:
        cause = _CAUSES["28"]
    if cause is None:
        return None
    message = f"cannot write below {folder}: {cause}; make room there and run the same again"
    return CondaError(message)
