"""What an assembly tells of its progress, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Progress(Protocol):
    """A step under way."""

    def advance(self, what: str) -> None:
        """One more item of the step is done."""


class Show(Protocol):
    """Shows steps; `progress.Step` is one."""

    def __call__(self, title: str, total: int) -> AbstractContextManager[Progress]:
        """Begin a step of `total` items."""
