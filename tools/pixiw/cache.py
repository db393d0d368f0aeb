"""Remembers with which inputs, command and environment a task made its outputs."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pixiw import globs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = 1


@dataclass(frozen=True)
class Inquiry:
    """What decides whether a task must run again.

    Attributes
    ----------
    root : Path
        The task's working directory, where patterns are anchored.
    command : str
        The command after its templates.
    variables : mapping
        The variables that the task sets.
    environment : str
        Its environment: the folder and a digest of the packages.
    inputs, outputs : sequence of str
        Patterns, variables replaced.
    """

    root: Path
    command: str
    variables: Mapping[str, str]
    environment: str
    inputs: Sequence[str]
    outputs: Sequence[str]

    def answer(self) -> tuple[str, list[str]]:
        """Return a digest of the present state, and the output patterns without a file."""
        inputs, _ = globs.select(self.root, self.inputs)
        outputs, missing = globs.select(self.root, self.outputs)
        state = {
            "version": VERSION,
            "root": str(self.root),
            "command": self.command,
            "variables": dict(self.variables),
            "environment": self.environment,
            "inputs": {path: _digest(self.root / path) for path in inputs},
            "outputs": {path: _digest(self.root / path) for path in outputs},
        }
        text = json.dumps(state, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest(), missing


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        # A file that cannot be read (a dangling link, say) has a state of its own.
        return f"unreadable: {error.strerror}"


class TaskCache:
    """The memory of one task with one set of arguments.

    Parameters
    ----------
    folder : Path
        Where memories are kept.
    label : str
        Task, environment and arguments.
    """

    def __init__(self, folder: Path, label: str) -> None:
        self.path = folder / f"{hashlib.sha256(label.encode()).hexdigest()[:24]}.json"
        self.label = label

    def fresh(self, inquiry: Inquiry) -> bool:
        """Tell whether the outputs are there and nothing changed since they were made."""
        try:
            remembered = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        digest, missing = inquiry.answer()
        return not missing and remembered == {"label": self.label, "state": digest}

    def forget(self) -> None:
        """Trust nothing of an earlier run, before a new one starts."""
        self.path.unlink(missing_ok=True)

    def remember(self, inquiry: Inquiry) -> list[str]:
        """Record the present state, unless outputs are missing; return their patterns.

        Raises
        ------
        OSError
            When it cannot be written; nothing is remembered then.
        """
        digest, missing = inquiry.answer()
        if not missing:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            aside = self.path.with_suffix(f".{os.getpid()}.tmp")
            try:
                aside.write_text(
                    json.dumps({"label": self.label, "state": digest}), encoding="utf-8"
                )
                aside.replace(self.path)
            finally:
                aside.unlink(missing_ok=True)
        return missing
