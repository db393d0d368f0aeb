"""Environments: what a task needs, solved, installed and activated, or reused as they are."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pixiw import stamp
from pixiw.errors import PixiwError
from pixiw.lock import FileLock
from pixiw.route import Route, address, choose_route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from externals.channel import Channel
    from externals.interpreters import Interpreter
    from rattler import GenericVirtualPackage, PackageRecord, RepoDataRecord, VirtualPackage

    from pixiw.activation import Activation

__all__ = [
    "EnvironmentFailure",
    "Prepared",
    "Request",
    "Route",
    "choose_route",
    "prepare",
]


class EnvironmentFailure(PixiwError):  # noqa: N818 - it is the environment that fails
    """Why an environment cannot be had, in one sentence for the user."""


@dataclass(frozen=True)
class Request:
    """An environment that is asked for.

    Parameters
    ----------
    name
        Its name in the manifest.
    specs
        Conda match specs, `numpy >=2,<3`.
    channels
        Names or addresses, the most important first.
    platform
        `linux-64` and the like.
    virtual_packages
        The machine that the manifest promises to run on: name, version and build of each.
    activation_env
        Variables that activation sets.
    activation_scripts
        Scripts that activation runs, relative to the workspace.
    """

    name: str
    specs: tuple[str, ...]
    channels: tuple[str, ...]
    platform: str
    virtual_packages: tuple[tuple[str, str, str], ...]
    activation_env: Mapping[str, str]
    activation_scripts: tuple[str, ...]


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
class _Solved:
    records: list[RepoDataRecord]
    digest: str
    adopted: tuple[list[object], ...]


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


_OWN = ("environment.py", "activation.py", "stamp.py")


def _key(request: Request, route: Route, workspace: Path) -> str:
    digest = hashlib.sha256()
    for part in (
        route.value,
        repr((request.name, request.specs, request.channels, request.platform)),
        repr(request.virtual_packages),
        repr(sorted(request.activation_env.items())),
    ):
        digest.update(part.encode() + b"\0")
    for script in request.activation_scripts:
        path = workspace / script
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    if route is Route.EXTERNALS:
        digest.update(_code().encode())
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


def prepare(request: Request, route: Route, workspace: Path) -> Prepared:
    """Make an environment ready, at once where an earlier run left the same one.

    Parameters
    ----------
    request
        The environment.
    route
        Where its packages come from.
    workspace
        Folder of the manifest.

    Raises
    ------
    EnvironmentFailure
        It cannot be had; nothing half-made is left that a later run would trust.
    """
    workspace = workspace.absolute()
    place = _Place(workspace, route, request.name)
    key = _key(request, route, workspace)
    found = _ready(place, key)
    if found is not None:
        return found
    with FileLock(place.lock, waiting=f"another run prepares the environment {request.name}"):
        return _ready(place, key) or _make(request, place, key)


def _make(request: Request, place: _Place, key: str) -> Prepared:
    with _sentences(place):
        if place.route is Route.EXTERNALS:
            waiting = "another run assembles the externals channel"
            with FileLock(place.cache / ".lock", waiting=waiting):
                solved = _from_externals(request, place)
        else:
            solved = _from_channels(request, place)
        _remove(place.prefix)
        try:
            activation = _install(request, place, solved)
            made = stamp.Stamp(key, solved.digest, solved.adopted, activation)
            stamp.write(place.prefix, made)
        except BaseException:
            _remove(place.prefix)
            raise
    variables = activation.onto(os.environ)
    return Prepared(place.prefix, variables, reused=False, digest=solved.digest)


@contextmanager
def _sentences(place: _Place) -> Iterator[None]:
    """Turn what can go wrong on the way into one sentence."""
    from externals.failure import ExternalsError, writing
    from rattler import exceptions

    try:
        with writing(place.prefix):
            yield
    except ExternalsError as error:
        raise EnvironmentFailure(str(error)) from error
    except (
        exceptions.FetchRepoDataError,
        exceptions.GatewayError,
        exceptions.InstallerError,
        exceptions.InvalidMatchSpecError,
        exceptions.IoError,
        exceptions.LinkError,
        exceptions.TransactionError,
    ) as error:
        said = " ".join(str(error).split())
        if "No space left" in said or "os error 28" in said or "File too large" in said:
            message = (
                f"cannot write {place.prefix}: the disk is full; make room and run the same "
                "command again (nothing half-made is kept)"
            )
            raise EnvironmentFailure(message) from error
        message = f"the environment {place.name} cannot be installed: {said}"
        raise EnvironmentFailure(message) from error


def _records_digest(records: list[RepoDataRecord]) -> str:
    lines = sorted(f"{record.url} {(record.sha256 or b'').hex()}\n" for record in records)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _python_record(python: Interpreter) -> PackageRecord:
    import rattler
    from externals.python_package import python_build

    build = rattler.BuildString(python_build(python, ""))
    return rattler.PackageRecord("python", python.full, build, 0, "linux-64")


def _pythons(request: Request, found: tuple[Interpreter, ...]) -> list[Interpreter]:
    """Usable interpreters that the specs allow, the newest first.

    Raises
    ------
    EnvironmentFailure
        There is none; the message lists those that the machine has.
    """
    import rattler
    from externals.interpreters import OLDEST, best_of_each_minor, describe
    from externals.names import spec_name

    best = best_of_each_minor(found)
    asked = [spec for spec in request.specs if spec_name(spec) == "python"]
    matching = [
        python
        for python in best
        if all(rattler.MatchSpec(spec).matches(_python_record(python)) for spec in asked)
    ]
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
    has = describe(best) if best else f"no CPython from {OLDEST[0]}.{OLDEST[1]} on"
    message = (
        f"the environment {request.name} asks for {wanted}, which this machine does not have; it "
        f"has {has}; install one (with pyenv, uv or your package manager) or use another "
        "environment"
    )
    raise EnvironmentFailure(message)


def _from_externals(request: Request, place: _Place) -> _Solved:
    import rattler
    from externals import compilers, interpreters, machine
    from externals.channel import Assembler
    from externals.failure import MissingWheelError
    from externals.names import spec_name
    from progress import Step

    if request.platform != machine.subdir():
        message = (
            f"the externals channel makes environments for this machine ({machine.subdir()}) "
            f"only, not for {request.platform}"
        )
        raise EnvironmentFailure(message)
    found = interpreters.find(cache=place.cache / "interpreters.json")
    usable = _pythons(request, found)
    programs = compilers.programs(map(spec_name, request.specs))
    for number, python in enumerate(usable, start=1):
        try:
            channel = Assembler(place.cache).assemble(place.channel, request.specs, [python], Step)
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
    return _Solved(records, channel.digest, adopted)


def _check_compilers(request: Request, channel: Channel) -> None:
    """Say which compiler has another version than asked for, before the solver does.

    Raises
    ------
    EnvironmentFailure
        The machine's compiler does not match a spec.
    """
    import rattler
    from externals import compilers
    from externals.names import spec_name

    for spec in request.specs:
        name = spec_name(spec)
        if not compilers.provides(name):
            continue
        record = next(record for record in channel.records if record["name"] == name)
        build = rattler.BuildString(record["build"])
        held = rattler.PackageRecord(name, record["version"], build, 0, record["subdir"])
        if not rattler.MatchSpec(spec).matches(held):
            message = (
                f"the environment {request.name} asks for {spec}, and this machine has "
                f"{record['version']}; {compilers.mend(name)}"
            )
            raise EnvironmentFailure(message)


def _from_channels(request: Request, place: _Place) -> _Solved:
    import rattler

    promised = [
        rattler.GenericVirtualPackage(
            rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build)
        )
        for name, version, build in request.virtual_packages
    ]
    channels = [address(channel) for channel in request.channels]
    records = _solve(request.name, channels, request.specs, promised, request.platform)
    return _Solved(records, _records_digest(records), ())


def _solve(
    name: str,
    channels: Sequence[str],
    specs: Sequence[str],
    virtual_packages: Sequence[GenericVirtualPackage | VirtualPackage],
    platform: str,
) -> list[RepoDataRecord]:
    """Records of the packages to install.

    Raises
    ------
    EnvironmentFailure
        No set of packages meets the specs; the message says which spec and why.
    """
    import rattler
    from rattler.exceptions import SolverError

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


def _install(request: Request, place: _Place, solved: _Solved) -> Activation:
    import rattler
    from progress import Step

    from pixiw.activation import activate

    place.prefix.parent.mkdir(parents=True, exist_ok=True)
    step = Step(f"installing the environment {request.name}", total=len(solved.records))

    class Reporter(rattler.InstallerReporter):  # type: ignore[misc]
        def on_link_start(self, operation: int, package_name: str) -> int:
            step.advance(package_name)
            return operation

    with step:
        asyncio.run(
            rattler.install(
                solved.records,
                place.prefix,
                cache_dir=place.cache / "conda",
                show_progress=False,
                platform=rattler.Subdir(request.platform),
                reporter=Reporter(),
            )
        )
    return activate(
        place.prefix, place.workspace, request.activation_env, request.activation_scripts
    )
