"""A wheel repacked as the conda package of its conda name."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from externals.archive import PLACEHOLDER, Entry, Package
from externals.failure import ExternalsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.requirements import Requirement
    from packaging.specifiers import Specifier

    from externals.interpreters import Interpreter
    from externals.names import Names
    from externals.wheel import Wheel

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_")
_LEGACY = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_SCRIPT = """#!{shebang}
import sys

from {module} import {first}

if __name__ == "__main__":
    sys.exit({function}())
"""


@dataclass(frozen=True)
class Kind:
    """What sort of conda package a wheel becomes.

    Parameters
    ----------
    pythonless
        Whether one package serves every Python (`noarch: python`).
    subdir
        Folder of the channel.
    glibc
        Oldest glibc that its platform tag asks for, or None.
    """

    pythonless: bool
    subdir: str
    glibc: tuple[int, int] | None


def _glibc(platforms: Iterable[str]) -> tuple[int, int] | None:
    found = []
    for platform in platforms:
        match = _MANYLINUX.match(platform)
        if match:
            found.append((int(match[1]), int(match[2])))
        else:
            found += [v for name, v in _LEGACY.items() if platform.startswith(f"{name}_")]
    return min(found, default=None)


def kind(wheel: Wheel, subdir: str) -> Kind:
    """Sort a wheel by its tags.

    Pure wheels serve every Python and platform; those of the stable ABI, and programs wrapped
    in a wheel, serve every Python of one platform (CEP 20); all others serve one Python.
    """
    abis = {tag.abi for tag in wheel.tags}
    platforms = {tag.platform for tag in wheel.tags}
    if platforms == {"any"}:
        return Kind(pythonless=True, subdir="noarch", glibc=None)
    return Kind(pythonless=abis <= {"abi3", "none"}, subdir=subdir, glibc=_glibc(platforms))


def _clauses(part: Specifier) -> list[str]:
    version = part.version
    if part.operator == "~=":
        series = version.rsplit(".", 1)[0]
        return [f">={version}", f"{series}.*"]
    if part.operator in {"==", "==="}:
        return [version if version.endswith(".*") else f"=={version}"]
    return [f"{part.operator}{version}"]


def conda_version(specifier: SpecifierSet) -> str:
    """Turn a PEP 440 specifier into a conda version spec; empty for any version."""
    parts = sorted(specifier, key=str)
    return ",".join(clause for part in parts for clause in _clauses(part))


def conda_spec(requirement: Requirement, names: Names) -> str:
    """Turn a requirement into a conda match spec.

    Raises
    ------
    ExternalsError
        It names a file instead of a version.
    """
    if requirement.url:
        raise ExternalsError(f"{requirement} asks for a file by its address, which no channel has")
    return f"{names.to_conda(requirement.name)} {conda_version(requirement.specifier)}".strip()


@dataclass(frozen=True)
class Layout:
    """Where the files of one wheel go in a prefix."""

    wheel: Wheel
    pythonless: bool
    python: Interpreter

    @property
    def site_packages(self) -> str:
        """Folder of the packages; conda's installer moves the noarch one."""
        if self.pythonless:
            return "site-packages"
        return f"lib/python{self.python.minor}/site-packages"

    @property
    def scripts(self) -> str:
        """Folder of the scripts; conda's installer moves the noarch one."""
        return "python-scripts" if self.pythonless else "bin"

    @property
    def shebang(self) -> str:
        """First line of scripts, without its mark."""
        name = "python" if self.pythonless else f"python{self.python.minor}"
        return f"{PLACEHOLDER}/bin/{name}"

    def place(self, path: str) -> tuple[str, str]:
        """Place in the package of a wheel's file, and its path as RECORD is to state it."""
        data = f"{self.wheel.info.removesuffix('.dist-info')}.data/"
        if not path.startswith(data):
            return f"{self.site_packages}/{path}", path
        scheme, _, rest = path.removeprefix(data).partition("/")
        if scheme in {"purelib", "platlib"}:
            return f"{self.site_packages}/{rest}", rest
        folders = {
            "scripts": (self.scripts, "bin"),
            "headers": (f"include/{self.wheel.name}",) * 2,
            "data": ("", ""),
        }
        if scheme not in folders or not rest:
            raise ExternalsError(
                f"{self.wheel.path.name} holds {path}, of a kind that no wheel may hold"
            )
        packed, installed = folders[scheme]
        up = "../../.."  # out of lib/pythonX.Y/site-packages
        return str(PurePosixPath(packed, rest)), f"{up}/{PurePosixPath(installed, rest)}"


