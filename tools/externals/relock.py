"""The command that writes the lock of wheels from the manifest's conda dependencies."""

from __future__ import annotations

import re
import subprocess
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from externals import compilers, names, pins
from externals.archive import write_aside
from externals.failure import ExternalsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADER = """\
# Wheels that the externals channel is made of, pinned by version and hash: every package that the
# environments of pixi.toml need, for Python 3.11 to 3.14 on any platform (docs/externals.md).
# Written by `python tools/externals lock`; do not edit.
"""
_NOT_WHEELS = {"python", "python_abi"}


def _tables(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every table of dependencies, those of single platforms too."""
    kinds = ("dependencies", "host-dependencies", "build-dependencies")
    features = manifest.get("feature", {}).values()
    for part in (manifest, *features):
        for scope in (part, *part.get("target", {}).values()):
            for kind in kinds:
                yield scope.get(kind, {})


def _specifier(name: str, spec: object) -> str:
    version = spec.get("version", "*") if isinstance(spec, dict) else spec
    if not isinstance(version, str) or "|" in version:
        raise ExternalsError(f"pixi.toml: {name} = {spec!r} cannot be said as a requirement")
    clauses = []
    for clause in filter(None, (part.strip() for part in version.split(","))):
        if clause == "*":
            continue
        operator = re.match(r"[<>=!~]*", clause)
        stated = operator[0] if operator else ""
        number = clause.removeprefix(stated).strip()
        if stated in {"", "="}:
            number = number if stated == "" else f"{number.removesuffix('.*')}.*"
            stated = "=="
        clauses.append(f"{stated}{number}")
    return ",".join(clauses)


def requirements(manifest: Path) -> tuple[str, ...]:
    """Return the requirements on the Python index that a manifest amounts to.

    Raises
    ------
    ExternalsError
        The manifest cannot be read, or states a version in a way that the index has no word for.
    """
    try:
        content = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExternalsError(f"cannot read {manifest}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ExternalsError(f"{manifest} is no TOML: {error}") from error
    table = names.table()
    found = set()
    for dependencies in _tables(content):
        for name, spec in dependencies.items():
            if name in _NOT_WHEELS or compilers.is_compiler(name) or name in table.refused:
                continue
            found.add(f"{table.to_index(name)}{_specifier(name, spec)}")
    return tuple(sorted(found))


def _merged(compiled: str, path: Path) -> str:
    """Make the lock's text; every line must be a pin, and none may name an index."""
    text = _HEADER + compiled.strip() + "\n"
    for line in text.splitlines():
        if re.match(r"\s*-", line) and "--hash=" not in line:
            raise ExternalsError(f"uv wrote an option into the lock: {line.strip()}")
    path.write_text(text, encoding="utf-8")
    pins.read(path)
    return text


def lock(manifest: Path, target: Path = pins.LOCK, uv: str | None = None) -> int:
    """Write the lock and return the number of pins in it.

    Parameters
    ----------
    manifest
        pixi.toml.
    target
        The lock. Versions in it are kept where they still fit.
    uv
        The resolver's program; without it, it is installed for the occasion.

    Raises
    ------
    ExternalsError
        The index cannot be reached, or the requirements contradict each other.
    """
    wanted = requirements(manifest)
    with tempfile.TemporaryDirectory(prefix="externals-lock-") as folder:
        aside = Path(folder)
        program = uv or _install_uv(aside / "uv")
        asked = aside / "requirements.in"
        asked.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")
        result = aside / "wheels.txt"
        if target.is_file():
            result.write_bytes(target.read_bytes())
        done = subprocess.run(
            [
                *(program, "pip", "compile", "--universal", "--python-version", "3.11"),
                *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
                *("--no-header", "--no-annotate", "--only-binary", ":all:", "--quiet"),
                *("--fork-strategy", "requires-python", "--output-file", str(result), str(asked)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ExternalsError(f"the wheels cannot be locked: {' '.join(done.stderr.split())}")
        text = _merged(result.read_text(encoding="utf-8"), aside / "checked.txt")
        write_aside(target, text.encode())
    return len(pins.read(target))


def _install_uv(folder: Path) -> str:
    venv.create(folder, with_pip=True)
    done = subprocess.run(
        [folder / "bin/python", "-m", "pip", "install", "--quiet", "uv"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ExternalsError(f"uv, which writes the lock, cannot be installed: {last}")
    return str(folder / "bin/uv")


def outdated(manifest: Path, target: Path = pins.LOCK) -> tuple[str, ...]:
    """Direct requirements of the manifest that no pin of the lock meets.

    Raises
    ------
    ExternalsError
        The manifest or the lock cannot be read.
    """
    return tuple(_unmet(requirements(manifest), pins.read(target)))


def _unmet(wanted: Iterable[str], held: tuple[pins.Pin, ...]) -> Iterator[str]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for text in wanted:
        requirement = Requirement(text)
        versions = [p.version for p in held if p.name == canonicalize_name(requirement.name)]
        if not any(
            requirement.specifier.contains(version, prereleases=True) for version in versions
        ):
            yield text
