"""Smoke over the lowest numpy that the package allows; its own tests run over the highest.

A module built against one numpy's binary interface may fail over another, and only over that one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda import fresh
from conda.errors import CondaError
from pixiw.installation import install, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import rattler
    from rattler_build import Package


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
    highest = _version(fresh.solve(channels, specs, platform))
    records = fresh.solve(channels, specs, platform, "lowest-direct")
    lowest = _version(records)
    if lowest == highest:
        return Tried(lowest, highest)
    prefix = folder / f"numpy-{lowest}"
    shutil.rmtree(prefix, ignore_errors=True)
    name = f"of {package.name} over numpy {lowest}"
    try:
        with sentences(name, prefix):
            install(records, name, prefix, folder / "cache", platform)
        passed, said = fresh.smoke(prefix, folder)
    finally:
        shutil.rmtree(prefix, ignore_errors=True)
    if not passed:
        lines = "\n".join(f"  {line}" for line in said.splitlines()[-30:])
        raise CondaError(
            f"{package.filename} fails over numpy {lowest}, the lowest that it allows here; over "
            f"numpy {highest} it passes:\n{lines}"
        )
    return Tried(lowest, highest)


def _version(records: Sequence[rattler.RepoDataRecord]) -> str:
    return next(str(record.version) for record in records if record.name.normalized == "numpy")
