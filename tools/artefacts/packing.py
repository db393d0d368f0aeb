"""Archives whose bytes follow from their files alone.

What builds an archive writes into it when it ran, as whom and under which umask, and the order in
which the file system listed the files. Here it is packed again without any of that.
"""

from __future__ import annotations

import gzip
import stat
import tarfile
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from artefacts.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EARLIEST = 315_532_800
"""1980-01-01, the first moment that a zip archive can write down."""


def epoch_of(environment: Mapping[str, str]) -> int:
    """Return the time that archives carry: SOURCE_DATE_EPOCH, or 1980 where it is not set.

    Raises
    ------
    ArtefactError
        When SOURCE_DATE_EPOCH is not a number of seconds.
    """
    given = environment.get("SOURCE_DATE_EPOCH", str(EARLIEST))
    if not (given.isascii() and given.isdigit()):
        message = f"SOURCE_DATE_EPOCH is {given!r}: set it to whole seconds since 1970, or unset it"
        raise ArtefactError(message)
    return int(given)


def repack(path: Path, epoch: int) -> None:
    """Write the sdist or wheel at `path` anew, with the same files.

    Members are sorted (a wheel's metadata last, as its format advises), belong to nobody, were
    last changed at `epoch` (seconds since 1970), and have mode 0755 where the owner may execute
    them, else 0644.
    """
    aside = path.with_name(f"{path.name}.new")
    try:
        with aside.open("wb") as out:
            (_wheel if path.suffix == ".whl" else _sdist)(path, out, epoch)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _sdist(path: Path, out: BinaryIO, epoch: int) -> None:
    with (
        tarfile.open(path, "r:gz") as old,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=out, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old, key=lambda member: member.name):
            member.mtime = epoch
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() else _mode(member.mode)
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isreg() else None)


def _wheel(path: Path, out: BinaryIO, epoch: int) -> None:
    date = datetime.fromtimestamp(max(epoch, EARLIEST), UTC)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in sorted(old.infolist(), key=lambda member: _last(member.filename)):
            info = zipfile.ZipInfo(member.filename, date.timetuple()[:6])
            info.create_system = 3  # Unix, on every system
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | _mode(member.external_attr >> 16)) << 16
            new.writestr(info, old.read(member))


def _mode(mode: int) -> int:
    return 0o755 if mode & stat.S_IXUSR else 0o644


def _last(name: str) -> tuple[bool, bool, str]:
    folder, _, base = name.partition("/")
    return folder.endswith(".dist-info"), base == "RECORD", name
