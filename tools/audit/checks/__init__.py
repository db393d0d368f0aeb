"""The checks: each module has one function that yields findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.checks import (
    build_record,
    commands,
    conda_paths,
    ignore_patterns,
    installation,
    leftovers,
    optional,
    packages,
    presence,
    pytest_path,
    shared_objects,
    sizes,
    tracking,
    wheel_metadata,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from audit.findings import Finding
    from audit.material import Material

CHECKS: tuple[Callable[[Material], Iterable[Finding]], ...] = (
    packages.check,
    optional.check,
    pytest_path.check,
    commands.check,
    ignore_patterns.check,
    tracking.check,
    presence.check,
    shared_objects.check,
    wheel_metadata.check,
    conda_paths.check,
    build_record.check,
    sizes.check,
    installation.check,
    leftovers.check,
)
