"""No artefact is over its ceiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.causes import at
from audit.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material

_SIZE = 4


def check(material: Material) -> Iterator[Finding]:
    """Yield artefacts that weigh more than the policy allows."""
    for contents in material.contents:
        ceiling = material.project.policy.ceilings.get(contents.stage.label)
        if contents.size is None or ceiling is None or contents.size <= ceiling:
            continue
        largest = sorted(contents.files, key=lambda path: (-len(contents.files[path]), path))[:3]
        yield Finding(
            at(contents.stage, _SIZE),
            contents.label,
            f"{contents.size} bytes, {ceiling} allowed; the largest files in it are",
            files=tuple(largest),
        )
