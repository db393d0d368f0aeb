"""Archives of packages, between the channel they are downloaded from and the package cache."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import rattler

from pixiw.fetch import Archive, Fetcher
from pixiw.lock import FileLock
from progress import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FOLDER = "archives"


@contextmanager
def local(
    records: Sequence[rattler.RepoDataRecord], prefix: Path, cache: Path
) -> Iterator[list[rattler.RepoDataRecord]]:
    """Download what the package cache lacks, and give records that point to the downloads.

    At the end of the block the prefix names the channel as the source of its packages again, and
    the downloads are removed, since the cache holds them unpacked. Where the block fails they
    stay, for the next run.

    Parameters
    ----------
    records
        Packages. Those without a hash, and those that do not come by HTTP, stay as they are.
    prefix
        Environment that the block installs.
    cache
        The package cache.
    """
    fetchable = [one for one in map(partial(_fetchable, cache), records) if one is not None]
    if all(one.unpacked() for one in fetchable):
        yield list(records)
        return
    # Held until the packages are unpacked: their archives are removed then.
    with FileLock(cache / _FOLDER / ".lock", waiting="another run downloads packages"):
        wanted = [one for one in fetchable if not one.unpacked()]
        with Step("downloading packages", total=len(wanted)) as step:
            Fetcher(step).fetch([one.archive for one in wanted])
        fetched = {one.archive.url: one.archive for one in wanted}
        for one in wanted:
            # Not every version of the library looks what archive an entry was unpacked from.
            shutil.rmtree(one.entry, ignore_errors=True)
        yield [_pointing(record, fetched.get(record.url)) for record in records]
        _restore(prefix, {archive.path.as_uri(): url for url, archive in fetched.items()})
        for one in wanted:
            one.note.write_text(one.archive.expected, encoding="ascii")
            shutil.rmtree(one.archive.path.parent)


@dataclass(frozen=True)
class _Package:
    """A package that is to be in the cache.

    Parameters
    ----------
    archive
        Its archive, as it is downloaded.
    entry
        Folder of the unpacked package.
    note
        File with the hash of the archive that was unpacked.
    """

    archive: Archive
    entry: Path
    note: Path

    def unpacked(self) -> bool:
        """Tell whether the cache has the package, from this very archive."""
        if not (self.entry.is_dir() and self.note.is_file()):
            return False
        return self.note.read_text(encoding="ascii", errors="replace") == self.archive.expected


def _fetchable(cache: Path, record: rattler.RepoDataRecord) -> _Package | None:
    parts = urlsplit(record.url)
    known = record.sha256 or record.md5
    # An address with a password in it is for the library, which knows what to do with it.
    if parts.scheme not in {"http", "https"} or parts.username is not None or known is None:
        return None
    name = f"{record.name.normalized}-{record.version}-{record.build}"
    # The library's entry has the name of the file, which two channels may give different ones.
    path = cache / _FOLDER / known.hex() / record.file_name
    algorithm = "md5" if record.sha256 is None else "sha256"
    archive = Archive(record.url, algorithm, known.hex(), path)
    return _Package(archive, cache / name, cache / _FOLDER / f"{name}.unpacked")


def _pointing(record: rattler.RepoDataRecord, archive: Archive | None) -> rattler.RepoDataRecord:
    if archive is None:
        return record
    address = archive.path.as_uri()
    return rattler.RepoDataRecord(record, record.file_name, address, record.channel)


def _restore(prefix: Path, urls: dict[str, str]) -> None:
    """Name the channel's address in the records of the installed packages."""
    for path in prefix.glob("conda-meta/*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("url") in urls:
            content["url"] = urls[content["url"]]
            aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            aside.replace(path)
