"""Two builds of the same commit, held against each other by hash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from release.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

_ENDINGS = (".whl", ".tar.gz", ".conda")
SUMS = "SHA256SUMS"


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every artefact below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.name.endswith(_ENDINGS) and path.is_file()
    }


def compare(first: Path, again: Path) -> dict[str, str]:
    """Write the hashes of `first` into it, in the format of sha256sum, if `again` has the same.

    Raises
    ------
    ReleaseError
        There is no artefact, one is missing on either side, or differs; all of them are named.
    """
    one, other = hashes(first), hashes(again)
    for folder, found in ((first, one), (again, other)):
        if not found:
            raise ReleaseError(f"{folder} has no artefact")
    problems = [f"{name} was built once only" for name in sorted(set(one) ^ set(other))]
    problems += [
        f"{name} differs: {one[name]} and {other[name]}"
        for name in sorted(set(one) & set(other))
        if one[name] != other[name]
    ]
    if problems:
        raise ReleaseError("not reproducible: " + "; ".join(problems))
    text = "".join(f"{digest}  {name}\n" for name, digest in one.items())
    (first / SUMS).write_text(text, encoding="utf-8")
    return one
