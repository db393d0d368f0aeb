"""Wheels from the configured Python index, checked against their pins and kept in a cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from externals.failure import ExternalsError, MissingWheelError, writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from externals.pins import Pin
    from externals.showing import Show
    from externals.target import Target

_AT_ONCE = 4
_ASIDE = ".download-"
_UNREACHABLE = re.compile(
    r"Retrying \(|ConnectionError|NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError"
    r"|SSLError|connection timed out|HTTP error|HTTPError|Could not fetch URL",
    re.IGNORECASE,
)


def digest(path: Path) -> str:
    """sha256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name_and_version(wheel: Path) -> tuple[str, str] | None:
    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename:
        return None
    return canonicalize_name(name), str(version)


def _locks(pins: list[Pin], name: str | None) -> str:
    """Say which locks hold the pins of one name, or of all where none is of that name."""
    of_name = [pin for pin in pins if name and pin.name == canonicalize_name(name)]
    return " and ".join(sorted({f"tools/externals/{pin.lock}" for pin in of_name or pins}))


def _why(pins: list[Pin], target: Target, said: str) -> ExternalsError:
    """Say in one sentence why `pip download`."""
    named = re.search(
        r"(?:No matching distribution found for|Could not find a version that satisfies the "
        r"requirement) ([A-Za-z0-9_.-]+)==([^\s;(]+)",
        said,
    )
    changed = re.search(r"^\s+([A-Za-z0-9_.-]+==\S+) .*?from", said, re.MULTILINE)
    if "DO NOT MATCH THE HASHES" in said:
        what = changed[1] if changed else ", ".join(pin.name for pin in pins)
        locks = _locks(pins, changed[1].split("==")[0] if changed else None)
        return ExternalsError(
            f"the index serves another file for {what} than {locks} pins: its "
            "hash differs; do not use that index, or write the lock anew with "
            "`python tools/externals lock` once you know why"
        )
    if _UNREACHABLE.search(said):
        return ExternalsError(
            "the Python index cannot be reached for "
            f"{pins[0].name}{' and others' if pins[1:] else ''}; check the network, or name a "
            "mirror in pip's configuration (pip config set global.index-url ...) or a folder of "
            "wheels (PIP_NO_INDEX=1 PIP_FIND_LINKS=folder)"
        )
    if named:
        return MissingWheelError(
            f"the index has no wheel of {named[1]} {named[2]} for Python {target.python.full} on "
            f"{target.markers['sys_platform']} {target.markers['platform_machine']} with a hash "
            f"that {_locks(pins, named[1])} pins"
        )
    last = [line for line in said.splitlines() if line.strip()]
    return ExternalsError(f"pip could not download wheels: {last[-1] if last else 'no reason'}")


@dataclass(frozen=True)
class WheelCache:
    """Downloaded wheels, one folder a Python, since another Python's best file may differ.

    Parameters
    ----------
    folder
        Where they are kept.
    show
        Shows the progress of downloads.
    retries
        How often pip asks again; at least once, since its word of that is how an index that
        cannot be reached is told from one without the wheel.
    """

    folder: Path
    show: Show
    retries: int = 2
    _digests: dict[Path, str] = field(default_factory=dict)

    def _place(self, target: Target) -> Path:
        return self.folder / target.python.tag

    def _held(self, target: Target) -> dict[tuple[str, str], Path]:
        place = self._place(target)
        if not place.is_dir():
            return {}
        named = ((_name_and_version(wheel), wheel) for wheel in sorted(place.glob("*.whl")))
        return {name: wheel for name, wheel in named if name is not None}

    def digest(self, wheel: Path) -> str:
        """sha256 of a wheel in the cache, in hex."""
        if wheel not in self._digests:
            self._digests[wheel] = digest(wheel)
        return self._digests[wheel]

    def fetch(self, pins: Iterable[Pin], target: Target) -> dict[str, Path]:
        """Give the wheels of the pins for one Python, by name.

        What the cache lacks, or holds with another hash than pinned, is downloaded.

        Raises
        ------
        MissingWheelError
            A package has no wheel for this Python.
        ExternalsError
            The index cannot be reached, or serves a file with another hash.
        """
        wanted = list(pins)
        held = self._held(target)
        missing = []
        for pin in wanted:
            wheel = held.get((pin.name, pin.version))
            if wheel is None:
                missing.append(pin)
            elif self.digest(wheel) not in pin.hashes:
                wheel.unlink()
                del self._digests[wheel]
                missing.append(pin)
        if missing:
            self._download(missing, target)
            held = self._held(target)
        return {pin.name: held[pin.name, pin.version] for pin in wanted}

    def _download(self, pins: list[Pin], target: Target) -> None:
        place = self._place(target)
        with writing(place):
            place.mkdir(parents=True, exist_ok=True)
            for left in place.glob(f"{_ASIDE}*"):  # by a run that was killed
                shutil.rmtree(left, ignore_errors=True)
        count = min(_AT_ONCE, -(-len(pins) // 4))
        batches = [pins[start::count] for start in range(count)]
        with self.show("downloading wheels", len(pins)) as step, ThreadPoolExecutor(count) as pool:
            for batch in pool.map(lambda batch: _pip(batch, target, place, self.retries), batches):
                for pin in batch:
                    step.advance(pin.name)


def _pip(pins: list[Pin], target: Target, place: Path, retries: int) -> list[Pin]:
    """One `pip download` into a folder aside, its wheels then renamed into `place`."""
    with writing(place), tempfile.TemporaryDirectory(prefix=_ASIDE, dir=place) as aside:
        asked = Path(aside) / "requirements.txt"
        asked.write_text("".join(pin.line() for pin in pins), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--python", str(target.python.executable)),
                *("download", "--require-hashes", "--no-deps", "--only-binary", ":all:"),
                *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
                *("--retries", str(retries), "--dest", aside, "--requirement", str(asked)),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONWARNINGS": "ignore", "LC_ALL": "C.UTF-8"},
        )
        if done.returncode:
            if "No space left on device" in done.stderr:
                raise ExternalsError(
                    f"cannot write {place}: the disk is full; make room and run the same command "
                    "again (nothing half-made is kept)"
                )
            raise _why(pins, target, done.stdout + done.stderr)
        for wheel in sorted(Path(aside).glob("*.whl")):
            shutil.move(wheel, place / wheel.name)
    return pins
