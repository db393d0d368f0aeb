"""setup.py on a small copy of the project: one Cython module, no crate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sources

ROOT = Path(__file__).resolve().parents[2]
FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "tools/sources.py")
MODULE = "cpdef int twice(int x):\n    return 2 * x\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    package = root / "rustybt"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "small.pyx").write_text(MODULE)
    return root


def _setup(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **variables}
    return subprocess.run(
        [sys.executable, "-P", "setup.py", "--quiet", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _wheel(project: Path, **variables: str) -> dict[str, bytes]:
    shutil.rmtree(project / "dist", ignore_errors=True)
    run = _setup(project, "bdist_wheel", **variables)
    assert run.returncode == 0, run.stderr
    (wheel,) = (project / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _run(
    project: Path, wheel: dict[str, bytes], script: str
) -> subprocess.CompletedProcess[str]:
    """Run a script beside the unpacked wheel."""
    unpacked = project / "unpacked"
    for name, content in wheel.items():
        (unpacked / name).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / name).write_bytes(content)
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=unpacked, capture_output=True, text=True, check=False)


def _shared_objects(wheel: dict[str, bytes]) -> list[str]:
    return sorted(name for name in wheel if name.endswith((".so", ".pyd")))


def test_the_record_describes_the_wheel(project: Path) -> None:
    wheel = _wheel(project)
    record = json.loads(wheel["rustybt/_build_record.json"])
    (module,) = sources.find(project)
    (built,) = record["modules"]
    assert built["name"] == "rustybt.small"
    assert _shared_objects(wheel) == [built["file"]]
    assert built["fingerprint"] == sources.fingerprint(project, module)
    assert sources.read_marker(wheel[built["file"]]) == ("rustybt.small", built["fingerprint"])
    assert record["source"] == {"revision": None, "digest": sources.digest(project)}
    assert record["build"]["time"] == "2023-11-14T22:13:20Z"
    assert not [name for name in wheel if name.endswith((".pyx", ".c", ".html"))]
    assert str(project).encode() not in wheel[built["file"]]


def test_leftovers_of_an_earlier_build_are_not_packed(project: Path) -> None:
    first = _wheel(project)
    (project / "rustybt/small.pyx").rename(project / "rustybt/renamed.pyx")
    (project / "rustybt/gone.py").write_text("")
    _wheel(project)
    (project / "rustybt/gone.py").unlink()
    second = _wheel(project)
    assert [name.split(".")[0] for name in _shared_objects(first)] == ["rustybt/small"]
    assert [name.split(".")[0] for name in _shared_objects(second)] == ["rustybt/renamed"]
    assert "rustybt/gone.py" not in second


def test_a_shared_object_in_the_source_tree_is_not_packed(project: Path) -> None:
    (project / "rustybt/stale.cpython-39-x86_64-linux-gnu.so").write_bytes(b"\x7fELF")
    wheel = _wheel(project)
    assert [name.split(".")[0] for name in _shared_objects(wheel)] == ["rustybt/small"]
    assert _setup(project, "sdist").returncode == 0
    (sdist,) = (project / "dist").glob("*.tar.gz")
    listing = subprocess.run(["tar", "tzf", str(sdist)], capture_output=True, text=True, check=True)
    assert "small.pyx" in listing.stdout
    assert ".so" not in listing.stdout


def test_a_changed_source_is_compiled_again(project: Path) -> None:
    before = _wheel(project)
    (project / "rustybt/small.pyx").write_text(MODULE.replace("2 * x", "3 * x"))
    after = _wheel(project)
    (name,) = _shared_objects(after)
    assert before[name] != after[name]
    (module,) = sources.find(project)
    assert sources.read_marker(after[name]) == (module.name, sources.fingerprint(project, module))


def test_the_debug_switch_checks_bounds(project: Path) -> None:
    (project / "rustybt/small.pyx").write_text(
        "def at(double[:] x, Py_ssize_t i):\n    return x[i]\n"
    )
    wheel = _wheel(project, RUSTYBT_DEBUG_CORE="1")
    run = _run(project, wheel, "import array, rustybt.small as s; s.at(array.array('d', [1.0]), 5)")
    assert run.stderr.rstrip().endswith("IndexError: Out of bounds on buffer access (axis 0)")
    assert json.loads(wheel["rustybt/_build_record.json"])["build"]["debug"] is True


def test_what_cython_brings_is_shared_where_the_module_for_it_is_declared(project: Path) -> None:
    (project / "rustybt/_cyutility.pyx").write_text("")
    for name in ("small", "other"):
        (project / f"rustybt/{name}.pyx").write_text("def view(double[:] x):\n    return x[1:]\n")
    wheel = _wheel(project)
    record = json.loads(wheel["rustybt/_build_record.json"])
    assert [module["name"] for module in record["modules"]] == [
        "rustybt._cyutility",
        "rustybt.other",
        "rustybt.small",
    ]
    script = (
        "import array; from rustybt import _cyutility, other, small; x = array.array('d', [1.0, 2.0]);"
        "views = small.view(x), other.view(x);"
        "print([isinstance(view, _cyutility.memoryview) for view in views], views[0][0])"
    )
    assert _run(project, wheel, script).stdout == "[True, True] 2.0\n"


def test_the_debug_switch_leaves_no_debug_objects_behind(project: Path) -> None:
    release = _wheel(project)
    debug = _wheel(project, RUSTYBT_DEBUG_CORE="1")
    again = _wheel(project)
    (name,) = _shared_objects(release)
    assert debug[name] != release[name]
    assert again[name] == release[name]


def test_a_source_that_does_not_compile_fails_the_build(project: Path) -> None:
    (project / "rustybt/small.pyx").write_text("cdef int x = \n")
    run = _setup(project, "bdist_wheel")
    assert run.returncode != 0
    assert "rustybt/small.pyx:1" in run.stdout + run.stderr
    assert not list((project / "dist").glob("*.whl"))


def test_the_sdist_remembers_its_revision(project: Path) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "first"]):
        subprocess.run(["git", *identity, *command], cwd=project, check=True, capture_output=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True
    )
    assert _setup(project, "sdist").returncode == 0
    (sdist,) = (project / "dist").glob("*.tar.gz")
    member = f"{sdist.name.removesuffix('.tar.gz')}/SOURCE_REVISION"
    text = subprocess.run(
        ["tar", "xzOf", str(sdist), member], capture_output=True, text=True, check=True
    )
    assert text.stdout.strip().removesuffix("-dirty") == head.stdout.strip()
