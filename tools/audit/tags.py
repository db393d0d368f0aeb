"""Tags in file names: of wheels, and of extension modules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_WHEEL = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(-(?P<build>\d[^-]*))?"
    r"-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)
_EXTENSION = re.compile(r"(?P<stem>[^.]+)(\.(?P<tag>.+))?\.(?P<kind>so|pyd|dylib|dll)")
_POSIX_TAG = re.compile(r"cpython-(?P<version>\d+)(?P<flags>[a-z]*)(-(?P<platform>.+))?")
_WINDOWS_TAG = re.compile(r"cp(?P<version>\d+)(?P<flags>[a-z]*)(-(?P<platform>.+))?")

_MACHINES = {
    "amd64": "x86_64",
    "x86_64": "x86_64",
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "i386": "x86",
    "i686": "x86",
    "win32": "x86",
    "armv7l": "arm",
    "ppc64le": "ppc64",
    "riscv64": "riscv64",
    "s390x": "s390x",
}


@dataclass(frozen=True)
class Platform:
    """An operating system and the machines a binary for it must serve.

    ``system`` is linux, musllinux, macos or windows; ``machines`` are names as in `_MACHINES`.
    """

    system: str
    machines: frozenset[str]


@dataclass(frozen=True)
class WheelName:
    """The parts of a wheel's file name; compressed tag sets are kept apart."""

    name: str
    version: str
    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]

    @property
    def tags(self) -> frozenset[str]:
        """The expanded tags, as the WHEEL file lists them."""
        return frozenset(
            f"{python}-{abi}-{platform}"
            for python in self.pythons
            for abi in self.abis
            for platform in self.platforms
        )


@dataclass(frozen=True)
class ExtensionName:
    """The parts of an extension module's path: dotted module, ABI tag, platform tag."""

    module: str
    abi: str | None
    platform: str | None


@dataclass(frozen=True)
class Target:
    """What a shared object must fit: the ABI tags that load, and the platform."""

    abis: frozenset[str]
    platform: Platform | None
    name: str

    def accepts(self, extension: ExtensionName) -> bool:
        """Tell whether an extension of that name would be found by the target's interpreter."""
        if extension.abi is None:
            # On Windows the stable ABI has no tag of its own.
            return self.platform is not None and self.platform.system == "windows"
        if extension.abi not in self.abis:
            return False
        if extension.platform is None or self.platform is None:
            return True
        named = parse_platform(extension.platform)
        if named is None:
            return False
        return named.system == self.platform.system and (
            not named.machines or named.machines == self.platform.machines
        )


def parse_wheel(name: str) -> WheelName | None:
    """Split a wheel's file name; None when it is no such name."""
    found = _WHEEL.fullmatch(name)
    if found is None:
        return None
    return WheelName(
        found["name"],
        found["version"],
        tuple(found["python"].split(".")),
        tuple(found["abi"].split(".")),
        tuple(found["platform"].split(".")),
    )


def parse_extension(path: str) -> ExtensionName | None:
    """Split the path of an extension module; None when it is no shared object's."""
    pure = PurePosixPath(path)
    found = _EXTENSION.fullmatch(pure.name)
    if found is None:
        return None
    module = ".".join((*pure.parent.parts, found["stem"]))
    tag = found["tag"]
    if tag is None:
        return ExtensionName(module, None, None)
    for pattern in (_POSIX_TAG, _WINDOWS_TAG):
        parts = pattern.fullmatch(tag)
        if parts is not None:
            abi = f"cp{parts['version']}{parts['flags']}"
            return ExtensionName(module, abi, parts["platform"])
    return ExtensionName(module, tag, None)


def parse_platform(tag: str) -> Platform | None:
    """Return the platform of a wheel's platform tag or of an extension's; None for others.

    A tag that names no machine (``darwin``) gives a platform without machines.
    """
    words = re.split(r"[-_.]", tag.lower())
    machine = _machine(tag.lower())
    if tag.lower().startswith("musllinux") or "musl" in words:
        return Platform("musllinux", machine)
    if "linux" in words or words[0].startswith("manylinux"):
        return Platform("linux", machine)
    if words[0] in {"macosx", "darwin"}:
        return Platform("macos", machine)
    if words[0].startswith("win"):
        return Platform("windows", machine)
    return None


def _machine(tag: str) -> frozenset[str]:
    if tag.endswith("universal2"):
        return frozenset({"x86_64", "aarch64"})
    words = set(re.split(r"[-_.]", tag.replace("x86_64", "amd64")))
    return frozenset(name for word, name in _MACHINES.items() if word in words)
