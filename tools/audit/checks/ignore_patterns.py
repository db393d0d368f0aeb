"""No ignore pattern may swallow a folder of the package."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from audit.causes import Cause
from audit.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material
    from audit.project import Project

# A folder of a package is named by an identifier: a pattern with any other character in it
# (.venv, *.egg-info) cannot match one.
_COULD_BE_PACKAGE = re.compile(r"[A-Za-z0-9_*?\[\]!]+")


def check(material: Material) -> Iterator[Finding]:
    """Yield the lines of ignore files whose pattern matches a folder of that name anywhere."""
    project = material.project
    # Where a pattern already ignores a source, that finding names it.
    known = {(rule.file, rule.line) for rule in project.tracking.ignored.values()}
    for path in _ignore_files(project):
        lines = project.read(path).decode("utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            pattern = line.strip()
            if _could_swallow(project, pattern) and (path, number) not in known:
                yield Finding(
                    Cause.IGNORE_PATTERN,
                    "checkout",
                    f"{path}:{number}: {pattern} ({_victim(project, pattern)})",
                    files=(path,),
                )


def _ignore_files(project: Project) -> list[str]:
    inside = [path for path in project.package_files if path.endswith("/.gitignore")]
    top = [".gitignore"] if (project.root / ".gitignore").is_file() else []
    return sorted(top + inside)


def _bare(pattern: str) -> str:
    return pattern.removeprefix("**/").removesuffix("/")


def _could_swallow(project: Project, pattern: str) -> bool:
    bare = _bare(pattern)
    return (
        _COULD_BE_PACKAGE.fullmatch(bare) is not None
        and not bare.startswith("!")
        and bare not in project.policy.harmless
    )


def _victim(project: Project, pattern: str) -> str:
    folders = {PurePosixPath(path).parent for path in project.package_files}
    hit = sorted(str(folder) for folder in folders if fnmatchcase(folder.name, _bare(pattern)))
    return f"matches {', '.join(hit)}" if hit else "would match a folder of that name anywhere"
