"""The lines of a lock: which package each environment lists, and which packages are described.

py-rattler reads a lock into sets, where a package listed twice, or described and listed nowhere,
no longer shows. This reads the same lines one by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LISTED = re.compile(r"      - (\w+): (\S+)")
_DESCRIBED = re.compile(r"- (\w+): (\S+)")
_HASH = re.compile(r"  sha256: (\S+)")
_PLATFORM = re.compile(r"      (\S+):$")
_ENVIRONMENT = re.compile(r"  (\S+):$")
_SECTION = re.compile(r"(\w+):")
_VERSION = re.compile(r"^version: *(\d+) *$", re.MULTILINE)

CONDA = "conda"


@dataclass(frozen=True)
class Entry:
    """A line that names a package.

    Parameters
    ----------
    kind
        `conda`, or what else the line says.
    url
        Address of the package.
    """

    kind: str
    url: str

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]


@dataclass
class Listing:
    """What the lines of a lock name.

    Parameters
    ----------
    version
        The lock's version, 0 where it says none.
    listed
        The packages of each environment and platform name.
    described
        The packages that the last part of the lock describes.
    hashes
        The SHA-256 stated for each address.
    """

    version: int = 0
    listed: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    described: list[Entry] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)


def read_listing(text: str) -> Listing:
    """Read the lines of a lock."""
    stated = _VERSION.search(text)
    listing = Listing(version=int(stated[1]) if stated else 0)
    section = environment = platform = ""
    for line in text.splitlines():
        if found := _SECTION.match(line):
            section = found[1]
        elif section == "environments":
            if found := _ENVIRONMENT.fullmatch(line):
                environment = found[1]
            elif found := _PLATFORM.fullmatch(line):
                platform = found[1]
            elif found := _LISTED.match(line):
                entries = listing.listed.setdefault((environment, platform), [])
                entries.append(Entry(found[1], found[2]))
        elif section == "packages":
            if found := _DESCRIBED.match(line):
                listing.described.append(Entry(found[1], found[2]))
            elif listing.described and (found := _HASH.match(line)):
                listing.hashes[listing.described[-1].url] = found[1]
    return listing
