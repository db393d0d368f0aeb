"""What is wrong with a lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """The first thing in a lock that is not as it must be.

    Parameters
    ----------
    reason
        What is wrong.
    record
        File name of the offending record, where there is one.
    environment, subdir
        Where it stands, if it stands in one place.
    """

    reason: str
    record: str | None = None
    environment: str | None = None
    subdir: str | None = None

    def __str__(self) -> str:
        where = " on ".join(part for part in (self.environment, self.subdir) if part)
        return ": ".join(part for part in (where, self.record, self.reason) if part)

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "environment": self.environment,
            "platform": self.subdir,
            "record": self.record,
            "reason": self.reason,
        }
