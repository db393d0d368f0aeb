"""What an artefact or an installation contains, in the form that the checks read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from audit.stages import Stage
    from audit.tags import Target


@dataclass(frozen=True)
class Contents:
    """The files of an artefact by POSIX path.

    Parameters
    ----------
    stage
        The stage that the artefact is.
    label
        How the artefact is named in the report.
    files
        Content by path, relative to the root of the project (sdist) or to the folder that goes
        on sys.path (wheel, conda package, installation).
    version
        The version that its metadata states.
    name
        The name that its metadata states.
    target
        What its shared objects must fit; None for an sdist.
    path, size
        The archive on disk and its size in bytes; None for an installation.
    """

    stage: Stage
    label: str
    files: Mapping[str, bytes]
    name: str | None = None
    version: str | None = None
    target: Target | None = None
    path: Path | None = None
    size: int | None = None

    @property
    def exists(self) -> bool:
        """Tell whether there is anything to judge; an installation may be missing as a whole."""
        return True
