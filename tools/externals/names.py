"""Which name of the Python index stands for which conda name."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from externals.failure import ExternalsError

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = Path(__file__).with_name("names.toml")

_SPEC_NAME = re.compile(r"\s*(?:[\w./:-]+::)?([A-Za-z0-9_.-]+)")


@dataclass(frozen=True)
class Names:
    """The table of names.

    Parameters
    ----------
    index
        Conda name to index name, where they differ.
    refused
        Conda names that no wheel and no machine can stand for, with what to do instead.
    run_exports
        Conda name to the weak run exports that its recipe on conda-forge has.
    """

    index: Mapping[str, str]
    refused: Mapping[str, str]
    run_exports: Mapping[str, tuple[str, ...]]

    def to_index(self, conda: str) -> str:
        """Index name of a conda package.

        Raises
        ------
        ExternalsError
            It is known that there is none.
        """
        if conda in self.refused:
            raise ExternalsError(
                f"{conda} cannot be had without conda-forge: {self.refused[conda]}"
            )
        return canonicalize_name(self.index.get(conda, conda))

    def to_conda(self, index: str) -> str:
        """Conda name of a package of the index."""
        name = canonicalize_name(index)
        return self._backwards.get(name, name)

    @property
    def _backwards(self) -> dict[str, str]:
        return {canonicalize_name(index): conda for conda, index in self.index.items()}


@cache
def table() -> Names:
    """Read the committed table, `names.toml`."""
    with TABLE.open("rb") as file:
        content = tomllib.load(file)
    return Names(
        index=content["index"],
        refused=content["refused"],
        run_exports={name: tuple(specs) for name, specs in content["run-exports"].items()},
    )


def spec_name(spec: str) -> str:
    """Package name of a conda match spec such as `numpy >=2,<3`.

    Raises
    ------
    ExternalsError
        The spec names no package.
    """
    match = _SPEC_NAME.match(spec)
    if match is None:
        raise ExternalsError(f"the spec {spec!r} names no package")
    return match[1].lower()
