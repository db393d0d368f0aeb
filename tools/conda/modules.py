"""The compiled modules that the recipe names: two blocks, written from what the tree declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sources
from conda.errors import CondaError

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = "recipe/recipe.yaml"

_BLOCK = re.compile(
    r"(?P<begin>^(?P<indent> *)# compiled modules, (?P<kind>imported|as files):[^\n]*\n)"
    r"(?P<body>.*?)(?P<end>^ *# end of compiled modules$)",
    re.MULTILINE | re.DOTALL,
)


def imported(root: Path) -> tuple[str, ...]:
    """Return the dotted name of every compiled module."""
    return tuple(module.name for module in sources.find(root))


def files(root: Path) -> tuple[str, ...]:
    """Return the file of every compiled module below site-packages.

    The ending is a variable of the recipe, since it differs with the Python and the platform.
    """
    endings = {"cython": "${{ suffix }}", "rust": "${{ abi3 }}"}
    return tuple(
        module.name.replace(".", "/") + endings[module.language] for module in sources.find(root)
    )


def synced(text: str, root: Path) -> str:
    """Return the recipe `text` with both blocks as the tree at `root` has them.

    Raises
    ------
    CondaError
        The recipe has lost one of its blocks.
    """
    wanted = {"imported": imported(root), "as files": files(root)}
    kinds = [match["kind"] for match in _BLOCK.finditer(text)]
    if sorted(kinds) != sorted(wanted):
        message = (
            f"{RECIPE} must have one block of compiled modules, imported and one as files, "
            f"found {', '.join(kinds) or 'none'}: restore its comment lines"
        )
        raise CondaError(message)

    def block(match: re.Match[str]) -> str:
        lines = "".join(f"{match['indent']}- {item}\n" for item in wanted[match["kind"]])
        return match["begin"] + lines + match["end"]

    return _BLOCK.sub(block, text)


def missing(text: str, root: Path) -> tuple[str, ...]:
    """Return what the recipe `text` should name and does not, or names in vain."""
    now, then = text.splitlines(), synced(text, root).splitlines()
    return tuple(
        line.strip().removeprefix("- ")
        for one, other in ((then, now), (now, then))
        for line in one
        if line not in other
    )
