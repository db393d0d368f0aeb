"""What a difference between two contents looks like: a path, a time, an order."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_AROUND = 96
_TIME = re.compile(
    rb"\d\d:\d\d:\d\d|(?:19|20)\d\d-[01]\d-[0-3]\d|[A-Z][a-z]{2} [ 0-3]\d (?:19|20)\d\d"
    rb"|(?<!\d)1[4-9]\d{8}(?!\d)"
)


@dataclass(frozen=True)
class Needle:
    """A text that one build alone knows, such as its folder or its user's name."""

    what: str
    text: str

    def find(self, data: bytes) -> int:
        """Return the offset of the text in `data`, not as part of a longer name, or -1."""
        # Rust puts its strings side by side, so a path may follow upon a letter.
        before = rb"(?<![A-Za-z0-9_])" if self.text[:1].isalnum() else b""
        pattern = before + re.escape(os.fsencode(self.text)) + rb"(?![A-Za-z0-9_.-])"
        found = re.search(pattern, data)
        return found.start() if found else -1


def first_difference(one: bytes, other: bytes) -> int:
    """Return the first offset at which two different contents differ."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # the longest common prefix, by halving
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def hint(
    one: bytes, other: bytes, offset: int, needles: tuple[tuple[Needle, ...], tuple[Needle, ...]]
) -> str:
    """Say what the difference at `offset` looks like; empty when it looks like nothing known.

    Parameters
    ----------
    one, other : bytes
        The two contents.
    offset : int
        Where they first differ.
    needles : pair of tuple of Needle
        What the first and what the second build alone knows.
    """
    for data, known in zip((one, other), needles, strict=True):
        for needle in known:
            if needle.find(data) >= 0:
                return f"holds the {needle.what} {needle.text}"
    if sorted(one.splitlines()) == sorted(other.splitlines()):
        return "the same lines in another order: sort what is listed, or a hash seed shows"
    times = [_times(data, offset) for data in (one, other)]
    if all(times) and times[0] != times[1]:
        return f"a time: {times[0][0]} and {times[1][0]}"
    if len(one) == len(other) and sorted(one) == sorted(other):
        return "the same bytes in another order"
    return ""


def _times(data: bytes, offset: int) -> list[str]:
    around = range(max(0, offset - _AROUND), offset + _AROUND)
    found = _TIME.finditer(data, around.start, around.stop)
    return [match[0].decode() for match in found if match.start() <= offset < match.end()]
