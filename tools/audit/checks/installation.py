"""What an installation is: there, once, of the right version, and as its RECORD says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit import tags
from audit.causes import Cause
from audit.checks.wheel_metadata import same_digest
from audit.findings import Finding
from audit.installed import Installation
from audit.project import row_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material
    from audit.project import Project


def check(material: Material) -> Iterator[Finding]:
    """Yield faults of an installation as a whole."""
    project = material.project
    for contents in material.contents:
        if not isinstance(contents, Installation):
            continue
        if not contents.exists:
            yield Finding(Cause.NOT_INSTALLED, contents.label, modules=tuple(project.modules))
            continue
        if len(contents.places) > 1:
            yield Finding(Cause.INSTALLED_AGAIN, contents.label, ", ".join(contents.places))
        if project.version is not None and contents.version != project.version:
            yield Finding(
                Cause.INSTALLED_IDENTITY,
                contents.label,
                f"it is version {contents.version}, the checkout {project.version}",
            )
        if contents.editable is None and contents.record is not None:
            yield from _record(project, contents)


def _record(project: Project, contents: Installation) -> Iterator[Finding]:
    """Yield package files that are not those of RECORD; the missing are told by other checks."""
    recorded = contents.record or {}
    for path, hashed in sorted(recorded.items()):
        content = contents.files.get(path)
        if content is not None and hashed is not None and not same_digest(content, *hashed):
            yield Finding(
                Cause.INSTALLED_RECORD,
                contents.label,
                "altered since it was installed",
                modules=(_module(path),),
                files=(path,),
            )
    for path in sorted(contents.files.keys() - recorded.keys()):
        if _known(project, path):
            yield Finding(
                Cause.INSTALLED_RECORD,
                contents.label,
                "not put there by the installer",
                modules=(_module(path),),
                files=(path,),
            )


def _known(project: Project, path: str) -> bool:
    """Tell whether other checks would take the file for a rightful one."""
    extension = tags.parse_extension(path)
    if extension is not None:
        return any(source.name == extension.module for source in project.compiled)
    return path in project.source_files


def _module(path: str) -> str:
    extension = tags.parse_extension(path)
    return row_name(path) if extension is None else extension.module
