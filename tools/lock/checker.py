"""Checks a lock against the manifest, and stops at the first thing that is amiss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lock import coverage, record_checks
from lock.closure import Closure
from lock.history import earlier_hashes
from lock.reader import Locked, read_lock
from lock.task_checks import task_problems
from lock.wanted import Wishes, wishes_of
from pixiw.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lock.problem import Problem
    from pixiw.model import Manifest


@dataclass(frozen=True)
class Held:
    """What a lock holds for an environment on a platform.

    Parameters
    ----------
    environment, subdir
        The environment and the platform.
    records
        How many records there are.
    python
        The version of Python, where there is one.
    """

    environment: str
    subdir: str
    records: int
    python: str | None


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    problem
        The first thing amiss, if any.
    held
        What the lock holds.
    unverified
        File names of the records that have no hashes.
    versions
        How many earlier versions of the lock the hashes were compared with.
    """

    problem: Problem | None
    held: tuple[Held, ...] = ()
    unverified: tuple[str, ...] = ()
    versions: int = 0


def check(manifest_path: Path, lock_path: Path) -> Verdict:
    """Check a lock.

    Raises
    ------
    LockError
        The lock cannot be read.
    PixiwError
        The manifest cannot be read.
    """
    manifest = read_manifest(manifest_path)
    wishes = wishes_of(manifest)
    locked = read_lock(lock_path)
    earlier, versions = earlier_hashes(lock_path)
    return Verdict(
        problem=next(_problems(manifest, wishes, locked, earlier), None),
        held=tuple(_held(locked)),
        unverified=tuple(record_checks.unverified(locked)),
        versions=versions,
    )


def _problems(
    manifest: Manifest, wishes: Wishes, locked: Locked, earlier: Mapping[str, str]
) -> Iterator[Problem]:
    yield from task_problems(manifest)
    yield from coverage.platform_problems(wishes, locked)
    yield from coverage.environment_problems(wishes, locked)
    yield from coverage.channel_problems(wishes, locked)
    yield from coverage.listing_problems(locked)
    yield from record_checks.record_problems(locked, earlier)
    names = {platform.subdir: name for name, platform in locked.platforms.items()}
    for wanted in wishes.solves:
        records = locked.packages.get((wanted.environment, names[wanted.platform.subdir]), [])
        yield from Closure(wanted, records).problems()


def _held(locked: Locked) -> Iterator[Held]:
    for (environment, platform), records in sorted(locked.packages.items()):
        pythons = [str(record.version) for record in records if record.name.normalized == "python"]
        subdir = locked.platforms[platform].subdir
        yield Held(environment, subdir, len(records), pythons[0] if pythons else None)
