"""One thing that the audit found wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.causes import Cause
    from audit.stages import Stage


@dataclass(frozen=True)
class Finding:
    """A cause at a place.

    ``where`` is the artefact, the interpreter or the checkout; ``modules`` are the dotted names
    concerned (none for a fault of the artefact as a whole); ``files`` are relative to the root of
    the checkout or of the artefact; ``detail`` says what exactly was seen.
    """

    cause: Cause
    where: str
    detail: str = ""
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = field(default=())

    @property
    def stage(self) -> Stage | None:
        """The stage at which the modules are lost."""
        return self.cause.stage

    @property
    def sort_key(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...], str]:
        """Order by code, then place, then module."""
        return (self.cause.code, self.where, self.modules, self.files, self.detail)
