"""What the last build finished, kept beside it: the same build again has its artefacts from here.

They are taken only when everything that the build depends on is what it was, and each of them still
has the hash that was written down when it was made.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FOLDER = "finished"
_MANIFEST = "manifest.json"
# What differs from one shell to the next and says nothing to a compiler. Any other variable may.
_PASSING = frozenset(
    {
        "_", "COLUMNS", "LINES", "OLDPWD", "PIXIW_LOCKS_HELD", "PWD", "SHLVL", "SSH_CLIENT",
        "SSH_CONNECTION", "SSH_TTY", "TERM", "WINDOWID", "XDG_SESSION_ID",
    }
)  # fmt: skip


def key(root: Path, contents: Mapping[str, bytes], environment: Mapping[str, str]) -> str:
    """Return a digest of all that a build of `contents` depends on.

    That is the sources, the environment variables, the interpreter and every distribution that it
    sees, the compilers, and the files that cargo and setuptools read settings from.
    """
    total = hashlib.sha256()
    variables = {name: value for name, value in environment.items() if name not in _PASSING}
    parts = [sys.executable, sys.version, variables, _distributions(), _compilers(environment)]
    total.update(json.dumps(parts, sort_keys=True).encode())
    settings = {str(path): path.read_bytes() for path in _settings(root, environment)}
    for files in (contents, settings):
        for name, content in sorted(files.items()):
            total.update(f"\0{name}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


def find(work: Path, wanted: str) -> list[Path] | None:
    """Return the artefacts that the last build in `work` finished, if its key is `wanted`.

    None where there is no such build, or where one of the files is not as it was made.
    """
    folder = work / _FOLDER
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        if manifest["key"] != wanted:
            return None
        made = {folder / name: digest for name, digest in manifest["artefacts"].items()}
        whole = all(_digest(path) == digest for path, digest in made.items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return list(made) if whole else None


def keep(work: Path, wanted: str, artefacts: Iterable[Path]) -> None:
    """Keep `artefacts` as those of the build with the key `wanted`."""
    forget(work)
    aside = work / f"{_FOLDER}.new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    kept = [Path(shutil.copy2(path, aside)) for path in artefacts]
    manifest = {"key": wanted, "artefacts": {path.name: _digest(path) for path in kept}}
    (aside / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    aside.rename(work / _FOLDER)


def forget(work: Path) -> None:
    """Remove what was kept."""
    shutil.rmtree(work / _FOLDER, ignore_errors=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _distributions() -> list[str]:
    return sorted(f"{found.name} {found.version}" for found in metadata.distributions())


def _compilers(environment: Mapping[str, str]) -> list[str]:
    compiler = environment.get("CC") or sysconfig.get_config_var("CC")
    commands = [["cargo", "-vV"], ["rustc", "-vV"]]
    if compiler:
        commands.append([*compiler.split(), "--version"])
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for command in commands
        if shutil.which(command[0])
    ]
    return [run.communicate()[0] for run in runs]


def _settings(root: Path, environment: Mapping[str, str]) -> list[Path]:
    home = Path.home()
    cargo = Path(environment.get("CARGO_HOME", home / ".cargo"))
    folders = [cargo, *(folder / ".cargo" for folder in (root, *root.parents))]
    found = {folder / name for folder in folders for name in ("config", "config.toml")}
    found |= {home / name for name in (".pydistutils.cfg", "pydistutils.cfg")}
    return sorted(path for path in found if path.is_file() and os.access(path, os.R_OK))
