"""Known answer of `rustybt._cyutility`, by the view that other modules read arrays through."""

from __future__ import annotations

from array import array

from rustybt import _cyutility

# PyBUF_FULL_RO: whatever the buffer is like, to be read.
FULL_READ_ONLY = 0x011C


def probe() -> tuple[object, object]:
    view = _cyutility.memoryview(array("d", [1.0, 2.0, 4.0]), FULL_READ_ONLY)
    every_other = view[::2]
    computed = (view.shape, view.nbytes, view[-1], every_other.shape, every_other[1])
    return computed, ((3,), 24, 4.0, (2,), 4.0)
