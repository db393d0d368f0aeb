"""The value that says that an argument was left out."""

from __future__ import annotations


class NotSpecifiedType:
    """Type of `NotSpecified`, its only value."""

    __slots__ = ()

    def __new__(cls) -> NotSpecifiedType:  # noqa: PYI034 - it cannot be derived from
        """Return the only value."""
        return NotSpecified

    def __repr__(self) -> str:
        return "NotSpecified"

    def __reduce__(self) -> str:
        return "NotSpecified"


NotSpecified: NotSpecifiedType = object.__new__(NotSpecifiedType)
"""Stands for an argument that was left out, where None has a meaning of its own."""
