"""The packages that `pixi.lock` holds for an environment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lock.closure import Closure
from lock.errors import LockError
from lock.reader import read_lock
from lock.wanted import Wanted
from pixiw.lock_use import LockUse
from pixiw.request import EnvironmentFailure, Request
from pixiw.route import address

if TYPE_CHECKING:
    from pathlib import Path

    from rattler import RepoDataRecord

    from lock.platforms import LockedPlatform
    from lock.reader import Locked

# What the two readers of the manifest state alike; the others follow from the subdir.
_PROMISED = ("__cuda", "__glibc", "__linux", "__osx")


def locked_records(request: Request, path: Path, use: LockUse) -> list[RepoDataRecord] | None:
    """Return the packages of an environment, or None where it is to be solved.

    Parameters
    ----------
    request
        The environment.
    path
        The lock.
    use
        How it is to be followed.

    Raises
    ------
    EnvironmentFailure
        The lock cannot be read, or does not hold what `use` demands.
    """
    if not path.is_file():
        if use is LockUse.FITTING:
            return None
        message = f"there is no {path}, which --{use.value} installs from; make it with `pixi lock`"
        raise EnvironmentFailure(message)
    try:
        lock = read_lock(path)
        platform = _platform(request, lock)
        records = None if platform is None else lock.packages.get((request.name, platform.name))
        follow = use is LockUse.FROZEN
        reason = None if follow else _unmet(request, lock, platform, records or [])
    except LockError as error:
        raise EnvironmentFailure(str(error)) from error
    if reason is None and (records is not None or not request.specs):
        return records or []
    reason = reason or f"it has no environment {request.name} for {request.platform}"
    if use is LockUse.FITTING:
        print(
            f"pixiw: {path.name} does not satisfy the manifest ({reason}), so the environment "
            f"{request.name} is solved anew; refresh the lock with `pixi lock`",
            file=sys.stderr,
        )
        return None
    message = (
        f"--{use.value} installs from {path.name}, which does not satisfy the manifest: {reason}; "
        "refresh it with `pixi lock`"
    )
    raise EnvironmentFailure(message)


def _platform(request: Request, lock: Locked) -> LockedPlatform | None:
    """Return the lock's platform of the request's subdir; the manifest has one of each."""
    fitting = (one for one in lock.platforms.values() if one.subdir == request.platform)
    return next(fitting, None)


def _unmet(
    request: Request,
    lock: Locked,
    platform: LockedPlatform | None,
    records: list[RepoDataRecord],
) -> str | None:
    """Return why the lock does not satisfy a request, if it does not."""
    if platform is None or request.name not in lock.channels:
        return f"it has no environment {request.name} for {request.platform}"
    promises = platform.promises()
    for name, version, _ in request.virtual_packages:
        if name in _PROMISED and (name not in promises or promises[name].version != version):
            return f"it is made for another platform than {request.platform} with {name} {version}"
    channels = tuple(f"{address(channel)}/" for channel in request.channels)
    if lock.channels[request.name] != channels:
        return f"it has the channels {', '.join(lock.channels[request.name])}"
    problem = next(Closure(Wanted(request.name, platform, request.specs), records).problems(), None)
    return None if problem is None else str(problem)
