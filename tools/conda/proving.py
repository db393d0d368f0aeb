"""The built packages, installed as a user would install them, away from the checkout."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from conda import fresh
from conda.errors import CondaError
from pixiw.installation import install, sentences
from progress import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAST_LINES = 30


def packages(folder: Path, platform: str) -> list[Path]:
    """Return the packages for a platform in a folder that is a channel.

    Raises
    ------
    CondaError
        There is none.
    """
    found = sorted((folder / platform).glob("*.conda"))
    if not found:
        message = f"{folder} has no package for {platform}: run ./pixiw run build-conda"
        raise CondaError(message)
    return found


def prove(folder: Path, channels: Sequence[str], platform: str) -> list[str]:
    """Install every package into an environment of its own and run smoke there.

    Parameters
    ----------
    folder
        The channel with the packages.
    channels
        Addresses of the channels with what they depend on.
    platform
        This machine's.

    Returns
    -------
    list of str
        The names of the packages that have passed.

    Raises
    ------
    CondaError
        One cannot be installed or fails; the message has what smoke printed.
    """
    found = packages(folder, platform)
    sources = [folder.resolve().as_uri(), *channels]
    with Step("proving the packages", len(found)) as step:
        for package in found:
            step.advance(package.name, by=0)
            _prove(package, sources, platform)
            step.advance(package.name)
    return [package.name for package in found]


def _prove(package: Path, channels: Sequence[str], platform: str) -> None:
    name, version, build = package.name.removesuffix(".conda").rsplit("-", 2)
    records = fresh.solve(channels, [f"{name} =={version} {build}"], platform)
    with tempfile.TemporaryDirectory(prefix="rustybt-prove-") as place:
        work = Path(place)
        title = f"of {package.name}"
        with sentences(title, work):
            install(records, title, work / "environment", work / "cache", platform)
        passed, said = fresh.smoke(work / "environment", work)
    if not passed:
        lines = "\n".join(f"  {line}" for line in said.splitlines()[-_LAST_LINES:])
        raise CondaError(f"{package.name} fails where it was installed:\n{lines}")
