"""The differences between two artefacts, each by file and kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reproduce import archives, clues, elf

if TYPE_CHECKING:
    from reproduce.archives import Member
    from reproduce.clues import Needle

Kind = Literal["missing", "order", "type", "time", "mode", "owner", "content", "container"]
INSIDE = "!/"
"""Stands between the name of an archive and that of a file in it."""
_LISTS_HASHES = (".dist-info/RECORD", "info/paths.json")


@dataclass(frozen=True)
class Difference:
    """Where two artefacts differ (``wheel!/file``), in what, and how it may have come about."""

    where: str
    kind: Kind
    detail: str
    hint: str = ""


@dataclass(frozen=True)
class Leak:
    """A text of the build that an artefact must not hold, and the offset it was found at."""

    where: str
    what: str
    text: str
    offset: int


Needles = tuple[tuple["Needle", ...], tuple["Needle", ...]]


def differences(
    name: str, one: bytes, other: bytes, needles: Needles = ((), ())
) -> list[Difference]:
    """Return how the file `name` differs between two builds; empty when the bytes are the same.

    Parameters
    ----------
    name : str
        The file's name, whose ending tells whether it is an archive to look into.
    one, other : bytes
        Its content from the first and from the second build.
    needles : pair of tuple of Needle
        What only the first and only the second build knows, for the hints.
    """
    if one == other:
        return []
    inside = archives.read(name, one), archives.read(name, other)
    if inside[0] is None or inside[1] is None:
        return [_content(name, one, other, needles)]
    found = _members(name, inside[0], inside[1], needles)
    return found or [_container(name, one, other)]


def leaks(name: str, data: bytes, needles: tuple[Needle, ...]) -> list[Leak]:
    """Return every text of `needles` in `data`, and in the files of an archive at any depth."""
    members = archives.read(name, data)
    if members is None:
        places = ((needle, needle.find(data)) for needle in needles)
        return [Leak(name, n.what, n.text, offset) for n, offset in places if offset >= 0]
    found = []
    for member in members:
        where = f"{name}{INSIDE}{member.name}"
        described = f"{member.name}\0{member.owner}\0{member.target}".encode()
        found += [Leak(where, n.what, n.text, 0) for n in needles if n.find(described) >= 0]
        found += leaks(where, member.content, needles)
    return found


def _members(
    name: str, one: list[Member], other: list[Member], needles: Needles
) -> list[Difference]:
    first, second = ({member.name: member for member in members} for members in (one, other))
    found = [
        Difference(f"{name}{INSIDE}{missing}", "missing", f"only the {which} build has it")
        for which, here, there in (("first", first, second), ("second", second, first))
        for missing in here
        if missing not in there
    ]
    orders = [
        [m.name for m in members if m.name in first.keys() & second] for members in (one, other)
    ]
    if orders[0] != orders[1]:
        at = next((pair for pair in zip(*orders, strict=False) if pair[0] != pair[1]), None)
        detail = f"{at[0]} and {at[1]} come at the same place" if at else "a name comes twice"
        found.append(Difference(name, "order", detail, "sort the files before packing them"))
    for member in first.values():
        if member.name in second:
            found += _metadata(name, member, second[member.name])
            where = f"{name}{INSIDE}{member.name}"
            found += differences(where, member.content, second[member.name].content, needles)
    return found


def _metadata(name: str, one: Member, other: Member) -> list[Difference]:
    where = f"{name}{INSIDE}{one.name}"
    found = []
    if (one.kind, one.target) != (other.kind, other.target):
        detail = f"{one.kind} {one.target}".rstrip() + f" and {other.kind} {other.target}".rstrip()
        found.append(Difference(where, "type", detail))
    if one.time != other.time:
        detail = f"{one.time} and {other.time}"
        found.append(Difference(where, "time", detail, "set it from SOURCE_DATE_EPOCH"))
    if one.mode != other.mode:
        detail = f"{one.mode:04o} and {other.mode:04o}"
        found.append(Difference(where, "mode", detail, "it follows the umask"))
    if one.owner != other.owner:
        found.append(Difference(where, "owner", f"{one.owner} and {other.owner}", "set it to 0:0"))
    return found


def _content(name: str, one: bytes, other: bytes, needles: Needles) -> Difference:
    offset, section = _place(one, other)
    detail = f"first at offset {offset}" + (f" in section {section}" if section else "")
    if len(one) != len(other):
        detail += f", {len(one)} and {len(other)} bytes long"
    if name.endswith(_LISTS_HASHES):
        hint = "it lists the hashes of the files that differ"
    else:
        hint = clues.hint(one, other, offset, needles)
    return Difference(name, "content", detail, hint)


def _place(one: bytes, other: bytes) -> tuple[int, str]:
    """Return where two files first differ: the offset in `one`, and its section if it has any."""
    offset = clues.first_difference(one, other)
    there = {section.name: section for section in elf.sections(other)}
    for section in elf.sections(one):
        twin = there.get(section.name)
        if section.name == elf.BUILD_ID or twin is None:
            continue
        contents = one[section.start : section.end], other[twin.start : twin.end]
        if contents[0] != contents[1]:
            return section.start + clues.first_difference(*contents), section.name
    return offset, ""


def _container(name: str, one: bytes, other: bytes) -> Difference:
    offset = clues.first_difference(one, other)
    gzip_header = 10
    hint = (
        "gzip writes the time or the name of the archive into its head"
        if name.endswith(".gz") and offset < gzip_header
        else "the same files, packed otherwise: level, padding, extra fields or comment"
    )
    return Difference(name, "container", f"first at offset {offset}", hint)
