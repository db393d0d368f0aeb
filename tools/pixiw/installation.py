"""Puts solved packages into a prefix."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import rattler
from rattler import exceptions

from externals.failure import ExternalsError, writing
from pixiw.archives import local
from pixiw.request import EnvironmentFailure
from progress import Step
from rattler_names import subdir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHANGED = re.compile(r"hash mismatch when extracting (\S+) to .*: expected (\w+), got (\w+)")
_FULL = ("No space left", "os error 28", "File too large", "os error 27", "quota exceeded")


@contextmanager
def sentences(name: str, prefix: Path) -> Iterator[None]:
    """Turn what can go wrong between a request and its environment into one sentence.

    Raises
    ------
    EnvironmentFailure
        In the place of the errors of the solver's library and of the externals channel.
    """
    try:
        with writing(prefix):
            yield
    except ExternalsError as error:
        raise EnvironmentFailure(str(error)) from error
    except (
        exceptions.FetchRepoDataError,
        exceptions.GatewayError,
        exceptions.InstallerError,
        exceptions.InvalidMatchSpecError,
        exceptions.IoError,
        exceptions.LinkError,
        exceptions.TransactionError,
    ) as error:
        said = " ".join(str(error).split())
        if any(mark in said for mark in _FULL):
            message = (
                f"cannot write {prefix}: the disk is full; make room and run the same command "
                "again (nothing half-made is kept)"
            )
        elif changed := _CHANGED.search(said):
            message = (
                f"the environment {name} cannot be installed: {changed[1]} is another file than "
                f"expected, its SHA-256 hash is {changed[3]} and not {changed[2]}; do not use it, "
                "and find out who changed it"
            )
        else:
            message = f"the environment {name} cannot be installed: {said}"
            if isinstance(error, exceptions.FetchRepoDataError | exceptions.GatewayError):
                message += "; where the channel is out of reach, use --channel externals"
        raise EnvironmentFailure(message) from error


def install(
    records: list[rattler.RepoDataRecord], name: str, prefix: Path, cache: Path, platform: str
) -> None:
    """Install packages into an empty prefix.

    What is to be downloaded and was begun by an earlier run is continued.

    Parameters
    ----------
    records
        The packages.
    name
        Of the environment, for the user.
    prefix
        Where to.
    cache
        Folder for downloaded and unpacked packages.
    platform
        `linux-64` and the like.
    """
    step = Step(f"installing the environment {name}", total=len(records))

    class Reporter(rattler.InstallerReporter):
        def on_link_start(self, operation: int, package_name: str) -> int:
            step.advance(package_name)
            return operation

    prefix.parent.mkdir(parents=True, exist_ok=True)
    with local(records, prefix, cache) as held, step:
        asyncio.run(
            rattler.install(
                held,
                prefix,
                cache_dir=cache,
                show_progress=False,
                platform=subdir(platform),
                # Its methods are empty, not abstract: each may be left out.
                reporter=Reporter(),  # type: ignore[abstract]
            )
        )
