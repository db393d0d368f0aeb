"""An interpreter's files as they go into a package: run paths, stated folders, left-outs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from externals.archive import PLACEHOLDER, Entry
from externals.elf import replace_run_path
from externals.failure import ExternalsError
from externals.interpreters import Interpreter
from externals.python_package import _relocatable_text, python_build, python_files, python_package

needs_gcc = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("gcc") or not shutil.which("readelf"),
    reason="no gcc and readelf on this Linux machine",
)


@needs_gcc
@pytest.mark.parametrize("tags", ["--enable-new-dtags", "--disable-new-dtags"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/a/long/folder/lib", "$ORIGIN/../lib"),
        ("/other:/a/long/folder/lib/:/more", "/other:$ORIGIN/../lib:/more"),
        ("/other", "/other"),
    ],
)
def test_run_path_of_a_real_library(tmp_path: Path, tags: str, before: str, after: str) -> None:
    library = tmp_path / "libx.so"
    subprocess.run(
        ["gcc", "-shared", "-x", "c", "/dev/null", "-o", library, f"-Wl,{tags},-rpath,{before}"],
        check=True,
    )
    data = replace_run_path(library.read_bytes(), "/a/long/folder/lib", "$ORIGIN/../lib")
    assert len(data) == library.stat().st_size
    library.write_bytes(data)
    shown = subprocess.run(
        ["readelf", "--dynamic", "--wide", library], capture_output=True, text=True, check=True
    ).stdout
    assert f"[{after}]" in shown


@needs_gcc
def test_run_path_without_room_stays(tmp_path: Path) -> None:
    library = tmp_path / "libx.so"
    subprocess.run(
        ["gcc", "-shared", "-x", "c", "/dev/null", "-o", library, "-Wl,-rpath,/a/lib"], check=True
    )
    data = library.read_bytes()
    assert replace_run_path(data, "/a/lib", "$ORIGIN/../lib") == data


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01"])
def test_other_files_are_left_alone(data: bytes) -> None:
    assert replace_run_path(data, "/a", "/b") == data


def interpreter(root: Path, stated: str, layout: str, texts: dict[str, str]) -> Interpreter:
    """Write an interpreter below `root` which takes itself to be in `stated`."""
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    python = Interpreter(
        executable=root / "bin/python3.11",
        root=root,
        version=(3, 11, 2),
        stdlib=root / "lib/python3.11",
        include=root / "include/python3.11",
        libdir=root / "lib/x86_64-linux-gnu",
        library="libpython3.11.so.1.0",
        multiarch="x86_64-linux-gnu",
        layout="dist-packages" if layout == "dist-packages" else "site-packages",
    )
    assert stated in texts["lib/python3.11/_sysconfigdata_x.py"]
    return python


def packed(python: Interpreter) -> dict[str, Entry]:
    return {entry.path: entry for entry in python_files(python)}


SYSCONFIG = """\
_INSTALL_SCHEMES = {"posix_prefix": 1, "deb_system": 2, "posix_local": 3}
def _get_preferred_schemes():
    return {"prefix": "posix_local"}

def get_preferred_scheme(key):
    return _get_preferred_schemes()[key]

def get_paths(scheme=get_preferred_scheme("prefix")):
    return _INSTALL_SCHEMES[scheme]
