"""Typed access to a TOML document that knows where every key stands and which were read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixiw.errors import ManifestError
from pixiw.suggestions import did_you_mean, listed
from pixiw.toml_lines import line_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Document:
    """A TOML file: its place, its text and what the text says."""

    path: Path
    text: str
    values: Mapping[str, object]

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read a file, refusing what is not TOML with its place."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            message = f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8"
            raise ManifestError(message) from error
        except OSError as error:
            message = f"cannot read {path}: {error.strerror}"
            raise ManifestError(message) from error
        try:
            return cls(path, text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            message = f"{path} is not valid TOML: {error}"
            raise ManifestError(message) from error

    def root(self) -> Table:
        """Return the document as a table."""
        return Table(self, (), self.values)

    def error(self, path: tuple[str, ...], message: str) -> ManifestError:
        """Make an error that names the file and the line of a key."""
        line = line_of(self.text, path)
        place = f"{self.path.name}, line {line}" if line else self.path.name
        return ManifestError(f"{place}: {message}")


class Table:
    """A table of the document; every key must be asked for or it is refused at `close`."""

    def __init__(
        self, document: Document, path: tuple[str, ...], values: Mapping[str, object]
    ) -> None:
        self.document = document
        self.path = path
        self.values = values
        self._asked: set[str] = set()

    @property
    def title(self) -> str:
        """The table's name as it is written in the file."""
        return f"[{'.'.join(self.path)}]" if self.path else "the manifest"

    def error(self, key: str, message: str) -> ManifestError:
        """Make an error at one of the table's keys."""
        return self.document.error((*self.path, key), message)

    def get(self, key: str) -> object:
        """Return a value of any type, None when absent."""
        self._asked.add(key)
        return self.values.get(key)

    def _wrong(self, key: str, wanted: str, value: object) -> ManifestError:
        names = {
            str: "a string",
            bool: "a boolean",
            int: "a number",
            list: "a list",
            dict: "a table",
        }
        found = names.get(type(value), type(value).__name__)
        return self.error(key, f'"{key}" in {self.title} must be {wanted}, not {found}')

    def string(self, key: str) -> str | None:
        """Return a string, None when absent."""
        value = self.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        raise self._wrong(key, "a non-empty string", value)

    def boolean(self, key: str) -> bool:
        """Return a boolean, False when absent."""
        value = self.get(key)
        if value is None:
            return False
        if isinstance(value, bool):
            return value
        raise self._wrong(key, "true or false", value)

    def strings(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when absent."""
        return tuple(
            self.checked_string(key, item, "a list of strings") for item in self.items(key)
        )

    def checked_string(self, key: str, value: object, wanted: str) -> str:
        """Return the value if it is a string."""
        if isinstance(value, str):
            return value
        raise self._wrong(key, wanted, value)

    def items(self, key: str) -> list[object]:
        """Return a list of anything, empty when absent."""
        value = self.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self._wrong(key, "a list", value)

    def string_map(self, key: str) -> dict[str, str]:
        """Return a table of strings, empty when absent."""
        table = self.table(key)
        if table is None:
            return {}
        return {
            name: table.checked_string(name, table.get(name), "a string") for name in table.values
        }

    def table(self, key: str) -> Table | None:
        """Return a table, None when absent."""
        value = self.get(key)
        return None if value is None else self.inner(key, value, "a table")

    def inner(self, key: str, value: object, wanted: str) -> Table:
        """Return a value under one of the table's keys as a table."""
        if isinstance(value, dict):
            return Table(self.document, (*self.path, key), value)
        raise self._wrong(key, wanted, value)

    def close(self, unsupported: Mapping[str, str] | None = None) -> None:
        """Refuse what nobody asked for: known to pixi but not to pixiw, or not known at all."""
        beyond = unsupported or {}
        for key in self.values:
            if key in beyond:
                what = f"[{'.'.join((*self.path, key))}]"
                if not isinstance(self.values[key], dict):
                    what = f'"{key}" in {self.title}'
                raise self.error(key, f"{what} is not supported by pixiw: {beyond[key]}")
            if key not in self._asked:
                valid = self._asked | set(beyond)
                near = did_you_mean(key, valid) or f"; valid are {listed(valid)}"
                raise self.error(key, f'unknown key "{key}" in {self.title}{near}')
