"""Wheels of every Python for this platform, built from one sdist by cibuildwheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pinned
from artefacts import packing
from artefacts.checkout import Checkout
from release.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

# Not through PYTHONPATH, which the interpreters that build would read too.
_START = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('cibuildwheel', run_name='__main__', alter_sys=True)"
)


def build(root: Path, sdist_folder: Path, output: Path) -> list[Path]:
    """Build the wheels and give them the time of the commit.

    Parameters
    ----------
    root
        The checkout, for the time and for the Pythons that pyproject.toml names.
    sdist_folder
        Folder with the sdist.
    output
        Folder for the wheels, made anew.

    Returns
    -------
    list of Path
        The wheels.

    Raises
    ------
    ReleaseError
        There is not one sdist, nothing to run containers with, a build or its proof fails, or a
        Python has no wheel.
    """
    sdists = sorted(sdist_folder.glob("*.tar.gz"))
    if len(sdists) != 1:
        raise ReleaseError(
            f"{sdist_folder} must hold one sdist, found {len(sdists)}; ./pixiw run build makes "
            "one, and --sdist FOLDER says where it is"
        )
    if sys.platform == "linux":
        container_engine()
    try:
        folder = pinned.folder("cibuildwheel")
    except pinned.PinnedError as error:
        raise ReleaseError(str(error)) from None
    shutil.rmtree(output, ignore_errors=True)
    environment = Checkout(root).environment(os.environ)
    command = [sys.executable, "-P", "-c", _START, str(folder), "--output-dir", str(output)]
    done = subprocess.run([*command, str(sdists[0])], env=environment, check=False)
    if done.returncode != 0:
        raise ReleaseError(f"cibuildwheel ended with exit code {done.returncode}")
    wheels = sorted(output.glob("*.whl"))
    missing = pythons(root) - {wheel.name.split("-")[2] for wheel in wheels}
    if missing:
        raise ReleaseError(f"cibuildwheel built no wheel for {', '.join(sorted(missing))}")
    for wheel in wheels:
        packing.repack(wheel, packing.epoch_of(environment))
    return wheels


def container_engine() -> str:
    """Return the program that cibuildwheel runs its containers with on Linux.

    Raises
    ------
    ReleaseError
        It is not installed, or does not answer.
    """
    chosen = os.environ.get("CIBW_CONTAINER_ENGINE", "docker").split(";")[0].strip()
    message = f"wheels for Linux are built in a container, and {chosen}"
    try:
        done = subprocess.run([chosen, "version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise ReleaseError(f"{message} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise ReleaseError(f"{message} does not answer: {last}")
    return chosen


def pythons(root: Path) -> set[str]:
    """Return the tags of the Pythons that pyproject.toml builds wheels for."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return set(re.findall(r"cp\d+", tomllib.loads(text)["tool"]["cibuildwheel"]["build"]))
