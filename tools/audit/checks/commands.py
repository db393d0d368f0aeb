"""No task may put the checkout on sys.path before it runs the package or its tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from audit.causes import Cause
from audit.findings import Finding
from audit.project import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.material import Material

_ROOTS = {"", ".", "./", "$PWD", "${PWD}", "$PIXI_PROJECT_ROOT", "${PIXI_PROJECT_ROOT}"}
_SAFE_FLAGS = re.compile(r"-[a-zA-Z]*[PI]")
_LEADING_VARIABLE = re.compile(r"PYTHONPATH=(\S*)")


def check(material: Material) -> Iterator[Finding]:
    """Yield commands that import from the current directory, the checkout."""
    project = material.project
    policy = project.policy
    unsafe = re.compile(
        rf"python[\d.]*(?P<flags>(\s+-[WX]\s*\S+|\s+-[a-zA-Z]+)*?)\s+-m\s+(pytest|{policy.package})\b"
    )
    manifest = read_toml(project.root / policy.manifest)
    for where, command, variables in _commands(policy.manifest, manifest):
        if variables.get("PYTHONSAFEPATH"):
            continue
        yield from _judge(where, command, unsafe)
        path = str(variables.get("PYTHONPATH", "-"))
        if _ROOTS & set(re.split(r"[:;]", path)):
            yield _finding(where, f"PYTHONPATH = {path!r}")
    for pattern in policy.scripts:
        for script in sorted(project.root.glob(pattern)):
            name = script.relative_to(project.root).as_posix()
            lines = script.read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, start=1):
                if not line.lstrip().startswith("#"):
                    yield from _judge(f"{name}:{number}", line, unsafe)


def _judge(where: str, command: str, unsafe: re.Pattern[str]) -> Iterator[Finding]:
    for found in unsafe.finditer(command):
        if not _SAFE_FLAGS.search(found["flags"]) and "PYTHONSAFEPATH=" not in command:
            yield _finding(where, f"`{found[0]}` without -P")
    variable = _LEADING_VARIABLE.search(command)
    if variable and _ROOTS & set(re.split(r"[:;]", variable[1].strip("\"'"))):
        yield _finding(where, f"`{variable[0]}`")


def _finding(where: str, detail: str) -> Finding:
    file = where.partition(":")[0]
    return Finding(Cause.COMMAND_PATH, "checkout", f"{where}: {detail}", files=(file,))


def _commands(where: str, table: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (place, command, environment variables) of every task, however deep its table."""
    for name, value in table.items():
        if not isinstance(value, dict):
            continue
        if name == "activation":
            yield f"{where}: activation", "", value.get("env", {})
        elif name == "tasks":
            for task, definition in value.items():
                described = definition if isinstance(definition, dict) else {"cmd": definition}
                command = described.get("cmd", "")
                text = command if isinstance(command, str) else " ".join(map(str, command))
                if "cwd" not in described or described["cwd"] in _ROOTS:
                    yield f"{where}: task {task}", text, described.get("env", {})
        else:
            yield from _commands(where, value)
