"""Every folder is a package, and everything that a source names exists."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from audit.causes import Cause
from audit.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material
    from audit.project import Project

_CYTHON = {".pyx", ".pxd", ".pxi"}
_FROM = re.compile(r"^[ \t]*from[ \t]+([.\w]+)[ \t]+c?import\b", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*c?import[ \t]+([.\w]+)", re.MULTILINE)
_INCLUDE = re.compile(r"""^[ \t]*include[ \t]+["']([^"']+)["']""", re.MULTILINE)


def check(material: Material) -> Iterator[Finding]:
    """Yield folders without ``__init__.py``, and imports and includes of what is not there."""
    yield from _folders(material.project)
    yield from _imports(material.project)


def _folders(project: Project) -> Iterator[Finding]:
    files = {path for module in project.modules.values() for path in module.files}
    folders = {str(PurePosixPath(path).parent) for path in files if project.policy.in_package(path)}
    for folder in sorted(folders):
        if f"{folder}/__init__.py" not in files:
            inside = [path for path in files if str(PurePosixPath(path).parent) == folder]
            yield Finding(
                Cause.NO_INIT,
                "checkout",
                f"{folder} has sources, but no __init__.py",
                modules=tuple(sorted(project.module_of[path] for path in inside)),
                files=(f"{folder}/__init__.py",),
            )


def _imports(project: Project) -> Iterator[Finding]:
    wanted: dict[str, set[str]] = {}
    for path in sorted(project.package_files & project.source_files):
        for name in _named(project, path):
            wanted.setdefault(name, set()).add(path)
    for name, users in sorted(wanted.items()):
        yield Finding(
            Cause.UNRESOLVED_IMPORT,
            "checkout",
            f"wanted by {', '.join(sorted(users))}",
            modules=(name,),
        )


def _named(project: Project, path: str) -> set[str]:
    """Return what the source at `path` names and the checkout has not."""
    suffix = PurePosixPath(path).suffix
    if suffix in {".py", ".pyi"}:
        names = _python_imports(project, path)
    elif suffix in _CYTHON:
        text = project.read(path).decode("utf-8", errors="replace")
        found = (*_FROM.findall(text), *_IMPORT.findall(text))
        names = {absolute(path, name.lstrip("."), _level(name)) for name in found}
        included = {str(PurePosixPath(path).with_name(name)) for name in _INCLUDE.findall(text)}
        names |= {name for name in included if not (project.root / name).is_file()}
    else:
        return set()
    package = project.policy.package
    own = {
        name for name in names if name == package or name.startswith((f"{package}.", f"{package}/"))
    }
    # A folder with sources but no __init__.py is a finding of its own.
    folders = {".".join(PurePosixPath(path).parent.parts) for path in project.module_of}
    return own - project.modules.keys() - folders


def _python_imports(project: Project, path: str) -> set[str]:
    tree = project.tree(path)
    if tree is None:
        return set()
    names = set()
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(catches_import(handler) for handler in node.handlers)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(path, node.module or "", node.level)
            names.add(base)
            names |= {
                f"{base}.{alias.name}"
                for alias in node.names
                if not _may_bind(project, base, alias.name)
            }
    return names


def _may_bind(project: Project, base: str, name: str) -> bool:
    """Tell whether ``from base import name`` may succeed without a submodule of that name."""
    module = project.modules.get(base)
    if (
        name == "*"
        or module is None
        or module.kind != "package"
        or f"{base}.{name}" in project.modules
    ):
        return True
    tree = project.tree(base.replace(".", "/") + "/__init__.py")
    if tree is None:
        return True
    bound = {"__getattr__"}
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name == "__getattr__":
                return True
            bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return bool(bound & {name, "*"}) or (name.startswith("__") and name.endswith("__"))


def absolute(path: str, name: str, level: int) -> str:
    """Return the absolute name of an import in the file at `path`; level 0 is absolute already."""
    if level == 0:
        return name
    parents = PurePosixPath(path).parent.parts
    base = parents[: len(parents) - level + 1]
    return ".".join((*base, name) if name else base)


def catches_import(handler: ast.ExceptHandler) -> bool:
    """Tell whether an except clause catches an ImportError."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    catching = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    return any(isinstance(kind, ast.Name) and kind.id in catching for kind in kinds)


def _level(name: str) -> int:
    return len(name) - len(name.lstrip("."))
