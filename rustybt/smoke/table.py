"""The report as people read it: one line a module, and causes and remedies under each."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from .report import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .dependencies import Supply
    from .findings import Finding
    from .modules import Proof
    from .report import Report

_MODULES = ("module", "abi", "found in", "import", "answer", "sources", "result")
_DEPENDENCIES = ("dependency", "required", "installed", "result")


def format_report(report: Report) -> str:
    """Return `report` as text, without a final line break."""
    parts = [
        _head(report),
        *_findings(report.general, indent="", with_subject=True),
    ]
    if report.proofs:
        rows = [(_module_row(proof), proof.findings) for proof in report.proofs]
        parts += ["", *_table(_MODULES, rows)]
    if report.supplies:
        rows = [(_dependency_row(supply), supply.findings) for supply in report.supplies]
        parts += ["", *_table(_DEPENDENCIES, rows)]
    return "\n".join([*parts, "", _closing(report)])


def _head(report: Report) -> str:
    installation, record = report.installation, report.installation.record
    what = f"rustybt {report.version or '(unknown version)'}"
    if installation.folder is not None:
        what += f", {installation.kind}: {installation.folder}"
    if record is not None:
        revision = (record.raw.get("source") or {}).get("revision")
        what += f", built from {str(revision)[:12] if revision else 'an unknown revision'}"
    return f"{what}\nPython {platform.python_version()}: {sys.executable}"


def _module_row(proof: Proof) -> tuple[str, ...]:
    answer = {None: "-", True: "right", False: "wrong"}[proof.is_right]
    sources = {None: "-", True: "current", False: "stale"}[proof.is_current]
    result = proof.status.value
    if proof.blocked_by:
        result += f" by {proof.blocked_by}" if result == "blocked" else ""
    imported = "imported" if proof.imported else "-"
    where = proof.found_in or "-"
    return (proof.module.name, proof.module.abi, where, imported, answer, sources, result)


def _dependency_row(supply: Supply) -> tuple[str, ...]:
    required = supply.requirement.spec or "any"
    return (supply.requirement.name, required, supply.version or "-", supply.status.value)


def _table(
    titles: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], Iterable[Finding]]]
) -> list[str]:
    widths = [
        max(len(line[column]) for line in (titles, *(cells for cells, _ in rows)))
        for column in range(len(titles))
    ]
    lines = [_line(titles, widths)]
    for cells, findings in rows:
        lines.append(_line(cells, widths))
        lines += _findings(findings, indent="    ", with_subject=False)
    return lines


def _line(cells: tuple[str, ...], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _findings(findings: Iterable[Finding], *, indent: str, with_subject: bool) -> list[str]:
    lines = []
    for finding in findings:
        subject = f"{finding.subject}: " if with_subject else ""
        note = " (note)" if finding.code.severity == "note" else ""
        head = f"{finding.code.name}{note} {finding.code.title}"
        lines.append(f"{indent}{subject}{head}: {finding.cause}")
        lines.append(f"{indent}    -> {finding.code.remedy}")
    return lines


def _closing(report: Report) -> str:
    modules = _tally("module", "modules", count(proof.status for proof in report.proofs))
    dependencies = _tally(
        "dependency", "dependencies", count(supply.status for supply in report.supplies)
    )
    return f"Checked {modules} and {dependencies}: {_verdict(report)}."


def _verdict(report: Report) -> str:
    failures = sum(finding.code.severity == "failure" for finding in report.findings)
    notes = len(report.findings) - failures
    counts = [(failures, "failure"), (notes, "note")]
    found = [f"{number} {what}{'s' * (number > 1)}" for number, what in counts if number]
    return ", ".join(found) or "all is well"


def _tally(one: str, many: str, counts: dict[str, int]) -> str:
    total = counts["total"]
    states = [f"{counts[state]} {state}" for state in ("ok", "missing", "failed")]
    states += [f"{counts['blocked']} blocked"] if counts["blocked"] else []
    return f"{total} {one if total == 1 else many} ({', '.join(states)})"
