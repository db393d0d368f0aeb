"""The header of a shared object: which format it has and which machines it serves."""

from __future__ import annotations

import struct
from dataclasses import dataclass

# ELF e_machine (gABI), Mach-O cputype (mach/machine.h), PE Machine (PE format), each by the
# machine names of `audit.tags`.
_ELF = {
    3: "x86",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
}
_MACH = {0x07: "x86", 0x01000007: "x86_64", 0x0100000C: "aarch64", 0x01000012: "ppc64"}
_PE = {0x014C: "x86", 0x01C4: "arm", 0x8664: "x86_64", 0xAA64: "aarch64"}
_MACH_THIN = {b"\xfe\xed\xfa\xce": ">", b"\xfe\xed\xfa\xcf": ">"} | {
    b"\xce\xfa\xed\xfe": "<",
    b"\xcf\xfa\xed\xfe": "<",
}
_MACH_FAT = {b"\xca\xfe\xba\xbe": 20, b"\xca\xfe\xba\xbf": 32}

# Which format each system loads.
FORMATS = {"linux": "ELF", "musllinux": "ELF", "macos": "Mach-O", "windows": "PE"}


@dataclass(frozen=True)
class Image:
    """A format (ELF, Mach-O, PE) and the machines that a file has code for."""

    format: str
    machines: frozenset[str]

    def __str__(self) -> str:
        """Name format and machines."""
        return f"{self.format} for {' and '.join(sorted(self.machines))}"


def read_image(data: bytes) -> Image | None:
    """Read the header; None when it is none of the three formats or is cut short."""
    magic = data[:4]
    try:
        if magic == b"\x7fELF":
            order = "<" if data[5] == 1 else ">"
            return Image("ELF", _named(_ELF, struct.unpack_from(f"{order}H", data, 18)[0]))
        if magic in _MACH_THIN:
            code = struct.unpack_from(f"{_MACH_THIN[magic]}I", data, 4)[0]
            return Image("Mach-O", _named(_MACH, code))
        if magic in _MACH_FAT:
            (count,) = struct.unpack_from(">I", data, 4)
            step = _MACH_FAT[magic]
            codes = [struct.unpack_from(">I", data, 8 + step * n)[0] for n in range(count)]
            return Image("Mach-O", _named(_MACH, *codes))
        if magic[:2] == b"MZ":
            (offset,) = struct.unpack_from("<I", data, 0x3C)
            if data[offset : offset + 4] == b"PE\0\0":
                return Image("PE", _named(_PE, struct.unpack_from("<H", data, offset + 4)[0]))
    except (struct.error, IndexError):
        return None
    return None


def _named(names: dict[int, str], *codes: int) -> frozenset[str]:
    return frozenset(names.get(code, f"machine {code:#x}") for code in codes)
