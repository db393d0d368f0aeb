"""Faults of an installation."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import Case, Report

INFO = "rustybt-0.1.0.dist-info"
SHARED = (".so", ".pyd")


def _path_of(files: dict[str, bytes], module: str) -> str:
    """Return the path of a module's shared object."""
    stem = module.replace(".", "/") + "."
    (path,) = (name for name in files if name.startswith(stem) and name.endswith(SHARED))
    return path


def _audit_installed(case: Case, files: dict[str, bytes]) -> tuple[set[tuple[str, str]], str]:
    """Install the files and audit them beside a good wheel; return causes and details."""
    report = case.audit(case.wheel(), installed=case.install(files))
    return report.causes, report.details()


@pytest.mark.parametrize("module", ["rustybt.lib.rank", "rustybt._rustybt"])
def test_a_compiled_module_that_is_not_installed(case: Case, module: str) -> None:
    files = case.wheel_files()
    del files[_path_of(files, module)]
    report = case.audit(case.sdist(), case.wheel(), installed=case.install(files))
    assert report.status == 1
    assert report.causes == {("AU601", module)}
    assert report.state(module)["wheel"] == "present"
    assert report.state(module)["installed"] == "lost"


def test_a_python_file_and_a_subpackage_that_are_not_installed(case: Case) -> None:
    files = {
        path: content
        for path, content in case.wheel_files().items()
        if path != "rustybt/indicators.py" and not path.startswith("rustybt/finance/")
    }
    causes, _ = _audit_installed(case, files)
    assert causes == {
        ("AU601", "rustybt.indicators"),
        ("AU605", "rustybt.finance"),
        ("AU605", "rustybt.finance.orders"),
    }


def test_an_installed_file_that_is_older_than_the_checkout(case: Case) -> None:
    prefix = case.install()
    case.append("rustybt/indicators.py", "LATER = True\n")
    case.add()
    report = case.audit(case.wheel(), installed=prefix)
    assert report.causes == {("AU602", "rustybt.indicators")}


def test_an_installation_of_another_version(case: Case) -> None:
    files = case.wheel_files()
    files[f"{INFO}/METADATA"] = b"Metadata-Version: 2.4\nName: rustybt\nVersion: 0.0.9\n"
    causes, details = _audit_installed(case, files)
    assert causes == {("AU606", ""), ("AU642", "")}
    assert "0.0.9" in details


def test_an_installed_module_that_the_checkout_has_not(case: Case) -> None:
    causes, _ = _audit_installed(case, case.wheel_files() | {"rustybt/gone.py": b""})
    assert causes == {("AU607", "rustybt.gone")}


def test_f10_an_installed_shared_object_of_another_python(case: Case) -> None:
    files = case.wheel_files()
    wrong = "rustybt/lib/rank.cpython-38-x86_64-linux-gnu.so"
    files[wrong] = files.pop(_path_of(files, "rustybt.lib.rank"))
    causes, details = _audit_installed(case, files)
    assert causes == {("AU611", "rustybt.lib.rank")}
    assert wrong in details


def test_f10_an_installed_shared_object_for_another_machine(
    case: Case,
    make_header: Callable[[str, str], bytes],
    make_shared_object: Callable[..., bytes],
) -> None:
    files = case.wheel_files()
    other = "windows" if sys.platform != "win32" else "linux"
    files[_path_of(files, "rustybt.lib.rank")] = make_shared_object(
        "rustybt.lib.rank", "0" * 64, make_header(other, "")
    )
    causes, _ = _audit_installed(case, files)
    assert causes == {("AU612", "rustybt.lib.rank")}


@pytest.mark.skipif(sys.platform == "win32", reason="the stable ABI has no name of its own there")
def test_a_module_that_is_installed_twice(case: Case) -> None:
    files = case.wheel_files()
    files["rustybt/lib/rank.abi3.so"] = files[_path_of(files, "rustybt.lib.rank")]
    causes, _ = _audit_installed(case, files)
    assert causes == {("AU613", "rustybt.lib.rank")}


def test_an_installed_shared_object_that_nobody_declared(case: Case) -> None:
    causes, _ = _audit_installed(case, case.wheel_files() | {"rustybt/old.abi3.so": b""})
    assert causes == {("AU614", "rustybt.old")}


