"""What a scanner finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One finding.

    Parameters
    ----------
    code
        The scanner's own name for what is wrong.
    place
        File, or package with its version.
    text
        What the scanner says.
    line
        In the file; 0 where there is none.
    """

    code: str
    place: str
    text: str
    line: int = 0

    def __str__(self) -> str:
        """Return one line."""
        place = f"{self.place}:{self.line}" if self.line else self.place
        return f"{place}: {self.code} {self.text}"
