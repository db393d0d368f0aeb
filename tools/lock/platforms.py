"""Platforms as the lock writes them: an alias, a conda subdir and the virtual packages promised.

pixi tells the platforms of a lock apart by subdir and virtual packages, not by name. A platform
that promises nothing beyond pixi's defaults is written under its subdir; each other one under
`p1`, `p2` and so on, in the manifest's order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lock.errors import LockError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pixiw.platforms import Platform

_LINUX, _GLIBC, _MACOS, _WINDOWS = "4.18", "2.28", "13.0", "10.0"
_ARCHSPEC = {
    "linux-64": "x86_64",
    "linux-aarch64": "aarch64",
    "linux-ppc64le": "ppc64le",
    "osx-64": "x86_64",
    "osx-arm64": "m1",
    "win-64": "x86_64",
    "win-arm64": "aarch64",
}


@dataclass(frozen=True)
class VirtualPackage:
    """What a machine is promised to have, such as a C library.

    Parameters
    ----------
    name
        `__glibc` and the like.
    version
        Its version.
    build
        Its build string, empty where it has none.
    """

    name: str
    version: str
    build: str = ""

    def __str__(self) -> str:
        return "=".join(part for part in (self.name, self.version, self.build) if part)

    @classmethod
    def parse(cls, text: str) -> VirtualPackage:
        """Read a virtual package of a lock.

        Raises
        ------
        LockError
            The text is not a name and a version with `=` between.
        """
        name, _, rest = text.partition("=")
        version, _, build = rest.partition("=")
        if not name.startswith("__") or not version:
            message = f"pixi.lock names a virtual package {text!r}, which is no __name=version"
            raise LockError(message)
        return cls(name, version, build)


@dataclass(frozen=True)
class LockedPlatform:
    """A platform of the lock.

    Parameters
    ----------
    name
        The key of its records: the subdir or an alias.
    subdir
        The conda subdir.
    virtual_packages
        What its machines are promised to have.
    """

    name: str
    subdir: str
    virtual_packages: tuple[VirtualPackage, ...]

    def promises(self) -> Mapping[str, VirtualPackage]:
        """Return every virtual package by name, pixi's defaults for those not written."""
        named = {package.name: package for package in self.virtual_packages}
        return {package.name: package for package in defaults(self.subdir)} | named

    def same_machine(self, other: LockedPlatform) -> bool:
        """Tell whether two platforms are one, whatever they are called."""
        return self.subdir == other.subdir and self.promises() == other.promises()


def defaults(subdir: str) -> tuple[VirtualPackage, ...]:
    """Return the virtual packages that pixi takes for granted on a subdir."""
    system = subdir.partition("-")[0]
    found = []
    if system in {"linux", "osx"}:
        found.append(VirtualPackage("__unix", "0", "0"))
    if system == "linux":
        found.append(VirtualPackage("__linux", _LINUX))
        found.append(VirtualPackage("__glibc", _GLIBC))
    if system == "win":
        found.append(VirtualPackage("__win", _WINDOWS))
    if system == "osx":
        found.append(VirtualPackage("__osx", _MACOS))
    if subdir in _ARCHSPEC:
        found.append(VirtualPackage("__archspec", "0", _ARCHSPEC[subdir]))
    return tuple(found)


def _declared(platform: Platform) -> tuple[VirtualPackage, ...]:
    """Return what the manifest promises beyond the defaults, in pixi's order."""
    stated = (
        VirtualPackage("__cuda", platform.cuda or ""),
        VirtualPackage("__archspec", "0" if platform.archspec else "", platform.archspec or ""),
        VirtualPackage("__glibc", platform.glibc or ""),
        VirtualPackage("__linux", platform.linux or ""),
        VirtualPackage("__osx", platform.macos or ""),
        VirtualPackage("__win", platform.windows or ""),
    )
    usual = defaults(platform.subdir)
    return tuple(package for package in stated if package.version and package not in usual)


def locked_platforms(platforms: Iterable[Platform]) -> dict[str, LockedPlatform]:
    """Return the lock's platform for each platform of a manifest, by the manifest's name."""
    found = {}
    aliases = 0
    for platform in platforms:
        declared = _declared(platform)
        name = platform.subdir
        if declared:
            aliases += 1
            name = f"p{aliases}"
        said = {package.name for package in declared}
        rest = (package for package in defaults(platform.subdir) if package.name not in said)
        found[platform.name] = LockedPlatform(name, platform.subdir, (*declared, *rest))
    return found
