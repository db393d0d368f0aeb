"""The expectations of ``policy.toml``, as an object."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Policy:
    """What the audit expects of the project; see the comments in ``policy.toml``."""

    distribution: str
    package: str
    build_record: str
    ceilings: dict[str, int]
    sources: tuple[str, ...]
    shipped: tuple[str, ...]
    generated: tuple[str, ...]
    build: tuple[str, ...]
    shared_suffixes: tuple[str, ...]
    bundled: tuple[str, ...]
    harmless: tuple[str, ...]
    manifest: str
    scripts: tuple[str, ...]

    def is_source(self, path: str) -> bool:
        """Tell whether a file of the package folder is a source."""
        return _matches(path, self.sources)

    def is_shipped(self, path: str) -> bool:
        """Tell whether a source belongs in a wheel."""
        return _matches(path, self.shipped)

    def is_generated(self, path: str) -> bool:
        """Tell whether the build makes this file."""
        return _matches(path, self.generated)

    def is_shared_object(self, path: str) -> bool:
        """Tell whether the file is a shared object by its name."""
        return path.endswith(self.shared_suffixes)

    def is_bundled(self, path: str) -> bool:
        """Tell whether a shared object is a library that a repair tool bundled."""
        return any(fnmatchcase(path, pattern) for pattern in self.bundled)

    def in_package(self, path: str) -> bool:
        """Tell whether the path lies in the package folder."""
        return path.startswith(f"{self.package}/")


def load() -> Policy:
    """Read the policy that lies beside this module."""
    text = Path(__file__).with_name("policy.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Policy(
        distribution=data["distribution"],
        package=data["package"],
        build_record=data["build-record"],
        ceilings=data["ceilings"],
        sources=tuple(data["files"]["sources"]),
        shipped=tuple(data["files"]["shipped"]),
        generated=tuple(data["files"]["generated"]),
        build=tuple(data["files"]["build"]),
        shared_suffixes=tuple(data["shared-objects"]["suffixes"]),
        bundled=tuple(data["shared-objects"]["bundled"]),
        harmless=tuple(data["ignore"]["harmless"]),
        manifest=data["commands"]["manifest"],
        scripts=tuple(data["commands"]["scripts"]),
    )


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    name = PurePosixPath(path).name
    return any(fnmatchcase(name, pattern) for pattern in patterns)
