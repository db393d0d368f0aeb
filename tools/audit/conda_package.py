"""Read a conda package."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit import tags
from audit.contents import Contents
from audit.errors import AuditError
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SITE_PACKAGES = re.compile(r"^(lib/python3\.\d+t?/|Lib/)?site-packages/")
_PYTHON_ABI = re.compile(r"python_abi\s+\S+\s+\*_(cp\w+)")
_SUBDIRS = {
    "linux-64": ("linux", "x86_64"),
    "linux-aarch64": ("linux", "aarch64"),
    "osx-64": ("macos", "x86_64"),
    "osx-arm64": ("macos", "aarch64"),
    "win-64": ("windows", "x86_64"),
    "win-arm64": ("windows", "aarch64"),
}


@dataclass(frozen=True, kw_only=True)
class CondaPackage(Contents):
    """A conda package: contents, every file of it by its path in the environment, and paths.json.

    ``paths`` maps a path to its (SHA-256, size); it is None where there is no readable list.
    """

    members: Mapping[str, bytes]
    paths: Mapping[str, tuple[str | None, int | None]] | None


def read(path: Path, label: str) -> CondaPackage:
    """Return the contents of the conda package at `path`.

    Raises
    ------
    AuditError
        If the file is no `.conda` archive, is damaged or lacks its metadata, or if this Python
        cannot decompress it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {
                part: _unpack(archive.read(name), label)
                for name in archive.namelist()
                for part in ("pkg", "info")
                if name.startswith(f"{part}-") and name.endswith(".tar.zst")
            }
    except (zipfile.BadZipFile, EOFError, zlib.error, tarfile.TarError) as error:
        raise AuditError(f"{label} is no conda package, or is damaged: {error}") from error
    except OSError as error:
        raise AuditError(f"{label} cannot be read: {error.strerror or error}") from error
    index = _object(parts.get("info", {}).get("info/index.json", b""))
    if "pkg" not in parts or index is None:
        raise AuditError(f"{label} is no conda package: it needs its files and info/index.json")
    members = parts["pkg"]
    files = {
        _SITE_PACKAGES.sub("", name): content
        for name, content in members.items()
        if _SITE_PACKAGES.match(name)
    }
    return CondaPackage(
        Stage.CONDA,
        label,
        files,
        name=index.get("name"),
        version=index.get("version"),
        target=_target(index),
        path=path,
        size=path.stat().st_size,
        members=members,
        paths=_paths(parts["info"].get("info/paths.json", b"")),
    )


def _unpack(data: bytes, label: str) -> dict[str, bytes]:
    try:
        import zstandard
    except ModuleNotFoundError as error:
        message = f"{label} is compressed with zstandard: install that into the Python that audits"
        raise AuditError(message) from error
    try:
        with (
            zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as plain,
            tarfile.open(fileobj=plain, mode="r|") as archive,
        ):
            return {
                member.name: stream.read()
                for member in archive
                if member.isfile() and (stream := archive.extractfile(member)) is not None
            }
    except zstandard.ZstdError as error:
        raise AuditError(f"{label} is damaged: {error}") from error


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _paths(content: bytes) -> dict[str, tuple[str | None, int | None]] | None:
    listed = _object(content)
    try:
        return {
            entry["_path"]: (entry.get("sha256"), entry.get("size_in_bytes"))
            for entry in (listed or {})["paths"]
            if entry.get("path_type", "hardlink") == "hardlink"
        }
    except (KeyError, TypeError, AttributeError):
        return None


def _target(index: dict[str, Any]) -> tags.Target:
    subdir = str(index.get("subdir"))
    abis = {
        found[1]
        for depend in index.get("depends", [])
        if (found := _PYTHON_ABI.fullmatch(str(depend)))
    }
    system, machine = _SUBDIRS.get(subdir, (None, None))
    platform = tags.Platform(system, frozenset({machine})) if system and machine else None
    name = "-".join([*sorted(abis), subdir])
    return tags.Target(frozenset(abis) | {"abi3"}, platform, name)
