"""Interpreters in made-up trees: which are found, which left out, which refused and how."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from externals import interpreters
from externals.interpreters import best_of_each_minor, describe, find

if TYPE_CHECKING:
    from collections.abc import Iterator

FINAL: dict[str, Any] = {
    "implementation": "cpython",
    "release": True,
    "free_threaded": False,
    "debug": False,
    "machine": "x86_64",
    "libdir": "",
    "library": "",
    "multiarch": "",
    "schemes": ["posix_prefix"],
}


class Tree:
    """A file system with interpreters that say what they are told to say."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.said: dict[Path, dict[str, Any]] = {}
        self.asked: list[Path] = []
        monkeypatch.setattr(interpreters, "_probe", self._probe)

    def _probe(self, path: Path) -> dict[str, Any] | None:
        self.asked.append(path)
        return self.said.get(path.resolve())

    def add(self, where: str, version: tuple[int, int, int], **changes: object) -> Path:
        """Put an interpreter there."""
        root = self.root / where
        name = f"python{version[0]}.{version[1]}"
        path = root / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x7fELF")
        path.chmod(0o755)
        include = root / "include" / name
        if changes.pop("headers", True):
            include.mkdir(parents=True)
            (include / "Python.h").write_text("")
        self.said[path] = FINAL | {
            "version": list(version),
            "executable": str(path),
            "root": str(root),
            "stdlib": str(root / "lib" / name),
            "include": str(include),
            **changes,
        }
        return path

    def find(self, path: str = "", cache: Path | None = None) -> list[str]:
        """Return the versions found, with PATH relative to the tree."""
        folders = ":".join(str(self.root / part) for part in path.split(":") if part)
        found = find({"PATH": folders}, self.root / "home", self.root, cache)
        return [python.full for python in found]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    return Tree(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "where",
    ["usr", "usr/local", "home/.pyenv/versions/3.12.1", "home/.local/share/uv/python/cpython-3.12"],
)
def test_found_where_nothing_points_to_it(tree: Tree, where: str) -> None:
    tree.add(where, (3, 12, 1))
    assert tree.find() == ["3.12.1"]


def test_found_on_path_newest_first(tree: Tree) -> None:
    tree.add("a", (3, 11, 9))
    tree.add("b", (3, 13, 0))
    assert tree.find("a/bin:b/bin") == ["3.13.0", "3.11.9"]


def test_found_beside_the_shims_of_another_home(tree: Tree) -> None:
    tree.add("other/.pyenv/versions/3.12.4", (3, 12, 4))
    (tree.root / "other/.pyenv/shims").mkdir(parents=True)
    assert tree.find("other/.pyenv/shims") == ["3.12.4"]


def test_folders_that_are_closed_to_us_are_passed_over(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.add("usr", (3, 12, 1))
    (tree.root / "other/.pyenv/versions").mkdir(parents=True)
    plain = Path.iterdir

    def closed(folder: Path) -> Iterator[Path]:
        if "other" in folder.parts:
            raise PermissionError(13, "Permission denied", str(folder))
        return plain(folder)

    monkeypatch.setattr(Path, "iterdir", closed)
    assert tree.find("other/.pyenv/shims:other/bin") == ["3.12.1"]


def test_a_user_without_a_home(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    tree.add("usr", (3, 12, 1))
    assert [python.full for python in find({}, system=tree.root)] == ["3.12.1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"implementation": "pypy"},
        {"release": False},
        {"free_threaded": True},
        {"debug": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_left_out(tree: Tree, changes: dict[str, Any]) -> None:
    tree.add("usr", (3, 13, 0), **changes)
    assert tree.find() == []


def test_too_old_is_left_out(tree: Tree) -> None:
    tree.add("usr", (3, 10, 14))
    assert tree.find() == []


def test_conda_environment_is_left_out(tree: Tree) -> None:
    tree.add("env", (3, 13, 0))
    (tree.root / "env/conda-meta").mkdir()
    assert tree.find("env/bin") == []


def test_script_is_never_run(tree: Tree) -> None:
    shim = tree.root / "bin/python3"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 1\n")
    shim.chmod(0o755)
    assert tree.find("bin") == []
    assert tree.asked == []


def test_virtual_environment_is_not_taken_for_its_base(tree: Tree) -> None:
    base = tree.add("base", (3, 13, 0))
    folder = tree.root / "venv/bin"
    folder.mkdir(parents=True)
    (folder / "python3").symlink_to(base)
    (tree.root / "venv/pyvenv.cfg").write_text("")
    assert tree.find("venv/bin") == []


def test_links_to_one_interpreter_count_once(tree: Tree) -> None:
    path = tree.add("usr", (3, 13, 0))
    path.with_name("python3").symlink_to(path.name)
    assert tree.find("usr/bin") == ["3.13.0"]


def test_cache_spares_the_questions(tree: Tree) -> None:
    tree.add("usr", (3, 13, 0))
    cache = tree.root / "cache.json"
    assert tree.find(cache=cache) == ["3.13.0"]
    tree.asked.clear()
    assert tree.find(cache=cache) == ["3.13.0"]
    assert tree.asked == []


@pytest.mark.parametrize("damage", ["", "{", "[]"])
def test_damaged_cache_is_ignored(tree: Tree, damage: str) -> None:
    tree.add("usr", (3, 13, 0))
    cache = tree.root / "cache.json"
    cache.write_text(damage)
    assert tree.find(cache=cache) == ["3.13.0"]


def test_missing_headers_are_refused_with_the_command(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("externals.machine.which", lambda name: name == "apt-get" or None)
    tree.add("opt", (3, 12, 3), root="/usr", headers=False)
    (python,) = find({"PATH": str(tree.root / "opt/bin")}, tree.root / "home", tree.root)
    assert python.refusal == "its headers are not installed; run: apt-get install python3.12-dev"
    assert "apt-get install python3.12-dev" in describe([python])


def test_missing_headers_elsewhere(tree: Tree) -> None:
    tree.add("usr/local", (3, 12, 3), headers=False)
    (python,) = find({}, tree.root / "home", tree.root)
    assert python.refusal is not None
    assert "install it again with them" in python.refusal


def test_best_of_a_minor_version(tree: Tree) -> None:
    tree.add("a", (3, 12, 9), headers=False)
    tree.add("b", (3, 12, 8), schemes=["deb_system"])
    tree.add("c", (3, 12, 1))
    tree.add("d", (3, 11, 0), schemes=["deb_system"])
    folders = ":".join(str(tree.root / name / "bin") for name in "abcd")
    found = find({"PATH": folders}, tree.root / "home", tree.root)
    assert [python.full for python in best_of_each_minor(found)] == ["3.12.1", "3.11.0"]


def test_nothing_is_described_as_none() -> None:
    assert describe([]) == "none"


@pytest.mark.skipif(sys.platform != "linux", reason="interpreters are adopted on Linux only")
def test_real_interpreter_tells_about_itself() -> None:
    said = interpreters._probe(Path(sys.executable))
    assert said is not None
    assert said["version"] == list(sys.version_info[:3])
    assert said["implementation"] == sys.implementation.name
    assert Path(said["root"]).samefile(sys.base_prefix)
