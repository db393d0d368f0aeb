"""The command that writes the locks of wheels: that of the manifest, and of the lowest numpy."""

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
_LOWEST_HEADER = """\
# The lowest numpy that pyproject.toml allows and that has wheels for each Python, beside the other
# pins of wheels.txt: the conda package is tried over it too (docs/externals.md).
# Written by `python tools/externals lock`; do not edit.
"""
_LOWEST = "numpy"
_PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_PLATFORM = "x86_64-manylinux_2_28"
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


def _merged(header: str, compiled: str, path: Path) -> str:
    """Make a lock's text; every line must be a pin, and none may name an index."""
    text = header + compiled.strip() + "\n"
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
        universal = ("--universal", "--python-version", _PYTHONS[0])
        _compile(program, asked, result, *universal, "--fork-strategy", "requires-python")
        text = _merged(_HEADER, result.read_text(encoding="utf-8"), aside / "checked.txt")
        write_aside(target, text.encode())
    return len(pins.read(target))


def lock_lowest(
    project: Path, beside: Path = pins.LOCK, target: Path = pins.LOWEST, uv: str | None = None
) -> int:
    """Write the lock of the lowest numpys and return the number of pins in it.

    Parameters
    ----------
    project
        pyproject.toml, whose dependencies state the range.
    beside
        The lock that pins everything else.
    target
        The lock of the lowest.
    uv
        The resolver's program; without it, it is installed for the occasion.

    Raises
    ------
    ExternalsError
        The index cannot be reached, or a Python has no numpy in the range that fits the others.
    """
    wanted = _dependencies(project)
    others = [pin for pin in pins.read(beside) if pin.name != _LOWEST]
    with tempfile.TemporaryDirectory(prefix="externals-lock-") as folder:
        aside = Path(folder)
        program = uv or _install_uv(aside / "uv")
        asked, held = aside / "requirements.in", aside / "constraints.txt"
        asked.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")
        held.write_text("".join(f"{_constraint(pin)}\n" for pin in others), encoding="utf-8")
        found = {}
        for python in _PYTHONS:
            result = aside / f"{python}.txt"
            options = ("--constraint", str(held), "--resolution", "lowest-direct")
            machine = ("--python-version", python, "--python-platform", _PLATFORM)
            _compile(program, asked, result, *options, *machine)
            found[python] = next(pin for pin in pins.read(result) if pin.name == _LOWEST)
        compiled = "".join(_block(pin, python) for python, pin in found.items())
        text = _merged(_LOWEST_HEADER, compiled, aside / "checked.txt")
        write_aside(target, text.encode())
    return len(found)


def _dependencies(project: Path) -> tuple[str, ...]:
    try:
        content = tomllib.loads(project.read_text(encoding="utf-8"))
        return tuple(content["project"]["dependencies"])
    except OSError as error:
        raise ExternalsError(f"cannot read {project}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise ExternalsError(f"{project} states no dependencies: {error}") from error


def _constraint(pin: pins.Pin) -> str:
    return f"{pin.name}=={pin.version}" + (f" ; {pin.marker}" if pin.marker else "")


def _block(pin: pins.Pin, python: str) -> str:
    """Lay one Python's pin out as uv does."""
    hashes = [f"--hash=sha256:{digest}" for digest in sorted(pin.hashes)]
    head = f"{pin.name}=={pin.version} ; python_version == '{python}'"
    return " \\\n    ".join([head, *hashes]) + "\n"


def _compile(program: str, asked: Path, result: Path, *options: str) -> None:
    done = subprocess.run(
        [
            *(program, "pip", "compile", "--generate-hashes", "--no-emit-index-url"),
            *("--no-emit-find-links", "--no-header", "--no-annotate", "--only-binary", ":all:"),
            *("--quiet", *options, "--output-file", str(result), str(asked)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ExternalsError(f"the wheels cannot be locked: {' '.join(done.stderr.split())}")


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


def outdated_lowest(project: Path, target: Path = pins.LOWEST) -> tuple[str, ...]:
    """Return numpy's requirement with each Python that no pin of the lock meets it for.

    Raises
    ------
    ExternalsError
        The project or the lock cannot be read.
    """
    from packaging.requirements import Requirement

    held = pins.read(target)
    wanted = [Requirement(text) for text in _dependencies(project)]
    return tuple(
        f"{requirement} for Python {python}"
        for requirement in wanted
        if requirement.name == _LOWEST
        for python in _PYTHONS
        if tuple(_unmet([str(requirement)], _holding(held, python)))
    )


def _holding(held: tuple[pins.Pin, ...], python: str) -> tuple[pins.Pin, ...]:
    values = {"python_version": python, "python_full_version": f"{python}.0"}
    return tuple(pins.choose(held, values).values())


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
