"""The compiled modules of a source tree: found, never listed, and fingerprinted.

``setup.py`` builds what :func:`find` returns and links each module's fingerprint into its shared
object; the audit reads the fingerprint back and compares it with the sources at hand.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE = "rustybt"
CRATE = "rust/python"

_CYTHON_SHARED = ("*.pxd", "*.pxi", "*.h")
_PACKAGE_SOURCES = ("*.py", "*.pyx", "*.pxd", "*.pxi", "*.pyi", "*.h")
_MARKER = re.compile(rb"rustybt-source:([A-Za-z0-9_.]+)=([0-9a-f]{64}|unset);")


@dataclass(frozen=True)
class CompiledSource:
    """One compiled module as the source tree declares it.

    ``source`` and ``inputs`` are POSIX paths relative to the root of the tree; a change in any
    of ``inputs`` may change the compiled module.
    """

    name: str
    language: Literal["cython", "rust"]
    source: str
    inputs: tuple[str, ...]


def find(root: Path) -> tuple[CompiledSource, ...]:
    """Return the compiled modules declared under `root`, sorted by name."""
    shared = _relative(root, _files(root / PACKAGE, _CYTHON_SHARED))
    modules = [
        CompiledSource(
            name=source.removesuffix(".pyx").replace("/", "."),
            language="cython",
            source=source,
            inputs=tuple(sorted({source, *shared})),
        )
        for source in _relative(root, _files(root / PACKAGE, ("*.pyx",)))
    ]
    manifest = root / CRATE / "Cargo.toml"
    if manifest.is_file():
        modules.append(
            CompiledSource(
                name=f"{PACKAGE}._{PACKAGE}",
                language="rust",
                source=f"{CRATE}/src/lib.rs",
                inputs=tuple(_relative(root, _rust_files(root))),
            )
        )
    return tuple(sorted(modules, key=lambda module: module.name))


def fingerprint(root: Path, source: CompiledSource) -> str:
    """Return the SHA-256 (hex) of the paths and contents that `source` is compiled from."""
    return _hash(root, source.inputs)


def digest(root: Path) -> str:
    """Return the SHA-256 (hex) of every source of the package, Python and Rust included."""
    files = [*_files(root / PACKAGE, _PACKAGE_SOURCES), *_rust_files(root)]
    return _hash(root, _relative(root, files))


def marker(name: str, fingerprint: str) -> bytes:
    """Return the bytes that the shared object of module `name` carries."""
    return f"rustybt-source:{name}={fingerprint};".encode()


def read_marker(data: bytes) -> tuple[str, str] | None:
    """Return (module name, fingerprint) from the bytes of a shared object, or None."""
    found = _MARKER.search(data)
    if found is None:
        return None
    return found[1].decode(), found[2].decode()


def _files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()]


def _rust_files(root: Path) -> list[Path]:
    workspace = root / CRATE.split("/", maxsplit=1)[0]
    target = workspace / "target"
    return [
        path
        for path in _files(workspace, ("*.rs", "Cargo.toml", "Cargo.lock"))
        if target not in path.parents
    ]


def _relative(root: Path, paths: Iterable[Path]) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in paths)


def _hash(root: Path, names: Iterable[str]) -> str:
    total = hashlib.sha256()
    for name in names:
        # Line endings are git's business, not the sources'.
        content = (root / name).read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
