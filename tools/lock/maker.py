"""Makes the lock: solves everything that the manifest wants, and writes what was found."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rattler import LockChannel, LockFile, LockPlatform

from lock import channel
from lock.errors import LockError
from lock.records import RecordFolder
from lock.solver import solve
from progress import Step
from rattler_names import subdir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rattler import RepoDataRecord

    from lock.wanted import Wanted, Wishes


def make(wishes: Wishes, records: Path, target: Path) -> int:
    """Write the lock and return the number of solves in it.

    Parameters
    ----------
    wishes
        What the manifest wants.
    records
        Folder of the package records.
    target
        The lock; it is left as it was unless every solve succeeds.

    Raises
    ------
    LockError
        An environment cannot be solved on a platform, the records cannot be read, or the manifest
        names another channel; where several solves fail, each has a line.
    """
    _only_conda_forge(wishes)
    with tempfile.TemporaryDirectory(prefix="lock-") as cache:
        solved = _solve_all(wishes, RecordFolder(records, Path(cache)))
    _write(wishes, solved, target)
    return len(solved)


def _only_conda_forge(wishes: Wishes) -> None:
    for environment, channels in wishes.channels.items():
        if channels != (channel.NAME,):
            named = ", ".join(channels)
            message = (
                f"the environment {environment} has the channels {named}, and the lock is made of "
                f"{channel.NAME} alone; name only that in pixi.toml"
            )
            raise LockError(message)


def _solve_all(wishes: Wishes, folder: RecordFolder) -> dict[Wanted, list[RepoDataRecord]]:
    solved: dict[Wanted, list[RepoDataRecord]] = {}
    failures = []
    with Step("solving environments", total=len(wishes.solves)) as step:
        for wanted in wishes.solves:
            repodata = folder.repodata(wanted.platform.subdir)
            try:
                solved[wanted] = solve(wanted, repodata)
            except LockError as error:
                failures.append(str(error))
            step.advance(wanted.where)
    if failures:
        raise LockError("\n".join(failures))
    return solved


def _write(wishes: Wishes, solved: Mapping[Wanted, Sequence[RepoDataRecord]], target: Path) -> None:
    # pixi itself writes platforms by name, so a lock refreshed with it differs in content alone.
    platforms = {
        platform.name: LockPlatform(
            platform.name,
            subdir(platform.subdir),
            [str(item) for item in platform.virtual_packages],
        )
        for platform in sorted(wishes.platforms, key=lambda platform: platform.name)
    }
    lock = LockFile(list(platforms.values()))
    for environment in sorted(wishes.channels):
        lock.set_channels(environment, [LockChannel(channel.URL)])
    for wanted, records in solved.items():
        for record in sorted(records, key=lambda record: str(record.url)):
            lock.add_conda_package(wanted.environment, platforms[wanted.platform.name], record)
    aside = target.with_name(f".{target.name}.new")
    try:
        lock.to_path(aside)
        aside.replace(target)
    except OSError as error:
        message = f"cannot write {target}: {error.strerror or error}"
        raise LockError(message) from error
    finally:
        aside.unlink(missing_ok=True)
