"""Turns an environment of the manifest into a request, and has it made on disk."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError, UsageError
from pixiw.lock_use import LockUse
from pixiw.suggestions import did_you_mean, listed

if TYPE_CHECKING:
    from pixiw.environment import Prepared, Route
    from pixiw.workspace import Environment, WorkspaceOn

CHANNEL = "PIXIW_CHANNEL"
"""Environment variable with the same meaning as ``--channel``."""

CHANNELS = ("conda-forge", "externals")


def check_channel(name: str | None, source: str) -> str | None:
    """Return a forced channel's name if it is one.

    Raises
    ------
    UsageError
        When it is neither ``conda-forge`` nor ``externals``.
    """
    if name is None or name in CHANNELS:
        return name
    message = f'{source} is "{name}"{did_you_mean(name, CHANNELS)}, must be {listed(CHANNELS)}'
    raise UsageError(message)


class Preparation:
    """Makes environments ready on the route that the machine, or the user, allows.

    Parameters
    ----------
    workspace : WorkspaceOn
        The manifest on this machine.
    channel : str or None
        ``conda-forge`` or ``externals`` when the user forces one.
    use : LockUse
        How ``pixi.lock`` is to be followed.
    """

    def __init__(
        self, workspace: WorkspaceOn, channel: str | None, use: LockUse = LockUse.FITTING
    ) -> None:
        self.workspace = workspace
        self.channel = channel
        self.use = use
        self._routes: dict[tuple[str, ...], Route] = {}

    def __call__(self, environment: Environment) -> Prepared:
        """Make an environment ready.

        Raises
        ------
        PixiwError
            The sentence of what failed.
        """
        from pixiw.environment import EnvironmentFailure, Request, prepare

        request = Request(
            name=environment.name,
            specs=environment.specs,
            channels=environment.channels,
            platform=self.workspace.platform.subdir,
            virtual_packages=self.workspace.platform.virtual_packages(),
            activation_env=environment.activation_env,
            activation_scripts=environment.activation_scripts,
        )
        try:
            route = self._route(environment.channels)
            return prepare(request, route, self.workspace.root, self.use)
        except EnvironmentFailure as error:
            raise PixiwError(str(error)) from error

    def _route(self, channels: tuple[str, ...]) -> Route:
        """Choose a route once a run, and say which."""
        if channels not in self._routes:
            route, reason = self.choice(channels)
            print(f"pixiw: {reason}", file=sys.stderr)
            if self.use is not LockUse.FITTING and route.value == "externals":
                print(
                    f"pixiw: --{self.use.value} has no effect here: pixi.lock holds packages of "
                    "conda-forge",
                    file=sys.stderr,
                )
            self._routes[channels] = route
        return self._routes[channels]

    def choice(self, channels: tuple[str, ...]) -> tuple[Route, str]:
        """Return the route for a set of channels and the reason for it."""
        from pixiw.environment import Route, choose_route

        forced = None
        if self.channel is not None:
            forced = Route(self.channel)
        memory = self.workspace.root / ".pixi" / "pixiw" / "route.json"
        return choose_route(forced, channels, memory)
