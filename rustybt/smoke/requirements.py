"""Requirements of a distribution: name, range of versions, and whether they apply here."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .versions import VersionError, contains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
    r"(?P<rest>[^;]*?)\s*(?:;(?P<marker>.*))?",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<punctuation>[()])|(?P<string>"[^"]*"|'[^']*')|(?P<operator>not\s+in\b|in\b|
    ~=|===|==|!=|<=|>=|<|>)|(?P<word>[A-Za-z_.]+))""",
    re.VERBOSE,
)
_TEXT_ORDER: Mapping[str, Callable[[str, str], bool]] = {
    "==": lambda left, right: left == right,
    "===": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class RequirementError(ValueError):
    """A text that is no requirement."""


@dataclass(frozen=True)
class Requirement:
    """A requirement of this environment: the distribution's name and its range of versions."""

    name: str
    spec: str


def environment() -> dict[str, str]:
    """Return the values that markers compare with, for the interpreter that runs."""
    version = sys.implementation.version
    full = f"{version.major}.{version.minor}.{version.micro}"
    if version.releaselevel != "final":
        full += f"{version.releaselevel[0]}{version.serial}"
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": full,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
        "extra": "",
    }


def parse(text: str, values: Mapping[str, str]) -> Requirement | None:
    """Parse one ``Requires-Dist``; None if its marker excludes this environment.

    Raises
    ------
    RequirementError
        If it cannot be understood.
    """
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise RequirementError(f"{text!r} is no requirement")
    if match["marker"] and not evaluate(match["marker"], values):
        return None
    rest = match["rest"]
    if rest.startswith("@"):
        rest = ""  # a place to get it from says nothing of versions
    clauses = rest.removeprefix("(").removesuffix(")").split(",")
    # Installers write them in any order; people read the lower bound first.
    spec = ",".join(sorted((clause.strip() for clause in clauses), reverse=True))
    try:
        contains(spec, "0")
    except VersionError as error:
        raise RequirementError(f"{text!r} is no requirement: {error}") from error
    return Requirement(match["name"], spec)


def evaluate(marker: str, values: Mapping[str, str]) -> bool:
    """Return whether `marker` holds for the environment `values`.

    Raises
    ------
    RequirementError
        If it cannot be understood.
    """
    return _Marker(marker, values).value()


class _Marker:
    """A marker being read from left to right: ``or`` of ``and`` of comparisons."""

    def __init__(self, text: str, values: Mapping[str, str]) -> None:
        self._text = text
        self._values = values
        self._tokens = self._split(text)

    def value(self) -> bool:
        result = self._either()
        if self._tokens:
            raise self._error()
        return result

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, at, text = [], 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._error()
            tokens.append((str(match.lastgroup), " ".join(match[str(match.lastgroup)].split())))
            at = match.end()
        return tokens

    def _error(self) -> RequirementError:
        return RequirementError(f"{self._text.strip()!r} is no marker")

    def _take(self, *kinds: str) -> tuple[str, str]:
        if not self._tokens or self._tokens[0][0] not in kinds:
            raise self._error()
        return self._tokens.pop(0)

    def _accept(self, kind: str, text: str) -> bool:
        is_next = bool(self._tokens) and self._tokens[0] == (kind, text)
        if is_next:
            self._tokens.pop(0)
        return is_next

    def _either(self) -> bool:
        result = self._both()
        while self._accept("word", "or"):
            result = self._both() or result
        return result

    def _both(self) -> bool:
        result = self._one()
        while self._accept("word", "and"):
            result = self._one() and result
        return result

    def _one(self) -> bool:
        if self._accept("punctuation", "("):
            result = self._either()
            if not self._accept("punctuation", ")"):
                raise self._error()
            return result
        left, operator, right = self._operand(), self._take("operator")[1], self._operand()
        if operator in {"in", "not in"}:
            return (left in right) == (operator == "in")
        try:
            return contains(f"{operator}{right}", left)
        except VersionError:
            order = _TEXT_ORDER.get(operator)
            if order is None:
                raise self._error() from None
            return order(left, right)

    def _operand(self) -> str:
        kind, text = self._take("string", "word")
        if kind == "string":
            return text[1:-1]
        if text not in self._values:
            raise self._error()
        return self._values[text]
