"""The committed lock of wheels, `wheels.txt`: one version and its hashes per package and marker."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from externals.failure import ExternalsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.markers import Marker

LOCK = Path(__file__).with_name("wheels.txt")
LOWEST = LOCK.with_name("wheels-lowest.txt")

_HASH = re.compile(r"\s--hash=sha256:([0-9a-f]{64})(?=\s|$)")


@dataclass(frozen=True)
class Pin:
    """One pinned package.

    Parameters
    ----------
    name
        Canonical name on the index.
    version
        The version, as text.
    hashes
        sha256 of every file that may stand for it.
    marker
        Where the pin holds; None for everywhere.
    lock
        Name of the lock that holds the pin.
    """

    name: str
    version: str
    hashes: frozenset[str]
    marker: Marker | None
    lock: str = field(default=LOCK.name, compare=False)

    def line(self) -> str:
        """Return the pin as a line of a requirements file, without its marker."""
        hashes = " ".join(f"--hash=sha256:{digest}" for digest in sorted(self.hashes))
        return f"{self.name}=={self.version} {hashes}\n"


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    held, begun = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        part = line.split(" #", 1)[0].strip() if not line.lstrip().startswith("#") else ""
        begun = begun if held else number
        if part.endswith("\\"):
            held += part[:-1].rstrip() + " "
            continue
        if held or part:
            yield begun, (held + part).strip()
        held = ""
    if held:
        yield begun, held.strip()


def _pin(path: Path, number: int, line: str) -> Pin:
    hashes = frozenset(_HASH.findall(line))
    text = _HASH.sub("", line).strip()
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise ExternalsError(
            f"{path}, line {number}: {text!r} is no pinned requirement; run "
            "`python tools/externals lock` to write the file anew"
        ) from error
    versions = [part for part in requirement.specifier if part.operator == "=="]
    if len(versions) != 1 or len(requirement.specifier) != 1 or not hashes:
        raise ExternalsError(
            f"{path}, line {number}: {requirement.name} lacks its version or its hashes; run "
            "`python tools/externals lock` to write the file anew"
        )
    return Pin(
        name=canonicalize_name(requirement.name),
        version=versions[0].version,
        hashes=hashes,
        marker=requirement.marker,
        lock=path.name,
    )


def read(path: Path = LOCK) -> tuple[Pin, ...]:
    """Read a lock.

    Raises
    ------
    ExternalsError
        The file is missing, or a line in it is no pin with hashes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExternalsError(
            f"cannot read the lock of wheels {path}: {error.strerror}; restore it, or run "
            "`python tools/externals lock`"
        ) from error
    return tuple(_pin(path, number, line) for number, line in _logical_lines(text))


def choose(pins: tuple[Pin, ...], environment: Mapping[str, str]) -> dict[str, Pin]:
    """Choose the pins that hold in one environment, by name.

    Parameters
    ----------
    pins
        All of them.
    environment
        Values of the markers' variables.
    """
    return {
        pin.name: pin
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(dict(environment))
    }
