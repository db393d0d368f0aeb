"""The journey of each module: how far it gets, and what stopped it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from audit.causes import Cause
from audit.project import Module
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audit.findings import Finding
    from audit.material import Material
    from audit.project import Project

PRESENT, LOST, BEYOND, UNKNOWN, EXEMPT = "present", "lost", "beyond", "unknown", "exempt"
_ORDER = {stage: number for number, stage in enumerate(Stage)}


@dataclass(frozen=True)
class Row:
    """A module and its state at each stage.

    A state is present, lost (here is the hole), beyond (after the hole), unknown (the stage was
    not examined) or exempt (the module has nothing to ship at this stage).
    """

    module: Module
    states: dict[Stage, str]
    hole: Stage | None
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Journey:
    """The rows by name, and the findings that remain: of each module, those of its first hole."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]


def follow(material: Material, findings: Iterable[Finding]) -> Journey:
    """Place the findings on the journey."""
    found = sorted(findings, key=lambda finding: finding.sort_key)
    holes: dict[str, Stage] = {}
    for finding in found:
        if finding.stage is not None:
            for name in finding.modules:
                holes[name] = min(
                    holes.get(name, finding.stage), finding.stage, key=_ORDER.__getitem__
                )
    kept = [narrowed for finding in found if (narrowed := _narrow(finding, holes)) is not None]
    modules = dict(material.project.modules)
    for finding in kept:
        if finding.cause is Cause.UNRESOLVED_IMPORT:
            modules |= {name: Module(name, "missing", ()) for name in finding.modules}
    rows = [
        Row(
            module,
            _states(material, module, holes.get(name)),
            holes.get(name),
            tuple(
                sorted(
                    {
                        finding.cause.code
                        for finding in kept
                        if name in finding.modules and finding.stage is not None
                    }
                )
            ),
        )
        for name, module in sorted(modules.items())
    ]
    return Journey(tuple(rows), tuple(kept))


def _narrow(finding: Finding, holes: dict[str, Stage]) -> Finding | None:
    """Drop from a finding the modules that were lost at an earlier stage."""
    if finding.stage is None or not finding.modules:
        return finding
    left = tuple(name for name in finding.modules if holes[name] is finding.stage)
    return replace(finding, modules=left) if left else None


def _states(material: Material, module: Module, hole: Stage | None) -> dict[Stage, str]:
    states = {}
    for stage in Stage:
        if hole is not None and _ORDER[stage] > _ORDER[hole]:
            states[stage] = BEYOND
        elif stage is hole:
            states[stage] = LOST
        elif stage in material.unknown:
            states[stage] = UNKNOWN
        elif stage in {Stage.WHEEL, Stage.CONDA, Stage.INSTALLED} and not _ships(
            material.project, module
        ):
            states[stage] = EXEMPT
        else:
            states[stage] = PRESENT
    return states


def _ships(project: Project, module: Module) -> bool:
    return module.compiled or any(project.policy.is_shipped(path) for path in module.files)