def _record_line(path: str, data: bytes) -> list[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return [path, f"sha256={digest}", str(len(data))]


def _script(point: str, shebang: str) -> tuple[str, bytes]:
    name, _, target = point.partition(" = ")
    module, _, function = target.partition(":")
    first = function.split(".", 1)[0]
    text = _SCRIPT.format(shebang=shebang, module=module, first=first, function=function)
    return name, text.encode()


def _files(wheel: Wheel, layout: Layout) -> tuple[Entry, ...]:
    record: list[list[str]] = []
    entries: list[Entry] = []
    for path, content, executable in wheel.files():
        if path in {f"{wheel.info}/RECORD", f"{wheel.info}/INSTALLER"} or path.endswith("/"):
            continue
        if ".." in PurePosixPath(path).parts or path.startswith("/"):
            raise ExternalsError(f"{wheel.path.name} holds {path}, outside of its own folder")
        place, stated = layout.place(path)
        data, is_script = content, place.startswith(f"{layout.scripts}/")
        if is_script and data.startswith((b"#!python\n", b"#!python\r\n", b"#!python ")):
            data = f"#!{layout.shebang}".encode() + data.removeprefix(b"#!python")
            record.append([stated, "", ""])  # its first line changes when it is installed
        else:
            record.append(_record_line(stated, data))
        entries.append(Entry(place, data, executable=executable or is_script))
    for point in wheel.entry_points:
        name, data = _script(point, layout.shebang)
        record.append([f"../../../bin/{name}", "", ""])
        if not layout.pythonless:
            entries.append(Entry(f"bin/{name}", data, executable=True))
    installer = b"conda\n"
    record.append(_record_line(f"{wheel.info}/INSTALLER", installer))
    record.append([f"{wheel.info}/RECORD", "", ""])
    table = io.StringIO(newline="")
    csv.writer(table, lineterminator="\n").writerows(sorted(record))
    info = f"{layout.site_packages}/{wheel.info}"
    entries += [
        Entry(f"{info}/INSTALLER", installer),
        Entry(f"{info}/RECORD", table.getvalue().encode()),
    ]
    return tuple({entry.path: entry for entry in entries}.values())


def _python_depends(wheel: Wheel, what: Kind, python: Interpreter, exact: bool) -> list[str]:
    if not what.pythonless:
        return [f"python {python.minor}.*", f"python_abi {python.minor}.* *_{python.tag}"]
    if exact:
        return [f"python {python.minor}.*"]
    asked = conda_version(SpecifierSet(wheel.requires_python)) if wheel.requires_python else ""
    return [f"python {asked}".strip()]


def repack(
    wheel: Wheel,
    requirements: tuple[Requirement, ...],
    python: Interpreter,
    names: Names,
    subdir: str,
    *,
    exact: bool,
    key: str,
) -> Package:
    """Describe the conda package of a wheel, without its files.

    Parameters
    ----------
    wheel
        The wheel.
    requirements
        What it needs on this Python, extras already replaced.
    python
        The Python.
    names
        The table of names.
    subdir
        This machine's platform.
    exact
        Whether a package for every Python is tied to this one, since what it needs depends on
        the Python.
    key
        Hex digest of what else the package is made from; its beginning enters the build string,
        so that a package made from other things has another name.
    """
    what = kind(wheel, subdir)
    name = names.to_conda(wheel.name)
    depends = _python_depends(wheel, what, python, exact)
    depends += [
        conda_spec(requirement, names)
        for requirement in requirements
        if canonicalize_name(requirement.name) != wheel.name
    ]
    if what.glibc is not None:
        depends.append(f"__glibc >={what.glibc[0]}.{what.glibc[1]}")
    unique = tuple(sorted(set(depends)))
    seed = hashlib.sha256("\n".join([key, *unique]).encode()).hexdigest()[:7]
    tied = f"py{python.tag.removeprefix('cp')}" if exact or not what.pythonless else "py"
    return Package(
        name=name,
        version=wheel.version,
        build=f"{tied}h{seed}_0",
        subdir=what.subdir,
        noarch="python" if what.pythonless else None,
        depends=unique,
        license=wheel.license,
        summary=wheel.summary,
        entry_points=wheel.entry_points if what.pythonless else (),
        run_exports={"weak": names.run_exports[name]} if name in names.run_exports else {},
    )


def files(wheel: Wheel, package: Package, python: Interpreter) -> tuple[Entry, ...]:
    """Files of the package that `repack` described.

    Raises
    ------
    ExternalsError
        The wheel is damaged, or holds a file that may not be in a wheel.
    """
    return _files(wheel, Layout(wheel, package.noarch == "python", python))
