"""What git knows of the checkout: tracked, ignored and by which pattern, or untracked."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class IgnoreRule:
    """A line of an ignore file: where it stands and what it says."""

    file: str
    line: int
    pattern: str

    def __str__(self) -> str:
        """Name the rule the way compilers name a line."""
        return f"{self.file}:{self.line}: {self.pattern}"


@dataclass(frozen=True)
class Tracking:
    """The answer of git; ``unknown`` is the reason why there is none."""

    tracked: frozenset[str] = frozenset()
    ignored: dict[str, IgnoreRule] = field(default_factory=dict)
    unknown: str | None = None


def track(root: Path, present: Iterable[str]) -> Tracking:
    """Ask git which files it tracks, and of the `present` files which it ignores and why."""
    try:
        top = _git(root, "rev-parse", "--show-toplevel")
    except FileNotFoundError:
        return Tracking(unknown="git was not found on PATH")
    if top.returncode != 0:
        said = top.stderr.decode(errors="replace").strip().partition("\n")[0]
        return Tracking(unknown=f"{root} is not a git checkout ({said.removeprefix('fatal: ')})")
    toplevel = Path(os.fsdecode(top.stdout).rstrip("\n"))
    if toplevel.resolve() != root.resolve():
        return Tracking(unknown=f"{root} is not a git checkout of its own, it lies in {toplevel}")
    listed = _git(root, "ls-files", "-z")
    if listed.returncode != 0:
        said = listed.stderr.decode(errors="replace").strip().partition("\n")[0]
        return Tracking(unknown=f"git cannot list the files of {root}: {said}")
    tracked = frozenset(_fields(listed.stdout))
    return Tracking(tracked, _ignored(root, set(present) - tracked))


def _ignored(root: Path, paths: set[str]) -> dict[str, IgnoreRule]:
    if not paths:
        return {}
    request = b"".join(os.fsencode(path) + b"\0" for path in sorted(paths))
    answer = _git(root, "check-ignore", "-v", "-z", "--stdin", request=request)
    fields = _fields(answer.stdout)
    rules = {}
    for source, line, pattern, path in zip(*(fields[n::4] for n in range(4)), strict=True):
        if not pattern.startswith("!"):
            rules[path] = IgnoreRule(source, int(line), pattern)
    return rules


def _git(root: Path, *arguments: str, request: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    # A hook's variables would point git at another repository than `root`.
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    return subprocess.run(
        ["git", "-C", str(root), *arguments],
        input=request,
        capture_output=True,
        env={**environment, "LC_ALL": "C"},
        check=False,
    )


def _fields(output: bytes) -> list[str]:
    return [os.fsdecode(part) for part in output.split(b"\0")[:-1]]
