"""Whether each record of a lock is a whole record of a conda-forge file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lock import channel
from lock.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rattler import RepoDataRecord

    from lock.reader import Locked

UNVERIFIED = frozenset(
    {
        "exchange-calendars-4.8-pyhd8ed1ab_1.conda",
        "korean_lunar_calendar-0.3.1-pyhd8ed1ab_1.conda",
        "pyluach-2.3.0-pyhd8ed1ab_0.conda",
        "setuptools-rust-1.12.1-pyhd8ed1ab_0.conda",
    }
)
"""Files whose hashes no record at hand states; only these may be without (docs/lock.md)."""


def records(locked: Locked) -> dict[str, RepoDataRecord]:
    """Return every record of a lock once, by its address."""
    return {record.url: record for held in locked.packages.values() for record in held}


def unverified(locked: Locked) -> list[str]:
    """Return the file names of the records without hashes."""
    held = records(locked).values()
    return sorted(record.file_name for record in held if record.sha256 is None)


def record_problems(locked: Locked, earlier: Mapping[str, str]) -> Iterator[Problem]:
    """Find records of other channels, of other files than they say, or with wrong hashes.

    Parameters
    ----------
    locked
        The lock.
    earlier
        SHA-256 that earlier versions of the lock state, by address.
    """
    first: dict[bytes, str] = {}
    for url, record in records(locked).items():
        name = record.file_name
        subdir = str(record.subdir)
        if url != channel.file_url(subdir, name):
            yield Problem(f"{url} is not a file of {channel.NAME}", name)
        stem = f"{record.name.normalized}-{record.version}-{record.build}"
        if name not in {f"{stem}.conda", f"{stem}.tar.bz2"}:
            yield Problem(
                f"the record is one of {stem}, which is not what the file is called", name
            )
        digest = record.sha256
        if (digest is None or record.md5 is None) and name not in UNVERIFIED:
            kind = "SHA-256" if digest is None else "MD5"
            yield Problem(f"the record has no {kind} hash", name)
        if digest is None:
            continue
        if digest in first:
            yield Problem(f"the record has the SHA-256 hash of {first[digest]}", name)
        first[digest] = name
        if earlier.get(url, digest.hex()) != digest.hex():
            yield Problem(
                f"the SHA-256 hash is {digest.hex()[:12]}..., an earlier version of the lock has "
                f"{earlier[url][:12]}..., and a published file never changes",
                name,
            )
