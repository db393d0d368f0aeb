"""The proof of one compiled module: its file, its import, its answer, its sources."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .codes import Code
from .findings import Finding
from .installation import same
from .objects import loads_here, read_marker, siblings, tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .installation import Installation
    from .interpreter import Outcome
    from .record import Module

_MISSING = frozenset({Code.SM201, Code.SM202, Code.SM203, Code.SM204})
_RAISED = frozenset({Code.SM207, Code.SM208, Code.SM209, Code.SM210, Code.SM211, Code.SM302})

# What the dynamic loaders of glibc, musl, macOS and Windows write, and what numpy does.
_IMPORT_ERRORS = (
    (
        Code.SM210,
        re.compile(
            r"numpy\.\w+ size changed|compiled against (NumPy C-)?(ABI|API) version|"
            r"compiled using NumPy|module compiled against|"
            r"numpy\._?core\.multiarray failed to import"
        ),
    ),
    (
        Code.SM207,
        re.compile(
            r"undefined symbol|symbol not found|procedure could not be found", re.IGNORECASE
        ),
    ),
    (
        Code.SM208,
        re.compile(
            r"cannot open shared object file|Error loading shared library|"
            r"Library not loaded|DLL load failed"
        ),
    ),
    (
        Code.SM209,
        re.compile(
            r"invalid ELF header|file too short|ELF file|not a mach-o file|"
            r"Exec format error|cannot apply additional memory protection|"
            r"ELF load command|object file has no|%1 is not a valid Win32"
        ),
    ),
)


class Status(StrEnum):
    """How the proof of a module or dependency ended."""

    OK = "ok"
    MISSING = "missing"
    FAILED = "failed"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Proof:
    """What is known of one compiled module in the end.

    ``is_right`` and ``is_current`` are None where it did not come to that question; ``raised`` is
    the exception that ended its import or probe.
    """

    module: Module
    file: Path | None
    found_in: str | None
    imported: bool
    is_right: bool | None
    is_current: bool | None
    seconds: float
    findings: tuple[Finding, ...]
    raised: Mapping[str, Any] | None = None
    blocked_by: str | None = None

    def without_import(self, blocked_by: str) -> Proof:
        """Return the proof whose import could not be tried because of `blocked_by`."""
        kept = tuple(finding for finding in self.findings if finding.code not in _RAISED)
        return replace(self, findings=kept, blocked_by=blocked_by)

    @property
    def status(self) -> Status:
        """The proof's end in one word."""
        if any(finding.code in _MISSING for finding in self.findings):
            return Status.MISSING
        if any(finding.code.severity == "failure" for finding in self.findings):
            return Status.FAILED
        return Status.BLOCKED if self.blocked_by else Status.OK

    def to_json(self) -> dict[str, Any]:
        """Return the proof as docs/schemas/smoke-1.json describes it."""
        return {
            "name": self.module.name,
            "language": self.module.language,
            "abi": self.module.abi,
            "status": self.status.value,
            "file": None if self.file is None else str(self.file),
            "found_in": self.found_in,
            "imported": self.imported,
            "answer": {None: None, True: "right", False: "wrong"}[self.is_right],
            "sources": {None: None, True: "current", False: "stale"}[self.is_current],
            "blocked_by": self.blocked_by,
            "seconds": round(self.seconds, 3),
        }


@dataclass
class _Facts:
    """The proof in the making."""

    findings: list[Finding] = field(default_factory=list)
    found_in: str | None = None
    imported: bool = False
    is_right: bool | None = None
    is_current: bool | None = None
    raised: Mapping[str, Any] | None = None
    seconds: float = 0.0


def prove(module: Module, installation: Installation, sources: Mapping[str, str] | None) -> Proof:
    """Prove `module` in an interpreter of its own.

    Parameters
    ----------
    module
        The module as the build record describes it.
    installation
        The installation that it belongs to, whose package folder exists.
    sources
        The fingerprints of an editable install's sources, or None if they cannot be known.
    """
    facts = _Facts()
    file = _find_file(module, installation, facts)
    if file is not None:
        _compare_sources(module, file, installation, sources, facts)
        if installation.imports:
            outcome = installation.interpreter.ask("module", module.name)
            facts.seconds = outcome.seconds
            _judge(module, file, installation, outcome, facts)
    return Proof(
        module=module,
        file=file,
        found_in=facts.found_in,
        imported=facts.imported,
        is_right=facts.is_right,
        is_current=facts.is_current,
        seconds=facts.seconds,
        findings=tuple(facts.findings),
        raised=facts.raised,
        blocked_by=None if installation.imports else "rustybt",
    )


def import_fault(message: str) -> Code:
    """Return the code of the cause that the `message` of an ImportError tells of."""
    matching = (code for code, pattern in _IMPORT_ERRORS if pattern.search(message))
    return next(matching, Code.SM211)


