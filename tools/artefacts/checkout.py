"""The checkout as git knows it: the only source that artefacts are made from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from artefacts.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Mapping

REVISION = "SOURCE_REVISION"

# Sources, but of no artefact: nothing below these is mirrored.
_ASIDE = {".github", "benchmarks", "docs", "recipe", "tests"}
# What work in a checkout leaves there, whether or not git was told to ignore it.
_PRODUCTS = {".git", ".pixi", "build", "dist"}


class Checkout:
    """A source tree, in git or unpacked from an archive.

    In git, only what git tracks or would track is seen: a file that an ignore pattern swallows
    is missing from the build here just as it is missing from everybody else's clone.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.in_git = (root / ".git").exists()

    def files(self) -> list[str]:
        """Return the POSIX paths of the files that may enter an artefact, sorted."""
        return [name for name in self._listed() if name.partition("/")[0] not in _ASIDE]

    def contents(self, *, everything: bool = False) -> dict[str, bytes]:
        """Return path -> content of :meth:`files`, the revision written in.

        With `everything`, of all files that git knows, or that lie here where there is no git.
        """
        names = self._listed() if everything else self.files()
        found = {name: (self.root / name).read_bytes() for name in names}
        revision = self.revision()
        if revision is not None:
            found[REVISION] = f"{revision}\n".encode()
        return found

    def revision(self) -> str | None:
        """Return the commit, ``-dirty`` appended where files differ from it, or None."""
        if not self.in_git or not self._has_commit():
            return None
        describe = ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
        return self._git(*describe).strip()

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return `base` with SOURCE_DATE_EPOCH set to the time of the last commit."""
        variables = dict(base)
        if "SOURCE_DATE_EPOCH" not in variables and self.in_git and self._has_commit():
            variables["SOURCE_DATE_EPOCH"] = self._git("log", "-1", "--format=%ct").strip()
        return variables

    def _listed(self) -> list[str]:
        if self.in_git:
            listing = self._git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
            names = {name for name in listing.split("\0") if name}
        else:
            names = {
                path.relative_to(self.root).as_posix()
                for top in self.root.iterdir()
                if top.name not in _PRODUCTS
                for path in ([top] if top.is_file() else top.rglob("*"))
            }
        # A tracked file may be deleted in the work tree.
        return sorted(n for n in names if not _is_product(n) and (self.root / n).is_file())

    def _has_commit(self) -> bool:
        return self._run("rev-parse", "--verify", "--quiet", "HEAD").returncode == 0

    def _git(self, *arguments: str) -> str:
        run = self._run(*arguments)
        if run.returncode != 0:
            reason = os.fsdecode(run.stderr).strip().partition("\n")[0]
            raise ArtefactError(f"git {arguments[0]} failed in {self.root}: {reason}")
        return os.fsdecode(run.stdout)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", "-C", str(self.root), *arguments], capture_output=True, check=False
            )
        except FileNotFoundError:
            message = f"{self.root} is a git checkout, but git is not on PATH: install git"
            raise ArtefactError(message) from None


def _is_product(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        parts[0] in _PRODUCTS
        or parts[0].endswith(".egg-info")
        or "__pycache__" in parts
        or parts[:2] == ("rust", "target")
    )
