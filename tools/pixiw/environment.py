"""Environments: what a task needs, solved, installed and activated, or reused as they are."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pixiw import stamp
from pixiw.lock import FileLock
from pixiw.lock_use import LockUse
from pixiw.request import EnvironmentFailure, Request
from pixiw.route import Route, choose_route

if TYPE_CHECKING:
    from pixiw.solution import Solved

__all__ = [
    "EnvironmentFailure",
    "Prepared",
    "Request",
    "Route",
    "choose_route",
    "prepare",
]


@dataclass(frozen=True)
class Prepared:
    """An environment ready for use.

    Parameters
    ----------
    prefix
        Its folder.
    variables
        Variables to set in a process that is to run in it.
    reused
        Whether it was there already.
    digest
        Digest of the packages in it.
    """

    prefix: Path
    variables: dict[str, str]
    reused: bool
    digest: str


@dataclass(frozen=True)
class _Place:
    """Folders of one environment on one route."""

    workspace: Path
    route: Route
    name: str

    @property
    def _home(self) -> Path:
        pixi = self.workspace / ".pixi"
        return pixi / "externals" if self.route is Route.EXTERNALS else pixi

    @property
    def prefix(self) -> Path:
        return self._home / "envs" / self.name

    @property
    def lock(self) -> Path:
        return self._home / "envs" / f".{self.name}.lock"

    @property
    def pixi_lock(self) -> Path:
        return self.workspace / "pixi.lock"

    @property
    def cache(self) -> Path:
        return self.workspace / ".pixi" / "externals" / "cache"

    @property
    def channel(self) -> Path:
        return self.workspace / ".pixi" / "externals" / "channel" / self.name


@cache
def _code() -> str:
    """Digest of the code and the tables that decide what an environment holds."""
    tools = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    files = [*(tools / "externals").iterdir(), *map(Path(__file__).with_name, _OWN)]
    for path in sorted(files):
        if path.suffix in {".py", ".toml", ".txt"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


_OWN = ("activation.py", "environment.py", "solution.py", "stamp.py")


def _key(request: Request, place: _Place, use: LockUse) -> str:
    digest = hashlib.sha256()
    for part in (
        place.route.value,
        repr((request.name, request.specs, request.channels, request.platform)),
        repr(request.virtual_packages),
        repr(sorted(request.activation_env.items())),
    ):
        digest.update(part.encode() + b"\0")
    for script in request.activation_scripts:
        path = place.workspace / script
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    if place.route is Route.EXTERNALS:
        digest.update(_code().encode())
    else:
        lock = place.pixi_lock
        digest.update(lock.read_bytes() if lock.is_file() else b"none")
        # A frozen environment may differ from one that follows the manifest too.
        digest.update(str(use is LockUse.FROZEN).encode())
    return digest.hexdigest()


def _remove(prefix: Path) -> None:
    """Remove an environment; renamed first, so that a kill leaves none that looks complete."""
    for left in prefix.parent.glob(f".{prefix.name}.old*"):
        shutil.rmtree(left, ignore_errors=True)
    if prefix.exists():
        aside = prefix.with_name(f".{prefix.name}.old")
        prefix.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _ready(place: _Place, key: str) -> Prepared | None:
    found = stamp.read(place.prefix)
    if found is None or not found.holds(key):
        return None
    variables = found.activation.onto(os.environ)
    return Prepared(place.prefix, variables, reused=True, digest=found.digest)


def prepare(
    request: Request, route: Route, workspace: Path, use: LockUse = LockUse.FITTING
) -> Prepared:
    """Make an environment ready, at once where an earlier run left the same one.

    Parameters
    ----------
    request
        The environment.
    route
        Where its packages come from.
    workspace
        Folder of the manifest.
    use
        How `pixi.lock` is to be followed; the externals channel never follows it.

    Raises
    ------
    EnvironmentFailure
        It cannot be had; nothing half-made is left that a later run would trust.
    """
    workspace = workspace.absolute()
    place = _Place(workspace, route, request.name)
    key = _key(request, place, use)
    if route is Route.CONDA_FORGE and use is LockUse.LOCKED:
        # An environment that is ready may have been solved anew, past the lock.
        from pixiw.locked import locked_records

        locked_records(request, place.pixi_lock, use)
    found = _ready(place, key)
    if found is not None:
        return found
    with FileLock(place.lock, waiting=f"another run prepares the environment {request.name}"):
        return _ready(place, key) or _make(request, place, key, use)


def _make(request: Request, place: _Place, key: str, use: LockUse) -> Prepared:
    # The solver's library takes longer to load than a finished environment to be found.
    from pixiw.activation import activate
    from pixiw.installation import install, sentences

    with sentences(place.name, place.prefix):
        solved = _solve(request, place, use)
        _remove(place.prefix)
        try:
            install(
                solved.records, place.name, place.prefix, place.cache / "conda", request.platform
            )
            activation = activate(
                place.prefix, place.workspace, request.activation_env, request.activation_scripts
            )
            made = stamp.Stamp(key, solved.digest, solved.adopted, activation)
            stamp.write(place.prefix, made)
        except BaseException:
            _remove(place.prefix)
            raise
    variables = activation.onto(os.environ)
    return Prepared(place.prefix, variables, reused=False, digest=solved.digest)


def _solve(request: Request, place: _Place, use: LockUse) -> Solved:
    from pixiw import solution

    if place.route is Route.CONDA_FORGE:
        return solution.from_channels(request, place.pixi_lock, use)
    with FileLock(place.cache / ".lock", waiting="another run assembles the externals channel"):
        return solution.from_externals(request, place.channel, place.cache)
