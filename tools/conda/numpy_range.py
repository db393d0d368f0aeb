"""Smoke over the lowest numpy that the package allows; its own tests run over the highest.

A module built against one numpy's binary interface may fail over another, and only over that one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import rattler
from rattler.exceptions import SolverError

from conda.errors import CondaError
from pixiw.installation import install, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rattler_build import Package

_SMOKE = ("python", "-P", "-m", "rustybt.smoke", "--strict")
_SECONDS = 600


@dataclass(frozen=True)
class Tried:
    """The numpys that a package has passed over.

    Parameters
    ----------
    lowest
        What smoke ran over here.
    highest
        What the package's own tests ran over.
    """

    lowest: str
    highest: str

    def __str__(self) -> str:
        """Say which."""
        if self.lowest == self.highest:
            return f"numpy {self.highest} alone, the only one that the channels have for it"
        return f"numpy {self.lowest} and {self.highest}"


def check(package: Package, channels: Sequence[str], platform: str, folder: Path) -> Tried | None:
    """Run smoke over the lowest numpy, unless the highest is the same.

    Parameters
    ----------
    package
        What to install; it must lie in one of the channels.
    channels
        Addresses, the first one first.
    platform
        This machine's.
    folder
        For the environment, which is removed again.

    Returns
    -------
    Tried or None
        The numpys that it has passed over; None for a package that needs no numpy.

    Raises
    ------
    CondaError
        Smoke fails; the message has what it printed.
    """
    ranges = [spec for spec in package.depends if spec.split(" ")[0] == "numpy"]
    if not ranges:
        return None
    specs = [f"{package.name} =={package.version} {package.build_string}", *ranges]
    highest = _version(_solve(channels, specs, platform, "highest"))
    records = _solve(channels, specs, platform, "lowest-direct")
    lowest = _version(records)
    if lowest == highest:
        return Tried(lowest, highest)
    prefix = folder / f"numpy-{lowest}"
    shutil.rmtree(prefix, ignore_errors=True)
    name = f"of {package.name} over numpy {lowest}"
    try:
        with sentences(name, prefix):
            install(records, name, prefix, folder / "cache", platform)
        passed, said = _smoke(prefix, folder)
    finally:
        shutil.rmtree(prefix, ignore_errors=True)
    if not passed:
        lines = "\n".join(f"  {line}" for line in said.splitlines()[-30:])
        raise CondaError(
            f"{package.filename} fails over numpy {lowest}, the lowest that it allows here; over "
            f"numpy {highest} it passes:\n{lines}"
        )
    return Tried(lowest, highest)


def _solve(
    channels: Sequence[str],
    specs: Sequence[str],
    platform: str,
    strategy: Literal["highest", "lowest-direct"],
) -> list[rattler.RepoDataRecord]:
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


def _version(records: Sequence[rattler.RepoDataRecord]) -> str:
    return next(str(record.version) for record in records if record.name.normalized == "numpy")


def _smoke(prefix: Path, folder: Path) -> tuple[bool, str]:
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
