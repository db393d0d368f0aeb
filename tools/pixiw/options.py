"""Reads command lines: options first, then words that belong to somebody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pixiw.errors import UsageError
from pixiw.suggestions import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Option:
    """An option: the name its value is kept under, and whether it takes one."""

    name: str
    takes_value: bool = False


@dataclass
class Parsed:
    """What a command line says."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)


def parse(arguments: Sequence[str], options: Mapping[str, Option], command: str) -> Parsed:
    """Take options up to the first other word; what follows it is not looked at.

    Raises
    ------
    UsageError
        For an unknown option, a missing value, or a value where none belongs.
    """
    parsed = Parsed()
    remaining = list(arguments)
    while remaining and remaining[0].startswith("-") and remaining[0] != "-":
        word = remaining.pop(0)
        if word == "--":
            break
        spelled, sign, attached = word.partition("=")
        option = options.get(spelled)
        if option is None:
            near = did_you_mean(spelled, options) or f"; it takes {listed(options)}"
            message = f'unknown option "{spelled}" of {command}{near}'
            raise UsageError(message)
        if not option.takes_value:
            if sign:
                message = f'option "{spelled}" of {command} takes no value'
                raise UsageError(message)
            parsed.flags.add(option.name)
        elif sign or remaining:
            parsed.values[option.name] = attached if sign else remaining.pop(0)
        else:
            message = f'option "{spelled}" of {command} needs a value'
            raise UsageError(message)
    parsed.rest = remaining
    return parsed


def no_more(parsed: Parsed, command: str) -> None:
    """Refuse words after the options."""
    if parsed.rest:
        message = f'{command} takes no argument "{parsed.rest[0]}"'
        raise UsageError(message)
