"""Faults of the checkout: what is declared, what git tracks, what settings put at risk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.audit.conftest import Case

PYTEST = "[tool.pytest.ini_options]\n"


def test_a_healthy_project_reports_nothing(case: Case) -> None:
    artefacts = (case.sdist(), case.wheel(), case.conda())
    report = case.audit(*artefacts, installed=case.install())
    assert report.status == 0
    assert report.causes == set()
    assert report.document["notes"] == []
    assert {stage["examined"] for stage in report.document["stages"]} == {True}
    assert {state for row in report.document["modules"] for state in row["stages"].values()} == {
        "present",
        "exempt",
    }


def test_f3_a_module_that_git_ignores_is_named_with_the_line_that_ignores_it(case: Case) -> None:
    case.append(".gitignore", "lib/\n")
    (case.root / ".git" / "index").unlink()
    case.add()
    report = case.audit_checkout()
    assert report.status == 1
    assert report.causes == {
        ("AU201", module)
        for module in (
            "rustybt.lib",
            "rustybt.lib.adjustment",
            "rustybt.lib.labelarray",
            "rustybt.lib.rank",
            "rustybt/lib/window.pxi",
        )
    }
    assert "by .gitignore:7: lib/" in report.details()
    assert report.state("rustybt.lib.labelarray")["tracked"] == "lost"
    assert report.state("rustybt.lib.labelarray")["sdist"] == "beyond"


def test_f3_in_a_clean_clone_the_missing_module_is_named(case: Case) -> None:
    (case.root / "rustybt/lib/labelarray.py").unlink()
    case.add()
    report = case.audit("--select", "AU1,AU2", case.sdist({"PKG-INFO": b""}))
    assert report.causes == {("AU102", "rustybt.lib.labelarray")}
    assert "rustybt/finance/orders.py" in report.details()
    assert report.state("rustybt.lib.labelarray")["declared"] == "lost"


@pytest.mark.parametrize(
    ("path", "text", "missing"),
    [
        ("rustybt/a.py", "from rustybt.lib import lost\n", "rustybt.lib.lost"),
        ("rustybt/a.py", "from .lib import lost\n", "rustybt.lib.lost"),
        ("rustybt/lib/a.py", "from ..lost import name\n", "rustybt.lost"),
        ("rustybt/a.pyi", "import rustybt.lost\n", "rustybt.lost"),
        ("rustybt/lib/a.pyx", "from rustybt.lib.lost cimport name\n", "rustybt.lib.lost"),
        ("rustybt/lib/a.pyx", "    cimport rustybt.lost\n", "rustybt.lost"),
        ("rustybt/lib/a.pxd", "from .lost cimport name\n", "rustybt.lib.lost"),
        ("rustybt/lib/a.pyx", 'include "lost.pxi"\n', "rustybt/lib/lost.pxi"),
    ],
)
def test_what_a_source_names_must_exist(case: Case, path: str, text: str, missing: str) -> None:
    case.write(path, text)
    case.add()
    assert case.audit_checkout().causes == {("AU102", missing)}


@pytest.mark.parametrize(
    "text",
    [
        "from rustybt.lib import *\n",
        "from rustybt import anything\n",
        "from rustybt.finance import orders, __name__\n",
        "from .lib.rank import is_missing\n",
        "import numpy.lost\n",
        "try:\n    import rustybt.lost\nexcept ImportError:\n    pass\n",
    ],
)
def test_what_exists_or_may_be_bound_otherwise_is_not_reported(case: Case, text: str) -> None:
    case.write("rustybt/a.py", text)
    case.add()
    assert case.audit_checkout().causes == set()


def test_a_folder_without_init_is_named_with_its_modules(case: Case) -> None:
    (case.root / "rustybt/finance/__init__.py").unlink()
    case.append("rustybt/lib/labelarray.py", "import rustybt.finance.orders\n")
    case.add()
    report = case.audit("--select", "AU1,AU2", case.sdist({"PKG-INFO": b""}))
    assert report.causes == {("AU101", "rustybt.finance.orders")}


def test_a_tracked_file_missing_from_the_tree(case: Case) -> None:
    sdist = case.sdist()
    (case.root / "rustybt/lib/rank.pyi").unlink()
    report = case.audit("--select", "AU1,AU2", sdist)
    assert report.causes == {("AU103", "rustybt.lib.rank")}
    assert "rustybt/lib/rank.pyi" in report.details()


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("rustybt/lib/fresh.py", "rustybt.lib.fresh"),
        ("rustybt/lib/fresh.pyx", "rustybt.lib.fresh"),
        ("rustybt/lib/fresh.pxi", "rustybt/lib/fresh.pxi"),
        ("rust/python/src/kernels.rs", "rustybt._rustybt"),
    ],
)
def test_an_untracked_source(case: Case, path: str, module: str) -> None:
    case.write(path, "")
    report = case.audit_checkout()
    assert report.causes == {("AU202", module)}
    assert path in report.details()


def test_a_lock_file_that_git_ignores(case: Case) -> None:
    case.append(".gitignore", "*.lock\n")
    (case.root / ".git" / "index").unlink()
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU201", "rustybt._rustybt")}
    assert "*.lock" in report.details()


def test_a_negated_pattern_does_not_count_as_ignoring(case: Case) -> None:
    case.append(".gitignore", "*.lock\n!Cargo.lock\n")
    (case.root / ".git" / "index").unlink()
    assert ("AU202", "rustybt._rustybt") in case.audit_checkout().causes


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("rustybt/lib/rank.cpython-312-x86_64-linux-gnu.so", b"\x7fELF"),
        ("rustybt/lib/rank.c", b"int x;"),
        ("rustybt/lib/other.cpp", b"/* Generated by Cython 3.1 */"),
        ("rustybt/lib/rank.html", b"<html>"),
        ("rustybt/_build_record.json", b"{}"),
    ],
)
def test_a_build_leftover_in_git_and_beside_the_sources(
    case: Case, path: str, content: bytes
) -> None:
    case.write(".gitignore", "")
    case.write(path, content)
    ignored = case.audit_checkout()
    assert ignored.causes == set()
    assert [path in note for note in ignored.leftovers] == [True]
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU203", "")}
    assert path in report.details()


@pytest.mark.parametrize(
    ("file", "text", "rule"),
    [
        ("MANIFEST.in", "graft rustybt\n", "MANIFEST.in:3: graft rustybt"),
        ("MANIFEST.in", "recursive-include rustybt *.so\n", "MANIFEST.in:3"),
        ("MANIFEST.in", "include rustybt/lib/*.so\n", "MANIFEST.in:3"),
        ("MANIFEST.in", "global-include *.so\n", "MANIFEST.in:3"),
        ("setup.py", 'setup(package_data={"rustybt.lib": ["*.so"]})\n', "setup.py:5"),
        ("setup.py", 'setup(package_data={"rustybt": ["**/*.so"]})\n', "setup.py:5"),
    ],
)
def test_a_leftover_that_the_configuration_would_pack(
    case: Case, file: str, text: str, rule: str
) -> None:
    case.append(file, text)
    case.add()
    case.write("rustybt/lib/rank.cpython-312-x86_64-linux-gnu.so", b"\x7fELF")
    report = case.audit_checkout()
    assert report.causes == {("AU141", "")}
    assert rule in report.details()
    assert report.leftovers == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("MANIFEST.in", "graft rustybt\nglobal-exclude *.so\n"),
        ("MANIFEST.in", "graft rustybt\nprune rustybt/lib\n"),
        ("MANIFEST.in", "include rustybt/*.so\n"),
        ("setup.py", 'setup(package_data={"rustybt": ["*.so"]})\n'),
    ],
)
def test_a_leftover_that_no_rule_takes_is_only_noted(case: Case, file: str, text: str) -> None:
    case.append(file, text)
    case.add()
    case.write("rustybt/lib/rank.cpython-312-x86_64-linux-gnu.so", b"\x7fELF")
    report = case.audit_checkout()
    assert report.causes == set()
    assert len(report.leftovers) == 1


def test_excluded_package_data_takes_no_leftover(case: Case) -> None:
    text = (case.root / "pyproject.toml").read_text(encoding="utf-8")
    excluded = '[tool.setuptools.exclude-package-data]\n"rustybt.lib" = ["*.so"]\n'
    case.write("pyproject.toml", text.replace('"*.pxd", ', '"*.pxd", "*.so", ') + excluded)
    case.add()
    case.write("rustybt/lib/rank.abi3.so", b"\x7fELF")
    assert case.audit_checkout().causes == set()
    case.write("rustybt/rank.abi3.so", b"\x7fELF")
    assert case.audit_checkout().causes == {("AU141", "")}


def test_package_data_of_pyproject_takes_a_leftover(case: Case) -> None:
    text = (case.root / "pyproject.toml").read_text(encoding="utf-8")
    case.write("pyproject.toml", text.replace('"*.pxd", ', '"*.pxd", "*.so", '))
    case.add()
    case.write("rustybt/lib/rank.abi3.so", b"\x7fELF")
    report = case.audit_checkout()
    assert report.causes == {("AU141", "")}
    assert "package-data '*.so'" in report.details()


@pytest.mark.parametrize("value", ["True", "not STRICT", 'os.environ.get("X")'])
def test_f13_an_optional_rust_extension(case: Case, value: str) -> None:
    text = (case.root / "setup.py").read_text(encoding="utf-8")
    case.write("setup.py", text.replace("optional=False", f"optional={value}"))
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU111", "rustybt._rustybt")}
    assert "setup.py:3" in report.details()


def test_f13_an_extension_made_optional_by_assignment(case: Case) -> None:
    case.append("setup.py", "extension.optional = True\n")
    case.add()
    assert case.audit_checkout().causes == {
        ("AU111", "rustybt.lib.adjustment"),
        ("AU111", "rustybt.lib.rank"),
    }


def test_f13_an_optional_extension_in_pyproject(case: Case) -> None:
    case.append(
        "pyproject.toml",
        '[[tool.setuptools-rust.ext-modules]]\ntarget = "rustybt._rustybt"\noptional = true\n',
    )
    case.add()
    assert case.audit_checkout().causes == {("AU111", "rustybt._rustybt")}


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    from rustybt import _rustybt\nexcept ImportError:\n    _rustybt = None\n",
        "try:\n    from . import _rustybt\nexcept (ImportError, OSError):\n    pass\n",
        "try:\n    import rustybt._rustybt\nexcept Exception as error:\n    print(error)\n",
        "try:\n    from ._rustybt import rolling_sum\nexcept:\n    rolling_sum = None\n",
        'try:\n    import_module("rustybt._rustybt")\nexcept ImportError:\n    pass\n',
        "with contextlib.suppress(ImportError):\n    import rustybt._rustybt\n",
    ],
)
def test_f13_an_import_that_may_fail_unseen(case: Case, text: str) -> None:
    case.write("rustybt/indicators.py", text)
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU112", "rustybt._rustybt")}
    assert "rustybt/indicators.py" in report.details()
    assert report.state("rustybt._rustybt")["declared"] == "present"


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    from . import _rustybt\nexcept ImportError as e:\n    raise Oops from e\n",
        "try:\n    import numba\nexcept ImportError:\n    numba = None\n",
        "try:\n    from . import _rustybt\nexcept KeyError:\n    pass\n",
    ],
)
def test_a_guard_that_raises_or_concerns_others_is_fine(case: Case, text: str) -> None:
    case.write("rustybt/indicators.py", text)
    case.add()
    assert case.audit_checkout().causes == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", PYTEST + 'pythonpath = ["."]\naddopts = "--import-mode=importlib"\n'),
        ("pyproject.toml", PYTEST + 'addopts = "--import-mode=importlib -o pythonpath=."\n'),
        ("pyproject.toml", PYTEST + 'addopts = ["--import-mode=importlib", "-opythonpath=."]\n'),
        (
            "pyproject.toml",
            PYTEST + 'addopts = "--import-mode importlib --override-ini=pythonpath=."\n',
        ),
        (
            "pyproject.toml",
            PYTEST + 'pythonpath = [".."]\naddopts = "--import-mode=importlib --rootdir=tests"\n',
        ),
        ("pytest.ini", "[pytest]\npythonpath = tools .\naddopts = --import-mode importlib\n"),
        ("pytest.toml", '[pytest]\npythonpath = ["./"]\naddopts = ["--import-mode=importlib"]\n'),
        ("conftest.py", ""),
    ],
)
def test_f2_pytest_settings_that_import_the_checkout(case: Case, path: str, text: str) -> None:
    case.write(path, text)
    if path == "conftest.py":
        case.write("pyproject.toml", PYTEST)
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU121", "")}
    assert path in report.details()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("setup.cfg", "[tool:pytest]\npythonpath = .\naddopts = --import-mode=importlib\n"),
        ("tox.ini", "[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n"),
    ],
)
def test_f2_older_homes_of_pytest_settings(case: Case, path: str, text: str) -> None:
    case.write("pyproject.toml", "")
    case.write("tox.ini", "[tox]\n")
    case.write(path, text)
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU121", "")}
    assert path in report.details()


def test_f2_tests_that_are_a_package_import_the_checkout(case: Case) -> None:
    case.write("pyproject.toml", PYTEST)
    case.write("tests/__init__.py", "")
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU121", "")}
    assert "tests/conftest.py" in report.details()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("conftest.py", ""),
        ("tests/__init__.py", ""),
        ("setup.cfg", "[tool:pytest]\npythonpath = .\n"),  # pyproject.toml comes first
    ],
)
def test_harmless_pytest_settings(case: Case, path: str, text: str) -> None:
    case.write(path, text)
    case.add()
    assert case.audit_checkout().causes == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pixi.toml", '[tasks]\ntest = "python -m pytest"\n'),
        ("pixi.toml", '[feature.x.tasks.smoke]\ncmd = ["python", "-m", "rustybt.smoke"]\n'),
        ("pixi.toml", '[feature.x.target.linux-64.tasks]\ntest = "python3 -W error -m pytest"\n'),
        ("pixi.toml", '[tasks.test]\ncmd = "pytest"\nenv = { PYTHONPATH = "." }\n'),
        ("pixi.toml", '[activation.env]\nPYTHONPATH = "$PIXI_PROJECT_ROOT:tools"\n'),
        ("pixi.toml", '[tasks]\ntest = "PYTHONPATH=. pytest"\n'),
        (".ci/run", "set -e\npython -m pytest tests\n"),
    ],
)
def test_f1_f2_commands_that_import_the_checkout(case: Case, path: str, text: str) -> None:
    case.write(path, text)
    case.add()
    report = case.audit_checkout()
    assert report.causes == {("AU122", "")}
    assert path in report.details()


@pytest.mark.parametrize(
    "text",
    [
        '[tasks]\ntest = "python -P -m pytest"\n',
        '[tasks]\ntest = "python -I -m pytest"\n',
        '[tasks]\ntest = "PYTHONSAFEPATH=1 python -m pytest"\n',
        '[tasks.test]\ncmd = "python -m pytest"\nenv = { PYTHONSAFEPATH = "1" }\n',
        '[tasks.test]\ncmd = "python -m pytest"\ncwd = "tests"\n',
        '[tasks.test]\ncmd = "pytest"\nenv = { PYTHONPATH = "tools" }\n',
        '[tasks]\ntest = "python -m mypy"\n',
    ],
)
def test_harmless_commands(case: Case, text: str) -> None:
    case.write("pixi.toml", text)
    case.add()
    assert case.audit_checkout().causes == set()


@pytest.mark.parametrize("pattern", ["lib/", "build", "**/dist/", "env*/", "[Bb]in/", "data"])
def test_an_unanchored_pattern_that_could_swallow_a_package(case: Case, pattern: str) -> None:
    git_index = (case.root / ".git/index").read_bytes()
    case.append(".gitignore", f"{pattern}\n")
    (case.root / ".git/index").write_bytes(git_index)
    report = case.audit_checkout()
    assert report.causes == {("AU131", "")}
    assert f".gitignore:7: {pattern}" in report.details()


@pytest.mark.parametrize(
    "pattern", ["/lib/", "docs/_build/", ".venv/", "*.egg-info/", "__pycache__/", "!lib/", "# lib/"]
)
def test_a_pattern_that_cannot_swallow_a_package(case: Case, pattern: str) -> None:
    case.append(".gitignore", f"{pattern}\n\n")
    assert case.audit_checkout().causes == set()


def test_outside_git_the_tracked_stage_says_so(case: Case) -> None:
    shutil.rmtree(case.root / ".git")
    report = case.audit(case.sdist(), case.wheel(), installed="none")
    assert report.status == 0
    assert report.state("rustybt.lib.rank")["tracked"] == "unknown"
    (note,) = (note for note in report.document["notes"] if "'tracked'" in note)
    assert "is not a git checkout" in note


def test_a_folder_of_another_checkout_is_not_taken_for_one(case: Case) -> None:
    inner = case.root / "unpacked"
    shutil.copytree(case.root, inner, ignore=shutil.ignore_patterns(".git", "unpacked"))
    report = case.audit("--root", inner, case.sdist())
    assert report.status == 0
    assert report.state("rustybt.lib.rank")["tracked"] == "unknown"
    assert any("it lies in" in note for note in report.document["notes"])


def test_a_damaged_index_is_said(case: Case) -> None:
    (case.root / ".git" / "index").write_bytes(b"damaged")
    report = case.audit(case.sdist())
    assert report.status == 0
    assert any("git cannot list the files" in note for note in report.document["notes"])


def test_without_git_the_tracked_stage_says_so(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    report = case.audit(case.sdist())
    assert report.status == 0
    assert any("git was not found on PATH" in note for note in report.document["notes"])


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_variables_of_a_hook_do_not_mislead(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path))
    assert case.audit_checkout().causes == set()
    assert case.audit_checkout().state("rustybt.lib.rank")["tracked"] == "present"
