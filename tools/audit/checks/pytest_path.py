"""pytest must not put the checkout on sys.path."""

from __future__ import annotations

import configparser
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.causes import Cause
from audit.findings import Finding
from audit.project import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material
    from audit.project import Project

# In pytest's order: the first that has its section is the only one read.
_FILES = (
    "pytest.toml",
    ".pytest.toml",
    "pytest.ini",
    ".pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
)
_SECTIONS = {"setup.cfg": "tool:pytest"}
_OVERRIDES = ("-o", "--override-ini")
_INSERTING = {"prepend", "append"}


@dataclass(frozen=True)
class _Settings:
    file: str
    pythonpath: list[str]
    addopts: list[str]
    testpaths: list[str]


def check(material: Material) -> Iterator[Finding]:
    """Yield what would make pytest import the package from the checkout."""
    project = material.project
    settings = _settings(project)
    if settings is None:
        return
    base = project.root / _option(settings.addopts, "--rootdir", ".")
    entries = [(entry, "pythonpath") for entry in settings.pythonpath]
    for override in _overrides(settings.addopts):
        name, _, value = override.partition("=")
        if name == "pythonpath":
            entries += [(entry, f"addopts: -o {override}:") for entry in value.split()]
    for entry, origin in entries:
        if _holds_package(project, base / entry):
            yield Finding(
                Cause.PYTEST_PATH,
                "checkout",
                f"{settings.file}: {origin} has {entry!r}, which is the checkout",
                files=(settings.file,),
            )
    mode = _option(settings.addopts, "--import-mode", "prepend")
    if mode in _INSERTING:
        yield from _inserted(project, settings, mode)


def _inserted(project: Project, settings: _Settings, mode: str) -> Iterator[Finding]:
    """Yield test files whose folder, or whose package's parent folder, is the checkout."""
    roots = [project.root / path for path in settings.testpaths]
    candidates = {path for root in roots for path in root.rglob("conftest.py")}
    candidates |= {path for root in roots for path in root.rglob("test_*.py")}
    candidates |= set(project.root.glob("conftest.py"))
    for path in sorted(candidates):
        folder = path.parent
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
        if _holds_package(project, folder):
            name = path.relative_to(project.root).as_posix()
            yield Finding(
                Cause.PYTEST_PATH,
                "checkout",
                f"{name}: import mode {mode!r} puts the checkout on sys.path for it",
                files=(name,),
            )


def _settings(project: Project) -> _Settings | None:
    for name in _FILES:
        path = project.root / name
        if path.is_file():
            section = _section(path)
            if section is not None:
                return _Settings(
                    name,
                    _words(section.get("pythonpath", [])),
                    _words(section.get("addopts", [])),
                    _words(section.get("testpaths", [])) or ["tests"],
                )
    return None


def _section(path: Path) -> dict[str, Any] | None:
    if path.suffix == ".toml":
        data = read_toml(path)
        if path.name != "pyproject.toml":
            return dict(data.get("pytest", {}))
        table = data.get("tool", {}).get("pytest")
        return None if table is None else dict(table.get("ini_options", table))
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except configparser.Error:
        return None
    name = _SECTIONS.get(path.name, "pytest")
    if parser.has_section(name):
        return dict(parser[name])
    return {} if path.name.endswith("pytest.ini") else None


def _words(value: str | list[str]) -> list[str]:
    return shlex.split(value) if isinstance(value, str) else [str(word) for word in value]


def _option(words: list[str], name: str, default: str) -> str:
    found = default
    for word, following in pairwise([*words, ""]):
        if word == name:
            found = following
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def _overrides(words: list[str]) -> list[str]:
    found = []
    for word, following in pairwise([*words, ""]):
        if word in _OVERRIDES:
            found.append(following)
        elif word.startswith("--override-ini="):
            found.append(word.partition("=")[2])
        elif word.startswith("-o") and len(word) > len("-o"):
            found.append(word[len("-o") :])
    return found


def _holds_package(project: Project, folder: Path) -> bool:
    return folder.resolve() == project.root.resolve()
