"""Every source is in the sdist, every shipped one in the packages and the installation."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from audit.causes import Cause, at
from audit.checks.leftovers import is_generated
from audit.findings import Finding
from audit.project import row_name
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from audit.contents import Contents
    from audit.material import Material
    from audit.project import Project

_MISSING, _DIFFERS, _GENERATED, _SUBPACKAGE, _EXTRA = 1, 2, 3, 5, 7


def check(material: Material) -> Iterator[Finding]:
    """Yield sources that are missing, different, superfluous or generated in each artefact."""
    project = material.project
    for contents in material.contents:
        if not contents.exists:
            continue
        lost = yield from _subpackages(project, contents)
        yield from _files(project, contents, lost)
        yield from _extra(project, contents)
        if contents.stage is not Stage.INSTALLED:
            yield from _generated(project, contents)
        if contents.stage is Stage.SDIST:
            for path in sorted(project.build_files - contents.files.keys()):
                yield Finding(Cause.SDIST_BUILD_FILE, contents.label, files=(path,))


def _required(project: Project, contents: Contents, files: Iterable[str]) -> list[str]:
    """Return those of the files that the artefact must have."""
    present = [path for path in files if path in project.source_files]
    if contents.stage is Stage.SDIST:
        return present
    policy = project.policy
    return [path for path in present if policy.in_package(path) and policy.is_shipped(path)]


def _subpackages(project: Project, contents: Contents) -> Generator[Finding, None, set[str]]:
    """Yield the topmost subpackages of which nothing is there; return their files."""
    required = _required(project, contents, project.module_of)
    folders = {PurePosixPath(path).parent for path in required if path.endswith("/__init__.py")}
    empty: list[PurePosixPath] = []
    lost: set[str] = set()
    for folder in sorted(folders - {PurePosixPath(project.policy.package)}):
        if any(top in folder.parents for top in empty):
            continue
        below = {path for path in required if folder in PurePosixPath(path).parents}
        if below & contents.files.keys() or contents.stage is Stage.SDIST:
            continue
        empty.append(folder)
        lost |= below
        yield Finding(
            at(contents.stage, _SUBPACKAGE),
            contents.label,
            f"nothing of {folder} is in it",
            modules=tuple(sorted({project.module_of[path] for path in below})),
            files=tuple(sorted(below)),
        )
    return lost


def _files(project: Project, contents: Contents, lost: set[str]) -> Iterator[Finding]:
    for module in project.modules.values():
        required = [path for path in _required(project, contents, module.files) if path not in lost]
        missing = [path for path in required if path not in contents.files]
        differing = [
            path
            for path in required
            if path in contents.files and not _same(project.read(path), contents.files[path])
        ]
        for number, paths in ((_MISSING, missing), (_DIFFERS, differing)):
            if paths:
                yield Finding(
                    at(contents.stage, number),
                    contents.label,
                    modules=(module.name,),
                    files=tuple(paths),
                )


def _extra(project: Project, contents: Contents) -> Iterator[Finding]:
    for path in sorted(contents.files.keys() - project.source_files):
        if project.owns(path) and not project.policy.is_generated(path):
            yield Finding(
                at(contents.stage, _EXTRA),
                contents.label,
                modules=(row_name(path),),
                files=(path,),
            )


def _generated(project: Project, contents: Contents) -> Iterator[Finding]:
    paths = [
        path
        for path, content in contents.files.items()
        if is_generated(project, path, content)
        or (contents.stage is Stage.SDIST and project.policy.is_shared_object(path))
    ]
    if contents.stage is Stage.CONDA:  # bytecode is compiled when the package is built
        paths = [path for path in paths if not path.endswith(".pyc")]
    if paths:
        yield Finding(at(contents.stage, _GENERATED), contents.label, files=tuple(sorted(paths)))


def _same(ours: bytes, theirs: bytes) -> bool:
    return ours.replace(b"\r\n", b"\n") == theirs.replace(b"\r\n", b"\n")
