"""Packages that conda-forge's channel cannot give us on every platform of the manifest.

They are pinned by version and hash in ``tools/requirements/NAME.txt`` (made from ``NAME.in`` by
``uv pip compile --universal --generate-hashes --no-emit-index-url``) and installed from the
configured Python index into a folder of their own under ``build/``, never into an environment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class PinnedError(Exception):
    """A package could not be installed; the text is one sentence for the user."""


def folder(name: str) -> Path:
    """Return the folder that holds the packages of ``tools/requirements/NAME.txt``.

    Raises
    ------
    PinnedError
        When they have to be installed first, and cannot be.
    """
    requirements = ROOT / "tools" / "requirements" / f"{name}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    target = ROOT / "build" / "pinned" / f"{name}-{python}-{digest}"
    if not target.is_dir():
        _install(requirements, target)
    return target


def _install(requirements: Path, target: Path) -> None:
    aside = target.with_name(f"{target.name}.{os.getpid()}")
    command = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--require-hashes"]
    options = ["--no-deps", "--only-binary=:all:", "--root-user-action=ignore"]
    run = subprocess.run(
        [*command, *options, "--target", str(aside), "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        shutil.rmtree(aside, ignore_errors=True)
        reason = run.stderr.strip().rpartition("\n")[2]
        raise PinnedError(f"{requirements} could not be installed: {reason}")
    try:
        aside.rename(target)
    except OSError:  # another run was faster
        shutil.rmtree(aside)
