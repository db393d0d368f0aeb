"""The machine as conda names it: platform, compiler triplet, and who installs its packages."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from externals.failure import ExternalsError

_SUBDIRS = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}


def subdir() -> str:
    """Platform name of this machine, as in a channel's folder.

    Raises
    ------
    ExternalsError
        No externals channel can be made here.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _SUBDIRS:
        raise ExternalsError(
            f"the externals channel is made on Linux x86_64 and aarch64 only, not on "
            f"{sys.platform} {machine}; use conda-forge here (--channel conda-forge)"
        )
    return _SUBDIRS[machine]


def triplet() -> str:
    """Prefix that conda-forge's compilers carry in their names, `x86_64-conda-linux-gnu`."""
    return f"{platform.machine()}-conda-linux-gnu"


def which(program: str) -> Path | None:
    """Where a program lies on PATH, conda environments left out.

    Inside an activated environment PATH begins with wrappers that were made of the machine's
    own programs; they must not be adopted in their turn.
    """
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if folder and not (Path(folder).parent / "conda-meta").is_dir()
    ]
    found = shutil.which(program, path=os.pathsep.join(folders))
    return Path(found).absolute() if found else None


# What each distribution calls a thing we ask for, by the command that installs it.
_PACKAGES = {
    "apt-get install": {"python": "python{version}-dev", "cc": "gcc", "cxx": "g++"},
    "dnf install": {"python": "python{version}-devel", "cc": "gcc", "cxx": "gcc-c++"},
    "zypper install": {"python": "python{version}-devel", "cc": "gcc", "cxx": "gcc-c++"},
    "apk add": {"python": "python{version}-dev", "cc": "gcc musl-dev", "cxx": "g++"},
    "pacman -S": {"python": "python", "cc": "gcc", "cxx": "gcc"},
}


def install_command(thing: str, version: str = "3") -> str:
    """Command that installs `thing` with this machine's package manager.

    Parameters
    ----------
    thing
        "python" (its headers), "cc" or "cxx".
    version
        Of the Python: "3" for the distribution's default one, else "3.12".
    """
    for command, packages in _PACKAGES.items():
        if which(command.split()[0]):
            return f"{command} {packages[thing].format(version=version)}"
    return {
        "python": f"install the headers of Python {version} with your package manager",
        "cc": "install gcc with your package manager",
        "cxx": "install g++ with your package manager",
    }[thing]
