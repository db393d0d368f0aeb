"""Removes what pixiw made below ``.pixi``."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from pathlib import Path

    from pixiw.workspace import WorkspaceOn


def clean(workspace: WorkspaceOn, environment: str | None) -> None:
    """Remove one environment, or all of them with caches, tools and locks.

    Raises
    ------
    PixiwError
        For an unknown environment, or a folder that cannot be removed.
    """
    folder = workspace.root / ".pixi"
    if environment is None:
        targets = [folder / "envs", folder / "externals", folder / "pixiw"]
    else:
        name = workspace.environment(environment).name
        targets = [folder / "envs" / name, folder / "externals" / "envs" / name]
    removed = [target for target in targets if target.exists()]
    for target in removed:
        _remove(target)
        print(f"removed {target}", file=sys.stderr)
    if not removed:
        print(f"nothing to remove in {folder}", file=sys.stderr)


def _remove(target: Path) -> None:
    # Renamed first, so that a removal cut short leaves nothing under the trusted name.
    aside = target.with_name(f".removing-{target.name}-{os.getpid()}")
    try:
        target.replace(aside)
        shutil.rmtree(aside)
    except OSError as error:
        message = f"cannot remove {target}: {error.strerror} ({error.filename})"
        raise PixiwError(message) from error
