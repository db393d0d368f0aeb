"""The shared objects of a wheel or an installation: all there, each the right one, none else."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sources
from audit import tags
from audit.binaries import FORMATS, read_image
from audit.causes import Cause, at
from audit.findings import Finding
from audit.installed import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.contents import Contents
    from audit.material import Material
    from audit.project import Project
    from audit.tags import Target

_MISSING, _ABI, _MACHINE, _TWICE, _UNDECLARED = 1, 11, 12, 13, 14
_UNMARKED, _MISLABELLED, _STALE, _PACKED, _PURE = 15, 16, 17, 18, 19
_UNSET = "unset"


def check(material: Material) -> Iterator[Finding]:
    """Yield faults of the shared objects of every artefact that has any to have."""
    for contents in material.contents:
        if contents.target is not None and contents.exists:
            yield from _contents(material.project, contents, contents.target)


def _contents(project: Project, contents: Contents, target: Target) -> Iterator[Finding]:
    found = _by_module(project, contents)
    declared = {source.name for source in project.compiled}
    for module in sorted(found.keys() - declared):
        yield Finding(
            at(contents.stage, _UNDECLARED),
            contents.label,
            modules=(module,),
            files=tuple(found[module]),
        )
    missing = sorted(declared - found.keys())
    hollow = isinstance(contents, Installation) and contents.editable is not None
    if missing and not found and not hollow:
        yield Finding(at(contents.stage, _PURE), contents.label, modules=tuple(missing))
    else:
        cause = Cause.EDITABLE_HOLLOW if hollow else at(contents.stage, _MISSING)
        for module in missing:
            yield Finding(cause, contents.label, "no shared object", modules=(module,))
    for module in sorted(declared & found.keys()):
        yield from _module(project, contents, target, module, found[module])


def _by_module(project: Project, contents: Contents) -> dict[str, list[str]]:
    """Return the paths of shared objects by the dotted name that they would be imported as."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(contents.files):
        if project.policy.is_shared_object(path) and not project.policy.is_bundled(path):
            extension = tags.parse_extension(path)
            found[path if extension is None else extension.module].append(path)
    return found


def _module(
    project: Project, contents: Contents, target: Target, module: str, paths: list[str]
) -> Iterator[Finding]:
    fitting = [
        path
        for path in paths
        if (extension := tags.parse_extension(path)) is not None and target.accepts(extension)
    ]
    foreign = [path for path in paths if path not in fitting]

    def finding(number: int, detail: str, files: list[str]) -> Finding:
        return Finding(
            at(contents.stage, number), contents.label, detail, (module,), files=tuple(files)
        )

    if foreign:
        beside = "" if fitting else "; the module has no other"
        yield finding(_ABI, f"{target.name} does not load it{beside}", foreign)
    if len(fitting) > 1:
        yield finding(_TWICE, "", fitting)
    for path in fitting:
        content = contents.files[path]
        wrong = _wrong_machine(content, target)
        if wrong is not None:
            yield finding(_MACHINE, wrong, [path])
            continue
        number, detail = _fingerprint(project, contents, module, path)
        if number is not None:
            yield finding(number, detail, [path])


def _wrong_machine(content: bytes, target: Target) -> str | None:
    """Say for what the shared object is built, when that is not the target."""
    image = read_image(content)
    if image is None:
        return "it is neither ELF, Mach-O nor PE"
    platform = target.platform
    if platform is None:
        return None
    if image.format != FORMATS[platform.system] or not platform.machines <= image.machines:
        return f"it is {image}, and {target.name} needs another"
    return None


def _fingerprint(
    project: Project, contents: Contents, module: str, path: str
) -> tuple[int | None, str]:
    """Judge the marker in a shared object: what is wrong with it, if anything."""
    content = contents.files[path]
    mark = sources.read_marker(content)
    expected = project.fingerprints[module]
    if mark is None:
        return _UNMARKED, "no marker in it"
    name, fingerprint = mark
    if name != module:
        return _MISLABELLED, f"it says it is {name}"
    if fingerprint == _UNSET:
        return _UNMARKED, "its marker is unset"
    if fingerprint == expected:
        return None, ""
    detail = f"built from {fingerprint[:12]}, the checkout is at {expected[:12]}"
    leftover = next(
        (
            candidate
            for candidate in project.package_files
            if project.policy.is_shared_object(candidate) and project.read(candidate) == content
        ),
        None,
    )
    if leftover is None:
        return _STALE, detail
    return _PACKED, f"{detail}; the same bytes lie in the checkout as {leftover}"
