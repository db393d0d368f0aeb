"""The exception that every moving window shares."""

from __future__ import annotations


class Exhausted(Exception):  # noqa: N818 - Zipline's name
    """Raised when a window is asked to move past the last row of its data."""
