"""The recipe as a submission to conda-forge's staged-recipes: its source is a released sdist."""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING

from artefacts import tree
from conda.errors import CondaError

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = re.compile(r"^source:\n(?:[ ].*\n)+", re.MULTILINE)
_VERSION = re.compile(r'^  version: "([^"]+)"$', re.MULTILINE)
_NEEDED = ("rust/Cargo.lock", "rust/python/Cargo.toml", "tools/sources.py", "tools/thirdparty.py")
# All other pins are conda-forge's own.
_OURS = re.compile(r"^rust_compiler_version:\n(?:[ ]+.*\n)+", re.MULTILINE)


def render(recipe: str, url: str, digest: str) -> str:
    """Return the text of the recipe with a released sdist as its source.

    Parameters
    ----------
    recipe
        Text of recipe/recipe.yaml.
    url
        Where the sdist is to be downloaded; the version in it becomes a variable.
    digest
        Its SHA-256 (hex).

    Raises
    ------
    CondaError
        The address has another version, or the recipe has no source to replace.
    """
    version = _VERSION.search(recipe)
    if version is None or _SOURCE.search(recipe) is None:
        message = "recipe/recipe.yaml must have a version in its context, and a source section"
        raise CondaError(message)
    if not re.match(r"https://\S+$", url) or version[1] not in url:
        message = f"the source must be an https address of version {version[1]}, not {url}"
        raise CondaError(message)
    address = url.replace(version[1], "${{ version }}")
    source = f"source:\n  url: {address}\n  sha256: {digest}\n"
    lines = _SOURCE.sub(lambda _: source, recipe).splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "".join(lines[start:])  # the opening comment is about this repository's tools


def submission(root: Path, sdist: Path, url: str, folder: Path) -> list[Path]:
    """Write the submission for `sdist` into `folder`, in the place of an older one.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    CondaError
        The sdist is not one of this version, or lacks what the recipe builds from.
    """
    recipe = (root / "recipe/recipe.yaml").read_text(encoding="utf-8")
    pins = _OURS.search((root / "recipe/variants.yaml").read_text(encoding="utf-8"))
    if pins is None:
        raise CondaError("recipe/variants.yaml must pin rust_compiler_version")
    try:
        data = sdist.read_bytes()
    except OSError as error:
        message = f"cannot read the sdist {sdist}: {error.strerror}; run ./pixiw run build first"
        raise CondaError(message) from error
    contents = tree.sdist_contents(sdist)
    lacking = [name for name in _NEEDED if name not in contents]
    if lacking:
        raise CondaError(f"{sdist} lacks {', '.join(lacking)}, which the recipe builds from")
    text = render(recipe, url, hashlib.sha256(data).hexdigest())
    aside = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    (aside / "recipe.yaml").write_text(text, encoding="utf-8")
    (aside / "conda_build_config.yaml").write_text(pins[0], encoding="utf-8")
    shutil.copyfile(root / "conda-forge.yml", aside / "conda-forge.yml")
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    return sorted(folder.iterdir())
