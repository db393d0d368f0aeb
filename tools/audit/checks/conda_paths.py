"""What a conda package lists in paths.json, against what is in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from audit.causes import Cause
from audit.conda_package import CondaPackage
from audit.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material

_LIST = "info/paths.json"


def check(material: Material) -> Iterator[Finding]:
    """Yield files that are not listed, not there, or not as listed."""
    for contents in material.contents:
        if isinstance(contents, CondaPackage):
            yield from _package(contents)


def _package(package: CondaPackage) -> Iterator[Finding]:
    if package.paths is None:
        detail = "there is no readable list"
        yield Finding(Cause.CONDA_PATHS, package.label, detail, files=(_LIST,))
        return
    listed, there = package.paths.keys(), package.members.keys()
    faults = {
        "not in paths.json": sorted(there - listed),
        "in paths.json only": sorted(listed - there),
        "other content than paths.json says": sorted(
            path for path in listed & there if not _as_listed(package, path)
        ),
    }
    for detail, files in faults.items():
        if files:
            yield Finding(Cause.CONDA_PATHS, package.label, detail, files=tuple(files))


def _as_listed(package: CondaPackage, path: str) -> bool:
    content = package.members[path]
    expected = (hashlib.sha256(content).hexdigest(), len(content))
    return (package.paths or {})[path] == expected
