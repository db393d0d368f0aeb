"""What pixiw says when it cannot go on."""

from __future__ import annotations


class PixiwError(Exception):
    """A sentence for the user: what is wrong, where, and what to do; ends with exit code 1."""

    exit_code = 1


class UsageError(PixiwError):
    """A command line that pixiw cannot read; ends with exit code 2."""

    exit_code = 2


class ManifestError(PixiwError):
    """A manifest that pixi would refuse, or that only pixi itself can read."""
