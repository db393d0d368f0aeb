"""The shared objects in a package folder, and what their names and bytes tell."""

from __future__ import annotations

import re
from importlib.machinery import EXTENSION_SUFFIXES
from typing import TYPE_CHECKING

from .record import Module

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = frozenset({".so", ".pyd", ".dylib"})

_MARKER = re.compile(rb"rustybt-source:([A-Za-z0-9_.]+)=([0-9a-f]{64}|unset);")


def shared_objects(folder: Path) -> tuple[Path, ...]:
    """Return every shared object under `folder`, sorted."""
    return tuple(sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES))


def module_name(folder: Path, path: Path) -> str:
    """Return the dotted name of the module that the file `path` would be."""
    parts = path.relative_to(folder.parent).parts
    return ".".join([*parts[:-1], parts[-1].split(".", maxsplit=1)[0]])


def tag(path: Path) -> str:
    """Return the part of a shared object's name between module and file type, or ``none``."""
    return ".".join(path.name.split(".")[1:-1]) or "none"


def loads_here(path: Path) -> bool:
    """Return whether this interpreter looks for a file with such an ABI tag."""
    return path.name[path.name.index(".") :] in EXTENSION_SUFFIXES


def siblings(path: Path) -> tuple[Path, ...]:
    """Return the shared objects of the same module as `path`, whatever their ABI tag."""
    stem = path.name.split(".", maxsplit=1)[0]
    if not path.parent.is_dir():
        return ()
    return tuple(
        sorted(
            other
            for other in path.parent.iterdir()
            if other.suffix in SUFFIXES and other.name.split(".", maxsplit=1)[0] == stem
        )
    )


def read_marker(path: Path) -> tuple[str, str] | None:
    """Return (module name, fingerprint) that the build linked into `path`, or None."""
    found = _MARKER.search(path.read_bytes())
    if found is None:
        return None
    return found[1].decode(), found[2].decode()


def guess_modules(folder: Path) -> tuple[Module, ...]:
    """Return the compiled modules that `folder` itself tells of, for want of a build record.

    A module is compiled if a shared object, a Cython source or a type stub without a Python
    module beside it bears its name.
    """
    stubs = (
        path
        for path in folder.rglob("*.pyi")
        if not path.with_suffix(".py").exists() and path.stem != "__init__"
    )
    found: dict[str, Path] = {}
    for path in (*folder.rglob("*.pyx"), *stubs, *shared_objects(folder)):
        name = module_name(folder, path)
        is_better = path.suffix in SUFFIXES and loads_here(path)
        if name not in found or is_better:
            found[name] = path
    rust = f"{folder.name}._{folder.name}"
    return tuple(
        Module(
            name=name,
            language="rust" if name == rust else "cython",
            file=found[name].relative_to(folder.parent).as_posix(),
            abi=tag(found[name]),
            fingerprint=None,
        )
        for name in sorted(found)
    )
