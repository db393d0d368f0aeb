"""The artefacts that are proved reproducible: how each is built from a checkout.

Another kind of artefact is one more function that returns a :class:`Kind`, listed in `KINDS`.
"""

from __future__ import annotations

import fnmatch
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """One command that makes artefacts.

    Parameters
    ----------
    title : str
        What it makes, in words.
    command : callable
        From (checkout, folder to write into) to the command, run in the checkout.
    patterns : tuple of str
        What of the folder written into is an artefact, as patterns below that folder.
    may_vary : mapping of str to str
        Pattern of a file inside an artefact (``*.conda!/info/x.json``) -> why it must differ.
    needs : str
        Module that the command needs beside the project's own build; empty for none.
    downloads : tuple of str
        Folders below the checkout with what earlier builds fetched and verified; they are copied.
    spaces : bool
        Whether it can be built in a folder whose name has a space.
    """

    title: str
    command: Callable[[Path, Path], list[str]]
    patterns: tuple[str, ...]
    may_vary: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    downloads: tuple[str, ...] = ()
    spaces: bool = True

    def available(self) -> bool:
        """Return whether this interpreter has what the command needs."""
        return not self.needs or find_spec(self.needs) is not None

    def excuse(self, where: str) -> str | None:
        """Return why the file `where` may differ, or None."""
        for pattern, reason in self.may_vary.items():
            if fnmatch.fnmatchcase(where, pattern):
                return reason
        return None


def sdist_and_wheel() -> Kind:
    """Return the project's own build: the sdist, and the wheel from that sdist."""

    def command(checkout: Path, out: Path) -> list[str]:
        tool = checkout / "tools" / "artefacts"
        return [sys.executable, "-P", str(tool), "build", "--outdir", str(out)]

    return Kind("sdist and wheel", command, ("*.tar.gz", "*.whl"))


def conda() -> Kind:
    """Return the conda package for the Python that runs this."""

    def command(checkout: Path, out: Path) -> list[str]:
        tool = checkout / "tools" / "conda"
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        outdir = str(out / "conda")  # beside it, an older channel is set aside
        return [sys.executable, "-P", str(tool), "build", "--python", python, "--outdir", outdir]

    return Kind(
        "the conda package",
        command,
        ("conda/*/*.conda",),
        needs="rattler_build",
        downloads=(".pixi/externals/cache/wheels",),
        spaces=False,  # compilers' flags and recipes' scripts name prefixes without quotes
    )


KINDS = {"python": sdist_and_wheel, "conda": conda}
