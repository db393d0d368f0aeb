"""The header fields of METADATA, PKG-INFO and WHEEL files."""

from __future__ import annotations

from email.parser import Parser


def fields(content: bytes) -> dict[str, list[str]]:
    """Return the values of each header field, in order, by lower-case name."""
    message = Parser().parsestr(content.decode("utf-8", errors="replace"), headersonly=True)
    found: dict[str, list[str]] = {}
    for name, value in message.items():
        found.setdefault(name.lower(), []).append(value.strip())
    return found


def first(found: dict[str, list[str]], name: str) -> str | None:
    """Return the first value of a field, or None."""
    return found.get(name, [None])[0]
