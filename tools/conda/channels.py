"""The channel that the package is built and tested over: conda-forge, or this machine's own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda import variants
from conda.errors import CondaError
from externals import compilers, interpreters, machine
from externals.channel import Assembler
from externals.names import spec_name
from externals.pins import LOWEST
from pixiw.lock import FileLock
from pixiw.route import address
from progress import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conda.variants import Platforms
    from externals.interpreters import Interpreter


@dataclass(frozen=True)
class Offer:
    """What a route lets us build.

    Parameters
    ----------
    channels
        Addresses of the channels to solve over.
    pins
        Variants to build, with the versions that the channels have.
    """

    channels: tuple[str, ...]
    pins: Mapping[str, list[str]]


def conda_forge(
    names: Iterable[str], pins: Mapping[str, list[str]], wanted: Sequence[str]
) -> Offer:
    """Offer the pins as they are, over the manifest's own channels."""
    chosen = variants.choose(pins, wanted) if wanted else pins
    return Offer(tuple(address(name) for name in names), chosen)


def pythons(
    pins: Mapping[str, list[str]], wanted: Sequence[str], found: Iterable[Interpreter]
) -> tuple[Interpreter, ...]:
    """Return this machine's interpreters to build for, the oldest first.

    Parameters
    ----------
    pins
        Whose Pythons count.
    wanted
        Those asked for, such as "3.12"; empty for all at hand.
    found
        What the machine has.

    Raises
    ------
    CondaError
        One that is asked for is missing or has no headers, or there is none at all.
    """
    variants.choose(pins, wanted)
    known = {variants.minor(python) for python in pins["python"]}
    best = {python.minor: python for python in interpreters.best_of_each_minor(found)}
    for name in wanted:
        if name not in best:
            has = interpreters.describe(best.values())
            message = f"this machine has no Python {name}; it has {has}: install it, or drop it"
            raise CondaError(message)
        refusal = best[name].refusal
        if refusal is not None:
            raise CondaError(f"Python {name} ({best[name].executable}) cannot be used: {refusal}")
    chosen = [python for name, python in best.items() if name in (set(wanted) or known)]
    usable = [python for python in chosen if python.refusal is None]
    for python in chosen:
        if python.refusal is not None:
            print(f"conda: passing Python {python.full} over: {python.refusal}", file=sys.stderr)
    if not usable:
        message = f"no Python of this machine can be built for ({interpreters.describe(chosen)})"
        raise CondaError(message)
    return tuple(sorted(usable, key=lambda python: python.version))


def externals(root: Path, recipe: Path, platforms: Platforms, wanted: Sequence[str]) -> Offer:
    """Assemble a channel out of what this machine has, for the recipe and its tests.

    Raises
    ------
    CondaError
        A Python is missing, or the package is for another platform.
    ExternalsError
        A compiler is missing, or a wheel.
    """
    here = machine.subdir()
    if (platforms.build, platforms.target) != (here, here):
        message = (
            f"the channel made of this machine builds for {here} only, not for "
            f"{platforms.target}: use conda-forge (--channel conda-forge)"
        )
        raise CondaError(message)
    cache = root / ".pixi/externals/cache"
    pins = variants.read(recipe.with_name("variants.yaml"), platforms)
    found = interpreters.find(cache=cache / "interpreters.json")
    chosen = pythons(pins, wanted, found)
    names = {key: name.format(subdir=here) for key, (_, name) in variants.COMPILERS.items()}
    made = compilers.closure(set(names.values()))
    versions = {key: made[name].version for key, name in names.items()}
    pins, differing = variants.adopt(
        variants.choose(pins, [python.minor for python in chosen]), versions
    )
    if differing:
        print(f"conda: {differing}", file=sys.stderr)
    specs = variants.requirements(variants.render(recipe, pins, platforms))
    ours = variants.render(recipe, pins, platforms)[0].recipe.package.name
    with FileLock(cache / ".lock", waiting="another run assembles the externals channel"):
        # Both ends of numpy's range: the package is tried over each.
        channel = Assembler(cache, beside=LOWEST).assemble(
            root / ".pixi/externals/channel/conda",
            [spec for spec in specs if spec_name(spec) != ours],
            chosen,
            Step,
        )
    return Offer((channel.uri,), pins)
