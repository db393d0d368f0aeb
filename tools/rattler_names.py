"""Names that py-rattler changed within the range that pixi.toml allows."""

from __future__ import annotations

from typing import Any

import rattler


def build_string(text: str) -> Any:  # noqa: ANN401 - the type differs between versions
    """Return a build string: a `BuildString` since 0.26, and a `str` before."""
    kind = getattr(rattler, "BuildString", str)
    return kind(text)


def subdir(name: str) -> Any:  # noqa: ANN401 - the type differs between versions
    """Return a conda subdir: a `Subdir` since 0.26, and a `Platform` before."""
    names = ("Subdir", "Platform")
    kind = next(getattr(rattler, name) for name in names if hasattr(rattler, name))
    return kind(name)
