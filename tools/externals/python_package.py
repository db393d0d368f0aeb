"""An interpreter of this machine, repacked as the conda packages `python` and `python_abi`."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from externals.archive import PLACEHOLDER, Entry, Package
from externals.elf import replace_run_path
from externals.failure import ExternalsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from externals.interpreters import Interpreter

# Nothing an environment needs: tests, an editor, other packages' folders, Debian's marks.
_LEFT_OUT_FOLDERS = {
    "__pycache__",
    "dist-packages",
    "idlelib",
    "site-packages",
    "test",
    "tests",
    "turtledemo",
}
_LEFT_OUT_FILES = {"EXTERNALLY-MANAGED", "_distutils_system_mod.py", "sitecustomize.py"}
_LEFT_OUT_ENDINGS = (".a", ".o", ".pyc")

# Files that say where Python was installed.
_WITH_PATHS = re.compile(
    r"_sysconfigdata.*\.py|_sysconfig_vars.*\.json|build-details\.json|Makefile|python-config\.py"
    r"|.*\.pc|python[\d.]*-config"
)

# Debian's site and sysconfig prefer dist-packages. Its site is frozen into the program, so what
# the unpatched one does is done right after it, in sitecustomize; sysconfig is a file like
# others and gets back what its patch took.
_SITECUSTOMIZE = '''\
"""Look for packages in site-packages, as CPython does where no distribution patches it."""

import os
import site
import sys


def getsitepackages(prefixes=None):
    """Return the site-packages folder of every prefix."""
    version = "python%d.%d" % sys.version_info[:2]
    prefixes = site.PREFIXES if prefixes is None else prefixes
    folders = [os.path.join(prefix, "lib", version, "site-packages") for prefix in prefixes]
    return list(dict.fromkeys(folders))


site.getsitepackages = getsitepackages
for _folder in getsitepackages():
    if _folder not in sys.path and os.path.isdir(_folder):
        site.addsitedir(_folder)
del _folder, getsitepackages
'''
_SYSCONFIG = """

for _debian in ("deb_system", "posix_local"):
    _INSTALL_SCHEMES.pop(_debian, None)


def _get_preferred_schemes():
    return {"prefix": "posix_prefix", "home": "posix_home", "user": "posix_user"}

"""


def _relocatable_text(python: Interpreter) -> Callable[[str], str]:
    """How the paths of `python` in a text file become paths below the placeholder."""
    root = str(python.root)
    end = r"(?=['\"\s:,;/]|$)"
    start = r"(?<![\w./-])"
    if root != "/usr":
        # A flag such as -L may stand right before the path.
        pattern = re.compile(rf"(?<![\w.])((?:-[LI])?){re.escape(root)}{end}")
        return lambda text: pattern.sub(rf"\g<1>{PLACEHOLDER}", text)
    # Below /usr lies all else too: only Python's own folders move.
    stem = f"python{python.minor}"
    arch = re.escape(f"/{python.multiarch}") if python.multiarch else ""
    rules = [
        (rf"/usr/lib{arch}/(?={stem}|pkgconfig)", f"{PLACEHOLDER}/lib/"),
        (rf"/usr/lib{arch}(?=['\"\s]|$)", f"{PLACEHOLDER}/lib"),
        (rf"/usr/(?=(?:lib|lib64|include)/{stem})", f"{PLACEHOLDER}/"),
        (r"/usr(?=(?:/(?:bin|lib|lib64|include|share|share/man))?(?:['\"\s]|$))", PLACEHOLDER),
    ]
    compiled = [(re.compile(start + pattern), new) for pattern, new in rules]

    def rewrite(text: str) -> str:
        lines = text.splitlines(keepends=True)
        # How it was configured is history, not a place.
        return "".join(
            line if "--prefix=" in line or "--libdir=" in line else _substituted(line, compiled)
            for line in lines
        )

    return rewrite


def _substituted(line: str, rules: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, new in rules:
        line = pattern.sub(new, line)
    return line


def _plain_layout(path: str, data: bytes, python: Interpreter) -> bytes:
    """Undo Debian's preference for dist-packages in the module that names the folders."""
    if path in {"sysconfig.py", "sysconfig/__init__.py"}:
        # Functions below this one have its answer as a default argument.
        mark = b"\ndef get_preferred_scheme("
        if b"_INSTALL_SCHEMES" not in data or data.count(mark) != 1:
            raise ExternalsError(
                f"{python.executable} names its folders in a way that is not known "
                f"({python.stdlib / path}); use a Python from pyenv or uv"
            )
        return data.replace(mark, _SYSCONFIG.encode() + mark)
    return data


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in _LEFT_OUT_FOLDERS:
                yield from _walk(path)
        elif path.name not in _LEFT_OUT_FILES and not path.name.endswith(_LEFT_OUT_ENDINGS):
            yield path


def _tree(folder: Path, into: str) -> Iterator[tuple[str, Path]]:
    for path in _walk(folder):
        yield f"{into}/{path.relative_to(folder).as_posix()}", path