@pytest.mark.parametrize(
    ("name", "fingerprint", "code"),
    [
        ("rustybt.lib.rank", "unset", "AU615"),
        ("rustybt.lib.risk", "0" * 64, "AU616"),
        ("rustybt.lib.rank", "0" * 64, "AU617"),
    ],
)
def test_f14_an_installed_shared_object_of_other_sources(
    case: Case,
    make_shared_object: Callable[..., bytes],
    name: str,
    fingerprint: str,
    code: str,
) -> None:
    files = case.wheel_files()
    files[_path_of(files, "rustybt.lib.rank")] = make_shared_object(name, fingerprint)
    causes, _ = _audit_installed(case, files)
    assert causes == {(code, "rustybt.lib.rank")}


def test_f7_an_installed_shared_object_from_the_working_tree(
    case: Case, make_shared_object: Callable[..., bytes]
) -> None:
    good = case.wheel()
    files = case.wheel_files()
    path = _path_of(files, "rustybt.lib.rank")
    files[path] = make_shared_object("rustybt.lib.rank", "0" * 64)
    case.write(path, files[path])
    report = case.audit(good, installed=case.install(files))
    assert report.causes == {("AU618", "rustybt.lib.rank")}


def test_f15_an_installation_without_any_shared_object(case: Case) -> None:
    files = {
        path: content for path, content in case.wheel_files().items() if not path.endswith(SHARED)
    }
    causes, _ = _audit_installed(case, files)
    assert causes == {
        ("AU619", module)
        for module in ("rustybt._rustybt", "rustybt.lib.adjustment", "rustybt.lib.rank")
    }


def test_an_installed_file_that_was_altered(case: Case) -> None:
    prefix = case.install()
    (altered,) = prefix.rglob("_rustybt.*.so") if sys.platform != "win32" else prefix.rglob("*.pyd")
    altered.write_bytes(altered.read_bytes() + b"padding")
    report = case.audit(case.wheel(), installed=prefix)
    assert report.causes == {("AU631", "rustybt._rustybt")}
    assert "altered since it was installed" in report.details()


def test_an_installed_file_that_no_installer_put_there(case: Case) -> None:
    files = case.wheel_files()
    shipped = dict(files)
    prefix = case.install(
        {path: data for path, data in files.items() if path != "rustybt/indicators.py"}
    )
    (package,) = prefix.rglob("rustybt/__init__.py")
    (package.parent / "indicators.py").write_bytes(shipped["rustybt/indicators.py"])
    report = case.audit(case.wheel(), installed=prefix)
    assert report.causes == {("AU631", "rustybt.indicators")}
    assert "not put there by the installer" in report.details()


def test_an_installed_build_record_that_is_missing_or_speaks_of_other_sources(case: Case) -> None:
    files = case.wheel_files()
    record = json.loads(files.pop("rustybt/_build_record.json"))
    assert _audit_installed(case, files)[0] == {("AU641", "")}
    shutil.rmtree(case.folder / "environment")
    record["source"]["digest"] = "0" * 64
    files["rustybt/_build_record.json"] = json.dumps(record).encode()
    assert _audit_installed(case, files)[0] == {("AU643", "")}


def test_bytecode_of_an_installation_is_nobody_s_business(case: Case) -> None:
    prefix = case.install()
    (package,) = prefix.rglob("rustybt/__init__.py")
    cache = package.parent / "__pycache__"
    cache.mkdir()
    (cache / "indicators.cpython-313.pyc").write_bytes(b"")
    assert case.audit(case.wheel(), installed=prefix).causes == set()


def _editable(case: Case) -> Path:
    """Install the project in editable form, as setuptools lays it out."""
    origin = {"url": case.root.as_uri(), "dir_info": {"editable": True}}
    files = {
        f"{INFO}/METADATA": b"Metadata-Version: 2.4\nName: rustybt\nVersion: 0.1.0\n",
        f"{INFO}/direct_url.json": json.dumps(origin).encode(),
        "__editable__.rustybt-0.1.0.pth": str(case.root).encode(),
    }
    return case.install(files)


def test_f9_an_editable_install_that_left_no_shared_object(case: Case) -> None:
    files = case.wheel_files()
    kept = _path_of(files, "rustybt.lib.adjustment")
    case.write(kept, files[kept])
    report = case.audit(case.sdist(), case.wheel(), installed=_editable(case))
    assert report.causes == {("AU653", "rustybt.lib.rank"), ("AU653", "rustybt._rustybt")}


