"""The part of pixi's task shell that pixiw understands.

Words with quotes and backslashes, ``$VAR`` and ``${VAR}``, ``VAR=value`` before a command,
and the lists ``a && b``, ``a || b`` and ``a ; b``. Everything else that has a meaning in
pixi's shell is refused by its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFUSED = {
    "|": "a pipe (|)",
    ">": "a redirect (>)",
    "<": "a redirect (<)",
    "&": "a background command (&)",
    "(": "a subshell (parentheses)",
    ")": "a subshell (parentheses)",
    "`": "a command substitution (backquotes)",
    "*": "a glob (*)",
    "?": "a glob (?)",
    "[": "a glob ([)",
    "\n": "a line break",
}
_AT_WORD_START = {"~": "a tilde (~)", "#": "a comment (#)"}
_DOUBLE_QUOTED_ESCAPES = '"\\$`'


class ShellError(PixiwError):
    """A command outside the grammar."""


@dataclass(frozen=True)
class Text:
    """Literal text of a word."""

    value: str


@dataclass(frozen=True)
class Variable:
    """A variable of a word; outside quotes its value is split at white space."""

    name: str
    quoted: bool


Part = Text | Variable


@dataclass(frozen=True)
class Word:
    """A word of a command, before its variables are replaced."""

    parts: tuple[Part, ...]

    def joined(self, variables: Mapping[str, str]) -> str:
        """Return the word as one string, as in an assignment."""
        return "".join(
            part.value if isinstance(part, Text) else variables.get(part.name, "")
            for part in self.parts
        )

    def fields(self, variables: Mapping[str, str]) -> list[str]:
        """Return the zero or more arguments that the word stands for."""
        fields: list[str] = []
        current: str | None = None
        for part in self.parts:
            if isinstance(part, Text):
                current = (current or "") + part.value
                continue
            value = variables.get(part.name, "")
            if part.quoted:
                current = (current or "") + value
                continue
            pieces = value.split()
            if not pieces:
                continue
            if current is not None and value[0].isspace():
                fields.append(current)
                current = None
            for piece in pieces[:-1]:
                fields.append((current or "") + piece)
                current = None
            current = (current or "") + pieces[-1]
            if value[-1].isspace():
                fields.append(current)
                current = None
        if current is not None:
            fields.append(current)
        return fields


@dataclass(frozen=True)
class Command:
    """One program call, or only assignments."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Step:
    """A command and what must have happened before it for it to run."""

    condition: str
    command: Command


def literal(arguments: Sequence[str]) -> Step:
    """Return the step that calls a program with just these arguments."""
    return Step(";", Command((), tuple(Word((Text(argument),)) for argument in arguments)))


def quoted(argument: str) -> str:
    """Return a word of a list command in quotes where it needs them; variables stay live."""
    if re.fullmatch(r"[\w@%+=:,./${}-]+", argument):
        return argument
    return '"' + re.sub(r'(["\\`])', r"\\\1", argument) + '"'


def parse(text: str) -> tuple[Step, ...]:
    """Parse a command line.

    Raises
    ------
    ShellError
        Names the construct that is not supported, or the quote that is not closed.
    """
    return _Parser(text.strip()).steps()


def with_arguments(steps: tuple[Step, ...], extra: Sequence[str]) -> tuple[Step, ...]:
    """Append literal arguments to the last command."""
    if not extra:
        return steps
    last = steps[-1]
    words = last.command.words + tuple(Word((Text(argument),)) for argument in extra)
    return (*steps[:-1], Step(last.condition, Command(last.command.assignments, words)))


def word(text: str) -> Word:
    """Parse a text as if it stood in double quotes, as values of a task's ``env`` do."""
    parser = _Parser(text)
    parser.quoted_until(None)
    return Word(tuple(parser.parts))


