"""What an archive says about each of its members, beside their contents."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "symbolic link",
    tarfile.LNKTYPE: "hard link",
}


@dataclass(frozen=True)
class Member:
    """One entry of an archive: its metadata in words and its content.

    ``time`` is as the archive writes it, in seconds since 1970 (tar) or as a date (zip). ``owner``
    and ``target`` are empty where the format has none.
    """

    name: str
    kind: str
    time: str
    mode: int
    owner: str
    target: str
    content: bytes


def read(name: str, data: bytes) -> list[Member] | None:
    """Return the members of the archive `data` in their order, or None for any other file.

    Parameters
    ----------
    name : str
        Name of the file, whose ending tells the format.
    data : bytes
        Its content. What cannot be read as the format that the name promises is no archive.
    """
    for ending, reader in _READERS.items():
        if name.endswith(ending):
            try:
                return reader(data)
            except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, ValueError):
                return None
    return None


def _zip(data: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [_zip_member(archive, info) for info in archive.infolist()]


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    year, month, day, hour, minute, second = info.date_time
    return Member(
        name=info.filename,
        kind="symbolic link" if stat.S_ISLNK(mode) else "folder" if info.is_dir() else "file",
        time=f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}",
        mode=stat.S_IMODE(mode),
        owner="",
        target="",
        content=archive.read(info),
    )


def _tar(data: bytes) -> list[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        return [_tar_member(archive, info) for info in archive]


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    stream = archive.extractfile(info) if info.isreg() else None
    return Member(
        name=info.name,
        kind=_TYPES.get(info.type, f"type {info.type!r}"),
        time=f"{info.mtime}",
        mode=stat.S_IMODE(info.mode),
        owner=f"{info.uid}:{info.gid} {info.uname}:{info.gname}",
        target=info.linkname,
        content=stream.read() if stream else b"",
    )


def _zstd(data: bytes) -> list[Member]:
    try:
        import zstandard
    except ImportError:
        raise ValueError("no zstandard") from None  # then it is compared as one file
    try:
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as stream:
            plain = stream.read()
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
    return _tar(plain)


_READERS: dict[str, Callable[[bytes], list[Member]]] = {
    ".tar.gz": lambda data: _tar(gzip.decompress(data)),
    ".tar.bz2": lambda data: _tar(bz2.decompress(data)),
    ".tar.xz": lambda data: _tar(lzma.decompress(data)),
    ".tar.zst": _zstd,
    ".tar": _tar,
    ".whl": _zip,
    ".zip": _zip,
    ".conda": _zip,
}
