"""The mark of a complete environment, written last, and all a later run needs to reuse it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pixiw.activation import Activation

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION = 1


def state(path: Path) -> list[object]:
    """Return what shows that a file is still the same: path, size and time of change."""
    found = path.stat()
    return [str(path), found.st_size, found.st_mtime_ns]


@dataclass(frozen=True)
class Stamp:
    """What was installed.

    Parameters
    ----------
    key
        Digest of all that decides what is in the environment.
    digest
        Digest of the packages in it.
    adopted
        The machine's own files that it leans on, each as `state` shows it.
    activation
        What activating it changes.
    """

    key: str
    digest: str
    adopted: tuple[list[object], ...]
    activation: Activation

    def holds(self, key: str) -> bool:
        """Whether the environment is what is asked for, and the machine as it was."""
        try:
            same = all(state(Path(str(noted[0]))) == noted for noted in self.adopted)
        except OSError:
            return False
        return same and self.key == key


def _path(prefix: Path) -> Path:
    return prefix / "conda-meta" / "pixiw.json"


def read(prefix: Path) -> Stamp | None:
    """Stamp of an environment, or None where it is not complete or was moved."""
    try:
        noted = json.loads(_path(prefix).read_text(encoding="utf-8"))
        if noted["version"] != _VERSION or noted["prefix"] != str(prefix):
            return None
        return Stamp(
            key=noted["key"],
            digest=noted["digest"],
            adopted=tuple(noted["adopted"]),
            activation=Activation(tuple(noted["paths"]), noted["variables"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(prefix: Path, stamp: Stamp) -> None:
    """Mark an environment as complete."""
    path = _path(prefix)
    noted = {
        "version": _VERSION,
        "prefix": str(prefix),
        "key": stamp.key,
        "digest": stamp.digest,
        "adopted": list(stamp.adopted),
        "paths": list(stamp.activation.paths),
        "variables": dict(stamp.activation.variables),
    }
    aside = path.with_name(f".{path.name}.tmp")
    aside.write_text(json.dumps(noted, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    aside.replace(path)


def adopt(paths: Iterable[Path]) -> tuple[list[object], ...]:
    """States of the machine's files that an environment leans on."""
    return tuple(state(path) for path in paths)
