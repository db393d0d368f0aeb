"""What a manifest says, as values: workspace, features, environments, tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pixiw.platforms import families

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pixiw.platforms import Platform

Value = TypeVar("Value")

DEFAULT = "default"
"""Name of the feature made of the top-level tables, and of the environment always there."""


@dataclass(frozen=True)
class TaskArgument:
    """An argument that a task declares."""

    name: str
    default: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class PassedArgument:
    """An argument that a ``depends-on`` entry passes, by name or by position."""

    name: str | None
    value: str


@dataclass(frozen=True)
class TaskDependency:
    """An entry of ``depends-on``."""

    task: str
    environment: str | None = None
    arguments: tuple[PassedArgument, ...] = ()


@dataclass(frozen=True)
class Task:
    """A task; one without a command is an alias for what it depends on."""

    name: str
    command: str | tuple[str, ...] | None = None
    cwd: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    arguments: tuple[TaskArgument, ...] = ()
    depends_on: tuple[TaskDependency, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    description: str | None = None
    default_environment: str | None = None
    clean_env: bool = False

    @property
    def hidden(self) -> bool:
        """Whether the task is left out of lists."""
        return self.name.startswith("_")


@dataclass(frozen=True)
class Layer:
    """What a feature says for every platform, or for one target."""

    dependencies: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    activation_env: Mapping[str, str] = field(default_factory=dict)
    activation_scripts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feature:
    """A named part that environments are composed of."""

    name: str
    base: Layer = field(default_factory=Layer)
    targets: Mapping[str, Layer] = field(default_factory=dict)
    channels: tuple[str, ...] | None = None
    platforms: tuple[str, ...] | None = None

    def on(self, platform: Platform) -> Layer:
        """Return the feature's layer on a platform, narrower targets overriding wider ones."""
        selectors = dict.fromkeys((*families(platform.subdir), platform.name))
        layers = [self.base]
        layers += [self.targets[name] for name in selectors if name in self.targets]
        scripts = [layer.activation_scripts for layer in layers if layer.activation_scripts]
        return Layer(
            dependencies=_merged([layer.dependencies for layer in layers]),
            tasks=_merged([layer.tasks for layer in layers]),
            activation_env=_merged([layer.activation_env for layer in layers]),
            activation_scripts=scripts[-1] if scripts else (),
        )


def _merged(mappings: list[Mapping[str, Value]]) -> dict[str, Value]:
    """Return the union of mappings, later ones overriding earlier ones."""
    return {key: value for mapping in mappings for key, value in mapping.items()}


@dataclass(frozen=True)
class EnvironmentTable:
    """An entry of ``[environments]``."""

    name: str
    features: tuple[str, ...] = ()
    no_default_feature: bool = False
    solve_group: str | None = None
    own: Feature | None = None


@dataclass(frozen=True)
class Workspace:
    """The ``[workspace]`` table."""

    name: str
    channels: tuple[str, ...]
    platforms: tuple[Platform, ...]
    requires_pixi: str | None = None
    version: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class Manifest:
    """A whole ``pixi.toml``."""

    path: Path
    workspace: Workspace
    features: Mapping[str, Feature]
    environments: Mapping[str, EnvironmentTable]

    @property
    def root(self) -> Path:
        """The folder of the manifest."""
        return self.path.parent
