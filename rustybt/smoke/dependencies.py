"""The proof of one run-time dependency: installed, importable, of a version that fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .codes import Code
from .findings import Finding
from .modules import Status
from .requirements import Requirement, RequirementError, environment, parse
from .versions import VersionError, contains

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .interpreter import Interpreter


@dataclass(frozen=True)
class Supply:
    """What is installed for one requirement."""

    requirement: Requirement
    version: str | None
    seconds: float
    findings: tuple[Finding, ...]
    raised: Mapping[str, Any] | None = None

    def explains(self, raised: Mapping[str, Any]) -> bool:
        """Return whether the exception `raised` elsewhere comes of what is wrong here."""
        if self.status is Status.MISSING:
            top = str(raised["missing"] or "").split(".", maxsplit=1)[0]
            return top == self.requirement.name.replace("-", "_").lower()
        return self.raised is not None and all(
            self.raised[key] == raised[key] for key in ("type", "message")
        )

    @property
    def status(self) -> Status:
        """The proof's end in one word."""
        if any(finding.code is Code.SM401 for finding in self.findings):
            return Status.MISSING
        if any(finding.code.severity == "failure" for finding in self.findings):
            return Status.FAILED
        return Status.OK

    def to_json(self) -> dict[str, Any]:
        """Return the proof as docs/schemas/smoke-1.json describes it."""
        return {
            "name": self.requirement.name,
            "requires": self.requirement.spec,
            "version": self.version,
            "status": self.status.value,
            "seconds": round(self.seconds, 3),
        }


def read_requirements(texts: Iterable[str]) -> tuple[list[Requirement], list[Finding]]:
    """Return the requirements that apply here, sorted by name, and what cannot be understood."""
    values = environment()
    requirements, findings = [], []
    for text in texts:
        try:
            requirement = parse(text, values)
        except RequirementError as error:
            findings.append(Finding(Code.SM404, text, str(error)))
            continue
        if requirement is not None:
            requirements.append(requirement)
    return sorted(requirements, key=lambda item: item.name), findings


def prove_dependency(requirement: Requirement, interpreter: Interpreter) -> Supply:
    """Prove in an interpreter of its own that `requirement` is met."""
    outcome = interpreter.ask("dependency", requirement.name)
    name, spec = requirement.name, requirement.spec
    findings = []
    installed = outcome.step("installed")
    version = None if installed is None else installed["version"]
    failed = outcome.step("import failed")
    if installed is None and outcome.step("started") and outcome.status == 0:
        cause = f"{name}{spec} is required, and no distribution of that name is there"
        findings.append(Finding(Code.SM401, name, cause))
    elif failed is not None:
        cause = f"`import {failed['module']}` raises {failed['type']}: {failed['message']}"
        findings.append(Finding(Code.SM402, name, cause))
    elif outcome.timed_out or outcome.status or outcome.step("imported") is None:
        ending = outcome.crash or f"exit status {outcome.status}: {outcome.last_words}"
        if outcome.timed_out:
            ending = f"no end within {interpreter.timeout:g} s"
        findings.append(Finding(Code.SM402, name, ending))
    if installed is not None:
        findings += _judge_version(requirement, version)
    return Supply(requirement, version, outcome.seconds, tuple(findings), failed)


def _judge_version(requirement: Requirement, version: str | None) -> list[Finding]:
    name, spec = requirement.name, requirement.spec
    try:
        if contains(spec, version or ""):
            return []
    except VersionError as error:
        return [Finding(Code.SM404, name, f"{error}, required is {name}{spec}")]
    return [Finding(Code.SM403, name, f"{name} {version} is installed, required is {name}{spec}")]
