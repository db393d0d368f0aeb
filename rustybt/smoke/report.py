"""The whole proof: what was found, in one value that a table or JSON is made from."""

from __future__ import annotations

import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .dependencies import Supply, prove_dependency, read_requirements
from .installation import PACKAGE, find_installation
from .interpreter import Interpreter
from .modules import Proof, Status, prove
from .sources import fingerprints
from .start import findings_at_start, folder_at_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from .findings import Finding
    from .installation import Installation
    from .requirements import Requirement

VERSION = 1


class SelectionError(ValueError):
    """A selection that matches no module and no dependency."""


@dataclass(frozen=True)
class Options:
    """How to run: children at a time, seconds for each, what to prove, what counts as failure."""

    jobs: int
    timeout: float
    select: tuple[str, ...] = ()
    strict: bool = False


@dataclass(frozen=True)
class Report:
    """Everything that smoke found."""

    installation: Installation
    proofs: tuple[Proof, ...]
    supplies: tuple[Supply, ...]
    general: tuple[Finding, ...]
    started_in: Path | None
    strict: bool

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings: on the installation, then on each module, then on each dependency."""
        groups = [self.general]
        groups += [proof.findings for proof in self.proofs]
        groups += [supply.findings for supply in self.supplies]
        return tuple(finding for group in groups for finding in group)

    @property
    def passed(self) -> bool:
        """Whether rustybt is proved."""
        return not any(self.strict or item.code.severity == "failure" for item in self.findings)

    @property
    def version(self) -> str | None:
        """The version of the installed rustybt, if anything tells it."""
        distribution, record = self.installation.distribution, self.installation.record
        if distribution is not None and distribution.version is not None:
            return distribution.version
        return record.package if record is not None else None

    def to_json(self) -> dict[str, Any]:
        """Return the report as docs/schemas/smoke-1.json describes it."""
        installation = self.installation
        record = installation.record
        return {
            "version": VERSION,
            "passed": self.passed,
            "strict": self.strict,
            "rustybt": {
                "version": self.version,
                "folder": _text(installation.folder),
                "found_in": installation.kind,
                "started_in": _text(self.started_in),
                "source": None if record is None else record.raw.get("source"),
                "build": None if record is None else record.raw.get("build"),
            },
            "python": {
                "executable": sys.executable,
                "version": platform.python_version(),
                "tag": sys.implementation.cache_tag,
            },
            "modules": [proof.to_json() for proof in self.proofs],
            "dependencies": [supply.to_json() for supply in self.supplies],
            "findings": [finding.to_json() for finding in self.findings],
            "summary": {
                "modules": count(proof.status for proof in self.proofs),
                "dependencies": count(supply.status for supply in self.supplies),
            },
        }


def count(statuses: Iterable[Status]) -> dict[str, int]:
    """Return how often each status occurs, and how many there are."""
    found = list(statuses)
    return {"total": len(found), **{status.value: found.count(status) for status in Status}}


def default_jobs() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def make_report(options: Options, on_progress: Callable[[int, int], None]) -> Report:
    """Prove the installed rustybt.

    Parameters
    ----------
    options
        How to run.
    on_progress
        Called with (proofs done, proofs in all) after each.

    Raises
    ------
    SelectionError
        If an entry of ``options.select`` matches nothing.
    """
    with TemporaryDirectory(prefix="rustybt-smoke-") as neutral:
        interpreter = Interpreter(("-I",), neutral, options.timeout)
        installation = find_installation(interpreter)
        requires = installation.distribution.requires if installation.distribution else ()
        requirements, unclear = read_requirements(requires)
        general = (*installation.findings, *findings_at_start(installation), *unclear)
        installation, requirements = _select(options.select, installation, requirements)
        proofs, supplies = _prove_all(options, installation, requirements, on_progress)
    proofs = [_without_consequences(proof, supplies) for proof in proofs]
    return Report(
        installation=installation,
        proofs=tuple(sorted(proofs, key=lambda proof: proof.module.name)),
        supplies=tuple(sorted(supplies, key=lambda supply: supply.requirement.name)),
        general=tuple(sorted(general, key=lambda item: (item.code.name, item.subject))),
        started_in=folder_at_start(),
        strict=options.strict,
    )


def _prove_all(
    options: Options,
    installation: Installation,
    requirements: Sequence[Requirement],
    on_progress: Callable[[int, int], None],
) -> tuple[list[Proof], list[Supply]]:
    is_editable = installation.kind == "editable" and installation.folder is not None
    checkout = installation.folder.parent if is_editable and installation.folder else None
    sources = None if checkout is None else fingerprints(checkout)
    with ThreadPoolExecutor(options.jobs) as pool:
        # Dependencies first: they take longest.
        supplies = [
            pool.submit(prove_dependency, requirement, installation.interpreter)
            for requirement in requirements
        ]
        proofs = [
            pool.submit(prove, module, installation, sources) for module in installation.modules
        ]
        waiting: list[Future[Any]] = [*supplies, *proofs]
        try:
            for done, _ in enumerate(as_completed(waiting), start=1):
                on_progress(done, len(waiting))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            installation.interpreter.stop()
            raise
    return [proof.result() for proof in proofs], [supply.result() for supply in supplies]


def _without_consequences(proof: Proof, supplies: Iterable[Supply]) -> Proof:
    """Return `proof` without what is only a consequence of a broken dependency."""
    if proof.raised is None:
        return proof
    for supply in supplies:
        if supply.explains(proof.raised):
            return proof.without_import(supply.requirement.name)
    return proof


def _select(
    patterns: Sequence[str], installation: Installation, requirements: list[Requirement]
) -> tuple[Installation, list[Requirement]]:
    if not patterns:
        return installation, requirements
    names = [module.name for module in installation.modules]
    names += [requirement.name for requirement in requirements]
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            known = ", ".join(names) or f"nothing, for there is no {PACKAGE}"
            raise SelectionError(f"--select {pattern} matches none of: {known}")
    chosen = {name for name in names if any(_matches(name, pattern) for pattern in patterns)}
    modules = tuple(module for module in installation.modules if module.name in chosen)
    kept = [requirement for requirement in requirements if requirement.name in chosen]
    return replace(installation, modules=modules), kept


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(f"{pattern}.")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
