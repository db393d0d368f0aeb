"""Every source is tracked by git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.causes import Cause
from audit.checks.leftovers import is_leftover
from audit.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.git import IgnoreRule
    from audit.material import Material


def check(material: Material) -> Iterator[Finding]:
    """Yield sources that git ignores or does not track, and what it should not track."""
    project = material.project
    tracking = project.tracking
    if tracking.unknown is not None:
        return
    lost: dict[tuple[str, IgnoreRule | None], list[str]] = {}
    for path in sorted(project.source_files - tracking.tracked):
        name = project.module_of.get(path, "")
        lost.setdefault((name, tracking.ignored.get(path)), []).append(path)
    for (name, rule), paths in lost.items():
        yield Finding(
            Cause.UNTRACKED if rule is None else Cause.IGNORED,
            "checkout",
            "" if rule is None else f"by {rule}",
            modules=(name,) if name else (),
            files=tuple(paths),
        )
    for path in sorted(tracking.tracked):
        if project.owns(path) and not (project.root / path).is_file():
            yield Finding(
                Cause.MISSING_FROM_TREE,
                "checkout",
                modules=(project.module_of[path],),
                files=(path,),
            )
        elif project.policy.in_package(path) and is_leftover(project, path):
            yield Finding(Cause.LEFTOVER_TRACKED, "checkout", files=(path,))
