"""What is asked of an environment, and the sentence where it cannot be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Mapping


class EnvironmentFailure(PixiwError):  # noqa: N818 - it is the environment that fails
    """Why an environment cannot be had, in one sentence for the user."""


@dataclass(frozen=True)
class Request:
    """An environment that is asked for.

    Parameters
    ----------
    name
        Its name in the manifest.
    specs
        Conda match specs, `numpy >=2,<3`.
    channels
        Names or addresses, the most important first.
    platform
        `linux-64` and the like.
    virtual_packages
        The machine that the manifest promises to run on: name, version and build of each.
    activation_env
        Variables that activation sets.
    activation_scripts
        Scripts that activation runs, relative to the workspace.
    """

    name: str
    specs: tuple[str, ...]
    channels: tuple[str, ...]
    platform: str
    virtual_packages: tuple[tuple[str, str, str], ...]
    activation_env: Mapping[str, str]
    activation_scripts: tuple[str, ...]
