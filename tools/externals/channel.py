"""The channel: a folder of conda packages with their index, assembled for one request."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from externals import compilers, names, pins, python_package, repack
from externals.archive import pack, write_aside
from externals.closure import close
from externals.download import WheelCache
from externals.failure import writing
from externals.machine import subdir
from externals.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from externals.archive import Entry, Package
    from externals.closure import Closure
    from externals.interpreters import Interpreter
    from externals.names import Names
    from externals.showing import Progress, Show

_MARK = "channel.json"
_CODE = ("archive.py", "elf.py", "python_package.py", "repack.py", "wheel.py")


@dataclass(frozen=True)
class Channel:
    """An assembled channel.

    Parameters
    ----------
    folder
        Where it lies.
    digest
        sha256 over the names and hashes of its packages.
    records
        Records of its packages, as in `repodata.json`, each with its file name as `fn`.
    """

    folder: Path
    digest: str
    records: tuple[dict[str, Any], ...]

    @property
    def uri(self) -> str:
        """Address that solvers take."""
        return self.folder.absolute().as_uri()


@dataclass(frozen=True)
class _Job:
    """A package to have in the channel, and what makes its files if it is not packed yet."""

    package: Package
    files: Callable[[], tuple[Entry, ...]]


def code_digest() -> str:
    """Digest of the code that decides what is in a package."""
    digest = hashlib.sha256()
    for name in _CODE:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Assembler:
    """Assembles channels out of what the machine has.

    Parameters
    ----------
    cache
        Folder for downloaded wheels and packed packages, kept between runs.
    lock
        The pins of wheels, by default those committed.
    beside
        Pins of other versions to have beside those of `lock`, of what is in the channel anyway.
    """

    cache: Path
    lock: Path | None = None
    beside: Path | None = None

    def assemble(
        self,
        folder: Path,
        specs: Iterable[str],
        pythons: Sequence[Interpreter],
        show: Show,
    ) -> Channel:
        """Assemble a channel that holds what `specs` need, for each of `pythons`.

        What was packed before is not packed again. The folder appears at once, complete, in the
        place of an older one.

        Parameters
        ----------
        folder
            Where the channel is to lie.
        specs
            Conda match specs.
        pythons
            Interpreters to have in it.
        show
            Shows the progress of a step that it is given the name and the length of.

        Raises
        ------
        MissingWheelError
            A package has no wheel for one of the Pythons.
        ExternalsError
            Anything else that the user can mend.
        """
        asked = {names.spec_name(spec) for spec in specs}
        asked = {name for name in asked if not name.startswith("__")} | {"python"}
        table = names.table()
        machine = {name for name in asked if compilers.provides(name)}
        roots = {
            table.to_index(name): f"the spec {name}"
            for name in sorted(asked - machine - {"python", "python_abi"})
        }
        jobs = [_machine_job(made) for made in compilers.closure(machine).values()]
        jobs += _python_jobs(pythons)
        jobs += self._wheel_jobs(roots, pythons, table, show)
        with show("assembling the channel", len(jobs)) as step:
            records = self._pack(jobs, step)
        return self._publish(folder, records)

    @property
    def _store(self) -> Path:
        return self.cache / "packages"

    def _wheel_jobs(
        self, roots: dict[str, str], pythons: Sequence[Interpreter], table: Names, show: Show
    ) -> list[_Job]:
        locked = pins.read(self.lock or pins.LOCK) if roots else ()
        others = pins.read(self.beside) if roots and self.beside else ()
        cache = WheelCache(self.cache / "wheels", show)
        closures = []
        for python in pythons:
            target = Target(python)
            held = pins.choose(locked, target.markers)
            closure = close(roots, target, held, cache.fetch)
            closures.append(closure)
            second = pins.choose(others, target.markers)
            names_beside = {
                name: f"the pins of {self.beside}"
                for name in sorted(closure.wheels.keys() & second.keys())
                if second[name].version != held[name].version
            }
            closures.append(close(names_beside, target, held | second, cache.fetch))
        digests = {
            wheel.path: cache.digest(wheel.path)
            for closure in closures
            for wheel in closure.wheels.values()
        }
        code = code_digest()
        jobs: dict[str, _Job] = {}
        for closure in closures:
            for name, wheel in sorted(closure.wheels.items()):
                digest = digests[wheel.path]
                package = repack.repack(
                    wheel,
                    closure.requirements(name),
                    closure.target.python,
                    table,
                    subdir(),
                    exact=_differs(name, digest, closures, digests),
                    key=f"{digest} {code}",
                )
                jobs[f"{package.subdir}/{package.filename}"] = _Job(
                    package, partial(repack.files, wheel, package, closure.target.python)
                )
        return list(jobs.values())

    def _pack(self, jobs: list[_Job], step: Progress) -> list[dict[str, Any]]:
        for folder in {self._store / job.package.subdir for job in jobs}:
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(".*.tmp"):
                left.unlink(missing_ok=True)

        def one(job: _Job) -> dict[str, Any]:
            record = _packed(self._store / job.package.subdir, job)
            step.advance(job.package.name)
            return record

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(one, jobs))

    def _publish(self, folder: Path, records: list[dict[str, Any]]) -> Channel:
        """Lay a channel's folder out aside and put it into the place of the older one."""
        records = sorted(records, key=lambda record: (record["subdir"], record["fn"]))
        digest = hashlib.sha256(
            "".join(f"{r['subdir']}/{r['fn']} {r['sha256']}\n" for r in records).encode()
        ).hexdigest()
        with writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            for left in folder.parent.glob(f".{folder.name}.*"):
                shutil.rmtree(left)
            aside = folder.with_name(f".{folder.name}.new")
            for name in sorted({"noarch", subdir()}):
                (aside / name).mkdir(parents=True)
                here = [record for record in records if record["subdir"] == name]
                for record in here:
                    _link(self._store / name / record["fn"], aside / name / record["fn"])
                (aside / name / "repodata.json").write_bytes(_repodata(name, here))
            (aside / _MARK).write_text(json.dumps({"version": 1, "digest": digest}) + "\n")
            if folder.exists():
                folder.rename(folder.with_name(f".{folder.name}.old"))
            aside.rename(folder)
            shutil.rmtree(folder.with_name(f".{folder.name}.old"), ignore_errors=True)
        return Channel(folder, digest, tuple(records))


