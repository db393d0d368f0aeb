"""What earlier versions of a lock state of the same files, by git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from lock.listing import read_listing

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = 10
"""How many earlier versions are looked at, the newest first."""


def earlier_hashes(path: Path) -> tuple[dict[str, str], int]:
    """Return the SHA-256 first stated for each address, and how many earlier versions there are.

    A checkout without its history, or a folder that is no checkout, has none.
    """
    hashes: dict[str, str] = {}
    revisions = _git(path, "log", f"--max-count={VERSIONS}", "--format=%H", "--", path.name)
    versions = revisions.split()
    for revision in versions:
        listing = read_listing(_git(path, "show", f"{revision}:./{path.name}"))
        hashes |= listing.hashes
    return hashes, len(versions)


def _git(path: Path, *arguments: str) -> str:
    """Return what git prints, and nothing where it fails or is not there."""
    command = ["git", "-C", str(path.parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else ""
