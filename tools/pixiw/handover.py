"""Finds a pixi that fits the manifest and hands the whole call over to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pixiw.versions import satisfies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REFUSE_PIXI = "PIXIW_NO_PIXI"
"""Environment variable that, when it is not empty, keeps pixiw from handing over."""

VERSION_TIMEOUT = 20.0


@dataclass(frozen=True)
class Pixi:
    """A pixi of this machine."""

    path: Path
    version: str


def candidates() -> Iterator[Path]:
    """Give the places where a pixi may be, the nearest first."""
    on_path = shutil.which("pixi")
    if on_path is not None:
        yield Path(on_path)
    try:
        home = Path(os.environ.get("PIXI_HOME") or Path.home() / ".pixi")
    except RuntimeError:  # a user without an entry in the system's list, as in many containers
        return
    installed = home / "bin" / ("pixi.exe" if os.name == "nt" else "pixi")
    if os.access(installed, os.X_OK):
        yield installed


def version_of(path: Path) -> str | None:
    """Return what ``pixi --version`` says, None when it does not work."""
    try:
        answer = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.fullmatch(r"pixi (\d+(?:\.\d+)*)\S*", answer.stdout.strip())
    return found.group(1) if found else None


def required(manifest: Path | None) -> str:
    """Return the manifest's ``requires-pixi``; what is wrong with the file is not said here."""
    if manifest is None:
        return "*"
    try:
        workspace = tomllib.loads(manifest.read_text(encoding="utf-8")).get("workspace", {})
    except (OSError, ValueError):
        return "*"
    spec = workspace.get("requires-pixi", "*") if isinstance(workspace, dict) else "*"
    return spec if isinstance(spec, str) else "*"


def find(manifest: Path | None) -> tuple[Pixi | None, list[str]]:
    """Return the pixi to hand over to, and why others do not serve.

    Parameters
    ----------
    manifest : Path or None
        Whose ``requires-pixi`` must hold.
    """
    reasons: list[str] = []
    if os.environ.get(REFUSE_PIXI):
        return None, [f"{REFUSE_PIXI} is set"]
    spec = required(manifest)
    for path in dict.fromkeys(candidates()):
        version = version_of(path)
        if version is None:
            reasons.append(f"{path} does not answer to --version")
        elif not satisfies(version, spec):
            reasons.append(f"pixi {version} at {path} does not fit requires-pixi {spec}")
        else:
            return Pixi(path, version), reasons
    return None, reasons


def hand_over(pixi: Pixi, arguments: Sequence[str]) -> NoReturn:
    """Become pixi."""
    call = [str(pixi.path), *arguments]
    if os.name == "nt":
        sys.exit(subprocess.run(call, check=False).returncode)
    os.execv(pixi.path, call)  # noqa: S606 - the same program without a shell
