"""The report for programs; its form is ``docs/schemas/audit-1.json``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from audit.stages import Stage

if TYPE_CHECKING:
    from audit.journey import Journey, Row
    from audit.material import Material

VERSION = 1


def render(material: Material, journey: Journey, notes: list[str]) -> str:
    """Return the report as JSON text; the same input gives the same bytes."""
    project = material.project
    document = {
        "version": VERSION,
        "healthy": not journey.findings,
        "distribution": project.policy.distribution,
        "distribution_version": project.version,
        "root": str(project.root),
        "stages": [
            {
                "name": stage.label,
                "examined": stage not in material.unknown,
                "reason": material.unknown.get(stage),
            }
            for stage in Stage
        ],
        "artefacts": [
            {
                "stage": contents.stage.label,
                "label": contents.label,
                "size": contents.size,
                "ceiling": project.policy.ceilings.get(contents.stage.label),
            }
            for contents in material.contents
        ],
        "modules": [_row(row) for row in journey.rows],
        "findings": [
            {
                "code": finding.cause.code,
                "sentence": finding.cause.sentence,
                "remedy": finding.cause.remedy,
                "stage": None if finding.stage is None else finding.stage.label,
                "where": finding.where,
                "detail": finding.detail,
                "modules": list(finding.modules),
                "files": list(finding.files),
            }
            for finding in journey.findings
        ],
        "notes": notes,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.module.name,
        "kind": row.module.kind,
        "files": list(row.module.files),
        "stages": {stage.label: state for stage, state in row.states.items()},
        "hole": None if row.hole is None else row.hole.label,
        "codes": list(row.codes),
    }
