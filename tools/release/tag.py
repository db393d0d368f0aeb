"""What a release is called: the same in the tag, the manifests and the changelog."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from release.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path


def check(root: Path, tag: str) -> str:
    """Return the version that a tag releases.

    Raises
    ------
    ReleaseError
        The tag is no version, or another file says another one.
    """
    found = re.fullmatch(r"v(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)", tag)
    if found is None:
        raise ReleaseError(f"the tag {tag!r} is not v and a version, such as v1.2.3")
    version = found[1]
    stated = {
        "pyproject.toml": _toml(root / "pyproject.toml")["project"]["version"],
        "recipe/recipe.yaml": _recipe(root / "recipe/recipe.yaml"),
    }
    other = [f"{path} has {says}" for path, says in stated.items() if says != version]
    if other:
        raise ReleaseError(f"the tag is {tag}, but {' and '.join(other)}")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## {re.escape(version)}\b", changelog, re.MULTILINE):
        raise ReleaseError(f"CHANGELOG.md has no section {version}")
    return version


def _toml(path: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _recipe(path: Path) -> str:
    found = re.search(r'^  version: "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "none"