def test_f9_an_editable_install_without_any_shared_object(case: Case) -> None:
    report = case.audit(case.wheel(), installed=_editable(case))
    assert report.causes == {
        ("AU653", module)
        for module in ("rustybt._rustybt", "rustybt.lib.adjustment", "rustybt.lib.rank")
    }


def test_a_complete_editable_install_is_whole(
    case: Case, command_line: Callable[[list[str]], Report]
) -> None:
    wheel = case.wheel()
    for path, content in case.wheel_files().items():
        if path.endswith(SHARED):
            case.write(path, content)
    report = case.audit(wheel, installed=_editable(case))
    assert report.causes == set()
    assert len(report.leftovers) == 1
    prefix = case.folder / "environment"
    text = command_line(["--root", str(case.root), "--installed", str(prefix), str(wheel)]).out
    assert f"  editable, from {case.root}" in text


def test_an_unreadable_origin_is_not_taken_for_an_editable_install(case: Case) -> None:
    files = case.wheel_files() | {f"{INFO}/direct_url.json": b"{"}
    assert _audit_installed(case, files)[0] == set()


def test_the_package_is_not_installed(case: Case) -> None:
    prefix = case.install({"other-1.dist-info/METADATA": b"Name: other\nVersion: 1\n"})
    report = case.audit(case.wheel(), installed=prefix)
    assert {code for code, _ in report.causes} == {"AU651"}
    assert report.state("rustybt.lib.rank")["installed"] == "lost"


def test_what_an_interrupted_installation_left_has_no_version(case: Case) -> None:
    files = case.wheel_files()
    del files[f"{INFO}/METADATA"]
    report = case.audit("--select", "AU606", case.wheel(), installed=case.install(files))
    assert report.causes == {("AU606", "")}


def test_the_package_is_installed_twice(case: Case) -> None:
    prefix = case.install()
    (package,) = prefix.rglob("rustybt/__init__.py")
    place = package.parents[1]
    second = case.folder / "second"
    shutil.copytree(place, second)
    (place / "second.pth").write_text(str(second), encoding="utf-8")
    report = case.audit(case.wheel(), installed=prefix)
    assert report.causes == {("AU652", "")}
    assert str(second) in report.details()


def test_the_current_directory_and_pythonpath_have_no_say(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = case.install()
    monkeypatch.chdir(case.root)
    monkeypatch.setenv("PYTHONPATH", str(case.root))
    assert case.audit(case.wheel(), installed=prefix).causes == set()


def test_an_interpreter_may_be_named_by_its_path(case: Case) -> None:
    prefix = case.install()
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    assert case.audit(case.wheel(), installed=prefix / inside).causes == set()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_an_interpreter_that_does_not_answer(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.installed._SECONDS", 0.05)
    script = case.folder / "python"
    script.write_text("#!/bin/sh\nexec sleep 5\n", encoding="utf-8")
    script.chmod(0o755)
    report = case.audit(case.wheel(), installed=script)
    assert (report.status, report.out) == (2, "")
    assert report.err == f"audit: {script} did not answer within 0.05 s\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")
def test_an_interpreter_that_is_none(case: Case) -> None:
    wheel = case.wheel()
    empty = case.folder / "empty"
    empty.mkdir()
    script = case.folder / "python"
    script.write_text("#!/bin/sh\necho hello\n", encoding="utf-8")
    script.chmod(0o755)
    failing = case.folder / "python-failing"
    failing.write_text("#!/bin/sh\necho no such library >&2\nexit 1\n", encoding="utf-8")
    failing.chmod(0o755)
    no_program = case.folder / "python-text"
    no_program.write_text("text", encoding="utf-8")
    no_program.chmod(0o755)
    for wanted, said in [
        (str(no_program), f"{no_program} cannot be run"),
        (str(empty), f"{empty} has no Python"),
        ("no-such-python", "neither an environment's folder nor a Python"),
        (str(script), "is no Python: it answered"),
        (str(failing), "could not list what is installed: no such library"),
    ]:
        report = case.audit(wheel, installed=wanted)
        assert (report.status, report.out) == (2, "")
        assert said in report.err
        assert report.err.count("\n") == 1
