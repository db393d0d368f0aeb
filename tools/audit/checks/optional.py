"""No compiled module is optional, neither in the build nor where it is imported."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from audit.causes import Cause
from audit.checks.packages import absolute, catches_import
from audit.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material
    from audit.project import Project


def check(material: Material) -> Iterator[Finding]:
    """Yield optional extensions, and imports of compiled modules that may fail unseen."""
    project = material.project
    yield from _declared_in_code(project)
    yield from _declared_in_settings(project)
    yield from _imports(project)


def _declared_in_code(project: Project) -> Iterator[Finding]:
    tree = project.tree("setup.py")
    if tree is None:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "optional" and not _is_false(keyword.value):
                    yield _optional(project, node, keyword.value)
        elif (
            isinstance(node, ast.Assign)
            and not _is_false(node.value)
            and any(isinstance(to, ast.Attribute) and to.attr == "optional" for to in node.targets)
        ):
            yield _optional(project, node, node.value)


def _optional(project: Project, node: ast.Call | ast.Assign, value: ast.expr) -> Finding:
    text = ast.unparse(node.func) if isinstance(node, ast.Call) else ast.unparse(node.targets[0])
    return Finding(
        Cause.OPTIONAL_EXTENSION,
        "checkout",
        f"setup.py:{value.lineno}: optional={ast.unparse(value)} for {text}",
        modules=_concerned(project, text),
        files=("setup.py",),
    )


def _concerned(project: Project, text: str) -> tuple[str, ...]:
    language = "rust" if "rust" in text.lower() else "cython"
    return tuple(source.name for source in project.compiled if source.language == language)


def _declared_in_settings(project: Project) -> Iterator[Finding]:
    tool = project.settings.get("tool", {})
    for table in ("setuptools-rust", "setuptools"):
        extensions: list[dict[str, Any]] = tool.get(table, {}).get("ext-modules", [])
        for extension in extensions:
            if extension.get("optional", False):
                name = str(extension.get("target", extension.get("name", "an extension")))
                yield Finding(
                    Cause.OPTIONAL_EXTENSION,
                    "checkout",
                    f"pyproject.toml: [tool.{table}] has optional = true for {name}",
                    modules=(name,),
                    files=("pyproject.toml",),
                )


def _imports(project: Project) -> Iterator[Finding]:
    compiled = {source.name for source in project.compiled}
    for path in sorted(project.package_files):
        if not path.endswith(".py"):
            continue
        tree = project.tree(path)
        if tree is None:
            continue
        for node in ast.walk(tree):
            body = _guarded(node)
            imported = {name for statement in body for name in _imported(path, statement)}
            for name in sorted(imported & compiled):
                yield Finding(
                    Cause.OPTIONAL_IMPORT,
                    "checkout",
                    f"{path}:{body[0].lineno}: the import may fail and is passed over",
                    modules=(name,),
                    files=(path,),
                )


def _guarded(node: ast.AST) -> list[ast.stmt]:
    """Return the statements of `node` whose ImportError is swallowed."""
    if isinstance(node, ast.Try):
        swallowing = [
            handler
            for handler in node.handlers
            if catches_import(handler) and not isinstance(handler.body[-1], ast.Raise)
        ]
        return node.body if swallowing else []
    if isinstance(node, ast.With):
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("suppress"):
                names = {ast.unparse(argument) for argument in call.args}
                if names & {"ImportError", "ModuleNotFoundError", "Exception"}:
                    return node.body
    return []


def _imported(path: str, statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(path, node.module or "", node.level)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("import_module")
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            name = node.args[0].value
            yield absolute(path, name.lstrip("."), len(name) - len(name.lstrip(".")))


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False
