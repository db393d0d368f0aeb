"""The report for people."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from audit.installed import Installation
from audit.journey import BEYOND, EXEMPT, LOST, PRESENT, UNKNOWN
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.findings import Finding
    from audit.journey import Journey, Row
    from audit.material import Material

_MARKS = {PRESENT: "yes", BEYOND: "-", UNKNOWN: "?", EXEMPT: ""}
_RED, _GREEN, _BOLD, _PLAIN = "\033[31m", "\033[32m", "\033[1m", "\033[0m"
_MEGA = 1e6
_CELL = 9


def render(material: Material, journey: Journey, notes: list[str], *, colour: bool) -> str:
    """Return the report as text: artefacts, table, findings, notes, closing line."""
    lines = [*_artefacts(material), "", *_table(journey, colour=colour)]
    lines += [line for block in _findings(journey, colour=colour) for line in ("", *block)]
    if notes:
        lines += ["", *(f"note: {note}" for note in notes)]
    return "\n".join([*lines, "", _closing(material, journey), ""])


def _artefacts(material: Material) -> Iterator[str]:
    project = material.project
    version = project.version or "of no stated version"
    yield f"{project.policy.distribution} {version}, checkout {project.root}"
    for contents in material.contents:
        size = ""
        if contents.size is not None:
            ceiling = project.policy.ceilings[contents.stage.label]
            size = f"  {contents.size / _MEGA:.2f} MB of {ceiling / _MEGA:.2f} MB allowed"
        elif isinstance(contents, Installation) and contents.editable is not None:
            size = f"  editable, from {contents.editable}"
        yield f"  {contents.stage.label:<13} {contents.label}{size}"


def _table(journey: Journey, *, colour: bool) -> Iterator[str]:
    """Yield a line per compiled module and per module with a hole; the others are counted."""
    shown = [row for row in journey.rows if row.module.compiled or row.hole is not None]
    width = max((len(row.module.name) for row in shown), default=6)
    head = f"{'module':<{width}}  " + "  ".join(_padded(stage.label, stage) for stage in Stage)
    yield _paint(head.rstrip(), _BOLD, colour=colour)
    for row in shown:
        cells = "  ".join(_cell(row, stage, colour=colour) for stage in Stage)
        yield f"{row.module.name:<{width}}  {cells}".rstrip()
    rest = [row for row in journey.rows if row not in shown]
    if rest:
        unexamined = sorted({stage.label for row in rest for stage in _unknown(row)})
        beyond = f" (not examined: {', '.join(unexamined)})" if unexamined else ""
        yield f"{len(rest)} other modules and files of the package: present at every stage{beyond}"


def _unknown(row: Row) -> list[Stage]:
    return [stage for stage, state in row.states.items() if state == UNKNOWN]


def _cell(row: Row, stage: Stage, *, colour: bool) -> str:
    state = row.states[stage]
    text = row.codes[0] if state == LOST else _MARKS[state]
    shade = {LOST: _RED, PRESENT: _GREEN}.get(state, "")
    return _paint(_padded(text, stage), shade, colour=colour)


def _padded(text: str, stage: Stage) -> str:
    return text.ljust(max(len(stage.label), _CELL))


def _findings(journey: Journey, *, colour: bool) -> Iterator[list[str]]:
    """Yield one block per cause and place: the sentence, what it concerns, the remedy."""
    for (cause, where), group in groupby(
        journey.findings, key=lambda each: (each.cause, each.where)
    ):
        code = _paint(cause.code, _RED, colour=colour)
        block = [f"{where}: {code}: {cause.sentence}"]
        for finding in group:
            block += [f"    {line}" for line in _lines(finding)]
        yield [*block, f"    -> {cause.remedy}"]


def _lines(finding: Finding) -> list[str]:
    """Return the modules, files and detail of a finding; many files get a line each."""
    modules = ", ".join(finding.modules)
    # A path that the detail names already need not be named again.
    files = [path for path in finding.files if path not in finding.detail]
    if len(files) <= 1:
        parts = [modules, *files]
        subject = ": ".join(part for part in parts if part)
        if files and finding.modules == tuple(files):
            subject = files[0]
        return [" - ".join(part for part in (subject, finding.detail) if part)]
    head = ": ".join(part for part in (modules, finding.detail) if part)
    return [*([head] if head else []), *(f"  {path}" for path in files)]


def _closing(material: Material, journey: Journey) -> str:
    compiled = sum(row.module.compiled for row in journey.rows)
    others = len(journey.rows) - compiled
    lost = sum(row.hole is not None for row in journey.rows)
    examined = len(Stage) - len(material.unknown)
    count = len(journey.findings)
    return (
        f"Checked {compiled} compiled and {others} other modules at {examined} of {len(Stage)} "
        f"stages ({lost} with a hole, {count} finding{'' if count == 1 else 's'})"
    )


def _paint(text: str, shade: str, *, colour: bool) -> str:
    return f"{shade}{text}{_PLAIN}" if colour and shade else text
