"""The build record: what the build says that it put into the package."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

FILE = "_build_record.json"
VERSION = 1

_NAME = re.compile(r"rustybt(\.\w+)+")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class RecordError(ValueError):
    """A build record is there, but cannot be what the build wrote."""


@dataclass(frozen=True)
class Module:
    """One compiled module of the build record.

    ``file`` is a POSIX path relative to the folder that holds the package; ``fingerprint`` is
    None where no record tells it.
    """

    name: str
    language: str
    file: str
    abi: str
    fingerprint: str | None


@dataclass(frozen=True)
class Record:
    """What was built: the modules, sorted by name, and the whole record as it was written."""

    package: str
    modules: tuple[Module, ...]
    raw: dict[str, Any]


def read(folder: Path) -> Record:
    """Read the build record in the package `folder`.

    Raises
    ------
    FileNotFoundError
        If there is none.
    RecordError
        If it is no build record of a version that this module reads.
    """
    path = folder / FILE
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} cannot be read: {error}") from error
    if not isinstance(raw, dict) or raw.get("version") != VERSION:
        raise RecordError(f"{path} is no build record of version {VERSION}")
    package, entries = raw.get("package"), raw.get("modules")
    if not isinstance(package, str) or not isinstance(entries, list):
        raise RecordError(f"{path} lacks `package` or `modules`")
    if not entries:
        raise RecordError(f"{path} lists no compiled module")
    modules = sorted((_module(path, entry) for entry in entries), key=lambda item: item.name)
    names = [module.name for module in modules]
    if len(set(names)) < len(names):
        raise RecordError(f"{path} lists a module twice")
    return Record(package, tuple(modules), raw)


def _module(path: Path, entry: object) -> Module:
    if not isinstance(entry, dict):
        raise RecordError(f"{path}: {entry!r} describes no module")
    fields: dict[str, str] = {}
    for key in ("name", "language", "file", "abi", "fingerprint"):
        value = entry.get(key)
        if not isinstance(value, str):
            raise RecordError(f"{path}: {key} of the module {entry.get('name')!r} is {value!r}")
        fields[key] = value
    module = Module(**fields)
    if not _NAME.fullmatch(module.name):
        raise RecordError(f"{path}: {module.name!r} is no module of rustybt")
    if not _FINGERPRINT.fullmatch(module.fingerprint or ""):
        raise RecordError(f"{path}: the fingerprint of {module.name} is {module.fingerprint!r}")
    if not module.file.startswith(f"{module.name.replace('.', '/')}."):
        raise RecordError(f"{path}: {module.file} is no file of the module {module.name}")
    return module
