"""The stages of a module's journey, in order."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """A stage, with the first digit of the codes of what can go wrong there."""

    DECLARED = "declared", 1
    TRACKED = "tracked", 2
    SDIST = "sdist", 3
    WHEEL = "wheel", 4
    CONDA = "conda package", 5
    INSTALLED = "installed", 6

    def __init__(self, label: str, digit: int) -> None:
        self.label = label
        self.digit = digit