def _libraries(python: Interpreter) -> Iterator[tuple[str, Path]]:
    if ".so" not in python.library:
        return
    plain = python.library.partition(".so")[0] + ".so"
    for name in dict.fromkeys((python.library, plain, "libpython3.so")):
        path = python.libdir / name
        if path.is_file():
            yield f"lib/{name}", path


def _extras(python: Interpreter) -> Iterator[tuple[str, Path]]:
    config = python.root / "bin" / f"python{python.minor}-config"
    if config.is_file():
        yield f"bin/python{python.minor}-config", config.resolve()
    for name in (f"python-{python.minor}.pc", f"python-{python.minor}-embed.pc"):
        path = python.libdir / "pkgconfig" / name
        if path.is_file():
            yield f"lib/pkgconfig/{name}", path


def _sources(python: Interpreter) -> Iterator[tuple[str, Path]]:
    """Every file of the installation as (path in the prefix, path on this machine)."""
    yield f"bin/python{python.minor}", python.executable
    stdlib = python.stdlib.relative_to(python.root).as_posix()
    yield from _tree(python.stdlib, stdlib)
    yield from _tree(python.include, f"include/{python.include.name}")
    yield from _libraries(python)
    yield from _extras(python)


def _inner_link(path: Path, tree: Path) -> str | None:
    """Target of a link that stays next to its file, which a package can keep as a link."""
    target = path.readlink()
    inside = len(target.parts) == 1 and (path.parent / target).is_file()
    return str(target) if inside and tree in path.parents else None


def _entries(python: Interpreter) -> Iterator[Entry]:
    relocate = _relocatable_text(python)
    stdlib = python.stdlib.relative_to(python.root).as_posix()
    for into, path in _sources(python):
        if path.is_symlink():
            link = _inner_link(path, python.root)
            if link is not None:
                yield Entry(into, link=link)
                continue
            if not path.resolve().is_file() or "/config-" in into:
                continue
        data = path.read_bytes()
        if _WITH_PATHS.fullmatch(path.name):
            data = relocate(data.decode("utf-8", "surrogateescape")).encode(
                "utf-8", "surrogateescape"
            )
        elif python.layout == "dist-packages" and into.startswith(f"{stdlib}/"):
            data = _plain_layout(into.removeprefix(f"{stdlib}/"), data, python)
        else:
            up = "/".join([".."] * into.count("/"))
            data = replace_run_path(data, str(python.root / "lib"), f"$ORIGIN/{up}/lib")
        yield Entry(into, data, executable=bool(path.stat().st_mode & 0o100))
    if python.layout == "dist-packages":
        yield Entry(f"{stdlib}/sitecustomize.py", _SITECUSTOMIZE.encode())
    for name in ("python", "python3"):
        yield Entry(f"bin/{name}", link=f"python{python.minor}")


def abi_build(python: Interpreter) -> str:
    """Build string of `python_abi` for this interpreter, as conda-forge writes it."""
    return f"8_{python.tag}"


def python_build(python: Interpreter, code: str) -> str:
    """Build string of `python`, which changes with the interpreter and the code that packs it.

    Parameters
    ----------
    python
        The interpreter.
    code
        Digest of the packing code.
    """
    key = hashlib.sha256(f"{python.identity()} {code}".encode()).hexdigest()[:7]
    # conda-forge's names: python_abi constrains python by the end of its build string.
    ending = "cpython" if python.version < (3, 13) else python.tag
    return f"h{key}_0_{ending}"


def python_package(python: Interpreter, subdir: str, build: str) -> Package:
    """Describe the package of an interpreter, without its files."""
    return Package(
        name="python",
        version=python.full,
        build=build,
        subdir=subdir,
        depends=(f"python_abi {python.minor}.* *_{python.tag}",),
        license="Python-2.0",
        summary=f"CPython {python.full} of this machine",
        run_exports={
            "weak": (f"python_abi {python.minor}.* *_{python.tag}",),
            "noarch": ("python",),
        },
        site_packages=f"lib/python{python.minor}/site-packages",
    )


def python_files(python: Interpreter) -> tuple[Entry, ...]:
    """Files of an interpreter, such that they work below any prefix.

    Raises
    ------
    ExternalsError
        Its layout is none of those known, or its files cannot be read.
    """
    kept: dict[str, Entry] = {}
    try:
        for entry in _entries(python):
            kept.setdefault(entry.path, entry)
    except OSError as error:
        raise ExternalsError(f"cannot read {python.executable}'s files: {error}") from error
    return tuple(kept.values())


def python_abi_package(python: Interpreter) -> Package:
    """Describe the package that ties extension modules to one minor version of Python."""
    ending = "cpython" if python.version < (3, 13) else python.tag
    return Package(
        name="python_abi",
        version=python.minor,
        build=abi_build(python),
        build_number=8,
        subdir="noarch",
        noarch="generic",
        constrains=(f"python {python.minor}.* *_{ending}",),
        license="BSD-3-Clause",
        summary="Tie of extension modules to a minor version of Python",
    )
