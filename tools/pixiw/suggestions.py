"""The nearest valid name to one that was mistyped."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return `` (did you mean "x"?)`` for the nearest of ``valid``, or an empty string."""
    near = get_close_matches(name, sorted(valid), n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""


def listed(names: Iterable[str]) -> str:
    """Return the names in quotes, with commas, sorted."""
    return ", ".join(f'"{name}"' for name in sorted(names))
