"""The CPython interpreters of this machine, and which of them an environment can be made of."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from externals.archive import write_aside
from externals.machine import install_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OLDEST = (3, 11)

_NAME = re.compile(r"python(3(\.\d+)?)?")
_PROBE_SECONDS = 20
# Runs in any Python 3, isolated and without site, so that nothing of the user's can change it.
_PROBE = """
import json, os, platform, sys, sysconfig
v = sysconfig.get_config_var
paths = sysconfig.get_paths("posix_prefix") if sys.version_info >= (3, 2) else {}
json.dump({
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:3]),
    "release": sys.version_info[3] == "final",
    "executable": os.path.realpath(sys.executable),
    "root": sys.base_prefix,
    "free_threaded": bool(v("Py_GIL_DISABLED")),
    "debug": hasattr(sys, "gettotalrefcount"),
    "machine": platform.machine(),
    "stdlib": os.path.dirname(os.__file__),
    "include": v("INCLUDEPY") if v("INCLUDEPY") and os.path.isdir(v("INCLUDEPY"))
               else paths.get("include", ""),
    "libdir": v("LIBDIR") or "",
    "library": v("INSTSONAME") or "",
    "multiarch": v("MULTIARCH") or "",
    "schemes": list(sysconfig.get_scheme_names()),
}, sys.stdout)
"""


@dataclass(frozen=True)
class Interpreter:
    """One CPython installation.

    Parameters
    ----------
    executable
        The real binary, links resolved.
    root
        Its `sys.base_prefix`.
    version
        Three numbers.
    stdlib, include, libdir
        Its folders; `include` may be missing on disk.
    library
        File name of libpython, or of the static library.
    multiarch
        Debian's triplet, or empty.
    layout
        "dist-packages" for Debian's patched installation scheme, else "site-packages".
    """

    executable: Path
    root: Path
    version: tuple[int, int, int]
    stdlib: Path
    include: Path
    libdir: Path
    library: str
    multiarch: str
    layout: Literal["site-packages", "dist-packages"]

    @property
    def minor(self) -> str:
        """Its version as "3.13"."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def full(self) -> str:
        """Its version as "3.13.0"."""
        return ".".join(map(str, self.version))

    @property
    def tag(self) -> str:
        """Its tag as in wheel names, "cp313"."""
        return f"cp{self.version[0]}{self.version[1]}"

    @property
    def headers(self) -> bool:
        """Whether extension modules can be compiled for it."""
        return (self.include / "Python.h").is_file()

    @property
    def refusal(self) -> str | None:
        """Why no environment can be made of it, with what mends it; None where one can."""
        if self.headers:
            return None
        if self.root == Path("/usr"):
            default = Path("/usr/bin/python3").resolve() == self.executable
            mend = install_command("python", "3" if default else self.minor)
            return f"its headers are not installed; run: {mend}"
        return f"its headers are not in {self.include}; install it again with them"

    def identity(self) -> str:
        """Return what changes when another build takes its place: path, size and time of it."""
        state = self.executable.stat()
        return f"{self.executable} {self.full} {state.st_size} {state.st_mtime_ns} {self.headers}"


