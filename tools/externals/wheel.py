"""A wheel file: its name, its metadata, its entry points and its files."""

from __future__ import annotations

import configparser
import re
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)

from externals.failure import ExternalsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.tags import Tag

_ENTRY_GROUPS = ("console_scripts", "gui_scripts")
_EXTRAS = re.compile(r"\s*\[.*\]\s*$")


class _CaseKeeping(configparser.ConfigParser):
    """Entry points: names keep their case, and only `=` parts a name from its object."""

    def __init__(self) -> None:
        super().__init__(delimiters=("=",), interpolation=None, strict=False)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, UnicodeDecodeError) as error:
        raise ExternalsError(
            f"{path} is no intact wheel ({error}); delete it and run the same command again"
        ) from error
    except OSError as error:
        raise ExternalsError(f"cannot read the wheel {path}: {error.strerror}") from error


@dataclass(frozen=True)
class Wheel:
    """What a wheel says of itself.

    Parameters
    ----------
    path
        The file.
    name, version
        Canonical name and normalised version, from the file's name.
    tags
        The combinations it runs on.
    info
        Its `.dist-info` folder.
    requires
        Its `Requires-Dist`.
    requires_python
        Its `Requires-Python`, or an empty text.
    license, summary
        Its metadata.
    entry_points
        Scripts to make, `name = module:function`.
    """

    path: Path
    name: str
    version: str
    tags: frozenset[Tag]
    info: str
    requires: tuple[Requirement, ...]
    requires_python: str
    license: str
    summary: str
    entry_points: tuple[str, ...]

    def files(self) -> Iterator[tuple[str, bytes, bool]]:
        """Path, content and executable bit of every file, sorted by path.

        Raises
        ------
        ExternalsError
            A member is damaged.
        """
        with _reading(self.path), zipfile.ZipFile(self.path) as archive:
            for member in sorted(archive.infolist(), key=lambda member: member.filename):
                if not member.is_dir():
                    mode = member.external_attr >> 16
                    yield member.filename, archive.read(member), bool(mode & 0o111)


def _entry_points(text: str) -> tuple[str, ...]:
    parser = _CaseKeeping()
    parser.read_string(text)
    return tuple(
        f"{name.strip()} = {_EXTRAS.sub('', target.strip())}"
        for group in _ENTRY_GROUPS
        if parser.has_section(group)
        for name, target in parser.items(group)
    )


def _requirements(path: Path, lines: list[str]) -> tuple[Requirement, ...]:
    try:
        return tuple(Requirement(line) for line in lines)
    except InvalidRequirement as error:
        raise ExternalsError(f"{path} asks for something unreadable: {error}") from error


def read(path: Path) -> Wheel:
    """Read a wheel.

    Raises
    ------
    ExternalsError
        The file is truncated, no zip, or has no readable metadata.
    """
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise ExternalsError(f"{path} has no wheel's name: {error}") from error
    with _reading(path), zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        infos = [
            folder
            for folder in {member.split("/", 1)[0] for member in members if "/" in member}
            if folder.endswith(".dist-info")
            and canonicalize_name(folder.removesuffix(".dist-info").rsplit("-", 1)[0]) == name
        ]
        if len(infos) != 1:
            raise ExternalsError(f"{path} has no {name} .dist-info folder; it is no intact wheel")
        metadata = HeaderParser().parsestr(archive.read(f"{infos[0]}/METADATA").decode("utf-8"))
        points = f"{infos[0]}/entry_points.txt"
        scripts = _entry_points(archive.read(points).decode("utf-8")) if points in members else ()
    return Wheel(
        path=path,
        name=str(name),
        version=str(version),
        tags=tags,
        info=infos[0],
        requires=_requirements(path, metadata.get_all("Requires-Dist") or []),
        requires_python=str(metadata.get("Requires-Python") or ""),
        license=str(metadata.get("License-Expression") or metadata.get("License") or "").split(
            "\n", 1
        )[0],
        summary=str(metadata.get("Summary") or "").split("\n", 1)[0],
        entry_points=scripts,
    )
