"""conda-build proper over the recipe: it must build and test what rattler-build does."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from conda.errors import CondaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def build(recipe: Path, channels: Sequence[str], output: Path, epoch: str) -> list[Path]:
    """Build and test every variant of a recipe.

    Parameters
    ----------
    recipe
        recipe.yaml; variants.yaml lies beside it.
    channels
        Addresses, the first one first.
    output
        Folder for the packages, made anew.
    epoch
        Time that the packages carry, in seconds since 1970.

    Returns
    -------
    list of Path
        The packages.

    Raises
    ------
    CondaError
        There is no conda-build here, it fails, or it builds nothing.
    """
    program = shutil.which("conda-build")
    if program is None:
        message = "conda-build is not installed here: run ./pixiw run -e conda-build conda-build"
        raise CondaError(message)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    command = [program, "--override-channels", "--output-folder", str(output)]
    for channel in channels:
        command += ["--channel", channel]
    command += ["--variant-config-files", str(recipe.with_name("variants.yaml"))]
    environment = os.environ | {"SOURCE_DATE_EPOCH": epoch}
    done = subprocess.run([*command, str(recipe.parent)], env=environment, check=False)
    if done.returncode != 0:
        raise CondaError(f"conda-build ended with exit code {done.returncode}")
    packages = sorted(output.glob("*/*.conda"))
    if not packages:
        raise CondaError(f"conda-build succeeded, but there is no package in {output}")
    return packages
