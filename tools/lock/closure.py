"""Whether the records of an environment on a platform meet the manifest and each other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rattler import MatchSpec, PackageRecord
from rattler.exceptions import InvalidMatchSpecError

from lock.errors import LockError
from lock.problem import Problem
from rattler_names import build_string

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rattler import RepoDataRecord

    from lock.platforms import LockedPlatform
    from lock.wanted import Wanted


class Closure:
    """The records of an environment on a platform.

    Parameters
    ----------
    wanted
        What the manifest asks for.
    records
        What the lock holds.
    """

    def __init__(self, wanted: Wanted, records: list[RepoDataRecord]) -> None:
        self.wanted = wanted
        self.records = sorted(records, key=lambda record: record.name.normalized)
        self.by_name = {record.name.normalized: record for record in self.records}
        self.machine = _machine(wanted.platform)

    def problems(self) -> Iterator[Problem]:
        """Find what is amiss, the manifest's own specs first."""
        yield from self._several()
        yield from self._unmet_specs()
        for record in self.records:
            yield from self._misplaced(record)
            yield from self._unmet_depends(record)
            yield from self._broken_constrains(record)
        yield from self._unreachable()

    def _problem(self, reason: str, record: RepoDataRecord | None = None) -> Problem:
        name = None if record is None else record.file_name
        return Problem(reason, name, self.wanted.environment, self.wanted.platform.subdir)

    def _several(self) -> Iterator[Problem]:
        for record in self.records:
            kept = self.by_name[record.name.normalized]
            if kept is not record:
                yield self._problem(f"{kept.file_name} is a record of the same package", record)

    def _unmet_specs(self) -> Iterator[Problem]:
        for text in self.wanted.specs:
            found = self._lookup(text)
            if found is None:
                yield self._problem(f"pixi.toml asks for {text}, and the lock has no such package")
            elif not matches(text, found):
                reason = f"pixi.toml asks for {text}, which this record is not"
                yield self._problem(reason, self.by_name.get(spec_name(text)))

    def _lookup(self, text: str) -> PackageRecord | None:
        name = spec_name(text)
        return self.machine.get(name) or self.by_name.get(name)

    def _misplaced(self, record: RepoDataRecord) -> Iterator[Problem]:
        subdir = self.wanted.platform.subdir
        if str(record.subdir) not in {subdir, "noarch"}:
            yield self._problem(f"the record is one for {record.subdir}", record)

    def _unmet_depends(self, record: RepoDataRecord) -> Iterator[Problem]:
        for text in record.depends:
            found = self._lookup(text)
            if found is None:
                has = "the platform promises none" if text.startswith("__") else "there is none"
                yield self._problem(f"it depends on {text}, and {has}", record)
            elif not matches(text, found):
                yield self._problem(f"it depends on {text}, and there is {_shown(found)}", record)

    def _broken_constrains(self, record: RepoDataRecord) -> Iterator[Problem]:
        for text in record.constrains:
            found = self._lookup(text)
            if found is not None and not matches(text, found):
                yield self._problem(
                    f"it goes only with {text}, and there is {_shown(found)}", record
                )

    def _unreachable(self) -> Iterator[Problem]:
        waiting = [spec_name(text) for text in self.wanted.specs]
        reached = set(waiting)
        while waiting:
            record = self.by_name.get(waiting.pop())
            needs = set() if record is None else {spec_name(text) for text in record.depends}
            waiting.extend(needs - reached)
            reached |= needs
        for name, record in self.by_name.items():
            if name not in reached:
                yield self._problem("nothing that pixi.toml asks for leads to this record", record)


def _shown(record: PackageRecord) -> str:
    return f"{record.name.normalized} {record.version} {record.build}"


def _machine(platform: LockedPlatform) -> Mapping[str, PackageRecord]:
    """Return the platform's virtual packages as records that specs can be matched with."""
    return {
        package.name: PackageRecord(
            package.name, package.version, build_string(package.build or "0"), 0, platform.subdir
        )
        for package in platform.promises().values()
    }


@cache
def _spec(text: str) -> MatchSpec:
    try:
        return MatchSpec(text)
    except InvalidMatchSpecError as error:
        message = f"pixi.lock or pixi.toml has {text!r}, which is no match spec: {error}"
        raise LockError(message) from error


@cache
def spec_name(text: str) -> str:
    """Return the package that a match spec is about.

    Raises
    ------
    LockError
        The text is no match spec.
    """
    name = _spec(text).name
    if name is None:
        message = f"pixi.lock or pixi.toml has {text!r}, a match spec without a package"
        raise LockError(message)
    return name.normalized


def matches(text: str, record: PackageRecord) -> bool:
    """Tell whether a record is one that a match spec allows.

    Raises
    ------
    LockError
        The text is no match spec.
    """
    return _spec(text).matches(record)
