"""What extensions use: names for parts of a simulation, and values of the command line.

``rustybt -x key.name=value`` sets `extension_args`; the registry is that of `rustybt.registry`.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

from rustybt.errors import RustybtError
from rustybt.registry import (
    Registry,
    clear,
    create_registry,
    extensible,
    get_registry,
    load,
    register,
    unregister,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ExtensionArgumentError",
    "Registry",
    "clear",
    "create_args",
    "create_registry",
    "extensible",
    "extension_args",
    "get_registry",
    "load",
    "register",
    "unregister",
]

_ARGUMENT = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)=(.*)", re.DOTALL)

#: What was given with -x, as attributes: ``-x broker.name=acme`` is ``extension_args.broker.name``.
extension_args = SimpleNamespace()


class ExtensionArgumentError(RustybtError):
    """An argument for extensions that is not of the form key=value."""

    msg = "-x {argument}: write it as KEY=VALUE or KEY.NAME=VALUE"


def create_args(args: Iterable[str], root: SimpleNamespace) -> None:
    """Set the attributes that `args` state on `root`; a later one replaces an earlier one.

    Parameters
    ----------
    args
        Texts of the form ``key=value`` or ``key.name=value``. Values stay texts.
    root
        Where the attributes go; namespaces for the parts of dotted keys are made on the way.

    Raises
    ------
    ExtensionArgumentError
        If one of `args` has another form; `root` is as it was then.
    """
    parsed: list[tuple[list[str], str]] = []
    for argument in args:
        match = _ARGUMENT.fullmatch(argument)
        if match is None:
            raise ExtensionArgumentError(argument=argument)
        parsed.append((match[1].split("."), match[2]))
    for (*parts, last), value in parsed:
        place = root
        for part in parts:
            inner = getattr(place, part, None)
            if not isinstance(inner, SimpleNamespace):
                inner = SimpleNamespace()
                setattr(place, part, inner)
            place = inner
        setattr(place, last, value)
