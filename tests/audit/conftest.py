"""A small healthy project with its artefacts and an installation, to break one thing at a time.

Nothing is compiled: a shared object is a header of this machine's format and a marker, which is
all that the audit reads of one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

import audit.cli
import sources
from pixiw.platforms import current_subdir

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "0.1.0"
ABI = f"cp{sys.version_info.major}{sys.version_info.minor}" + (
    "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
)
PLATFORM = sysconfig.get_platform().replace("-", "_").replace(".", "_")
SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))
STABLE_SUFFIX = ".pyd" if os.name == "nt" else ".abi3.so"
SUBDIR = current_subdir()
INFO = f"rustybt-{VERSION}.dist-info"
RECORD = "rustybt/_build_record.json"

PROJECT = {
    ".gitignore": "__pycache__/\n*.so\n*.egg-info/\n/build/\n/dist/\n/rust/target/\n",
    "LICENSE": "A licence.\n",
    "MANIFEST.in": "recursive-include rustybt *.pyx *.pxd *.pxi\nrecursive-include rust *.rs\n",
    "README.md": "A project.\n",
    "pixi.toml": '[tasks]\ntest = "python -P -m pytest"\n',
    "pyproject.toml": (
        f'[project]\nname = "rustybt"\nversion = "{VERSION}"\n'
        '[tool.setuptools.package-data]\n"*" = ["*.pxd", "*.pyi", "py.typed"]\n'
        "[tool.pytest.ini_options]\n"
        'testpaths = ["tests"]\npythonpath = ["tools"]\naddopts = ["--import-mode=importlib"]\n'
    ),
    "setup.py": (
        "setup(\n"
        '    ext_modules=[Extension("rustybt.lib.rank", ["rustybt/lib/rank.pyx"])],\n'
        '    rust_extensions=[RustExtension("rustybt._rustybt", optional=False)],\n'
        ")\n"
    ),
    "tools/sources.py": "",
    "tests/conftest.py": "",
    "rust/Cargo.toml": '[workspace]\nmembers = ["python"]\n',
    "rust/Cargo.lock": "version = 4\n",
    "rust/python/Cargo.toml": '[package]\nname = "rustybt"\n',
    "rust/python/src/lib.rs": "// The extension.\n",
    "rustybt/__init__.py": "def __getattr__(name): ...\n",
    "rustybt/py.typed": "",
    "rustybt/_rustybt.pyi": "def rolling_sum() -> None: ...\n",
    "rustybt/indicators.py": "from rustybt import _rustybt\n",
    "rustybt/lib/__init__.py": "",
    "rustybt/lib/adjustment.pxd": "cdef class Adjustment:\n    pass\n",
    "rustybt/lib/adjustment.pyx": "cdef class Adjustment:\n    pass\n",
    "rustybt/lib/adjustment.pyi": "class Adjustment: ...\n",
    "rustybt/lib/labelarray.py": "from rustybt.lib.rank import is_missing\n",
    "rustybt/lib/rank.pyx": 'from .adjustment cimport Adjustment\ninclude "window.pxi"\n',
    "rustybt/lib/rank.pyi": "def is_missing() -> None: ...\n",
    "rustybt/lib/window.pxi": "# A template.\n",
    "rustybt/finance/__init__.py": "from . import orders\n",
    "rustybt/finance/orders.py": "import rustybt.lib.labelarray\n",
}


def header(system: str = "", machine: str = "") -> bytes:
    """Return the first bytes of a shared object for a system and machine; this one by default."""
    system = system or {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
    machine = machine or platform.machine().lower()
    arm = machine in {"arm64", "aarch64"}
    if system == "macos":
        return b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C if arm else 0x01000007)
    if system == "windows":
        code = 0xAA64 if arm else 0x8664
        return b"MZ".ljust(0x3C, b"\0") + struct.pack("<I4sH", 0x40, b"PE\0\0", code)
    return b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + struct.pack("<H", 183 if arm else 62)


def shared_object(name: str, fingerprint: str, head: bytes | None = None) -> bytes:
    """Return what the audit takes for a shared object."""
    start = header() if head is None else head
    return start.ljust(128, b"\0") + sources.marker(name, fingerprint)


@dataclass
class Report:
    """What a run of the audit gave."""

    status: int
    out: str
    err: str
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def causes(self) -> set[tuple[str, str]]:
        """Each code with each module that it names; "" where it names none."""
        return {
            (finding["code"], module)
            for finding in self.document["findings"]
            for module in finding["modules"] or [""]
        }

    @property
    def leftovers(self) -> list[str]:
        """The notes on build leftovers."""
        return [note for note in self.document["notes"] if note.startswith("build leftovers")]

    def state(self, module: str) -> dict[str, str]:
        """Return the states of a row by stage."""
        (row,) = (row for row in self.document["modules"] if row["name"] == module)
        return dict(row["stages"])

    def details(self) -> str:
        """Return what the findings say, as one text."""
        return "\n".join(
            f"{finding['where']} {finding['detail']} {finding['files']}"
            for finding in self.document["findings"]
        )


@dataclass
class Case:
    """A copy of the healthy project, and the means to build, install and audit it."""

    root: Path
    folder: Path

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file of the checkout."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def append(self, path: str, text: str) -> None:
        """Add text to a file of the checkout."""
        self.write(path, (self.root / path).read_text(encoding="utf-8") + text)

    def add(self) -> None:
        """Let git track all that it does not ignore."""
        git(self.root, "add", "--all")

    def sdist_files(self) -> dict[str, bytes]:
        """Return what a good sdist of the project's present state has in it."""
        files = {path: (self.root / path).read_bytes() for path in PROJECT if path[:5] != "tests"}
        metadata = f"Metadata-Version: 2.4\nName: rustybt\nVersion: {VERSION}\n".encode()
        return files | {"PKG-INFO": metadata}

    def sdist(self, files: dict[str, bytes] | None = None) -> Path:
        """Write an sdist, a good one by default."""
        path = self.folder / f"rustybt-{VERSION}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name, content in (self.sdist_files() if files is None else files).items():
                member = tarfile.TarInfo(f"rustybt-{VERSION}/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return path

    def wheel_files(self) -> dict[str, bytes]:
        """Return what a good wheel of the project's present state has in it, RECORD left out."""
        files = {
            path: (self.root / path).read_bytes()
            for path in PROJECT
            if path.startswith("rustybt/") and path.endswith((".py", ".pyi", ".pxd", "py.typed"))
        }
        modules = []
        for source in sources.find(self.root):
            suffix = STABLE_SUFFIX if source.language == "rust" else SUFFIX
            path = source.name.replace(".", "/") + suffix
            fingerprint = sources.fingerprint(self.root, source)
            files[path] = shared_object(source.name, fingerprint)
            abi = "abi3" if source.language == "rust" else ABI
            modules.append(
                {
                    "name": source.name,
                    "language": source.language,
                    "source": source.source,
                    "file": path,
                    "abi": abi,
                    "fingerprint": fingerprint,
                }
            )
        record = {
            "version": 1,
            "package": VERSION,
            "source": {"revision": None, "digest": sources.digest(self.root)},
            "build": {},
            "modules": modules,
        }
        files[RECORD] = json.dumps(record).encode()
        files[f"{INFO}/METADATA"] = (
            f"Metadata-Version: 2.4\nName: rustybt\nVersion: {VERSION}\n".encode()
        )
        files[f"{INFO}/WHEEL"] = (
            f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {ABI}-{ABI}-{PLATFORM}\n".encode()
        )
        return files

    def wheel(
        self,
        files: dict[str, bytes] | None = None,
        *,
        name: str = f"rustybt-{VERSION}-{ABI}-{ABI}-{PLATFORM}.whl",
        record: bytes | None = None,
    ) -> Path:
        """Write a wheel; its RECORD is right unless it is given."""
        files = dict(self.wheel_files() if files is None else files)
        files[f"{INFO}/RECORD"] = record_of(files) if record is None else record
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in files.items():
                archive.writestr(member, content)
        return path

    def conda(
        self,
        files: dict[str, bytes] | None = None,
        *,
        index: dict[str, Any] | None = None,
        paths: bytes | None = None,
    ) -> Path:
        """Write a conda package of wheel contents; its paths.json is right unless it is given."""
        minor = f"3.{sys.version_info.minor}"
        place = "Lib/site-packages" if os.name == "nt" else f"lib/python{minor}/site-packages"
        wheel = self.wheel_files() if files is None else files
        members = {f"{place}/{name}": content for name, content in wheel.items()}
        members["bin/rustybt"] = b"#!/bin/sh\n"
        listed = [
            {
                "_path": name,
                "path_type": "hardlink",
                "sha256": hashlib.sha256(content).hexdigest(),
                "size_in_bytes": len(content),
            }
            for name, content in members.items()
        ]
        about = {
            "name": "rustybt",
            "version": VERSION,
            "subdir": SUBDIR,
            "depends": ["python", f"python_abi {minor}.* *_{ABI}"],
        }
        info = {
            "info/index.json": json.dumps(about | (index or {})).encode(),
            "info/paths.json": json.dumps({"paths": listed}).encode() if paths is None else paths,
        }
        path = self.folder / f"rustybt-{VERSION}-py_0.conda"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
            archive.writestr(f"pkg-{path.stem}.tar.zst", tar_zst(members))
            archive.writestr(f"info-{path.stem}.tar.zst", tar_zst(info))
        return path

    def install(self, files: dict[str, bytes] | None = None) -> Path:
        """Install wheel contents into an environment of its own; return its prefix."""
        prefix = self.folder / "environment"
        venv.create(prefix, symlinks=os.name != "nt", with_pip=False)
        files = dict(self.wheel_files() if files is None else files)
        if f"{INFO}/METADATA" in files:
            files[f"{INFO}/RECORD"] = record_of(files)
        place = site_packages(prefix)
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        return prefix

    def audit(self, *arguments: str | Path, installed: str | Path = "none") -> Report:
        """Run the audit on the project; parse what it prints as JSON."""
        words = ["--root", str(self.root), "--json", "--installed", str(installed)]
        return run([*words, *map(str, arguments)])

    def audit_checkout(self, *arguments: str | Path) -> Report:
        """Run the audit with good artefacts made before the fault, for the checkout's own sake."""
        return self.audit("--select", "AU1,AU2", self.sdist(), self.wheel(), *arguments)


def run(arguments: list[str]) -> Report:
    """Run the audit's command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = audit.cli.main(arguments)
    document = json.loads(out.getvalue()) if "--json" in arguments and out.getvalue() else {}
    return Report(status, out.getvalue(), err.getvalue(), document)


def tar_zst(files: dict[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return zstandard.ZstdCompressor().compress(plain.getvalue())


def record_of(files: dict[str, bytes]) -> bytes:
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{INFO}/RECORD,,\n"]).encode()


def site_packages(prefix: Path) -> Path:
    variables = {"base": str(prefix), "platbase": str(prefix)}
    return Path(sysconfig.get_path("purelib", "venv", variables))


def git(root: Path, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    subprocess.run(["git", *arguments], cwd=root, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="session")
def healthy_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the healthy project, tracked by git."""
    root = tmp_path_factory.mktemp("healthy")
    case = Case(root, root)
    for path, content in PROJECT.items():
        case.write(path, content)
    git(root, "init", "--quiet", "--template=")
    case.add()
    return root


@pytest.fixture
def case(healthy_project: Path, tmp_path: Path) -> Case:
    """Return a copy of the healthy project, in a path with a space."""
    root = tmp_path / "a checkout"
    shutil.copytree(healthy_project, root)
    folder = tmp_path / "some artefacts"
    folder.mkdir()
    return Case(root, folder)


@pytest.fixture
def make_header() -> Callable[[str, str], bytes]:
    """Return the maker of headers for other machines."""
    return header


@pytest.fixture
def make_shared_object() -> Callable[..., bytes]:
    """Return the maker of shared objects."""
    return shared_object


@pytest.fixture
def command_line() -> Callable[[list[str]], Report]:
    """Return the audit's command line."""
    return run
