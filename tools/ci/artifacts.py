"""Artifacts of a workflow: what a job takes, another one before it has left."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ci import jobs
from ci.errors import CiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UPLOAD, _DOWNLOAD = "actions/upload-artifact", "actions/download-artifact"


def breaches(all_jobs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for every artifact that is written twice, or taken and not there."""
    left: dict[str, str] = {}
    try:
        for job, name, options in _steps(all_jobs, _UPLOAD):
            if name in left:
                yield f"{job}: the artifact {name} is written twice"
            if options.get("if-no-files-found") != "error":
                yield f"{job}: the artifact {name} may be empty"
            left[name] = job
        for job, wanted, _ in _steps(all_jobs, _DOWNLOAD):
            before = _before(job, all_jobs)
            if not any(fnmatchcase(name, wanted) and left[name] in before for name in left):
                yield f"{job}: no job before it leaves an artifact {wanted}"
    except CiError as error:
        yield str(error)


def _steps(
    all_jobs: Mapping[str, Mapping[str, Any]], action: str
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for job, described in all_jobs.items():
        for step in described["steps"]:
            if str(step.get("uses", "")).partition("@")[0] != action:
                continue
            options = step.get("with", {})
            name = str(options.get("name") or options.get("pattern") or "*")
            for values in jobs.combinations(described):
                yield job, jobs.filled(name, values), options


def _before(job: str, all_jobs: Mapping[str, Mapping[str, Any]]) -> set[str]:
    found: set[str] = set()
    waiting = [job]
    while waiting:
        for needed in all_jobs.get(waiting.pop(), {}).get("needs", []):
            if needed not in found:
                found.add(needed)
                waiting.append(needed)
    return found
