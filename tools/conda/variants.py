"""The pins of recipe/variants.yaml, and what this machine puts in their place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import rattler_build
from rattler_build import JinjaConfig, PlatformConfig, RattlerBuildError, RenderConfig

from conda.errors import CondaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rattler_build import RenderedVariant

# Keys of the pins that name a version of something which the machine has in one version only.
COMPILERS = {
    "c_compiler_version": ("gcc", "gcc_{subdir}"),
    "c_stdlib_version": ("glibc", "sysroot_{subdir}"),
    "rust_compiler_version": ("rust", "rust_{subdir}"),
}


@dataclass(frozen=True)
class Platforms:
    """Where a package is built and where it is to run, as conda names platforms."""

    build: str
    target: str

    @property
    def config(self) -> PlatformConfig:
        """The same in rattler-build's terms."""
        return PlatformConfig(
            target_platform=self.target, host_platform=self.target, build_platform=self.build
        )


def minor(python: str) -> str:
    """Return "3.12" for the variant "3.12.* *_cpython"."""
    found = re.match(r"3\.\d+", python)
    if found is None:
        raise CondaError(f'the variant python: "{python}" begins with no version like 3.12')
    return found[0]


def read(path: Path, platforms: Platforms) -> dict[str, list[str]]:
    """Return the pins for a platform.

    Raises
    ------
    CondaError
        The file is missing or not readable as variants.
    """
    jinja = JinjaConfig(platform=platforms.config)
    try:
        config = rattler_build.VariantConfig.from_file_with_context(path, jinja)
    except RattlerBuildError as error:
        raise CondaError(f"{path} cannot be read as variants: {error}") from error
    return {key: [str(value) for value in values] for key, values in config.to_dict().items()}


def choose(pins: Mapping[str, list[str]], wanted: Iterable[str]) -> dict[str, list[str]]:
    """Return the pins with only the Pythons `wanted`, such as "3.12".

    Raises
    ------
    CondaError
        One of them is not among the pins.
    """
    known = {minor(python): python for python in pins["python"]}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        message = f"no variant for Python {unknown[0]}; recipe/variants.yaml has {', '.join(known)}"
        raise CondaError(message)
    return {**pins, "python": [python for name, python in known.items() if name in set(wanted)]}


def adopt(
    pins: Mapping[str, list[str]], versions: Mapping[str, str]
) -> tuple[dict[str, list[str]], str | None]:
    """Put the versions of this machine's compilers in the place of the pins.

    Parameters
    ----------
    pins
        As `read` returns them.
    versions
        Version by key of `COMPILERS`.

    Returns
    -------
    tuple
        The pins to build with, and the sentence that says what differs, if anything does.
    """
    differing = []
    adopted = dict(pins)
    for key, version in versions.items():
        pinned = ", ".join(pins.get(key, ["none"]))
        adopted[key] = [version]
        if not f"{version}.".startswith(f"{pinned}."):
            differing.append(f"{COMPILERS[key][0]} {version} for {pinned}")
    if not differing:
        return adopted, None
    sentence = (
        "this machine's compilers are not those that recipe/variants.yaml pins "
        f"({', '.join(differing)}); the packages are for machines like this one"
    )
    return adopted, sentence


def write(pins: Mapping[str, list[str]], path: Path) -> None:
    """Write pins as a variant file, for those who want to repeat a build."""
    aside = path.with_suffix(".tmp")
    # JSON is YAML, and quotes what YAML would take for a number.
    aside.write_text(json.dumps(pins, indent=1) + "\n", encoding="utf-8")
    aside.replace(path)


def render(
    recipe: Path, pins: Mapping[str, list[str]], platforms: Platforms
) -> list[RenderedVariant]:
    """Render the recipe once for each Python among the pins.

    Raises
    ------
    CondaError
        The recipe cannot be read or rendered; the message says where and why.
    """
    config = rattler_build.VariantConfig(dict(pins))
    try:
        stage = rattler_build.Stage0Recipe.from_file(recipe)
        return stage.render(config, RenderConfig(platform=platforms.config))
    except RattlerBuildError as error:
        reason = re.sub(r"^Py\w+Error: ", "", str(error))
        raise CondaError(f"the recipe {recipe} cannot be rendered: {reason}") from error


def requirements(variants: Iterable[RenderedVariant]) -> tuple[str, ...]:
    """Return the match specs of all that building and testing `variants` needs, sorted."""
    found = {"pip", "python"}  # `pip_check` and `imports` bring these into every test
    for variant in variants:
        recipe = variant.recipe.to_dict()
        for specs in recipe.get("requirements", {}).values():
            if isinstance(specs, list):
                found.update(spec for spec in specs if isinstance(spec, str))
        for test in recipe.get("tests", []):
            found.update(test.get("requirements", {}).get("run", []))
    return tuple(sorted(found))
