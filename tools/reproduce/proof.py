"""Two builds from cold copies of the checkout, and what they say about each other."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from artefacts.checkout import Checkout
from progress import Step
from reproduce import conditions
from reproduce.compare import Difference, Leak, Needles, differences, leaks
from reproduce.errors import ReproduceError

if TYPE_CHECKING:
    from reproduce.clues import Needle
    from reproduce.conditions import Conditions, Place
    from reproduce.kinds import Kind

_LAST_LINES = 25
_CLOCK_STEP = 2.1  # seconds; a zip archive writes times in steps of two


@dataclass(frozen=True)
class Varying:
    """A difference that is allowed, and why."""

    where: str
    reason: str


@dataclass
class Verdict:
    """What was found out about one artefact."""

    name: str
    sha256: tuple[str, str]
    size: int
    differences: list[Difference] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    varying: list[Varying] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether both builds gave the same bytes, none of which tells of the build."""
        return not self.differences and not self.leaks


@dataclass(frozen=True)
class Proof:
    """Both conditions and a verdict for each artefact."""

    conditions: tuple[Conditions, Conditions]
    epoch: str
    verdicts: list[Verdict]

    @property
    def holds(self) -> bool:
        """Whether every artefact is reproducible."""
        return all(verdict.same for verdict in self.verdicts)


def prove(root: Path, kinds: list[Kind], keep: Path | None = None) -> Proof:
    """Build the checkout at `root` twice, elsewhere and under other conditions; compare.

    Parameters
    ----------
    root : Path
        The checkout; it is only read.
    kinds : list of Kind
        What to build.
    keep : Path, optional
        A folder, empty or not there yet, to build in and to leave as it is. Without it a
        temporary folder is used.

    Raises
    ------
    ReproduceError
        When a build fails, or makes nothing.
    """
    if keep is not None:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise ReproduceError(f"{keep} is not an empty folder: name another")
        keep.mkdir(parents=True, exist_ok=True)
        return _prove(root, kinds, keep)
    with tempfile.TemporaryDirectory(prefix="reproduce-", ignore_cleanup_errors=True) as base:
        return _prove(root, kinds, Path(base).resolve())


def _prove(root: Path, kinds: list[Kind], base: Path) -> Proof:
    checkout = Checkout(root)
    contents = checkout.contents(everything=True)
    given = checkout.environment(os.environ)
    # Without a commit (an unpacked sdist) both builds need one time all the same.
    epoch = given.setdefault("SOURCE_DATE_EPOCH", "946684800")
    both = conditions.pair()
    secrets = conditions.personal(root)
    verdicts = []
    for spaced in (True, False):
        group = [kind for kind in kinds if kind.spaces is spaced]
        varied = both if spaced else (both[0].unspaced(), both[1].unspaced())
        places = [conditions.Place(base, condition) for condition in varied]
        for number, place in enumerate(places if group else ()):
            if number:
                time.sleep(_CLOCK_STEP)
            place.furnish(contents, reverse=bool(number))
            for kind in group:
                for name in kind.downloads:
                    place.carry(root, name)
                _build(place, kind, given)
        needles = places[0].needles(), places[1].needles()
        verdicts += [
            judge(name, made, kind, needles, secrets)
            for kind in group
            for name, made in _artefacts(places, kind).items()
        ]
    return Proof(both, epoch, verdicts)


def judge(
    name: str,
    contents: tuple[bytes, bytes],
    kind: Kind,
    needles: Needles,
    secrets: tuple[Needle, ...] = (),
) -> Verdict:
    """Compare one artefact of two builds, setting aside what `kind` allows to vary.

    Parameters
    ----------
    name : str
        Its file name.
    contents : pair of bytes
        What the first and the second build made.
    kind : Kind
        Says which files may differ.
    needles : pair of tuple of Needle
        What only the first and only the second build knows; neither may be in either artefact.
    secrets : tuple of Needle
        What else no artefact may hold.
    """
    one, other = contents
    verdict = Verdict(name, (sha256(one).hexdigest(), sha256(other).hexdigest()), len(one))
    for difference in differences(name, one, other, needles):
        reason = kind.excuse(difference.where)
        if reason is None:
            verdict.differences.append(difference)
        else:
            verdict.varying.append(Varying(difference.where, reason))
    for content in dict.fromkeys(contents):
        verdict.leaks += leaks(name, content, (*needles[0], *needles[1], *secrets))
    return verdict


def _build(place: Place, kind: Kind, given: dict[str, str]) -> None:
    runner = Path(__file__).with_name("runner.py")
    command = [sys.executable, "-P", str(runner), f"{place.conditions.umask:o}"]
    command += [str(place.conditions.cores or 0), *kind.command(place.checkout, place.out)]
    last: deque[str] = deque(maxlen=_LAST_LINES)
    with (
        Step(f"{place.conditions.name} build of {kind.title}") as step,
        subprocess.Popen(
            command,
            cwd=place.checkout,
            env=place.environment(given),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            last.append(line.rstrip())
            step.advance(line.strip(), by=0)
        if process.wait() != 0:
            said = "\n  ".join(last)
            message = f"the {place.conditions.name} build of {kind.title} failed:\n  {said}"
            raise ReproduceError(message)


def _artefacts(places: list[Place], kind: Kind) -> dict[str, tuple[bytes, bytes]]:
    """Return name -> contents from both builds."""
    first, second = ({name: _read(p, name) for name in _names(p, kind)} for p in places)
    if first.keys() != second.keys():
        odd = ", ".join(sorted(first.keys() ^ second.keys()))
        raise ReproduceError(f"only one of the two builds of {kind.title} made {odd}")
    return {name: (content, second[name]) for name, content in first.items()}


def _names(place: Place, kind: Kind) -> list[str]:
    found = {path for pattern in kind.patterns for path in place.out.rglob(pattern)}
    if not found:
        expected = " or ".join(kind.patterns)
        message = f"the {place.conditions.name} build of {kind.title} made no {expected}"
        raise ReproduceError(message)
    return sorted(path.relative_to(place.out).as_posix() for path in found)


def _read(place: Place, name: str) -> bytes:
    return (place.out / name).read_bytes()
