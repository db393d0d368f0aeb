"""What ``pixiw info`` tells: where things are, and which way packages come."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixiw import PIXI_VERSION, __version__, handover
from pixiw.errors import PixiwError
from pixiw.listing import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pixiw.preparation import Preparation
    from pixiw.workspace import WorkspaceOn

VERSION = 1


@dataclass(frozen=True)
class Facts:
    """Everything that is told."""

    general: dict[str, str]
    environments: list[dict[str, object]]
    interpreters: list[dict[str, str]]


def collect(workspace: WorkspaceOn, preparation: Preparation) -> Facts:
    """Gather the facts of a workspace on this machine."""
    from externals import interpreters

    pixi, reasons = handover.find(workspace.manifest.path)
    try:
        route, reason = preparation.choice(workspace.environment("default").channels)
        channel = f"{route.value} ({reason})"
    except PixiwError as error:
        channel = f"none ({error})"
    general = {
        "pixiw": f"{__version__} (reads manifests of pixi {PIXI_VERSION})",
        "manifest": str(workspace.manifest.path),
        "platform": workspace.platform.name,
        "pixi": f"{pixi.version} at {pixi.path}" if pixi else "; ".join(reasons) or "not found",
        "channel": channel,
        "tools": sys.prefix,
    }
    environments: list[dict[str, object]] = [
        {
            "name": environment.name,
            "here": workspace.runs_here(environment),
            "specs": list(environment.specs),
            "tasks": sorted(environment.tasks),
        }
        for environment in workspace.environments.values()
    ]
    found = [
        {
            "version": python.full,
            "path": str(python.executable),
            "refusal": python.refusal or "",
        }
        for python in interpreters.find()
    ]
    return Facts(general, environments, found)


def as_json(facts: Facts) -> str:
    """Return the facts for programs."""
    return json.dumps(
        {
            "version": VERSION,
            **facts.general,
            "environments": facts.environments,
            "interpreters": facts.interpreters,
        },
        indent=2,
    )


def as_table(facts: Facts) -> str:
    """Return the facts for people."""
    width = max(len(name) for name in facts.general)
    general = "\n".join(f"{name:>{width}}: {value}" for name, value in facts.general.items())
    environments = table(
        ("Environment", "Runs here", "Packages asked for", "Python"),
        [_environment_row(row) for row in facts.environments],
    )
    interpreters = table(
        ("Python", "Usable", "Path"),
        [(row["version"], row["refusal"] or "yes", row["path"]) for row in facts.interpreters],
    )
    return f"{general}\n\n{environments}\n\n{interpreters}"


def _environment_row(row: Mapping[str, object]) -> tuple[str, str, str, str]:
    specs = row["specs"]
    names = [spec.partition(" ") for spec in specs] if isinstance(specs, list) else []
    python = " and ".join(wanted or "any" for name, _, wanted in names if name == "python")
    packages = len({name for name, _, _ in names})
    return str(row["name"]), "yes" if row["here"] else "no", str(packages), python
