"""What the manifest wants locked: every environment on every platform that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lock.platforms import LockedPlatform, locked_platforms
from pixiw.workspace import WorkspaceOn

if TYPE_CHECKING:
    from pixiw.model import Manifest


@dataclass(frozen=True)
class Wanted:
    """An environment on a platform.

    Parameters
    ----------
    environment
        Its name.
    platform
        The platform, as the lock writes it.
    specs
        The manifest's match specs, `numpy >=2,<3`.
    """

    environment: str
    platform: LockedPlatform
    specs: tuple[str, ...]

    @property
    def where(self) -> str:
        """The environment and the platform, for a sentence."""
        return f"{self.environment} on {self.platform.subdir}"


@dataclass(frozen=True)
class Wishes:
    """All that the manifest wants of a lock.

    Parameters
    ----------
    platforms
        Every platform, in the manifest's order.
    channels
        The channels of each environment, the most important first.
    solves
        Every environment on every platform that it is for.
    """

    platforms: tuple[LockedPlatform, ...]
    channels: dict[str, tuple[str, ...]]
    solves: tuple[Wanted, ...]


def wishes_of(manifest: Manifest) -> Wishes:
    """Return what a manifest wants locked.

    Raises
    ------
    PixiwError
        The manifest has two platforms of one subdir.
    """
    platforms = locked_platforms(manifest.workspace.platforms)
    channels: dict[str, tuple[str, ...]] = {}
    solves = []
    for platform in manifest.workspace.platforms:
        workspace = WorkspaceOn(manifest, platform.subdir)
        for name, environment in workspace.environments.items():
            channels[name] = environment.channels
            if workspace.runs_here(environment):
                solves.append(Wanted(name, platforms[platform.name], environment.specs))
    return Wishes(tuple(platforms.values()), channels, tuple(solves))
