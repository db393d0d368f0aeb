"""Which packages an environment is to hold: locked, or solved over a channel."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import rattler
from rattler.exceptions import InvalidMatchSpecError, SolverError

from externals import compilers, interpreters, machine, toolchain
from externals.channel import Assembler
from externals.failure import MissingWheelError
from externals.names import spec_name
from externals.python_package import python_build
from pixiw import stamp
from pixiw.locked import locked_records
from pixiw.request import EnvironmentFailure, Request
from pixiw.route import address
from progress import Step
from rattler_names import build_string

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from externals.channel import Channel
    from externals.interpreters import Interpreter
    from pixiw.lock_use import LockUse


@dataclass(frozen=True)
class Solved:
    """Packages of an environment.

    Parameters
    ----------
    records
        What to install.
    digest
        Digest of what they hold.
    adopted
        The machine's own files that they lean on, as `stamp.state` shows them.
    """

    records: list[rattler.RepoDataRecord]
    digest: str
    adopted: tuple[list[object], ...]


def _records_digest(records: list[rattler.RepoDataRecord]) -> str:
    lines = sorted(f"{record.url} {(record.sha256 or b'').hex()}\n" for record in records)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _python_record(python: Interpreter) -> rattler.PackageRecord:
    build = build_string(python_build(python, ""))
    return rattler.PackageRecord("python", python.full, build, 0, "linux-64")


def _pythons(request: Request, found: tuple[Interpreter, ...]) -> list[Interpreter]:
    """Usable interpreters that the specs allow, the newest first.

    Raises
    ------
    EnvironmentFailure
        There is none; the message lists those that the machine has.
    """
    asked = [spec for spec in request.specs if spec_name(spec) == "python"]
    matching = interpreters.best_of_each_minor(
        python
        for python in found
        if all(rattler.MatchSpec(spec).matches(_python_record(python)) for spec in asked)
    )
    usable = [python for python in matching if python.refusal is None]
    if usable:
        return usable
    wanted = " and ".join(asked) or "python"
    if matching:
        python = matching[0]
        message = (
            f"the environment {request.name} asks for {wanted}, and Python {python.full} "
            f"({python.executable}) cannot serve: {python.refusal}"
        )
        raise EnvironmentFailure(message)
    has = (
        interpreters.describe(interpreters.best_of_each_minor(found))
        if found
        else f"no CPython from {interpreters.OLDEST[0]}.{interpreters.OLDEST[1]} on"
    )
    message = (
        f"the environment {request.name} asks for {wanted}, which this machine does not have; it "
        f"has {has}; install one (with pyenv, uv or your package manager) or use another "
        "environment"
    )
    raise EnvironmentFailure(message)


def from_externals(request: Request, channel_folder: Path, cache: Path) -> Solved:
    """Assemble the externals channel for an environment, and solve over it.

    The newest usable Python is taken for which every wheel exists.

    Parameters
    ----------
    request
        The environment.
    channel_folder
        Where its channel is to lie.
    cache
        Folder for what later runs use again.

    Raises
    ------
    EnvironmentFailure
        No Python fits, no set of packages does, or a spec is mistyped.
    ExternalsError
        The channel cannot be assembled.
    """
    if request.platform != machine.subdir():
        message = (
            f"the externals channel makes environments for this machine ({machine.subdir()}) "
            f"only, not for {request.platform}"
        )
        raise EnvironmentFailure(message)
    _check_specs(request)
    found = interpreters.find(cache=cache / "interpreters.json")
    usable = _pythons(request, found)
    programs = compilers.programs(map(spec_name, request.specs))
    for number, python in enumerate(usable, start=1):
        try:
            channel = Assembler(cache).assemble(channel_folder, request.specs, [python], Step)
        except MissingWheelError as error:
            if number == len(usable):
                raise
            print(f"pixiw: passing Python {python.full} over: {error}", file=sys.stderr)
            continue
        break
    specs = [*request.specs, f"python =={python.full}"]
    here = rattler.VirtualPackage.detect()
    _check_compilers(request, channel)
    records = _solve(request.name, [channel.uri], specs, here, request.platform)
    adopted = stamp.adopt([python.executable, *programs])
    return Solved(records, channel.digest, adopted)


def _check_specs(request: Request) -> None:
    """Say which dependency is mistyped, which the solver's library does not.

    Raises
    ------
    EnvironmentFailure
        A spec cannot be read.
    """
    for spec in request.specs:
        try:
            rattler.MatchSpec(spec)
        except InvalidMatchSpecError as error:
            message = (
                f'the environment {request.name} asks for "{spec}", which is no version of a '
                f"package: {error}; correct it in the manifest"
            )
            raise EnvironmentFailure(message) from error


def _check_compilers(request: Request, channel: Channel) -> None:
    """Say which compiler has another version than asked for, before the solver does.

    Raises
    ------
    EnvironmentFailure
        The machine's compiler does not match a spec.
    """
    for spec in request.specs:
        name = spec_name(spec)
        if not compilers.provides(name):
            continue
        record = next(record for record in channel.records if record["name"] == name)
        build = build_string(record["build"])
        held = rattler.PackageRecord(name, record["version"], build, 0, record["subdir"])
        if not rattler.MatchSpec(spec).matches(held):
            message = (
                f"the environment {request.name} asks for {spec}, and this machine has "
                f"{record['version']}; {toolchain.mend(name)}"
            )
            raise EnvironmentFailure(message)


def from_channels(request: Request, lock: Path, use: LockUse) -> Solved:
    """Take packages of the manifest's own channels, for the machine that the manifest promises.

    Those of the lock are taken where it is to be followed; otherwise they are solved.

    Parameters
    ----------
    request
        The environment.
    lock
        The workspace's `pixi.lock`.
    use
        How the lock is to be followed.

    Raises
    ------
    EnvironmentFailure
        No set of packages meets the specs, one of them is mistyped, or the lock does not hold
        what is demanded of it.
    """
    _check_specs(request)
    locked = locked_records(request, lock, use)
    if locked is not None:
        return Solved(locked, _records_digest(locked), ())
    promised = [
        rattler.GenericVirtualPackage(
            rattler.PackageName(name), rattler.Version(version), build_string(build)
        )
        for name, version, build in request.virtual_packages
    ]
    channels = [address(channel) for channel in request.channels]
    records = _solve(request.name, channels, request.specs, promised, request.platform)
    return Solved(records, _records_digest(records), ())


def _solve(
    name: str,
    channels: Sequence[str],
    specs: Sequence[str],
    virtual_packages: Sequence[rattler.GenericVirtualPackage | rattler.VirtualPackage],
    platform: str,
) -> list[rattler.RepoDataRecord]:
    """Find the packages to install.

    Raises
    ------
    EnvironmentFailure
        No set of packages meets the specs; the message says which spec and why.
    """
    try:
        return asyncio.run(
            rattler.solve(
                list(channels),
                list(specs),
                platforms=[platform, "noarch"],  # type: ignore[list-item]
                virtual_packages=list(virtual_packages),
            )
        )
    except SolverError as error:
        why = "\n".join(f"  {line}" for line in str(error).splitlines() if line.strip())
        message = f"the environment {name} cannot be solved:\n{why}"
        raise EnvironmentFailure(message) from error