def _machine_job(package: Package) -> _Job:
    return _Job(package, lambda: package.files)


def _python_jobs(pythons: Sequence[Interpreter]) -> list[_Job]:
    code = code_digest()
    jobs = []
    for python in pythons:
        build = python_package.python_build(python, code)
        package = python_package.python_package(python, subdir(), build)
        jobs += [
            _Job(python_package.python_abi_package(python), tuple),
            _Job(package, partial(python_package.python_files, python)),
        ]
    return jobs


def _differs(name: str, digest: str, closures: list[Closure], digests: dict[Path, str]) -> bool:
    """Whether what a wheel needs depends on the Python among those asked for."""
    needs = {
        tuple(map(str, closure.requirements(name)))
        for closure in closures
        if name in closure.wheels and digests[closure.wheels[name].path] == digest
    }
    return len(needs) > 1


def _packed(folder: Path, job: _Job) -> dict[str, Any]:
    """Record of a job's package, packed now unless the store has it.

    The record is written after the archive: a package without its record was not finished, and
    one whose size is not the record's is damaged.
    """
    archive = folder / job.package.filename
    noted = archive.with_suffix(".json")
    try:
        record = json.loads(noted.read_bytes())
        if isinstance(record, dict) and record["size"] == archive.stat().st_size:
            return record
    except (OSError, ValueError, KeyError):
        pass
    record = pack(replace(job.package, files=job.files()), folder) | {"fn": archive.name}
    write_aside(noted, json.dumps(record, indent=1, sort_keys=True).encode())
    return record


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _repodata(name: str, records: list[dict[str, Any]]) -> bytes:
    packages = {
        record["fn"]: {key: value for key, value in record.items() if key != "fn"}
        for record in records
    }
    index = {
        "info": {"subdir": name},
        "packages": {},
        "packages.conda": packages,
        "removed": [],
        "repodata_version": 1,
    }
    return json.dumps(index, indent=1, sort_keys=True).encode() + b"\n"