class _Parser:
    """A scanner with one character of look-ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.parts: list[Part] = []

    def error(self, what: str) -> ShellError:
        return ShellError(f"{what} in the command: {self.text}")

    def refuse(self, what: str) -> ShellError:
        return ShellError(
            f"{what} is not supported by pixiw in the command: {self.text} "
            "(put it into a script, or use pixi itself)"
        )

    @property
    def character(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.position : self.position + 1]

    def steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        condition = ";"
        while True:
            command = self.command()
            if command.words or command.assignments:
                steps.append(Step(condition, command))
            elif not (condition == ";" and steps and not self.character):
                raise self.error("a command is missing")
            if not self.character:
                return tuple(steps)
            condition = self.operator()

    def operator(self) -> str:
        for operator in ("&&", "||", ";"):
            if self.text.startswith(operator, self.position):
                self.position += len(operator)
                return operator
        raise self.refuse(_REFUSED[self.character])

    def command(self) -> Command:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        while True:
            while self.character and self.character in " \t":
                self.position += 1
            if not self.character or self.character in ";&|":
                return Command(tuple(assignments), tuple(words))
            name = None if words else self.assignment()
            parsed = self.one_word()
            if name is not None:
                assignments.append((name, parsed))
            elif not words and parsed == Word((Text("!"),)):
                raise self.refuse("a negation (!)")
            else:
                words.append(parsed)

    def assignment(self) -> str | None:
        """Step over ``NAME=`` if it stands here."""
        found = _NAME.match(self.text, self.position)
        if found is None or self.text[found.end() : found.end() + 1] != "=":
            return None
        self.position = found.end() + 1
        return found.group()

    def one_word(self) -> Word:
        self.parts = []
        if self.character in _AT_WORD_START:
            raise self.refuse(_AT_WORD_START[self.character])
        while self.character and self.character not in " \t;&|":
            character = self.character
            if character in _REFUSED:
                raise self.refuse(_REFUSED[character])
            self.position += 1
            if character == "'":
                self.single_quoted()
            elif character == '"':
                self.quoted_until('"')
            elif character == "$":
                self.variable(quoted=False)
            elif character == "\\":
                self.escaped()
            else:
                self.add(character)
        return Word(tuple(self.parts))

    def add(self, text: str) -> None:
        if self.parts and isinstance(self.parts[-1], Text):
            text = self.parts.pop().value + text  # type: ignore[union-attr]
        self.parts.append(Text(text))

    def escaped(self) -> None:
        if not self.character:
            raise self.error("a backslash at the end")
        self.add(self.character)
        self.position += 1

    def single_quoted(self) -> None:
        end = self.text.find("'", self.position)
        if end < 0:
            raise self.error("a single quote is not closed")
        self.add(self.text[self.position : end])
        self.position = end + 1

    def quoted_until(self, closing: str | None) -> None:
        """Take text in which only variables and a few escapes are special."""
        self.add("")
        while self.character != (closing or ""):
            character = self.character
            if not character:
                raise self.error("a double quote is not closed")
            self.position += 1
            if character == "\\" and self.character and self.character in _DOUBLE_QUOTED_ESCAPES:
                self.escaped()
            elif character == "$":
                self.variable(quoted=True)
            elif character == "`":
                raise self.refuse(_REFUSED["`"])
            else:
                self.add(character)
        self.position += len(closing or "")

    def variable(self, *, quoted: bool) -> None:
        """Take what follows a dollar sign."""
        if self.character == "(":
            raise self.refuse("a command substitution ($(...))")
        if self.character == "{":
            end = self.text.find("}", self.position)
            name = self.text[self.position + 1 : end] if end >= 0 else ""
            if not _NAME.fullmatch(name):
                raise self.refuse("a variable expansion other than ${NAME}")
            self.parts.append(Variable(name, quoted))
            self.position = end + 1
            return
        found = _NAME.match(self.text, self.position)
        if found is not None:
            self.parts.append(Variable(found.group(), quoted))
            self.position = found.end()
        elif self.character and self.character in "?#@*!$-0123456789":
            raise self.refuse(f"the special variable ${self.character}")
        else:
            self.add("$")
