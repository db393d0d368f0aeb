"""Files selected by patterns in the style of .gitignore."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SKIPPED = frozenset({".git", ".pixi", "__pycache__"})
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Pattern:
    """A pattern: the fixed folder that it starts in and the rest as a regular expression."""

    text: str
    negated: bool
    start: tuple[str, ...]
    expression: re.Pattern[str]

    def matches(self, path: str) -> bool:
        """Tell whether a path, relative and with slashes, is selected."""
        return self.expression.fullmatch(path) is not None


def parse(text: str) -> Pattern:
    """Read a pattern.

    A pattern with a slash, or without wildcards, is anchored at the root; ``*.py`` alone
    selects in every folder. A pattern that names a folder selects all that is in it.

    Raises
    ------
    PixiwError
        For a pattern that leaves the root, is empty, or has an impossible range in brackets.
    """
    negated = text.startswith("!")
    body = text.removeprefix("!").replace(os.sep, "/").removeprefix("./").rstrip("/")
    anchored = "/" in body or not _WILD.search(body)
    parts = tuple(part for part in body.split("/") if part not in {"", "."})
    if not parts or ".." in parts or parts[0].endswith(":"):
        message = f'the pattern "{text}" must name files below the folder of the task'
        raise PixiwError(message)
    start: list[str] = []
    if anchored:
        for part in parts:
            if _WILD.search(part):
                break
            start.append(part)
    expression = _expression(parts if anchored else ("**", *parts))
    try:
        return Pattern(text, negated, tuple(start), re.compile(expression))
    except re.error as error:
        message = f'the pattern "{text}" has a range in brackets that cannot be: {error.msg}'
        raise PixiwError(message) from error


def _expression(parts: Sequence[str]) -> str:
    """Translate the parts of a pattern; a match may end in a folder, which takes its files."""
    pieces: list[str] = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            pieces.append(".+" if last else "(?:[^/]+/)*")
        else:
            pieces.append(_segment(part) + ("(?:/.*)?" if last else "/"))
    return "".join(pieces)


def _segment(part: str) -> str:
    """Translate one part between slashes."""
    translated: list[str] = []
    position = 0
    while position < len(part):
        character = part[position]
        closing = part.find("]", position + 2) if character == "[" else -1
        if character == "*":
            translated.append("[^/]*")
        elif character == "?":
            translated.append("[^/]")
        elif closing > 0:
            inside = part[position + 1 : closing].replace("\\", r"\\").replace("!", "^", 1)
            translated.append(f"[{inside}]")
            position = closing
        else:
            translated.append(re.escape(character))
        position += 1
    return "".join(translated)


def _files(root: Path, folder: tuple[str, ...]) -> Iterator[str]:
    """Give a file, or the files below a folder, as paths relative to ``root`` with slashes."""
    try:
        with os.scandir(root.joinpath(*folder)) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except NotADirectoryError:
        yield "/".join(folder)
        return
    except FileNotFoundError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _SKIPPED:
                yield from _files(root, (*folder, entry.name))
        else:
            yield "/".join((*folder, entry.name))


def select(root: Path, patterns: Sequence[str]) -> tuple[list[str], list[str]]:
    """Select files; as in .gitignore the last pattern that matches a file decides.

    Parameters
    ----------
    root : Path
        Where the patterns are anchored.
    patterns : sequence of str
        The patterns; one that begins with ``!`` takes out what earlier ones put in.

    Returns
    -------
    files : list of str
        Paths relative to ``root``, with slashes, sorted.
    unmatched : list of str
        The patterns (not the negated ones) that no file matches.
    """
    parsed = [parse(_below(root, pattern)) for pattern in patterns]
    candidates: set[str] = set()
    for start in {pattern.start for pattern in parsed if not pattern.negated}:
        candidates.update(_files(root, start))
    matched: set[str] = set()
    chosen: list[str] = []
    for path in sorted(candidates):
        verdict = False
        for pattern in parsed:
            if pattern.matches(path):
                verdict = not pattern.negated
                matched.add(pattern.text)
        if verdict:
            chosen.append(path)
    unmatched = [
        pattern.text for pattern in parsed if not pattern.negated and pattern.text not in matched
    ]
    return chosen, unmatched


def _below(root: Path, pattern: str) -> str:
    """Return a pattern relative to the root, if a variable made it an absolute path there."""
    sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    body = body.replace(os.sep, "/")
    return sign + body.removeprefix(root.as_posix())
