"""The artefacts that are proved reproducible: how each is built from a checkout.

Another kind of artefact is one more function that returns a :class:`Kind`, listed in `KINDS`.
"""

from __future__ import annotations

import fnmatch
import sys
from dataclasses import dataclass, field
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
    """

    title: str
    command: Callable[[Path, Path], list[str]]
    patterns: tuple[str, ...]
    may_vary: Mapping[str, str] = field(default_factory=dict)

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


KINDS = {"python": sdist_and_wheel}
