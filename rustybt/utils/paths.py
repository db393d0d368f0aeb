"""Where data lives: under RUSTYBT_ROOT, or ZIPLINE_ROOT where that is unset, or ~/.rustybt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def rustybt_root(environ: Mapping[str, str] | None = None) -> str:
    """Return the folder of all data.

    Parameters
    ----------
    environ : mapping, optional
        The environment variables; those of the process by default.
    """
    variables = os.environ if environ is None else environ
    for name in ("RUSTYBT_ROOT", "ZIPLINE_ROOT"):
        root = variables.get(name)
        if root:
            return root
    return str(Path("~/.rustybt").expanduser())


def rustybt_path(paths: Iterable[str], environ: Mapping[str, str] | None = None) -> str:
    """Return a path below the root, given by its parts."""
    return str(Path(rustybt_root(environ), *paths))


def data_root(environ: Mapping[str, str] | None = None) -> str:
    """Return the folder of the ingested bundles."""
    return rustybt_path(["data"], environ)


def data_path(paths: Iterable[str], environ: Mapping[str, str] | None = None) -> str:
    """Return a path below the folder of the ingested bundles, given by its parts."""
    return rustybt_path(["data", *paths], environ)


def cache_root(environ: Mapping[str, str] | None = None) -> str:
    """Return the folder of cached files."""
    return rustybt_path(["cache"], environ)


def cache_path(paths: Iterable[str], environ: Mapping[str, str] | None = None) -> str:
    """Return a path below the folder of cached files, given by its parts."""
    return rustybt_path(["cache", *paths], environ)


def default_extension(environ: Mapping[str, str] | None = None) -> str:
    """Return the path of the user's extension file, which registers bundles and the like."""
    return rustybt_path(["extension.py"], environ)


def hidden(path: str) -> bool:
    """Tell whether the last part of a path begins with a dot."""
    return Path(path).name.startswith(".")


def ensure_directory(path: str) -> None:
    """Make a folder, and those above it, where it does not exist."""
    Path(path).mkdir(parents=True, exist_ok=True)
