"""The source tree that the package is built from: what git knows, and the crates beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from artefacts import tree
from artefacts.checkout import Checkout
from conda.errors import CondaError

if TYPE_CHECKING:
    from pathlib import Path

# The build runs with its source as HOME and without a network, so cargo finds the crates here.
_CARGO = """\
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = ".cargo/vendor"

[net]
offline = true
"""


def lay_out(root: Path, folder: Path) -> Path:
    """Lay the checkout at `root` out in `folder`, ready for a build without a network.

    Returns
    -------
    Path
        The recipe in it.

    Raises
    ------
    CondaError
        The crates cannot be had.
    ArtefactError
        git cannot tell what belongs to the checkout.
    """
    contents = Checkout(root).contents()
    contents.pop(".gitignore", None)  # it is about a checkout, and here nothing is to be ignored
    for name in ("recipe.yaml", "variants.yaml"):
        contents[f"recipe/{name}"] = (root / "recipe" / name).read_bytes()
    contents[".cargo/config.toml"] = _CARGO.encode()
    tree.sync(folder, contents, keep=frozenset({".cargo/vendor", ".cargo/vendored.lock"}))
    _vendor(root, folder / ".cargo/vendor")
    return folder / "recipe/recipe.yaml"


def _vendor(root: Path, folder: Path) -> None:
    mark = folder.with_name("vendored.lock")
    locked = (root / "rust/Cargo.lock").read_bytes()
    if mark.is_file() and mark.read_bytes() == locked:
        return
    if shutil.which("cargo") is None:
        message = "cargo is not on PATH: install Rust, or run this through ./pixiw run build-conda"
        raise CondaError(message)
    mark.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    manifest = root / "rust/Cargo.toml"
    command = ["cargo", "vendor", "--locked", "--quiet", "--manifest-path", str(manifest)]
    run = subprocess.run(
        [*command, str(folder)], capture_output=True, text=True, check=False, env=os.environ
    )
    if run.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        reason = run.stderr.strip().splitlines()
        details = "\n".join(f"  {line}" for line in reason)
        message = (
            "the crates of rust/Cargo.lock cannot be fetched; check the network or the mirror in "
            f"cargo's configuration, or fetch them once where there is one:\n{details}"
        )
        raise CondaError(message)
    mark.write_bytes(locked)
