"""Find the artefacts to audit: named, in a folder, or built for the purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from audit import conda_package, sdist, wheel
from audit.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from audit.contents import Contents

# conda packages lie in a folder for their platform.
_PATTERNS = ("*.whl", "*.tar.gz", "*.conda", "*/*.conda")


def in_folder(folder: Path) -> list[Path]:
    """Return the wheels, sdists and conda packages of a folder, sorted."""
    return sorted(path for pattern in _PATTERNS for path in folder.glob(pattern))


def expand(named: Iterable[Path]) -> list[Path]:
    """Return the artefacts named, each once, folders replaced by what they hold.

    Raises
    ------
    AuditError
        If a path does not exist or a folder holds no artefact.
    """
    found: dict[Path, None] = {}
    for path in named:
        if path.is_dir():
            inside = in_folder(path)
            if not inside:
                raise AuditError(f"{path} has no wheel, sdist or conda package in it")
            found.update(dict.fromkeys(inside))
        elif path.exists():
            found[path] = None
        else:
            raise AuditError(f"{path} does not exist")
    return sorted(found)


def built(root: Path) -> list[Path]:
    """Return what the last build left in the environment's folder below ``dist``."""
    return in_folder(root / "dist" / os.environ.get("PIXI_ENVIRONMENT_NAME", "default"))


def build(root: Path, folder: Path) -> list[Path]:
    """Build sdist and wheel of `root` into `folder`; the build's output goes to stderr.

    Raises
    ------
    AuditError
        If the build fails or leaves no artefact.
    """
    tool = root / "tools" / "artefacts"
    if not tool.is_dir():
        raise AuditError(f"{root} has no tools/artefacts to build with: name the artefacts")
    command = [sys.executable, str(tool), "build", "--outdir", str(folder)]
    run = subprocess.run(command, cwd=root, stdout=2, check=False)
    found = in_folder(folder)
    if run.returncode != 0 or not found:
        raise AuditError(
            f"the artefacts could not be built (exit {run.returncode}, see above): "
            f"mend the build, or name artefacts to audit"
        )
    return found


def read(path: Path, label: str | None = None) -> Contents:
    """Read one artefact: a wheel, an sdist or a conda package by its name.

    Raises
    ------
    AuditError
        If it is none of these, or is damaged.
    """
    label = label or str(path)
    if path.name.endswith(".whl"):
        return wheel.read(path, label)
    if path.name.endswith(".tar.gz"):
        return sdist.read(path, label)
    if path.name.endswith(".conda"):
        return conda_package.read(path, label)
    raise AuditError(f"{label} is no wheel (.whl), sdist (.tar.gz) or conda package (.conda)")
