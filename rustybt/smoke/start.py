"""What the interpreter that smoke was started in would import, and from where."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from .codes import Code
from .findings import Finding
from .installation import PACKAGE, is_checkout, same
from .objects import guess_modules, loads_here, shared_objects

if TYPE_CHECKING:
    from .installation import Installation


def folder_at_start() -> Path | None:
    """Return the package folder that ``import rustybt`` uses in this very process."""
    try:
        spec = find_spec(PACKAGE)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def findings_at_start(installation: Installation) -> list[Finding]:
    """Return whether the starting interpreter sees another rustybt than the installed one."""
    folder = folder_at_start()
    if folder is not None and not (installation.folder and same(folder, installation.folder)):
        return [_shadow(Code.SM109, folder, installation, _way_in(folder))]
    here = Path.cwd() / PACKAGE
    is_other = is_checkout(here) and not (installation.folder and same(here, installation.folder))
    if not sys.flags.safe_path and is_other and (here / "__init__.py").is_file():
        way = "`python -m` and `python -c` put the current directory first on sys.path"
        return [_shadow(Code.SM110, here, installation, way)]
    return []


def _shadow(code: Code, folder: Path, installation: Installation, way: str) -> Finding:
    affected = _without_compiled_form(folder, installation)
    built = "unbuilt " if affected and not shared_objects(folder) else ""
    what = f"{built}checkout {folder.parent}" if is_checkout(folder) else f"folder {folder}"
    instead = installation.folder or "an installed one (there is none)"
    cause = f"`import rustybt` takes the {what} instead of {instead}: {way}"
    if affected:
        cause += f"; there is no compiled {', '.join(affected)} there"
    return Finding(code, PACKAGE, cause, affected)


def _without_compiled_form(folder: Path, installation: Installation) -> tuple[str, ...]:
    names = {module.name for module in installation.modules or guess_modules(folder)}
    found = {
        ".".join([PACKAGE, *path.relative_to(folder).parts[:-1], path.name.split(".")[0]])
        for path in shared_objects(folder)
        if loads_here(path)
    }
    return tuple(sorted(names - found))


def _way_in(folder: Path) -> str:
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if not sys.flags.ignore_environment and any(
        entry and same(Path(entry), folder.parent) for entry in entries
    ):
        return "PYTHONPATH leads there"
    if same(Path.cwd(), folder.parent):
        return "Python was started in it, and the current directory comes first on sys.path"
    return "sys.path of the starting interpreter leads there"
