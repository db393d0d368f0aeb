"""The `.conda` archive: a zip of two zstd-compressed tars, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import zstandard

from externals.failure import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Rewritten to the prefix at install time. conda's tools want it long, so that a prefix fits
# into its place in binaries too.
PLACEHOLDER = "/" + "/".join(["externals_placeholder", *["placehold"] * 20])

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_TAR_TIME = 315_532_800  # 1980-01-01, the earliest time a zip can state
_LEVEL = 3


@dataclass(frozen=True)
class Entry:
    """One file of a package.

    Parameters
    ----------
    path
        Where it goes, relative to the prefix, with forward slashes.
    data
        Its bytes; empty for a link.
    executable
        Whether it gets mode 755 instead of 644.
    link
        Target of a symbolic link, or None for a regular file.
    """

    path: str
    data: bytes = b""
    executable: bool = False
    link: str | None = None

    @property
    def placeholder(self) -> Literal["text"] | None:
        """How the placeholder in it is rewritten at install time, if it has one."""
        if self.link is not None or PLACEHOLDER.encode() not in self.data:
            return None
        return "text"


@dataclass(frozen=True)
class Package:
    """What a conda package says of itself, and its files."""

    name: str
    version: str
    build: str
    subdir: str
    noarch: Literal["python", "generic"] | None = None
    build_number: int = 0
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    license: str = ""
    summary: str = ""
    files: tuple[Entry, ...] = ()
    entry_points: tuple[str, ...] = ()
    run_exports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    site_packages: str | None = None

    @property
    def filename(self) -> str:
        """Name of the archive inside its subdir."""
        return f"{self.name}-{self.version}-{self.build}.conda"

    def index(self) -> dict[str, Any]:
        """Fields of `info/index.json`, which `repodata.json` repeats."""
        index: dict[str, Any] = {
            "build": self.build,
            "build_number": self.build_number,
            "constrains": list(self.constrains),
            "depends": list(self.depends),
            "license": self.license,
            "name": self.name,
            "subdir": self.subdir,
            "timestamp": _TAR_TIME * 1000,
            "version": self.version,
        }
        if self.subdir != "noarch":
            system, _, machine = self.subdir.partition("-")
            index["platform"] = system
            index["arch"] = {"64": "x86_64"}.get(machine, machine)
        if self.noarch is not None:
            index["noarch"] = self.noarch
        if self.site_packages is not None:
            index["python_site_packages_path"] = self.site_packages
        return index


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


def _paths(files: Iterable[Entry]) -> list[dict[str, Any]]:
    paths = []
    for entry in files:
        content = b"" if entry.link is not None else entry.data
        path: dict[str, Any] = {
            "_path": entry.path,
            "path_type": "softlink" if entry.link is not None else "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        if entry.placeholder is not None:
            path |= {"file_mode": entry.placeholder, "prefix_placeholder": PLACEHOLDER}
        paths.append(path)
    return paths


def _info(package: Package, files: list[Entry]) -> list[Entry]:
    about = {"license": package.license, "summary": package.summary}
    info = {
        "about.json": _json(about),
        "files": "".join(f"{entry.path}\n" for entry in files).encode(),
        "index.json": _json(package.index()),
        "paths.json": _json({"paths": _paths(files), "paths_version": 1}),
        "run_exports.json": _json({kind: list(v) for kind, v in package.run_exports.items()}),
    }
    rewritten = [
        f"{PLACEHOLDER} {entry.placeholder} {entry.path}\n"
        for entry in files
        if entry.placeholder is not None
    ]
    if rewritten:
        info["has_prefix"] = "".join(rewritten).encode()
    if package.noarch == "python":
        noarch = {"type": "python", "entry_points": list(package.entry_points)}
        info["link.json"] = _json({"noarch": noarch, "package_metadata_version": 1})
    return [Entry(f"info/{name}", data) for name, data in sorted(info.items())]


def _tar_zst(entries: Iterable[Entry], time: int, level: int) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            member = tarfile.TarInfo(entry.path)
            member.mtime = time
            member.mode = 0o755 if entry.executable else 0o644
            if entry.link is not None:
                member.type = tarfile.SYMTYPE
                member.linkname = entry.link
                member.mode = 0o777
                tar.addfile(member)
            else:
                member.size = len(entry.data)
                tar.addfile(member, io.BytesIO(entry.data))
    return zstandard.ZstdCompressor(level=level).compress(plain.getbuffer())


def contained(
    stem: str,
    files: Iterable[Entry],
    info: Iterable[Entry],
    *,
    time: int = _TAR_TIME,
    level: int = _LEVEL,
) -> bytes:
    """Return the archive of a package, in the order that is given.

    Parameters
    ----------
    stem
        Name of the archive without its ending.
    files
        What goes to the prefix.
    info
        What goes below `info`.
    time
        Of every file, in seconds since 1970.
    level
        Of the compression.
    """
    members = {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        f"pkg-{stem}.tar.zst": _tar_zst(files, time, level),
        f"info-{stem}.tar.zst": _tar_zst(info, time, level),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as container:
        for name, data in members.items():
            member = zipfile.ZipInfo(name, _ZIP_TIME)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            container.writestr(member, data)
    return archive.getvalue()


def _conda(package: Package) -> bytes:
    files = sorted(package.files, key=lambda entry: entry.path)
    return contained(package.filename.removesuffix(".conda"), files, _info(package, files))


def write_aside(path: Path, data: bytes) -> None:
    """Write `data` beside `path` and rename it into place.

    Raises
    ------
    ExternalsError
        There is no room for it, or no permission; `path` is as it was.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.write_bytes(data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def pack(package: Package, folder: Path) -> dict[str, Any]:
    """Write `package` into `folder` and return its record for `repodata.json`.

    Returns
    -------
    dict
        The fields of the package's index with md5, sha256 and size of the archive.

    Raises
    ------
    ExternalsError
        The archive cannot be written.
    """
    data = _conda(package)
    write_aside(folder / package.filename, data)
    return package.index() | {
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }
