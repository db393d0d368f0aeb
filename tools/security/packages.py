"""The Python packages of pixi.lock, by their names on the Python index."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from lock.errors import LockError
from lock.reader import read_lock
from security.errors import SecurityError

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = "tools/externals/names.toml"
_PYTHON = {"python", "python_abi"}


def rounds(root: Path) -> list[dict[str, str]]:
    """Return every version of every Python package, one version of each name a round.

    Raises
    ------
    SecurityError
        The lock cannot be read, or has no Python package.
    """
    try:
        packages = read_lock(root / "pixi.lock").packages
    except LockError as error:
        raise SecurityError(str(error)) from None
    names = tomllib.loads((root / _NAMES).read_text(encoding="utf-8"))["index"]
    versions: dict[str, set[str]] = {}
    for records in packages.values():
        for record in records:
            needs = {dependency.split()[0] for dependency in record.depends}
            own = str(record.name.normalized)
            if needs & _PYTHON and own not in _PYTHON:
                name = re.sub(r"[-_.]+", "-", str(names.get(own, own))).lower()
                versions.setdefault(name, set()).add(str(record.version))
    if not versions:
        raise SecurityError("pixi.lock has no Python package")
    most = max(map(len, versions.values()))
    listed = {name: sorted(found) for name, found in sorted(versions.items())}
    return [
        {name: found[index] for name, found in listed.items() if index < len(found)}
        for index in range(most)
    ]
