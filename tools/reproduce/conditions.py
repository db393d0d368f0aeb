"""The conditions of a build, which must not show in what it makes."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reproduce.clues import Needle

if TYPE_CHECKING:
    from collections.abc import Mapping

# Would carry objects or settings from one build into the other.
_SHARED_STATE = (
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "PYTHONPATH",
    "PIXIW_LOCKS_HELD",
    "XDG_CACHE_HOME",
)
_DEFAULT_HOMES = {"CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"}


@dataclass(frozen=True)
class Conditions:
    """Under what a build runs.

    ``folder`` is relative to a temporary folder and holds the checkout, the home and the
    temporary files of the build. ``zone`` is a POSIX time zone, which needs no database;
    ``hash_seed`` is the value of PYTHONHASHSEED; ``source_time`` is the modification time of the
    sources in seconds since 1970; ``cores`` is how many it may use, None for all.
    """

    name: str
    folder: str
    user: str
    umask: int
    zone: str
    locale: str
    hash_seed: str
    source_time: int
    cores: int | None

    def described(self) -> dict[str, str]:
        """Return what is varied -> the value, in words."""
        return {
            "directory, HOME, TMPDIR": self.folder,
            "user name": self.user,
            "umask": f"{self.umask:04o}",
            "time zone": self.zone,
            "locale": self.locale,
            "times of the sources": f"{self.source_time} s after 1970",
            "cores and jobs": "all" if self.cores is None else str(self.cores),
            "PYTHONHASHSEED": self.hash_seed,
        }

    def unspaced(self) -> Conditions:
        """Return the same in a folder of its own, whose name has no space."""
        return replace(self, folder=f"unspaced/{self.folder.replace(' ', '-')}")


def pair() -> tuple[Conditions, Conditions]:
    """Return two conditions that differ in everything a build can be made to differ in."""
    first = Conditions(
        name="first",
        folder="a",
        user="first-maker",
        umask=0o022,
        zone="UTC0",
        locale="C",
        hash_seed="0",
        source_time=981_158_400,
        cores=None,
    )
    second = Conditions(
        name="second",
        folder="another place/deeper",
        user="second-maker",
        umask=0o077,
        zone="XXX-5:45",
        locale=_other_locale(),
        hash_seed="4711",
        source_time=1_296_777_600,
        cores=1,
    )
    return first, second


class Place:
    """The folders of one build, below `base`, and the environment it runs in."""

    def __init__(self, base: Path, conditions: Conditions) -> None:
        self.conditions = conditions
        self.folder = base / conditions.folder
        self.checkout = self.folder / "checkout"
        self.home = self.folder / "home"
        self.temporary = self.folder / "tmp"
        self.out = self.folder / "out"

    def furnish(self, contents: Mapping[str, bytes], *, reverse: bool) -> None:
        """Write the sources, in reverse order if asked, and an otherwise empty home.

        The home gets a copy of the crates that cargo has downloaded, which it unpacks anew.
        """
        time = self.conditions.source_time
        for name in sorted(contents, reverse=reverse):
            path = self.checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[name])
            path.chmod(0o666 & ~self.conditions.umask)
            os.utime(path, (time, time))
        self.temporary.mkdir(parents=True)
        original = _home_of("CARGO_HOME", os.environ)
        for name in ("registry/cache", "registry/index", "git/db"):
            if (original / name).is_dir():
                shutil.copytree(original / name, self.home / ".cargo" / name)
        for name in ("config.toml", "config"):
            if (original / name).is_file():
                (self.home / ".cargo").mkdir(parents=True, exist_ok=True)
                shutil.copy(original / name, self.home / ".cargo" / name)

    def carry(self, root: Path, name: str) -> None:
        """Copy the folder `name` of the checkout `root`, if it is there."""
        if (root / name).is_dir():
            shutil.copytree(root / name, self.checkout / name, dirs_exist_ok=True)

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return `base` with everything set that the conditions vary."""
        variables = {
            name: value
            for name, value in base.items()
            if name not in _SHARED_STATE and not name.startswith("LC_")
        }
        rustup = _home_of("RUSTUP_HOME", base)
        if rustup.is_dir():  # the toolchain itself stays where it is installed
            variables["RUSTUP_HOME"] = str(rustup)
        variables |= {
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "CARGO_HOME": str(self.home / ".cargo"),
            "USER": self.conditions.user,
            "LOGNAME": self.conditions.user,
            "USERNAME": self.conditions.user,
            "TMPDIR": str(self.temporary),
            "TEMP": str(self.temporary),
            "TMP": str(self.temporary),
            "TZ": self.conditions.zone,
            "LC_ALL": self.conditions.locale,
            "LANG": self.conditions.locale,
            "PYTHONHASHSEED": self.conditions.hash_seed,
        }
        if self.conditions.cores is not None:
            variables["CARGO_BUILD_JOBS"] = str(self.conditions.cores)
            variables["RAYON_NUM_THREADS"] = str(self.conditions.cores)
        return variables

    def needles(self) -> tuple[Needle, ...]:
        """Return what this build alone knows and must not write into an artefact."""
        return (
            Needle("build path", str(self.checkout)),
            Needle("home", str(self.home)),
            Needle("temporary folder", str(self.temporary)),
            Needle("build path", str(self.folder)),
            Needle("user name", self.conditions.user),
        )


def personal(root: Path) -> tuple[Needle, ...]:
    """Return what the machine's user has, and no artefact: the checkout `root` and the home."""
    home = Path.home()
    found = [Needle("checkout", str(root))]
    if home != Path(home.anchor):
        found.append(Needle("home of the user", f"{home}{os.sep}"))
    return tuple(found)


def _home_of(variable: str, base: Mapping[str, str]) -> Path:
    return Path(base.get(variable) or Path.home() / _DEFAULT_HOMES[variable])


def _other_locale() -> str:
    """Return a locale of this machine that is as unlike C as can be."""
    try:
        run = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "C.UTF-8"
    named = [name for name in run.stdout.split() if not name.startswith(("C", "POSIX", "en_"))]
    return named[0] if named else "C.UTF-8"