"""


def files_of(root: str, sysconfig: str = SYSCONFIG) -> dict[str, str]:
    return {
        "bin/python3.11": "program",
        "include/python3.11/Python.h": "",
        "lib/python3.11/os.py": "",
        "lib/python3.11/sysconfig.py": sysconfig,
        "lib/python3.11/_sysconfigdata_x.py": f"v = {{'prefix': '{root}', "
        f"'LIBDIR': '{root}/lib/x86_64-linux-gnu', 'LIBPL': '{root}/lib/python3.11/config', "
        f"'INCLUDEPY': '{root}/include/python3.11', 'BINDIR': '{root}/bin', "
        f"'FLAGS': '-I{root}/include/python3.11', 'INSTALL': '/usr/bin/install -c'}}\n",
        "lib/python3.11/EXTERNALLY-MANAGED": "",
        "lib/python3.11/sitecustomize.py": "import apport",
        "lib/python3.11/_distutils_system_mod.py": "",
        "lib/python3.11/test/test_os.py": "",
        "lib/python3.11/__pycache__/os.pyc": "",
        "lib/python3.11/config-3.11/libpython3.11.a": "",
        "lib/python3.11/site-packages/other.py": "",
        "lib/x86_64-linux-gnu/libpython3.11.so.1.0": "library",
        "lib/x86_64-linux-gnu/unrelated.so": "",
    }


def test_stated_folders_move_with_the_prefix(tmp_path: Path) -> None:
    root = tmp_path / "root"
    python = interpreter(root, str(root), "site-packages", files_of(str(root)))
    entry = packed(python)["lib/python3.11/_sysconfigdata_x.py"]
    values: dict[str, dict[str, str]] = {}
    exec(entry.data.decode(), values)  # noqa: S102 - the file is Python, as sysconfig reads it
    assert values["v"] == {
        "prefix": PLACEHOLDER,
        "LIBDIR": f"{PLACEHOLDER}/lib/x86_64-linux-gnu",
        "LIBPL": f"{PLACEHOLDER}/lib/python3.11/config",
        "INCLUDEPY": f"{PLACEHOLDER}/include/python3.11",
        "BINDIR": f"{PLACEHOLDER}/bin",
        "FLAGS": f"-I{PLACEHOLDER}/include/python3.11",
        "INSTALL": "/usr/bin/install -c",
    }
    assert entry.placeholder == "text"


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("'/usr'", "'P'"),
        ("'/usr/bin'", "'P/bin'"),
        ("'/usr/lib/x86_64-linux-gnu'", "'P/lib'"),
        ("'/usr/lib/x86_64-linux-gnu/pkgconfig'", "'P/lib/pkgconfig'"),
        ("'/usr/lib/x86_64-linux-gnu/python3.11'", "'P/lib/python3.11'"),
        ("'/usr/lib/python3.11/config-3.11'", "'P/lib/python3.11/config-3.11'"),
        ("'/usr/include/python3.11 /usr/include'", "'P/include/python3.11 P/include'"),
        ("'/usr/share/man'", "'P/share/man'"),
        ("'/usr/bin/install -c'", None),
        ("'-I/usr/include/tcl8.6'", None),
        ("'/usr/share/zoneinfo:/usr/lib/zoneinfo'", None),
        ("'--prefix=/usr' '--x'", None),
        ("'/usr/lib/python3/dist-packages'", None),
        ("'/usr/local/lib'", None),
    ],
)
def test_below_usr_only_own_folders_move(tmp_path: Path, text: str, moved: str | None) -> None:
    here = interpreter(tmp_path, str(tmp_path), "dist-packages", files_of(str(tmp_path)))
    rewrite = _relocatable_text(replace(here, root=Path("/usr")))
    assert rewrite(text).replace(PLACEHOLDER, "P") == (moved or text)


def test_only_what_an_environment_needs(tmp_path: Path) -> None:
    root = tmp_path / "root"
    python = interpreter(root, str(root), "site-packages", files_of(str(root)))
    assert set(packed(python)) == {
        "bin/python",
        "bin/python3",
        "bin/python3.11",
        "include/python3.11/Python.h",
        "lib/libpython3.11.so.1.0",
        "lib/python3.11/_sysconfigdata_x.py",
        "lib/python3.11/os.py",
        "lib/python3.11/sysconfig.py",
    }


def test_debian_prefers_site_packages_once_packed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    python = interpreter(root, str(root), "dist-packages", files_of(str(root)))
    entries = packed(python)
    module: dict[str, object] = {}
    exec(entries["lib/python3.11/sysconfig.py"].data.decode(), module)  # noqa: S102
    assert module["_INSTALL_SCHEMES"] == {"posix_prefix": 1}
    get_paths = module["get_paths"]
    assert callable(get_paths)
    assert get_paths() == 1
    assert b"site.addsitedir" in entries["lib/python3.11/sitecustomize.py"].data


def test_unknown_patch_of_a_distribution_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    texts = files_of(str(root), sysconfig="def other(): ...\n")
    python = interpreter(root, str(root), "dist-packages", texts)
    with pytest.raises(ExternalsError, match=r"in a way that is not known .*sysconfig\.py"):
        python_files(python)


def test_unreadable_files_are_one_sentence(tmp_path: Path) -> None:
    root = tmp_path / "root"
    python = interpreter(root, str(root), "site-packages", files_of(str(root)))
    (root / "bin/python3.11").unlink()
    with pytest.raises(ExternalsError, match="cannot read"):
        python_files(python)


def test_another_build_has_another_name(tmp_path: Path) -> None:
    root = tmp_path / "root"
    python = interpreter(root, str(root), "site-packages", files_of(str(root)))
    first = python_build(python, "code")
    assert first == python_build(python, "code")
    assert first != python_build(python, "other code")
    python.executable.write_text("another program")
    assert python_build(python, "code") != first
    package = python_package(python, "linux-64", first)
    assert package.filename == f"python-3.11.2-{first}.conda"
    assert first.endswith("_cpython")
