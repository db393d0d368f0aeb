"""What the lock's tools say when they cannot do their work."""

from __future__ import annotations


class LockError(Exception):
    """A sentence for the user: what is wrong, where, and what to do."""
