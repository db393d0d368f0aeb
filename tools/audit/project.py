"""The checkout: its modules, the files of each, and what it declares to compile."""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import sources
from audit.errors import AuditError
from audit.git import Tracking, track

if TYPE_CHECKING:
    from audit.policy import Policy

_DOTTED = {".py", ".pyx", ".pyi", ".pxd"}
_KINDS = {".py": "python", ".pyi": "stub", ".pxd": "declarations", ".pxi": "include"}


@dataclass(frozen=True)
class Module:
    """A row of the journey: a module, or a file of the package that stands for itself.

    ``kind`` is cython, rust, package, python, stub, declarations, include, data or missing.
    """

    name: str
    kind: str
    files: tuple[str, ...]

    @property
    def compiled(self) -> bool:
        """Tell whether the module is a shared object once built."""
        return self.kind in {"cython", "rust"}


class Project:
    """What a checkout says of itself; paths are POSIX and relative to its root."""

    def __init__(self, root: Path, policy: Policy) -> None:
        if not (root / policy.package / "__init__.py").is_file():
            raise AuditError(
                f"{root} is no checkout of {policy.distribution}: it has no "
                f"{policy.package}/__init__.py; name one with --root"
            )
        self.root = root
        self.policy = policy
        self._trees: dict[str, ast.Module | None] = {}

    @cached_property
    def package_files(self) -> frozenset[str]:
        """Every file below the package folder, bytecode caches left out."""
        folder = self.root / self.policy.package
        return frozenset(
            path.relative_to(self.root).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )

    @cached_property
    def compiled(self) -> tuple[sources.CompiledSource, ...]:
        """The compiled modules that setup.py would build."""
        return sources.find(self.root)

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint that each compiled module has when built from this checkout."""
        return {source.name: sources.fingerprint(self.root, source) for source in self.compiled}

    @cached_property
    def digest(self) -> str:
        """The digest of all sources of the package."""
        return sources.digest(self.root)

    @cached_property
    def source_files(self) -> frozenset[str]:
        """Every source on disk: the package's, the crate's, and what the build reads."""
        package = {path for path in self.package_files if self.policy.is_source(path)}
        compiled = {path for source in self.compiled for path in source.inputs}
        return frozenset(package | compiled | self.build_files)

    @cached_property
    def build_files(self) -> frozenset[str]:
        """The files that the build reads besides package and crate, those that exist."""
        return frozenset(path for path in self.policy.build if (self.root / path).is_file())

    @cached_property
    def tracking(self) -> Tracking:
        """What git says of the sources."""
        return track(self.root, self.source_files)

    @cached_property
    def modules(self) -> dict[str, Module]:
        """The rows of the journey by name, in order: on disk or tracked, sorted."""
        deleted = {path for path in self.tracking.tracked if self.owns(path)}
        rows: dict[str, set[str]] = defaultdict(set)
        for path in (self.source_files | deleted) - self.build_files:
            if self.policy.in_package(path):
                rows[row_name(path)].add(path)
        kinds = {name: _kind(files) for name, files in rows.items()}
        for source in self.compiled:
            kinds[source.name] = source.language
            if source.language == "rust":
                rows[source.name] |= set(source.inputs)
        return {name: Module(name, kinds[name], tuple(sorted(rows[name]))) for name in sorted(rows)}

    @cached_property
    def module_of(self) -> dict[str, str]:
        """The row that each source belongs to."""
        return {path: module.name for module in self.modules.values() for path in module.files}

    def owns(self, path: str) -> bool:
        """Tell whether a path is one that a source of the package would have."""
        return self.policy.in_package(path) and self.policy.is_source(path)

    def read(self, path: str) -> bytes:
        """Return the content of a file of the checkout."""
        return (self.root / path).read_bytes()

    def tree(self, path: str) -> ast.Module | None:
        """Return the syntax tree of a Python file; None where it is missing or does not parse.

        That a file does not parse is no business of the audit: every linter says so.
        """
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(self.read(path))
            except (OSError, SyntaxError, ValueError):
                self._trees[path] = None
        return self._trees[path]

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The content of pyproject.toml; empty where there is none."""
        return read_toml(self.root / "pyproject.toml")

    @cached_property
    def version(self) -> str | None:
        """The version that pyproject.toml states, if it is stated there."""
        version = self.settings.get("project", {}).get("version")
        return version if isinstance(version, str) else None


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; empty where there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AuditError(f"{path} is no valid TOML: {error}") from error


def row_name(path: str) -> str:
    """Return the row that a file of the package folder belongs to.

    Sources of a module share its dotted name; includes and data files go by their path.
    """
    pure = PurePosixPath(path)
    if pure.suffix not in _DOTTED:
        return path
    dotted = pure.with_suffix("")
    if dotted.name == "__init__":
        dotted = dotted.parent
    return ".".join(dotted.parts)


def _kind(files: set[str]) -> str:
    names = {PurePosixPath(path).name for path in files}
    if "__init__.py" in names:
        return "package"
    suffixes = {PurePosixPath(name).suffix for name in names}
    return next((kind for suffix, kind in _KINDS.items() if suffix in suffixes), "data")
