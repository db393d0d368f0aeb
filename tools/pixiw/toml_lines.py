"""Finds the line of a TOML file on which a key stands; the standard reader keeps no lines."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSING = {"[": "]", "{": "}"}
_STRINGS = ('"""', "'''", '"', "'")


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """Return the 1-based line of the key ``path``, or of the nearest table that encloses it."""
    best_length, best_line = 0, None
    for line, key in _keys(text):
        common = 0
        while common < min(len(key), len(path)) and key[common] == path[common]:
            common += 1
        # A sibling key shares the table's path only; the first line that goes deeper wins.
        if common > best_length:
            best_length, best_line = common, line
    return best_line


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Give (line, full dotted key) of every table header and every key at its top level."""
    table: tuple[str, ...] = ()
    for line, statement in _statements(text):
        if statement.startswith("["):
            table = _dotted(statement.strip("[] \t"))
            yield line, table
        else:
            yield line, table + _dotted(statement)


def _dotted(key: str) -> tuple[str, ...]:
    """Split a dotted key, quoted parts included."""
    value: object = tomllib.loads(f"{key} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        ((part, value),) = value.items()
        parts.append(part)
    return tuple(parts)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Give (line, header or key) of each statement, stepping over values of any shape."""
    position, line = 0, 1
    while position < len(text):
        end = _end_of_statement(text, position)
        statement = text[position:end]
        stripped = statement.lstrip(" \t\r")
        if stripped.startswith("["):
            yield line, _until(stripped, "#")
        elif stripped and stripped[0] not in "#\n":
            yield line, _until(stripped, "=")
        line += statement.count("\n")
        position = end


def _until(statement: str, mark: str) -> str:
    """Return the statement up to the first ``mark`` outside quotes, without line break."""
    quote = ""
    for index in range(len(statement)):
        character = statement[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == mark:
            return statement[:index].strip()
    return statement.strip()


def _end_of_statement(text: str, start: int) -> int:
    """Return the position after the line break that ends the statement at ``start``."""
    position = start
    closing: list[str] = []
    while position < len(text):
        character = text[position]
        if character == "\n" and not closing:
            return position + 1
        if character == "#":
            following = text.find("\n", position)
            position = len(text) if following < 0 else following
            continue
        opener = next((mark for mark in _STRINGS if text.startswith(mark, position)), None)
        if opener:
            position = _end_of_string(text, position, opener)
            continue
        if character in _CLOSING:
            closing.append(_CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        position += 1
    return position


def _end_of_string(text: str, start: int, opener: str) -> int:
    """Return the position after the string that opens at ``start``."""
    position = start + len(opener)
    while position < len(text):
        if text[position] == "\\" and opener[0] == '"':
            position += 2
        elif text.startswith(opener, position):
            return position + len(opener)
        else:
            position += 1
    return position
