"""What an artefact says of itself: name and version; of a wheel also its tags and RECORD."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from typing import TYPE_CHECKING

from audit import tags
from audit.causes import Cause, at
from audit.findings import Finding
from audit.stages import Stage
from audit.wheel import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.contents import Contents
    from audit.material import Material
    from audit.project import Project

_IDENTITY = 6


def check(material: Material) -> Iterator[Finding]:
    """Yield contradictions between an archive, its metadata and the checkout."""
    for contents in material.contents:
        if contents.stage is not Stage.INSTALLED:
            yield from _identity(material.project, contents)
        if isinstance(contents, Wheel):
            yield from _tags(material.project, contents)
            yield from _record(contents)


def _identity(project: Project, contents: Contents) -> Iterator[Finding]:
    wanted = project.policy.distribution
    if _normal(contents.name or "") != _normal(wanted):
        yield Finding(
            at(contents.stage, _IDENTITY),
            contents.label,
            f"it is named {contents.name}, the checkout {wanted}",
        )
    elif project.version is not None and contents.version != project.version:
        yield Finding(
            at(contents.stage, _IDENTITY),
            contents.label,
            f"it is version {contents.version}, the checkout {project.version}",
        )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _tags(project: Project, wheel: Wheel) -> Iterator[Finding]:
    named = wheel.named
    if wheel.tags != named.tags:
        in_wheel = ", ".join(sorted(wheel.tags)) or "none"
        yield Finding(Cause.WHEEL_NAME, wheel.label, f"WHEEL has {in_wheel}")
    modules = {
        extension.module
        for path in wheel.files
        if project.policy.is_shared_object(path)
        and (extension := tags.parse_extension(path)) is not None
    }
    if not modules:
        return
    if "none" in named.abis and "any" in named.platforms:
        yield Finding(Cause.WHEEL_TAG, wheel.label, f"tagged {', '.join(sorted(named.tags))}")
    elif wheel.pure:
        yield Finding(Cause.WHEEL_TAG, wheel.label, "WHEEL has Root-Is-Purelib: true")


def _record(wheel: Wheel) -> Iterator[Finding]:
    own = f"{wheel.dist_info}/RECORD"
    if own not in wheel.files:
        yield Finding(Cause.WHEEL_RECORD, wheel.label, "there is no RECORD", files=(own,))
        return
    rows = list(csv.reader(io.StringIO(wheel.files[own].decode("utf-8", errors="replace"))))
    listed = {row[0]: row[1:] for row in rows if row}
    signatures = {own, f"{own}.jws", f"{own}.p7s"}
    faults: dict[str, list[str]] = {
        "in the wheel more than once": list(wheel.repeated),
        "not in RECORD": sorted(wheel.files.keys() - listed.keys() - signatures),
        "in RECORD only": sorted(listed.keys() - wheel.files.keys()),
        "other content than RECORD says": sorted(
            path
            for path in (listed.keys() & wheel.files.keys()) - signatures
            if not _as_listed(wheel.files[path], listed[path])
        ),
    }
    for detail, files in faults.items():
        if files:
            yield Finding(Cause.WHEEL_RECORD, wheel.label, detail, files=tuple(files))


def _as_listed(content: bytes, row: list[str]) -> bool:
    hashed, size = (*row, "", "")[:2]
    algorithm, _, digest = hashed.partition("=")
    return size == str(len(content)) and same_digest(content, algorithm, digest)


def same_digest(content: bytes, algorithm: str, digest: str) -> bool:
    """Tell whether content has the urlsafe base64 digest that a RECORD gives."""
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        return False
    computed = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest())
    return computed.rstrip(b"=").decode("ascii") == digest