def _find_file(module: Module, installation: Installation, facts: _Facts) -> Path | None:
    """Return the shared object that this interpreter would load, or say why there is none."""
    assert installation.folder is not None  # noqa: S101 - there is nothing to prove otherwise
    declared = installation.folder.parent / module.file
    present = siblings(declared)
    if declared in present and loads_here(declared):
        return declared
    loadable = [path for path in present if loads_here(path)]
    if loadable and installation.kind == "editable":
        return loadable[0]  # the record is of the checkout's last build, for another Python
    if present:
        names = ", ".join(path.name for path in present)
        cause = f"{declared.parent} holds {names}, not the {module.file} of the build record"
        if declared in present:
            cause = f"{declared} has the ABI tag {tag(declared)}, which this Python does not load"
        facts.findings.append(Finding(Code.SM204, module.name, cause))
        return None
    code = Code.SM203 if module.language == "rust" else Code.SM201
    if installation.kind == "editable" and code is Code.SM201:
        code = Code.SM202
    facts.findings.append(Finding(code, module.name, f"there is no {declared}"))
    return None


def _compare_sources(
    module: Module,
    file: Path,
    installation: Installation,
    sources: Mapping[str, str] | None,
    facts: _Facts,
) -> None:
    """Compare the fingerprint in `file` with the record's, and with the sources at hand."""
    marker = read_marker(file)
    if marker is None or marker[1] == "unset":
        cause = f"{file} does not say what it was built from"
        facts.findings.append(Finding(Code.SM304, module.name, cause))
        return
    name, fingerprint = marker
    found = f"{file} was built from {fingerprint[:12]}"
    if name != module.name:
        cause = f"{file} was built as {name}"
        facts.findings.append(Finding(Code.SM305, module.name, cause))
        facts.is_current = False
        return
    facts.is_current = module.fingerprint is None or fingerprint == module.fingerprint
    if installation.kind == "editable":
        # Here the sources themselves decide, not the record of the last build.
        if sources is None or name not in sources:
            cause = f"{installation.folder} has no sources that {found} could be compared with"
            facts.findings.append(Finding(Code.SM307, module.name, cause))
        elif fingerprint != sources[name]:
            facts.is_current = False
            cause = f"{found}, its sources are now {sources[name][:12]}"
            facts.findings.append(Finding(Code.SM306, module.name, cause))
        else:
            facts.is_current = True
    elif not facts.is_current:
        cause = f"{found}, the build record says {str(module.fingerprint)[:12]}"
        facts.findings.append(Finding(Code.SM305, module.name, cause))


def _judge(
    module: Module, file: Path, installation: Installation, outcome: Outcome, facts: _Facts
) -> None:
    """Read from the steps that the child reached what is wrong, if anything."""

    def fault(code: Code, cause: str) -> None:
        facts.findings.append(Finding(code, module.name, cause))

    imported = outcome.step("imported")
    if imported is not None:
        facts.imported = True
        facts.found_in = installation.kind
        origin = imported["file"]
        if origin is None or not same(Path(origin), file):
            facts.found_in = "elsewhere"
            fault(Code.SM206, f"{origin} was imported, not {file}")
            return  # what that other module answers proves nothing
    stage = "after its probe" if outcome.step("answered") else "in its probe"
    stage = stage if imported is not None else "on import"
    if outcome.timed_out:
        fault(Code.SM213, f"{stage}, for {installation.interpreter.timeout:g} s")
        return
    if outcome.crash:
        fault(Code.SM212, f"{outcome.crash} {stage}")
        return
    failed = outcome.step("import failed")
    if failed is not None:
        _judge_import(module, failed, facts)
        return
    absent, broken = outcome.step("no probe"), outcome.step("probe failed")
    answered = outcome.step("answered")
    if absent is not None:
        fault(Code.SM301, absent["message"])
    elif broken is not None:
        fault(Code.SM302, f"{broken['type']}: {broken['message']}")
        facts.raised = broken
    elif answered is not None:
        facts.is_right = answered["right"]
        if not facts.is_right:
            place = f"{answered['at']} " if answered["at"] else ""
            cause = f"{place}is {answered['computed']}, known is {answered['expected']}"
            fault(Code.SM303, cause)
    if outcome.status or (absent or broken or answered) is None:
        fault(Code.SM214, f"exit status {outcome.status} {stage}; it wrote: {outcome.last_words}")


def _judge_import(module: Module, failed: dict[str, Any], facts: _Facts) -> None:
    cause = f"{failed['type']}: {failed['message']}"
    facts.findings.append(Finding(import_fault(failed["message"]), module.name, cause))
    facts.raised = failed
