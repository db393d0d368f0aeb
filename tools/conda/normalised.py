"""A finished package without the place and the time of its build: the same bytes everywhere."""

from __future__ import annotations

import asyncio
import base64
import csv
import hashlib
import io
import json
import posixpath
import re
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import zstandard
from rattler.index import index_fs

from conda.errors import CondaError
from externals.archive import Entry, contained, write_aside
from reproduce import elf

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LEVEL = 15  # rattler-build's own default
_RENDERED = "info/recipe/rendered_recipe.yaml"
_NOTE_HEAD = 16  # of a note of GNU's: sizes of name and content, type, name
_PADDING = "_placehold"
_HOST_PREFIX = re.compile(rb"^ +host_prefix: (['\"]?)(.+)\1$", re.MULTILINE)


def normalise(path: Path, epoch: int) -> None:
    """Write the package at `path` anew, without what tells where and when it was built.

    ============================================  ================================================
    times in the archive, ``timestamp``           `epoch`
    order, owners, modes in the archive           sorted; nobody's; 0755 if executable, or 0644
    the padded prefix, in texts and in bytecode   another of the same length
    build ID of a shared object                   a hash of its content, as it is packed
    ``direct_url.json``                           left out, it names the folder of the sources
    ``RECORD``                                    the files as they are packed
    ``channels`` in ``info/about.json``           a folder becomes ``local``
    ``depends`` in ``info/index.json``            sorted
    ``info/recipe/rendered_recipe.yaml``          left out: folders and kernel of the machine
    ============================================  ================================================

    All else stays, byte for byte, a prefix without padding (on Windows) among it; of the recipe's
    folder only files do.

    Parameters
    ----------
    path : Path
        A package in the format `.conda`.
    epoch : int
        Seconds since 1970.

    Raises
    ------
    CondaError
        It is no such package, or holds what is neither a file nor a symbolic link.
    """
    stem = path.name.removesuffix(".conda")
    try:
        with zipfile.ZipFile(path) as container:
            files = _entries(path.name, container.read(f"pkg-{stem}.tar.zst"))
            info = _entries(path.name, container.read(f"info-{stem}.tar.zst"))
    except (KeyError, zipfile.BadZipFile, zstandard.ZstdError, tarfile.TarError) as error:
        raise CondaError(f"{path} cannot be read as a conda package: {error}") from error
    for prefix in sorted(_prefixes(info), key=len, reverse=True):
        replacement = stand_in(prefix)
        files = [_replaced(entry, prefix, replacement) for entry in files]
        info = [_replaced(entry, prefix, replacement) for entry in info]
    files = [_identified(entry) for entry in files]
    listed = {entry.path: entry for entry in info}
    fixed = _paths_with_prefix(listed)
    files = _recorded(files, fixed)
    info = [_described(entry, files, epoch) for entry in info if entry.path != _RENDERED]
    write_aside(path, contained(stem, files, info, time=epoch, level=_LEVEL))


def index(folder: Path) -> None:
    """Write the index of the channel in `folder` anew, after its packages have changed."""
    asyncio.run(index_fs(folder, write_zst=False, write_shards=False, force=True))


def stand_in(prefix: str) -> str:
    """Return a prefix of the same length that tells nothing, or `prefix` itself without padding."""
    if _PADDING not in prefix:
        return prefix
    name = f"/build/{prefix.partition(_PADDING)[0].rpartition('/')[2]}"
    return f"{name}{_PADDING * len(prefix)}"[: len(prefix)]


def _entries(name: str, data: bytes) -> list[Entry]:
    plain = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    found = []
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is not None:
                executable = bool(member.mode & 0o100)
                found.append(Entry(member.name, stream.read(), executable=executable))
            elif member.issym():
                found.append(Entry(member.name, link=member.linkname))
            elif not (member.isdir() and member.name.startswith("info/")):  # the recipe's, empty
                message = f"{name} holds {member.name}, which is neither a file nor a symbolic link"
                raise CondaError(message)
    return sorted(found, key=lambda entry: entry.path)


