"""pixi's own update of the lock, and what it changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from lock import changes
from lock.errors import LockError
from lock.reader import read_lock

if TYPE_CHECKING:
    from pathlib import Path


def update(manifest: Path, lock: Path, report: Path) -> int:
    """Let pixi update a lock, and write what changed as Markdown.

    Returns
    -------
    int
        The number of changes.

    Raises
    ------
    LockError
        There is no pixi, it fails, or one of the two locks cannot be read.
    """
    pixi = shutil.which("pixi")
    if pixi is None:
        message = "pixi is not on PATH: it alone can ask conda-forge for newer packages"
        raise LockError(message)
    before = changes.contents(read_lock(lock))
    command = [pixi, "update", "--no-install", "--manifest-path", str(manifest)]
    # pixi sets variables for its tasks that would make it take this environment for a manifest.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PIXI_")
    }
    done = subprocess.run(command, cwd=manifest.parent, env=environment, check=False)
    if done.returncode != 0:
        raise LockError(f"pixi update ended with exit code {done.returncode}")
    found = changes.between(before, changes.contents(read_lock(lock)))
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(changes.as_markdown(found), encoding="utf-8")
    return len(found)
