"""One Python that packages are chosen for: its tags and the values of markers in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.markers import default_environment
from packaging.tags import Tag, compatible_tags, cpython_tags, platform_tags

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from externals.interpreters import Interpreter


@dataclass(frozen=True)
class Target:
    """A Python of this machine as packages see it."""

    python: Interpreter

    @cached_property
    def markers(self) -> dict[str, str]:
        """Values of the markers' variables; the platform's are this machine's."""
        values = {name: str(value) for name, value in default_environment().items()}
        return values | {
            "implementation_name": "cpython",
            "implementation_version": self.python.full,
            "platform_python_implementation": "CPython",
            "python_full_version": self.python.full,
            "python_version": self.python.minor,
            "extra": "",
        }

    @cached_property
    def tags(self) -> dict[Tag, int]:
        """Tags of wheels that run on it, with their rank, the best first."""
        version = self.python.version[:2]
        platforms = list(platform_tags())
        tags = [
            *cpython_tags(python_version=version, platforms=platforms),
            *compatible_tags(
                python_version=version, interpreter=self.python.tag, platforms=platforms
            ),
        ]
        return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}

    def needs(self, requirement: Requirement, extras: frozenset[str] = frozenset()) -> bool:
        """Whether a requirement holds here, for a package taken with some extras."""
        if requirement.marker is None:
            return True
        return any(
            requirement.marker.evaluate(self.markers | {"extra": extra}) for extra in extras | {""}
        )
