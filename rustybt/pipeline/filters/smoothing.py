"""Filters of what another filter was over a window."""

from __future__ import annotations

import typing

from rustybt.pipeline.filters.filter import CustomFilter


class All(CustomFilter):
    """Where a filter was true on every date of a window."""

    _writes_windows = False

    def compute(
        self, today: typing.Any, assets: typing.Any, out: typing.Any, arg: typing.Any
    ) -> None:
        """Compute one date."""
        out[:] = arg.all(axis=0)


class Any(CustomFilter):
    """Where a filter was true on one date of a window at least."""

    _writes_windows = False

    def compute(
        self, today: typing.Any, assets: typing.Any, out: typing.Any, arg: typing.Any
    ) -> None:
        """Compute one date."""
        out[:] = arg.any(axis=0)


class AtLeastN(CustomFilter):
    """Where a filter was true on N dates of a window at least."""

    _writes_windows = False
    params: typing.Any = ("N",)

    def compute(
        self,
        today: typing.Any,
        assets: typing.Any,
        out: typing.Any,
        arg: typing.Any,
        N: int,  # noqa: N803 - Zipline's name
    ) -> None:
        """Compute one date."""
        out[:] = arg.sum(axis=0) >= N