def _prefixes(info: Iterable[Entry]) -> set[str]:
    """Return the prefixes that a package says it was built with."""
    found = set()
    for entry in info:
        if entry.path == "info/paths.json":
            paths = json.loads(entry.data)["paths"]
            found |= {path["prefix_placeholder"] for path in paths if "prefix_placeholder" in path}
        elif entry.path == _RENDERED:  # bytecode holds it too, and is no path to be rewritten
            found |= {match[2].decode() for match in _HOST_PREFIX.finditer(entry.data)}
    return found


def _replaced(entry: Entry, prefix: str, replacement: str) -> Entry:
    data = entry.data.replace(prefix.encode(), replacement.encode())
    return Entry(entry.path, data, executable=entry.executable, link=entry.link)


def _identified(entry: Entry) -> Entry:
    """Return a shared object with its build ID made anew, any other file as it is.

    The linker hashes the run path of the host prefix too, which is rewritten later.
    """
    for section in elf.sections(entry.data):
        if section.name == elf.BUILD_ID:
            start, size = section.start + _NOTE_HEAD, section.end - section.start - _NOTE_HEAD
            before, after = entry.data[:start], entry.data[section.end :]
            found = hashlib.shake_256(before + after).digest(size)
            return Entry(entry.path, before + found + after, executable=entry.executable)
    return entry


def _paths_with_prefix(info: dict[str, Entry]) -> set[str]:
    paths = json.loads(info["info/paths.json"].data)["paths"] if "info/paths.json" in info else []
    return {path["_path"] for path in paths if path.get("prefix_placeholder")}


def _recorded(files: list[Entry], fixed: set[str]) -> list[Entry]:
    """Return the files without `direct_url.json`, and with what RECORD says being true of them.

    An installer rewrites the files `fixed`, so their hashes are left open, as bytecode's are.
    """
    kept = [entry for entry in files if not entry.path.endswith(".dist-info/direct_url.json")]
    contents = {entry.path: entry.data for entry in kept}
    dropped = {entry.path for entry in files} - contents.keys()
    for number, entry in enumerate(kept):
        if not entry.path.endswith(".dist-info/RECORD"):
            continue
        site = posixpath.dirname(posixpath.dirname(entry.path))
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        for name, digest, size in sorted(csv.reader(io.StringIO(entry.data.decode()))):
            path = posixpath.normpath(posixpath.join(site, name))
            if path in dropped:
                continue
            if path in fixed:
                writer.writerow((name, "", ""))
            elif digest and path in contents:
                writer.writerow((name, _record_hash(contents[path]), len(contents[path])))
            else:
                writer.writerow((name, digest, size))
        kept[number] = Entry(entry.path, lines.getvalue().encode())
    return kept


def _record_hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"


def _described(entry: Entry, files: list[Entry], epoch: int) -> Entry:
    if entry.path not in _REWRITERS:
        return entry
    document = _REWRITERS[entry.path](json.loads(entry.data), files, epoch)
    return Entry(entry.path, json.dumps(document, indent=2, sort_keys=True).encode())


def _index(document: dict[str, Any], _files: list[Entry], epoch: int) -> dict[str, Any]:
    return document | {
        "timestamp": epoch * 1000,
        "depends": sorted(document.get("depends", [])),
    }


def _about(document: dict[str, Any], _files: list[Entry], _epoch: int) -> dict[str, Any]:
    channels = document.get("channels", [])
    return document | {
        "channels": ["local" if name.startswith("file:") else name for name in channels]
    }


def _paths(document: dict[str, Any], files: list[Entry], _epoch: int) -> dict[str, Any]:
    contents = {entry.path: entry for entry in files}
    paths = []
    for path in sorted(document["paths"], key=lambda path: path["_path"]):
        entry = contents.get(path["_path"])
        if entry is None:
            continue
        target = entry
        if entry.link is not None:
            place = posixpath.join(posixpath.dirname(entry.path), entry.link)
            target = contents.get(posixpath.normpath(place), entry)
        described = {} if target.link is not None else _content(target.data)
        paths.append(path | described)
    return document | {"paths": paths}


def _content(data: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}


_REWRITERS = {"info/index.json": _index, "info/about.json": _about, "info/paths.json": _paths}
