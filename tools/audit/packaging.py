"""Which rule of the build's configuration takes a file of the package folder."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.project import Project


_TOKENS = re.compile(r"\*\*/|\*\*|\*|\?|\[[^]]+\]|.", re.DOTALL)
_WILDCARDS = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def rule_that_takes(project: Project, path: str) -> str | None:
    """Return the rule by which `path` would enter an sdist or a wheel, or None."""
    return _manifest_rule(project, path) or _package_data_rule(project, path)


def _manifest_rule(project: Project, path: str) -> str | None:
    """Return the line of MANIFEST.in that has the last word and takes the path."""
    manifest = project.root / "MANIFEST.in"
    if not manifest.is_file():
        return None
    rule = None
    lines = manifest.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        command, *arguments = shlex.split(line, comments=True) or [""]
        if _line_matches(command, arguments, path):
            takes = command in {"include", "recursive-include", "global-include", "graft"}
            rule = f"MANIFEST.in:{number}: {line.strip()}" if takes else None
    return rule


def _line_matches(command: str, arguments: list[str], path: str) -> bool:
    if command in {"include", "exclude"}:
        return any(_glob(pattern, path) for pattern in arguments)
    if command in {"global-include", "global-exclude"}:
        return any(_glob(pattern, PurePosixPath(path).name) for pattern in arguments)
    if command in {"graft", "prune"}:
        return any(_below(folder, path) for folder in arguments)
    if command in {"recursive-include", "recursive-exclude"} and arguments:
        folder, *patterns = arguments
        name = PurePosixPath(path).name
        return _below(folder, path) and any(_glob(pattern, name) for pattern in patterns)
    return False


def _package_data_rule(project: Project, path: str) -> str | None:
    tool = project.settings.get("tool", {}).get("setuptools", {})
    if _data_pattern(tool.get("exclude-package-data", {}), path):
        return None
    pattern = _data_pattern(tool.get("package-data", {}), path)
    if pattern is not None:
        return f"pyproject.toml: package-data {pattern!r}"
    for line, table in _package_data_of_setup(project):
        pattern = _data_pattern(table, path)
        if pattern is not None:
            return f"setup.py:{line}: package_data {pattern!r}"
    return None


def _data_pattern(table: dict[str, Any], path: str) -> str | None:
    """Return the pattern of a package-data table that matches the path, or None."""
    parents = [parent for parent in PurePosixPath(path).parents if parent.parts]
    for package, patterns in sorted(table.items()):
        for folder in parents:
            if package in {"", "*", ".".join(folder.parts)}:
                inner = PurePosixPath(path).relative_to(folder).as_posix()
                for pattern in patterns:
                    if _glob(str(pattern), inner):
                        return str(pattern)
    return None


def _package_data_of_setup(project: Project) -> Iterator[tuple[int, dict[str, Any]]]:
    tree = project.tree("setup.py")
    if tree is None:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "package_data":
            try:
                table = ast.literal_eval(node.value)
            except ValueError:
                continue
            if isinstance(table, dict):
                yield node.value.lineno, table


def _below(folder: str, path: str) -> bool:
    return PurePosixPath(folder) in PurePosixPath(path).parents or folder in {"", "."}


def _glob(pattern: str, path: str) -> bool:
    """Match a pattern whose ``*`` stays within one folder and whose ``**`` does not."""
    expression = "".join(
        _WILDCARDS.get(token, token if token.startswith("[") else re.escape(token))
        for token in _TOKENS.findall(pattern)
    )
    return re.fullmatch(expression, path) is not None
