"""Reads a lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rattler import LockFile
from rattler.exceptions import ParseCondaLockError

from lock.errors import LockError
from lock.listing import Listing, read_listing
from lock.platforms import LockedPlatform, VirtualPackage

if TYPE_CHECKING:
    from pathlib import Path

    from rattler import RepoDataRecord

VERSION = 7


@dataclass(frozen=True)
class Locked:
    """What a lock holds.

    Parameters
    ----------
    platforms
        Its platforms by their names in the lock.
    channels
        The addresses of each environment's channels.
    packages
        The records of each environment and platform name.
    listing
        What its lines say.
    """

    platforms: dict[str, LockedPlatform]
    channels: dict[str, tuple[str, ...]]
    packages: dict[tuple[str, str], list[RepoDataRecord]]
    listing: Listing


def read_lock(path: Path) -> Locked:
    """Read a lock.

    Raises
    ------
    LockError
        The file cannot be read, is no lock, or is one of another version.
    """
    try:
        listing = read_listing(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}; make the lock as docs/lock.md says"
        raise LockError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path.name} is no lock: byte {error.start} is not UTF-8"
        raise LockError(message) from error
    # Before the rest is read, for another version may mean the same lines otherwise.
    if listing.version != VERSION:
        stated = f"version {listing.version}" if listing.version else "no version"
        message = f"{path.name} states {stated}, and pixi 0.77 writes version {VERSION}"
        raise LockError(message)
    try:
        lock = LockFile.from_path(path)
    except ParseCondaLockError as error:
        message = f"{path.name} is no lock that can be read: {' '.join(str(error).split())}"
        raise LockError(message) from error
    environments = lock.environments()
    return Locked(
        platforms={
            platform.name: LockedPlatform(
                platform.name,
                str(platform.subdir),
                tuple(VirtualPackage.parse(text) for text in platform.virtual_packages),
            )
            for platform in lock.platforms()
        },
        channels={
            name: tuple(_address(str(channel)) for channel in environment.channels())
            for name, environment in environments
        },
        packages={
            (name, platform): records
            for name, environment in environments
            for platform, records in environment.conda_repodata_records().items()
        },
        listing=listing,
    )


def _address(channel: str) -> str:
    return channel.rstrip("/") + "/"
