"""The sections of a shared object, to say where in it a difference lies."""

from __future__ import annotations

import struct
from typing import NamedTuple

BUILD_ID = ".note.gnu.build-id"
"""Holds a hash of all other sections, so it differs whenever anything does."""

_NO_BITS = 8  # sh_type of a section that takes no room in the file


class Section(NamedTuple):
    """Name and extent of a section, as offsets in the file."""

    name: str
    start: int
    end: int


def sections(data: bytes) -> list[Section]:
    """Return the sections of a 64-bit ELF file in the order of their offsets.

    The tables are read as the System V gABI lays them out. Any other file has no sections here.
    """
    if data[:5] != b"\x7fELF\x02":
        return []
    order = "<" if data[5:6] == b"\x01" else ">"
    try:
        (table,) = struct.unpack_from(f"{order}Q", data, 0x28)
        size, count, names = struct.unpack_from(f"{order}HHH", data, 0x3A)
        rows = [struct.unpack_from(f"{order}IIQQQQ", data, table + n * size) for n in range(count)]
        texts = rows[names][4]
        found = []
        for name, kind, _flags, _address, start, length in rows:
            end = data.index(b"\0", texts + name)
            text = data[texts + name : end].decode("ascii", "replace")
            if text and kind != _NO_BITS:
                found.append(Section(text, start, start + length))
    except (struct.error, IndexError, ValueError):
        return []
    return sorted(found, key=lambda section: section.start)
