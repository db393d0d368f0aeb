"""All that the checks look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.contents import Contents
    from audit.project import Project
    from audit.stages import Stage


@dataclass(frozen=True)
class Material:
    """The checkout, the contents at hand, and why a stage cannot be told."""

    project: Project
    contents: tuple[Contents, ...] = ()
    unknown: dict[Stage, str] = field(default_factory=dict)
