"""Fresh environments: what is solved for them, and smoke in them."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Literal

import rattler
from rattler.exceptions import SolverError

from conda.errors import CondaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SMOKE = ("python", "-P", "-m", "rustybt.smoke", "--strict")
_SECONDS = 600


def solve(
    channels: Sequence[str],
    specs: Sequence[str],
    platform: str,
    strategy: Literal["highest", "lowest-direct"] = "highest",
) -> list[rattler.RepoDataRecord]:
    """Return the packages of an environment.

    Raises
    ------
    CondaError
        There is none.
    """
    try:
        return asyncio.run(
            rattler.solve(
                list(channels),
                list(specs),
                platforms=[platform, "noarch"],  # type: ignore[list-item]
                virtual_packages=list(rattler.VirtualPackage.detect()),
                strategy=strategy,
            )
        )
    except SolverError as error:
        why = " ".join(str(error).split())
        raise CondaError(f"no environment for {', '.join(specs)}: {why}") from error


def smoke(prefix: Path, folder: Path) -> tuple[bool, str]:
    """Run smoke in an environment.

    Parameters
    ----------
    prefix
        Where it lies.
    folder
        Working directory; not the checkout.

    Returns
    -------
    tuple
        Whether it passed, and what it printed.

    Raises
    ------
    CondaError
        The environment has no Python.
    """
    programs = [prefix, prefix / "Scripts"] if sys.platform == "win32" else [prefix / "bin"]
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    program = shutil.which(_SMOKE[0], path=path)
    if program is None:
        raise CondaError(f"{prefix} has no python")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        run = subprocess.run(
            [program, *_SMOKE[1:]],
            cwd=folder,
            env=kept | {"PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {_SECONDS} s"
    return run.returncode == 0, run.stdout
