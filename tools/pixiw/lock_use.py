"""How an environment is to follow `pixi.lock`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from pixiw.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection


class LockUse(Enum):
    """What `pixi.lock` decides, as pixi's options say it."""

    FITTING = "fitting"
    """It is followed where it satisfies the manifest."""

    LOCKED = "locked"
    """It must satisfy the manifest, and is followed."""

    FROZEN = "frozen"
    """It is followed whatever the manifest says."""


def lock_use(flags: Collection[str]) -> LockUse:
    """Return what the flags of a command line ask for.

    Raises
    ------
    UsageError
        Both `--frozen` and `--locked` are given.
    """
    asked = [use for use in (LockUse.LOCKED, LockUse.FROZEN) if use.value in flags]
    if len(asked) > 1:
        message = "--locked and --frozen contradict each other; give one of them"
        raise UsageError(message)
    return asked[0] if asked else LockUse.FITTING
