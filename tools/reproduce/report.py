"""The proof as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reproduce.proof import Proof, Verdict

_SHOWN = 40


def as_json(proof: Proof) -> str:
    """Return the proof as a JSON document, version 1."""
    document: dict[str, Any] = {
        "version": 1,
        "reproducible": proof.holds,
        "source_date_epoch": int(proof.epoch),
        "conditions": {c.name: c.described() for c in proof.conditions},
        "artefacts": [
            {
                "name": verdict.name,
                "bytes": verdict.size,
                "sha256": list(verdict.sha256),
                "reproducible": verdict.same,
                "differences": [asdict(difference) for difference in verdict.differences],
                "leaks": [asdict(leak) for leak in verdict.leaks],
                "varying": [asdict(varying) for varying in verdict.varying],
            }
            for verdict in proof.verdicts
        ],
    }
    return json.dumps(document, indent=1)


def as_table(proof: Proof) -> str:
    """Return the conditions, and each artefact with whatever was found in it."""
    one, other = (condition.described() for condition in proof.conditions)
    rows = [("", "first build", "second build"), *((k, one[k], other[k]) for k in one)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip() for a, b, c in rows]
    lines += ["", *(line for verdict in proof.verdicts for line in _verdict(verdict))]
    return "\n".join(lines)


def _verdict(verdict: Verdict) -> list[str]:
    if verdict.same and verdict.sha256[0] == verdict.sha256[1]:
        state = f"same bytes, sha256 {verdict.sha256[0]}"
    elif verdict.same:
        state = "same but for what must vary"
    elif verdict.differences:
        state = "DIFFERS"
    else:
        state = "TELLS OF THE BUILD"
    lines = [f"{verdict.name}  {verdict.size / 1e6:.2f} MB  {state}"]
    lines += [f"  may vary  {varying.where}: {varying.reason}" for varying in verdict.varying]
    found = [
        f"  {difference.kind:9}  {difference.where}: {difference.detail}"
        + (f" ({difference.hint})" if difference.hint else "")
        for difference in verdict.differences
    ]
    found += [
        f"  leak       {leak.where}: the {leak.what} {leak.text} at offset {leak.offset}"
        for leak in verdict.leaks
    ]
    if len(found) > _SHOWN:
        rest = f"  and {len(found) - _SHOWN} more: --json lists them all"
        found = [*found[:_SHOWN], rest]
    return lines + found