def _home() -> Path:
    """Return the user's folder; one that cannot be where the system knows none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted; nothing where there is none or it is closed to us."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _candidates(environment: Mapping[str, str], home: Path, system: Path) -> Iterable[Path]:
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    folders = [Path(entry) for entry in environment.get("PATH", "").split(os.pathsep) if entry]
    for versions in (
        Path(environment.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        Path(environment.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python"),
        # pyenv's shims lie beside its versions, also where HOME is not its owner's.
        *(folder.with_name("versions") for folder in folders if folder.name == "shims"),
    ):
        folders += [folder / "bin" for folder in _entries(versions)]
    folders += [system / "usr/local/bin", system / "usr/bin"]
    for folder in dict.fromkeys(folders):
        if folder.name != "shims":
            yield from (path for path in _entries(folder) if _NAME.fullmatch(path.name))


def _is_program(path: Path) -> bool:
    """Whether `path` is a binary that we may run, and no script such as a version shim."""
    try:
        with path.open("rb") as file:
            return file.read(2) != b"#!" and os.access(path, os.X_OK)
    except OSError:
        return False


def _probe(path: Path) -> dict[str, Any] | None:
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _PROBE],
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=True,
            cwd="/",
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _adopt(found: Mapping[str, Any]) -> Interpreter | None:
    version = tuple(found["version"])
    unfit = (
        found["implementation"] != "cpython"
        or version[:2] < OLDEST
        or not found["release"]
        or found["free_threaded"]
        or found["debug"]
        # A conda environment's Python loads its libraries from that environment.
        or (Path(found["root"]) / "conda-meta").is_dir()
    )
    if unfit:
        return None
    return Interpreter(
        executable=Path(found["executable"]),
        root=Path(found["root"]),
        version=(version[0], version[1], version[2]),
        stdlib=Path(found["stdlib"]),
        include=Path(found["include"]),
        libdir=Path(found["libdir"]),
        library=found["library"],
        multiarch=found["multiarch"],
        layout="dist-packages" if "deb_system" in found["schemes"] else "site-packages",
    )


def _read_cache(cache: Path | None) -> dict[str, Any]:
    if cache is None:
        return {}
    try:
        known = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def find(
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
    system: Path = Path("/"),
    cache: Path | None = None,
) -> tuple[Interpreter, ...]:
    """Find the interpreters of this machine, the newest first.

    They are looked for on PATH, in pyenv's and uv's folders, in /usr/local and in /usr. Shims,
    virtual and conda environments, pre-releases, free-threaded and debug builds are left out.

    Parameters
    ----------
    environment
        Variables to look at, by default this process's.
    home
        The user's folder.
    system
        Root of the file system.
    cache
        File that remembers what each binary said of itself.
    """
    environment = os.environ if environment is None else environment
    home = _home() if home is None else home
    known = _read_cache(cache)
    seen: dict[str, Any] = {}
    found: dict[Path, Interpreter] = {}
    for path in _candidates(environment, home, system):
        try:
            real = path.resolve(strict=True)
            state = real.stat()
        except OSError:
            continue
        # A virtual environment's python is a link: only its own path shows what it is.
        key = f"{path} {real} {state.st_size} {state.st_mtime_ns}"
        if (path.parent.parent / "pyvenv.cfg").exists() or not _is_program(real):
            continue
        said = known[key] if key in known else _probe(path)
        seen[key] = said
        adopted = _adopt(said) if said else None
        if adopted is not None:
            found.setdefault(adopted.executable, adopted)
    if cache is not None and seen != known:
        write_aside(cache, json.dumps(seen, indent=1).encode())
    return tuple(
        sorted(
            found.values(),
            key=lambda python: (python.version, python.layout == "site-packages"),
            reverse=True,
        )
    )


def best_of_each_minor(found: Iterable[Interpreter]) -> tuple[Interpreter, ...]:
    """Return the one interpreter to use of each minor version, newest first.

    A usable one goes before a refused one, an ordinary layout before Debian's, a newer patch
    release before an older.
    """
    best: dict[str, Interpreter] = {}
    order = sorted(
        found,
        key=lambda p: (p.refusal is None, p.layout == "site-packages", p.version),
        reverse=True,
    )
    for python in order:
        best.setdefault(python.minor, python)
    return tuple(sorted(best.values(), key=lambda python: python.version, reverse=True))


def describe(found: Iterable[Interpreter]) -> str:
    """One phrase that lists interpreters, for messages."""
    parts = [
        f"{python.full} ({python.executable}" + (f": {python.refusal})" if python.refusal else ")")
        for python in found
    ]
    return ", ".join(parts) or "none"
