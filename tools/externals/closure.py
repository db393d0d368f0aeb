"""What packages need of each other: the closure of some roots for one Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from externals import wheel as wheels
from externals.failure import ExternalsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from packaging.requirements import Requirement

    from externals.pins import Pin
    from externals.target import Target
    from externals.wheel import Wheel


@dataclass
class Closure:
    """Wheels that a set of packages needs, with the requirements that hold for one Python."""

    target: Target
    pins: Mapping[str, Pin]
    wheels: dict[str, Wheel] = field(default_factory=dict)

    def requirements(
        self, name: str, extras: frozenset[str] = frozenset()
    ) -> tuple[Requirement, ...]:
        """Return what a package needs here, taken with some extras.

        An extra of a requirement is replaced by what it stands for, since conda packages have
        no extras.
        """
        found: dict[str, Requirement] = {}
        waiting = [(name, extras)]
        asked = set()
        while waiting:
            of, wanted = waiting.pop()
            if (of, wanted) in asked or of not in self.wheels:
                continue
            asked.add((of, wanted))
            for requirement in self.wheels[of].requires:
                if not self.target.needs(requirement, wanted):
                    continue
                needed = canonicalize_name(requirement.name)
                if needed != name:
                    found[str(requirement)] = requirement
                if requirement.extras:
                    waiting.append((needed, frozenset(requirement.extras)))
        return tuple(found[text] for text in sorted(found))


def _pin(name: str, needed_by: str, pins: Mapping[str, Pin]) -> Pin:
    if name not in pins:
        raise ExternalsError(
            f"{name}, needed by {needed_by}, is not in tools/externals/wheels.txt; run "
            "`python tools/externals lock` where the Python index can be reached and commit the "
            "result"
        )
    return pins[name]


def close(
    roots: Mapping[str, str],
    target: Target,
    pins: Mapping[str, Pin],
    fetch: Callable[[Iterable[Pin], Target], Mapping[str, Path]],
) -> Closure:
    """Fetch the wheels of some packages and of all they need.

    Parameters
    ----------
    roots
        Index names, each with what asks for it.
    target
        The Python.
    pins
        The pins that hold for it.
    fetch
        Gives the wheels of pins.

    Raises
    ------
    ExternalsError
        A package is not pinned, or its wheel cannot be had.
    """
    closure = Closure(target, pins)
    wave = dict(roots)
    while wave:
        wanted = [_pin(name, wave[name], pins) for name in sorted(wave)]
        for name, path in fetch(wanted, target).items():
            closure.wheels[name] = wheels.read(path)
        wave = {
            needed: name
            for name in sorted(closure.wheels)
            for requirement in closure.requirements(name)
            if (needed := canonicalize_name(requirement.name)) not in closure.wheels
        }
    return closure
