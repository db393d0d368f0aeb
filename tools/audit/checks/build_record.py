"""The build record inside a wheel or an installation, against what is really there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sources
from audit.causes import at
from audit.checks import presence, shared_objects
from audit.findings import Finding
from audit.installed import Installation
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.contents import Contents
    from audit.material import Material

_UNREADABLE, _CONTRADICTION, _DIGEST = 41, 42, 43
_VERSION = 1


def check(material: Material) -> Iterator[Finding]:
    """Yield records that are missing, contradict their artefact, or speak of other sources."""
    for contents in material.contents:
        if contents.stage is Stage.SDIST or not contents.exists:
            continue
        if isinstance(contents, Installation) and contents.editable is not None:
            continue
        yield from _contents(material, contents)


def _contents(material: Material, contents: Contents) -> Iterator[Finding]:
    project = material.project
    path = project.policy.build_record

    def finding(number: int, detail: str, *modules: str) -> Finding:
        return Finding(at(contents.stage, number), contents.label, detail, modules, files=(path,))

    try:
        record = _parse(contents.files[path])
    except KeyError:
        yield finding(_UNREADABLE, "the file is missing")
        return
    except ValueError as error:
        yield finding(_UNREADABLE, str(error))
        return
    alone = type(material)(project, (contents,), material.unknown)
    others = [*presence.check(alone), *shared_objects.check(alone)]
    blamed = {module for other in others for module in other.modules}
    if record["package"] != contents.version:
        yield finding(
            _CONTRADICTION, f"it speaks of version {record['package']}, not {contents.version}"
        )
    recorded = {module["name"]: module for module in record["modules"]}
    declared = {source.name for source in project.compiled}
    for name in sorted((recorded.keys() ^ declared) - blamed):
        what = "lists a module that no source declares" if name in recorded else "lacks the module"
        yield finding(_CONTRADICTION, f"it {what}", name)
    for name in sorted((recorded.keys() & declared) - blamed):
        wrong = _contradiction(contents, recorded[name])
        if wrong is not None:
            yield finding(_CONTRADICTION, wrong, name)
    # Where a file differs, that finding has said more already.
    if not others and record["source"]["digest"] != project.digest:
        told = str(record["source"]["digest"])
        yield finding(_DIGEST, f"built from {told[:12]}, the checkout is at {project.digest[:12]}")


def _parse(content: bytes) -> dict[str, Any]:
    """Return the record; ValueError says what is wrong with it."""
    try:
        record = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no JSON: {error}") from error
    if not isinstance(record, dict) or record.get("version") != _VERSION:
        raise ValueError(f"it is no build record of version {_VERSION}")
    try:
        complete = isinstance(record["package"], str) and isinstance(
            record["source"]["digest"], str
        )
        for module in record["modules"]:
            complete = complete and all(
                isinstance(module[key], str) for key in ("name", "file", "abi", "fingerprint")
            )
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks {error}") from error
    if not complete:
        raise ValueError("its fields are not of the expected types")
    return record


def _contradiction(contents: Contents, recorded: dict[str, str]) -> str | None:
    """Say in what a module's entry is not what is in the artefact."""
    content = contents.files.get(recorded["file"])
    if content is None:
        return f"it names {recorded['file']}, which is not there"
    mark = sources.read_marker(content)
    if mark is not None and mark[1] != recorded["fingerprint"]:
        return f"it says {recorded['fingerprint'][:12]}, the shared object {mark[1][:12]}"
    abis = contents.target.abis if contents.target is not None else {recorded["abi"]}
    if recorded["abi"] not in abis:
        return f"it says ABI {recorded['abi']}"
    return None
