"""Run paths of ELF files, rewritten in place."""

from __future__ import annotations

import struct

_PT_LOAD = 1
_PT_DYNAMIC = 2
_DT_STRTAB = 5
_DT_RPATH = 15
_DT_RUNPATH = 29


def is_elf(data: bytes) -> bool:
    """Whether `data` begins like a 64-bit little-endian ELF file, the only kind adopted."""
    return data[:6] == b"\x7fELF\x02\x01"


def _run_path_offsets(data: bytes) -> list[int]:
    """File offsets of the strings that DT_RPATH and DT_RUNPATH name."""
    (table,) = struct.unpack_from("<Q", data, 0x20)
    size, count = struct.unpack_from("<HH", data, 0x36)
    loads: list[tuple[int, int, int]] = []
    dynamic: tuple[int, int] | None = None
    for index in range(count):
        kind, _, offset, address, _, length = struct.unpack_from(
            "<IIQQQQ", data, table + index * size
        )
        if kind == _PT_LOAD:
            loads.append((address, offset, length))
        elif kind == _PT_DYNAMIC:
            dynamic = (offset, length)
    if dynamic is None:
        return []
    strings = None
    names = []
    for position in range(dynamic[0], dynamic[0] + dynamic[1], 16):
        tag, value = struct.unpack_from("<QQ", data, position)
        if tag == _DT_STRTAB:
            strings = value
        elif tag in {_DT_RPATH, _DT_RUNPATH}:
            names.append(value)
    for address, offset, length in loads:
        if strings is not None and address <= strings < address + length:
            return [strings - address + offset + name for name in names]
    return []


def replace_run_path(data: bytes, old: str, new: str) -> bytes:
    """Replace the folder `old` by `new` in the run paths of an ELF file.

    The string table cannot grow: where `new` does not fit into the place of `old`, the file is
    returned as it is and goes on finding its libraries where they are.

    Parameters
    ----------
    data
        Content of any file; what is not ELF comes back unchanged.
    old, new
        Folders, one component each of a colon-separated run path.
    """
    if not is_elf(data):
        return data
    changed = bytearray(data)
    for offset in _run_path_offsets(data):
        end = data.index(b"\0", offset)
        before = data[offset:end].decode()
        after = ":".join(
            new if folder.rstrip("/") == old else folder for folder in before.split(":")
        )
        if after != before and len(after) <= len(before):
            changed[offset:end] = after.encode().ljust(end - offset, b"\0")
    return bytes(changed)
