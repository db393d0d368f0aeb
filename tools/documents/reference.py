"""Pages of the reference: one for each public module of the installed package."""

from __future__ import annotations

import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import takewhile
from types import ModuleType

PACKAGE = "rustybt"
# Modules that run something, or are for the command line.
NOT_TO_IMPORT = frozenset({"rustybt.__main__", "rustybt.smoke.__main__"})


@dataclass(frozen=True)
class Entry:
    """A public name of a module."""

    name: str
    directive: str
    home: str
    """The public module that documents it."""


@cache
def public_modules() -> list[str]:
    """Return the modules of the installed package that have no private part in their name."""
    package = import_module(PACKAGE)
    names = [PACKAGE]
    names += [found.name for found in pkgutil.walk_packages(package.__path__, f"{PACKAGE}.")]
    return sorted(name for name in names if is_public(name))


def is_public(name: str) -> bool:
    """Return whether no part of a module's name is private."""
    return name not in NOT_TO_IMPORT and not any(part.startswith("_") for part in name.split("."))


def entries(name: str) -> list[Entry]:
    """Return the public names of a module that belong to it or come from a private one.

    Parameters
    ----------
    name : str
        The module.
    """
    module = import_module(name)
    found = []
    for member in sorted(set(_public_names(module))):
        value = getattr(module, member)
        directive = _directive(value)
        if directive is None:
            continue
        if directive == "autodata":
            continue
        defined = str(getattr(value, "__module__", None) or name)
        found.append(Entry(member, directive, _home(member, defined)))
    return found


@cache
def _home(member: str, defined: str) -> str:
    """Return the public module that documents what a module defines.

    What a private module defines is documented by the nearest public one that has it.
    """
    if is_public(defined) or defined.partition(".")[0] != PACKAGE:
        return defined
    having = [name for name in public_modules() if hasattr(import_module(name), member)]
    return max(having, key=lambda name: (len(_common(name, defined)), -len(name)))


def _common(name: str, other: str) -> list[str]:
    """Return the parts that two module names begin with."""
    pairs = zip(name.split("."), other.split("."), strict=False)
    return [first for first, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]


def _public_names(module: ModuleType) -> list[str]:
    stated = getattr(module, "__all__", None)
    if stated is not None:
        return list(stated)
    own = module.__name__
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and _directive(value) not in {None, "autodata"}
        and getattr(value, "__module__", None) == own
    ]


def _directive(value: object) -> str | None:
    """Return how a value is documented; None for modules and what has no documentation."""
    if inspect.ismodule(value):
        return None
    if inspect.isclass(value):
        return "autoexception" if issubclass(value, BaseException) else "autoclass"
    if inspect.isroutine(value):
        return "autofunction"
    return "autodata"


def page(name: str) -> str:
    """Return the page of a module, in reStructuredText.

    Parameters
    ----------
    name : str
        The module.
    """
    known = entries(name)
    lines = [name, "=" * len(name), "", f".. automodule:: {name}", "   :no-members:", ""]
    elsewhere: dict[str, list[str]] = {}
    for entry in known:
        if entry.home != name:
            elsewhere.setdefault(entry.home, []).append(entry.name)
    for home, names in sorted(elsewhere.items()):
        shown = ", ".join(f"``{each}``" for each in names)
        where = f":mod:`{home}`" if home in public_modules() else f"``{home}``"
        lines += [f"Also here, from {where}: {shown}.", ""]
    for entry in known:
        if entry.home != name:
            continue
        lines += [f".. {entry.directive}:: {name}.{entry.name}"]
        if entry.directive == "autoclass":
            lines += ["   :members:", "   :show-inheritance:"]
        lines += [""]
    return "\n".join(lines)


def index(names: list[str]) -> str:
    """Return the page that lists those of the modules."""
    lines = ["Reference", "=========", "", "Every public module, from its docstrings.", ""]
    lines += [".. toctree::", "   :maxdepth: 1", ""]
    return "\n".join([*lines, *(f"   {name}" for name in names), ""])
