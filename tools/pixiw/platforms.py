"""Conda platforms: which one this machine is, and what a manifest may say of one."""

from __future__ import annotations

import platform as machine_info
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBDIRS = frozenset(
    {
        "emscripten-wasm32",
        "linux-32",
        "linux-64",
        "linux-aarch64",
        "linux-armv6l",
        "linux-armv7l",
        "linux-ppc64",
        "linux-ppc64le",
        "linux-riscv32",
        "linux-riscv64",
        "linux-s390x",
        "noarch",
        "osx-64",
        "osx-arm64",
        "wasi-wasm32",
        "win-32",
        "win-64",
        "win-arm64",
        "zos-z",
    }
)

FAMILIES = frozenset({"unix", "linux", "osx", "macos", "win"})

_ARCHITECTURES = {
    "x86_64": "64",
    "amd64": "64",
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
}

# The microarchitecture that a subdir promises when the manifest names none.
_ARCHSPEC = {"64": "x86_64", "aarch64": "aarch64", "arm64": "arm64", "ppc64le": "ppc64le"}


def current_subdir() -> str:
    """Return the conda subdir of this machine, as ``linux-64``."""
    architecture = _ARCHITECTURES.get(machine_info.machine().lower())
    if architecture is None:
        message = f"conda has no platform for this machine's architecture {machine_info.machine()}"
        raise PixiwError(message)
    if sys.platform == "win32":
        return f"win-{'arm64' if architecture == 'aarch64' else architecture}"
    if sys.platform == "darwin":
        return f"osx-{'arm64' if architecture == 'aarch64' else architecture}"
    return f"linux-{architecture}"


def families(subdir: str) -> tuple[str, ...]:
    """Return the target selectors that apply to a subdir, the widest first."""
    system = subdir.partition("-")[0]
    if system == "win":
        return ("win", subdir)
    if system == "osx":
        return ("unix", "osx", "macos", subdir)
    return ("unix", system, subdir)


@dataclass(frozen=True)
class Platform:
    """A platform of the workspace: its subdir and the machine it promises to run on."""

    name: str
    subdir: str
    glibc: str | None = None
    linux: str | None = None
    macos: str | None = None
    windows: str | None = None
    archspec: str | None = None
    cuda: str | None = None

    @classmethod
    def of(cls, name: str, subdir: str, promises: Mapping[str, str]) -> Platform:
        """Make a platform from its inline table."""
        return cls(name, subdir, **promises)

    def virtual_packages(self) -> tuple[tuple[str, str, str], ...]:
        """Return (name, version, build) of each virtual package that a solve may rely on."""
        system, _, architecture = self.subdir.partition("-")
        packages: list[tuple[str, str, str]] = []
        if system == "win":
            packages.append(("__win", self.windows or "0", "0"))
        else:
            packages.append(("__unix", "0", "0"))
        if system == "linux":
            packages.append(("__linux", self.linux or "4.18", "0"))
            packages.append(("__glibc", self.glibc or "2.28", "0"))
        if system == "osx":
            packages.append(("__osx", self.macos or "13.0", "0"))
        if self.cuda:
            packages.append(("__cuda", self.cuda, "0"))
        archspec = self.archspec or _ARCHSPEC.get(architecture)
        if archspec:
            packages.append(("__archspec", "1", archspec))
        return tuple(packages)
