"""Wheels repacked: where their files go, what they depend on, what a damaged one says."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
import rattler
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from externals import wheel as wheels
from externals.archive import PLACEHOLDER
from externals.failure import ExternalsError
from externals.interpreters import Interpreter
from externals.names import Names, table
from externals.repack import conda_spec, conda_version, files, kind, repack

if TYPE_CHECKING:
    from pathlib import Path

    from externals.archive import Entry, Package
    from tests.tools.conftest import WheelMaker

NAMES = Names(
    index={"python-build": "build", "typing_extensions": "typing-extensions"},
    refused={},
    run_exports={"numpy": ("numpy >=1.23,<3",)},
)


@pytest.fixture
def python(tmp_path: Path) -> Interpreter:
    root = tmp_path / "root"
    return Interpreter(
        executable=root / "bin/python3.12",
        root=root,
        version=(3, 12, 1),
        stdlib=root / "lib/python3.12",
        include=root / "include/python3.12",
        libdir=root / "lib",
        library="libpython3.12.so.1.0",
        multiarch="",
        layout="site-packages",
    )


def repacked(path: Path, python: Interpreter, **changes: bool) -> tuple[Package, dict[str, Entry]]:
    wheel = wheels.read(path)
    package = repack(
        wheel,
        wheel.requires,
        python,
        NAMES,
        "linux-64",
        exact=changes.get("exact", False),
        key="0" * 64,
    )
    return package, {entry.path: entry for entry in files(wheel, package, python)}


@pytest.mark.parametrize(
    ("tag", "subdir", "noarch", "folder", "glibc"),
    [
        ("py3-none-any", "noarch", "python", "site-packages", None),
        ("cp39-abi3-manylinux_2_28_x86_64", "linux-64", "python", "site-packages", "2.28"),
        ("py3-none-manylinux2014_x86_64", "linux-64", "python", "site-packages", "2.17"),
        (
            "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "linux-64",
            None,
            "lib/python3.12/site-packages",
            "2.17",
        ),
    ],
)
def test_tags_decide_the_kind_of_package(
    make_wheel: WheelMaker,
    python: Interpreter,
    tag: str,
    subdir: str,
    noarch: str | None,
    folder: str,
    glibc: str | None,
) -> None:
    package, entries = repacked(make_wheel("thing", tag=tag), python)
    assert (package.subdir, package.noarch) == (subdir, noarch)
    assert f"{folder}/thing.py" in entries
    stated = [depend for depend in package.depends if depend.startswith("__glibc")]
    assert stated == ([f"__glibc >={glibc}"] if glibc else [])
    tied = "python_abi 3.12.* *_cp312" in package.depends
    assert tied == (noarch is None)


def test_every_folder_of_the_data_scheme(make_wheel: WheelMaker, python: Interpreter) -> None:
    content = {
        "thing.py": "",
        "thing-1.0.data/scripts/run": "#!python\nprint(1)\n",
        "thing-1.0.data/scripts/binary": "\x7fELF",
        "thing-1.0.data/data/share/thing.txt": "text",
        "thing-1.0.data/headers/thing.h": "int thing;",
        "thing-1.0.data/purelib/pure.py": "",
        "thing-1.0.data/platlib/plat.py": "",
    }
    path = make_wheel("thing", tag="cp312-cp312-linux_x86_64", files=content)
    _, entries = repacked(path, python)
    site = "lib/python3.12/site-packages"
    assert entries["bin/run"].data == f"#!{PLACEHOLDER}/bin/python3.12\nprint(1)\n".encode()
    assert entries["bin/run"].executable
    assert entries["bin/binary"].data == b"\x7fELF"
    assert entries["share/thing.txt"].data == b"text"
    assert entries["include/thing/thing.h"].data == b"int thing;"
    assert {f"{site}/pure.py", f"{site}/plat.py"} <= set(entries)


def test_record_lists_what_is_installed(make_wheel: WheelMaker, python: Interpreter) -> None:
    path = make_wheel(
        "thing",
        tag="cp312-cp312-linux_x86_64",
        files={"thing.py": "x", "thing-1.0.data/scripts/run": "#!python\n"},
        entry_points="[console_scripts]\nthing = thing:main.run\n[other]\nx = y:z\n",
    )
    _, entries = repacked(path, python)
    site = "lib/python3.12/site-packages"
    lines = entries[f"{site}/thing-1.0.dist-info/RECORD"].data.decode().splitlines()
    stated = {row[0] for row in csv.reader(lines)}
    placed = {
        name.removeprefix(f"{site}/") if name.startswith(site) else f"../../../{name}"
        for name in entries
    }
    assert stated == placed
    assert entries[f"{site}/thing-1.0.dist-info/INSTALLER"].data == b"conda\n"
    assert b"from thing import main\n" in entries["bin/thing"].data
    assert b"sys.exit(main.run())" in entries["bin/thing"].data


def test_noarch_leaves_entry_points_to_the_installer(
    make_wheel: WheelMaker, python: Interpreter
) -> None:
    points = "[console_scripts]\nThing = thing:main [extra]\n[gui_scripts]\nwin = thing:gui\n"
    package, entries = repacked(make_wheel("thing", entry_points=points), python)
    assert package.entry_points == ("Thing = thing:main", "win = thing:gui")
    assert not any(path.startswith(("bin/", "python-scripts/")) for path in entries)


def test_scripts_of_noarch_packages(make_wheel: WheelMaker, python: Interpreter) -> None:
    content = {"thing-1.0.data/scripts/run": "#!python\nprint(1)\n"}
    _, entries = repacked(make_wheel("thing", files=content), python)
    assert entries["python-scripts/run"].data.startswith(f"#!{PLACEHOLDER}/bin/python\n".encode())


def test_conda_names_in_dependencies(make_wheel: WheelMaker, python: Interpreter) -> None:
    requires = ["build>=1", "typing_extensions", "Other.Thing~=1.4.2"]
    package, _ = repacked(make_wheel("thing", requires=requires), python)
    assert package.depends == (
        "other-thing >=1.4.2,1.4.*",
        "python >=3.9",
        "python-build >=1",
        "typing_extensions",
    )


def test_package_tied_to_one_python_where_its_needs_differ(
    make_wheel: WheelMaker, python: Interpreter
) -> None:
    package, _ = repacked(make_wheel("thing"), python, exact=True)
    assert "python 3.12.*" in package.depends
    assert package.build.startswith("py312h")


def test_run_exports_of_the_recipe(make_wheel: WheelMaker, python: Interpreter) -> None:
    package, _ = repacked(make_wheel("numpy"), python)
    assert package.run_exports == {"weak": ("numpy >=1.23,<3",)}


@pytest.mark.parametrize(
    ("pep440", "conda"),
    [
        ("", ""),
        (">=1.2,<2", "<2,>=1.2"),
        ("~=1.4", ">=1.4,1.*"),
        ("==1.4.*", "1.4.*"),
        ("==1.4", "==1.4"),
        ("!=1.5.*", "!=1.5.*"),
    ],
)
def test_specifiers(pep440: str, conda: str) -> None:
    assert conda_version(SpecifierSet(pep440)) == conda


numbers = st.lists(st.integers(0, 20), min_size=2, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)
operators = st.sampled_from([">=", "<=", "==", "!=", ">", "<", "~="])


@given(version=numbers, operator=operators, bound=numbers)
def test_specifier_means_the_same_to_conda(version: str, operator: str, bound: str) -> None:
    specifier = SpecifierSet(f"{operator}{bound}")
    spec = rattler.VersionSpec(conda_version(specifier))
    assert spec.matches(rattler.Version(version)) == specifier.contains(Version(version))


def test_requirement_by_address_is_refused() -> None:
    with pytest.raises(ExternalsError, match="by its address"):
        conda_spec(Requirement("thing @ file:///tmp/thing.whl"), NAMES)


@pytest.mark.parametrize("length", [0, 10, 400])
def test_truncated_wheel(make_wheel: WheelMaker, length: int) -> None:
    path = make_wheel("thing")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ExternalsError, match=r"is no intact wheel .*; delete it"):
        wheels.read(path)


def test_damaged_member(make_wheel: WheelMaker, python: Interpreter) -> None:
    path = make_wheel("thing", files={"thing.py": "x = 1\n" * 400})
    data = bytearray(path.read_bytes())
    start = data.index(b"thing.py") + len("thing.py")
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(bytes(data))
    with pytest.raises(ExternalsError, match="is no intact wheel"):
        repacked(path, python)


def test_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    path.write_text("<html>proxy login</html>")
    with pytest.raises(ExternalsError, match="is no intact wheel"):
        wheels.read(path)


@pytest.mark.parametrize("member", ["../evil.py", "/etc/evil"])
def test_files_outside_of_the_wheel_are_refused(
    make_wheel: WheelMaker, python: Interpreter, member: str
) -> None:
    with pytest.raises(ExternalsError, match="outside of its own folder"):
        repacked(make_wheel("thing", files={member: "x"}), python)


def test_unknown_data_scheme(make_wheel: WheelMaker, python: Interpreter) -> None:
    path = make_wheel("thing", files={"thing-1.0.data/magic/x": "x"})
    with pytest.raises(ExternalsError, match="magic"):
        repacked(path, python)


def test_kind_of_a_wheel_for_several_platforms(make_wheel: WheelMaker) -> None:
    tag = "cp312-cp312-manylinux_2_28_x86_64.manylinux_2_24_x86_64"
    assert kind(wheels.read(make_wheel("thing", tag=tag)), "linux-64").glibc == (2, 24)


def test_committed_table_is_consistent() -> None:
    names = table()
    assert names.to_index("python-build") == "build"
    assert names.to_conda("Typing_Extensions") == "typing_extensions"
    assert names.to_conda("numpy") == "numpy"
    for conda in names.index:
        assert names.to_conda(names.to_index(conda)) == conda
    for conda in names.refused:
        with pytest.raises(ExternalsError, match=conda):
            names.to_index(conda)
