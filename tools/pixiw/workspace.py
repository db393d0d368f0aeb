"""The manifest as it applies to this machine: its environments and their tasks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError
from pixiw.model import DEFAULT, Feature
from pixiw.suggestions import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pixiw.model import EnvironmentTable, Layer, Manifest, Task
    from pixiw.platforms import Platform


@dataclass(frozen=True)
class Environment:
    """An environment on this machine's platform."""

    name: str
    specs: tuple[str, ...]
    channels: tuple[str, ...]
    activation_env: Mapping[str, str]
    activation_scripts: tuple[str, ...]
    tasks: Mapping[str, Task]
    platforms: tuple[str, ...]


class WorkspaceOn:
    """A manifest on one machine.

    Parameters
    ----------
    manifest : Manifest
        What the file says.
    subdir : str
        The conda platform of the machine.
    """

    def __init__(self, manifest: Manifest, subdir: str) -> None:
        self.manifest = manifest
        self.subdir = subdir

    @property
    def root(self) -> Path:
        """The folder of the manifest."""
        return self.manifest.root

    @cached_property
    def platform(self) -> Platform:
        """The platform of the workspace that this machine is."""
        platforms = self.manifest.workspace.platforms
        fitting = [platform for platform in platforms if platform.subdir == self.subdir]
        if not platforms:
            message = (
                f"{self.manifest.path.name} lists no platform; this machine is {self.subdir}, add "
                "it to platforms in [workspace]"
            )
            raise PixiwError(message)
        if not fitting:
            message = (
                f"this machine is {self.subdir}, but {self.manifest.path.name} supports only "
                f"{listed(platform.name for platform in platforms)}; add it to platforms in "
                "[workspace]"
            )
            raise PixiwError(message)
        if len(fitting) > 1:
            message = (
                f"{self.manifest.path.name} has several platforms for {self.subdir} "
                f"({listed(platform.name for platform in fitting)}); choosing among them is not "
                "supported by pixiw: use pixi itself"
            )
            raise PixiwError(message)
        return fitting[0]

    @cached_property
    def environments(self) -> dict[str, Environment]:
        """Every environment, also those that this platform cannot have."""
        return {name: self._compose(table) for name, table in self.manifest.environments.items()}

    def environment(self, name: str) -> Environment:
        """Return an environment by name.

        Raises
        ------
        PixiwError
            When there is none, or it is not for this platform.
        """
        if name not in self.environments:
            near = did_you_mean(name, self.environments)
            message = (
                f'no environment "{name}"{near}; {self.manifest.path.name} has '
                f"{listed(self.environments)}"
            )
            raise PixiwError(message)
        environment = self.environments[name]
        if not self.runs_here(environment):
            message = (
                f'environment "{name}" is for {listed(environment.platforms)}, this machine is '
                f"{self.platform.name}"
            )
            raise PixiwError(message)
        return environment

    def runs_here(self, environment: Environment) -> bool:
        """Tell whether the environment is for this machine's platform."""
        return bool({self.platform.name, self.platform.subdir} & set(environment.platforms))

    def _compose(self, table: EnvironmentTable) -> Environment:
        features = self._features(table)
        layers = [feature.on(self.platform) for feature in features]
        channels = [name for feature in features for name in feature.channels or ()]
        if not any(feature.channels for feature in features) or not table.no_default_feature:
            channels.extend(self.manifest.workspace.channels)
        return Environment(
            name=table.name,
            specs=_specs(layers),
            channels=tuple(dict.fromkeys(channels)),
            activation_env=_first_wins([layer.activation_env for layer in layers]),
            activation_scripts=tuple(
                script for layer in reversed(layers) for script in layer.activation_scripts
            ),
            tasks=_first_wins_tasks(layers),
            platforms=self._platforms(features),
        )

    def _features(self, table: EnvironmentTable) -> list[Feature]:
        """Return what the environment is made of, the one that overrides the others first."""
        features = [table.own] if table.own is not None else []
        features += [self.manifest.features[name] for name in table.features]
        if not table.no_default_feature and DEFAULT not in table.features:
            features.append(self.manifest.features[DEFAULT])
        return features

    def _platforms(self, features: list[Feature]) -> tuple[str, ...]:
        names = tuple(platform.name for platform in self.manifest.workspace.platforms)
        for feature in features:
            if feature.platforms is not None:
                names = tuple(name for name in names if name in feature.platforms)
        return names


def _specs(layers: list[Layer]) -> tuple[str, ...]:
    """Return every layer's specs: where two layers name a package, both must hold."""
    return tuple(sorted({spec for layer in layers for spec in layer.dependencies.values()}))


def _first_wins(mappings: list[Mapping[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            merged.setdefault(key, value)
    return merged


def _first_wins_tasks(layers: list[Layer]) -> dict[str, Task]:
    merged: dict[str, Task] = {}
    for layer in layers:
        for name, task in layer.tasks.items():
            merged.setdefault(name, task)
    return merged
