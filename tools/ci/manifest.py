"""pixi.toml, as far as a workflow must agree with it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """An environment: where it exists, and the tasks that it has."""

    platforms: frozenset[str]
    tasks: frozenset[str]


def environments(path: Path) -> dict[str, Environment]:
    """Return the environments of a manifest."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    everywhere = _platforms(document["workspace"])
    found = {}
    for name, described in document["environments"].items():
        features = [document["feature"][feature] for feature in described["features"]]
        if not described.get("no-default-feature", False):
            features.append(document)
        platforms = everywhere
        for feature in features:
            if "platforms" in feature:
                platforms &= _platforms(feature)
        tasks = {task for feature in features for task in feature.get("tasks", {})}
        found[name] = Environment(platforms, frozenset(tasks))
    return found


def _platforms(table: dict[str, Any]) -> frozenset[str]:
    return frozenset(
        each if isinstance(each, str) else str(each["platform"]) for each in table["platforms"]
    )
