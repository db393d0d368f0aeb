"""Why a compiled module of rustybt is not there, in one sentence for the person who needs it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as in __init__: typing is not imported for this
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

PACKAGE = "rustybt"
REINSTALL = "`pip install --force-reinstall --no-deps rustybt`"
BUILD = "`./pixiw run install` or `pip install .`"


class CompiledModuleMissingError(ImportError):
    """A module that belongs to rustybt's compiled core is not where it was looked for.

    It is no ModuleNotFoundError: `from rustybt.lib import rank` would replace that by a message
    of its own.
    """


class MissingFinder:
    """The last finder on ``sys.meta_path``: raises the cause where Python found no compiled module.

    It speaks only of names that are known to be compiled; of any other it knows nothing, like
    every finder.

    Parameters
    ----------
    folder
        The folder that rustybt was imported from.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    @classmethod
    def install(cls, folder: str) -> None:
        """Put one finder for `folder` last, in the place of any other."""
        others = [finder for finder in sys.meta_path if type(finder).__name__ != cls.__name__]
        sys.meta_path[:] = [*others, cls(folder)]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the protocol of finders
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> None:
        """Raise for a missing compiled module, and find nothing else.

        Raises
        ------
        CompiledModuleMissingError
            If `fullname` is a compiled module of rustybt.
        """
        if fullname.startswith(f"{PACKAGE}."):
            from pathlib import Path

            sentence = explain(fullname, Path(self.folder))
            if sentence is not None:
                raise CompiledModuleMissingError(sentence, name=fullname)


def explain(name: str, folder: Path) -> str | None:
    """Return why module `name` cannot be found in the package `folder`, and what mends it.

    Returns None unless the build record, a Cython source or a type stub without a Python module
    beside it says that `name` is compiled.
    """
    recorded = _recorded(folder)
    stem = folder.joinpath(*name.split(".")[1:])
    in_record = any(f"{entry}.".startswith(f"{name}.") for entry in recorded)
    if not in_record and not _has_compiled_source(stem):
        return None
    checkout = folder.parent if (folder.parent / "pyproject.toml").is_file() else None
    foreign = _foreign_objects(stem)
    if foreign:
        remedy = f"build it for this one with {BUILD}" if checkout else f"reinstall: {REINSTALL}"
        return (
            f"{name} was built for another Python: {stem.parent} holds {', '.join(foreign)}, "
            f"which this Python ({sys.implementation.cache_tag}) does not load; run the Python "
            f"that it was built for, or {remedy}."
        )
    if checkout is None:
        listed = " although its build record lists it" if in_record else ""
        return f"{name} is not in this install of rustybt ({folder}){listed}; {REINSTALL} mends it."
    if in_record:
        return (
            f"{name} is no longer in the checkout {checkout}, although its build record lists it; "
            "build it again with `pip install --editable .` there."
        )
    return (
        f"{name} is not compiled here: rustybt was imported from the unbuilt checkout {checkout}; "
        "run elsewhere or with `python -P` to import the installed rustybt, "
        f"or build one with {BUILD}."
    )


def _recorded(folder: Path) -> set[str]:
    import json

    try:
        record = json.loads((folder / "_build_record.json").read_bytes())
        return {str(module["name"]) for module in record["modules"]}
    except (OSError, ValueError, LookupError, TypeError):
        return set()  # smoke reports a bad record; here it must not hide the missing module


def _has_compiled_source(stem: Path) -> bool:
    if stem.with_suffix(".pyx").is_file():
        return True
    is_python = stem.with_suffix(".py").exists() or stem.is_dir()
    return stem.with_suffix(".pyi").is_file() and not is_python


def _foreign_objects(stem: Path) -> list[str]:
    from importlib.machinery import EXTENSION_SUFFIXES

    if not stem.parent.is_dir():
        return []
    names = (path.name for path in stem.parent.iterdir() if path.suffix in {".so", ".pyd"})
    return sorted(
        name
        for name in names
        if name.startswith(f"{stem.name}.") and name[len(stem.name) :] not in EXTENSION_SUFFIXES
    )
