"""Finds the packages of an environment on a platform, as pixi would."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rattler import (
    ChannelPriority,
    GenericVirtualPackage,
    PackageName,
    Version,
    solve_with_sparse_repodata,
)
from rattler.exceptions import SolverError

from lock.errors import LockError
from rattler_names import build_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rattler import RepoDataRecord, SparseRepoData

    from lock.platforms import LockedPlatform
    from lock.wanted import Wanted


def _virtual_packages(platform: LockedPlatform) -> list[GenericVirtualPackage]:
    return [
        GenericVirtualPackage(
            PackageName(package.name), Version(package.version), build_string(package.build or "0")
        )
        for package in platform.virtual_packages
    ]


def solve(wanted: Wanted, repodata: Sequence[SparseRepoData]) -> list[RepoDataRecord]:
    """Return the packages of an environment on a platform.

    Parameters
    ----------
    wanted
        The environment and the platform.
    repodata
        What to choose from.

    Raises
    ------
    LockError
        No set of packages meets the specs; the message says which spec and why.
    """
    try:
        return asyncio.run(
            solve_with_sparse_repodata(
                list(wanted.specs),
                list(repodata),
                virtual_packages=_virtual_packages(wanted.platform),
                channel_priority=ChannelPriority.Strict,
            )
        )
    except SolverError as error:
        why = " ".join(str(error).split())
        message = f"{wanted.where} cannot be solved: {why}"
        raise LockError(message) from error
