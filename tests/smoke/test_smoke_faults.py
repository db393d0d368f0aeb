"""Every fault that takes a compiled module away, made in a copy of the installed rustybt.

The number of a fault (F1 to F15) is that of docs/smoke.md.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.smoke.conftest import Environment

DEPENDENCIES = sorted(Requirement(line).name for line in metadata.requires("rustybt") or ())
OTHER_PYTHON = "cpython-39-x86_64-linux-gnu"
NO_FINGERPRINT = "0" * 64


def compile_extension(
    target: Path, module: dict[str, Any], body: str, *flags: str, globals_: str = ""
) -> None:
    """Put a shared object in the place of `module` that carries its fingerprint and runs `body`."""
    compiler = shutil.which(sysconfig.get_config_var("CC").split()[0]) or shutil.which("cc")
    assert compiler, "this test needs the C compiler that rustybt is built with"
    marker = f"rustybt-source:{module['name']}={module['fingerprint']};"
    source = target.with_suffix(".c")
    source.write_text(
        f'__attribute__((used)) const char mark[] = "{marker}";\n{globals_}\n'
        f"void *PyInit_{module['name'].rpartition('.')[2]}(void) {{ {body} }}\n"
    )
    target.unlink()
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", target, source, *flags], check=True, timeout=60
    )
    source.unlink()


def neighbours(environment: Environment, module: dict[str, Any]) -> list[str]:
    """Return options that select `module` and another, which must stay sound."""
    names = [item["name"] for item in environment.record()["modules"]]
    others = [name for name in names if name != module["name"]][:1]
    return [f"--select={name}" for name in (module["name"], *others)]


def assert_only(
    environment: Environment, module: dict[str, Any], code: str, status: str, cause: str
) -> None:
    """Smoke names this module and this cause, and nothing else is wrong."""
    result = environment.smoke(*neighbours(environment, module))
    assert result.found == {(code, module["name"])}
    assert cause in result.finding(code)["cause"]
    statuses = result.statuses()
    assert statuses.pop(module["name"]) == status
    assert set(statuses.values()) <= {"ok"}
    assert result.status == 1


def test_a_healthy_install_reports_nothing(environment: Environment) -> None:
    result = environment.smoke("--strict")
    assert result.found == set()
    assert result.status == 0
    names = {module["name"] for module in environment.record()["modules"]}
    assert result.statuses() == dict.fromkeys(names, "ok")
    for module in result.report["modules"]:
        assert (module["found_in"], module["answer"]) == ("site-packages", "right")
        assert module["sources"] == "current"
    assert [item["name"] for item in result.report["dependencies"]] == DEPENDENCIES


@pytest.mark.parametrize("language", ["cython", "rust"])
def test_missing_shared_object(environment: Environment, language: str) -> None:
    # F13: the Rust extension is missed like any other.
    module = environment.module(language)
    environment.shared_object(module).unlink()
    code = {"cython": "SM201", "rust": "SM203"}[language]
    assert_only(environment, module, code, "missing", f"there is no {environment.site}")


@pytest.mark.parametrize("language", ["cython", "rust"])
def test_f10_wrong_abi_tag(environment: Environment, language: str) -> None:
    module = environment.module(language)
    right = environment.shared_object(module)
    wrong = right.with_name(f"{right.name.split('.')[0]}.{OTHER_PYTHON}.so")
    right.rename(wrong)
    assert_only(environment, module, "SM204", "missing", wrong.name)


def test_f10_whole_install_for_another_python(environment: Environment) -> None:
    module, record = environment.module(), environment.record()
    right = environment.shared_object(module)
    name = f"{right.name.split('.')[0]}.{OTHER_PYTHON}.so"
    right.rename(right.with_name(name))
    for entry in record["modules"]:
        if entry["name"] == module["name"]:
            entry["file"] = entry["file"].replace(right.name, name)
    environment.write_record(record)
    assert_only(environment, module, "SM204", "missing", f"ABI tag {OTHER_PYTHON}")


def test_f10_wrong_tag_beside_the_right_one(environment: Environment) -> None:
    module = environment.module()
    right = environment.shared_object(module)
    shutil.copy(right, right.with_name(f"{right.name.split('.')[0]}.{OTHER_PYTHON}.so"))
    result = environment.smoke(*neighbours(environment, module))
    assert result.found == {("SM205", module["name"])}
    assert OTHER_PYTHON in result.finding("SM205")["cause"]
    assert result.status == 1


def test_f11_undefined_symbol(environment: Environment) -> None:
    module = environment.module()
    target = environment.shared_object(module)
    globals_ = "extern void *function_of_no_library(void);"
    compile_extension(
        target, module, "return function_of_no_library();", "-Wl,-z,now", globals_=globals_
    )
    assert_only(environment, module, "SM207", "failed", "function_of_no_library")


def test_f11_missing_shared_library(environment: Environment, tmp_path: Path) -> None:
    module = environment.module()
    target = environment.shared_object(module)
    library = tmp_path / "libnowhere.so"
    library.write_bytes(target.read_bytes())
    compile_extension(library, module, "return 0;")
    compile_extension(target, module, "return 0;", "-Wl,--no-as-needed", str(library))
    library.unlink()
    assert_only(environment, module, "SM208", "failed", "libnowhere.so")


def test_damaged_shared_object(environment: Environment) -> None:
    module = environment.module()
    mark = f"rustybt-source:{module['name']}={module['fingerprint']};"
    environment.shared_object(module).write_text(mark * 100)
    assert_only(environment, module, "SM209", "failed", "ImportError")


def test_import_that_raises(environment: Environment) -> None:
    # A shared object without the module's init function.
    module = environment.module()
    nameless = {**module, "name": "rustybt.other"}
    compile_extension(environment.shared_object(module), nameless, "return 0;")
    mark = f"rustybt-source:{module['name']}={module['fingerprint']};".encode()
    data = environment.shared_object(module).read_bytes().replace(b"-source:", b"-nobody:")
    environment.shared_object(module).write_bytes(data + mark)
    assert_only(environment, module, "SM211", "failed", "PyInit")


def test_crash_on_import(environment: Environment) -> None:
    module = environment.module()
    body = "*(volatile int *)0 = 1; return 0;"
    compile_extension(environment.shared_object(module), module, body)
    assert_only(environment, module, "SM212", "failed", "on import")


@pytest.mark.parametrize(
    ("probe", "code", "cause"),
    [
        ("def probe(): return [1.0, 2.0], [1.0, 2.5]", "SM303", "[1] is 2.0, known is 2.5"),
        ("def probe(): return {'a': (1, 'x')}, {'a': (1, 'y')}", "SM303", "['a'][1] is 'x', known"),
        ("def probe(): return [1], [1, 2]", "SM303", "is [1], known is [1, 2]"),
        ("def probe(): raise KeyError('rank')", "SM302", "KeyError: 'rank'"),
        ("def probe(): return None", "SM302", "TypeError"),
        ("import no_such_module", "SM302", "ModuleNotFoundError"),
        ("answer = 1", "SM301", "probe"),
        (None, "SM301", "No module named"),
        ("import os\ndef probe(): os.kill(os.getpid(), 11)", "SM212", "SIGSEGV in its probe"),
        ("import os\ndef probe(): os._exit(3)", "SM214", "exit status 3"),
        ("import sys\ndef probe(): sys.exit('leaving')", "SM302", "SystemExit: leaving"),
    ],
)
def test_probe(environment: Environment, probe: str | None, code: str, cause: str) -> None:
    module = environment.module()
    path = environment.probe(module)
    path.unlink()
    if probe is not None:
        path.write_text(probe)
    assert_only(environment, module, code, "failed", cause)


def test_probe_that_prints_is_understood(environment: Environment) -> None:
    module = environment.module()
    path = environment.probe(module)
    path.write_text(f'{path.read_text()}\nprint(\'{{"step": "crashed"}}\')\n')
    result = environment.smoke("--select", module["name"])
    assert (result.status, result.found) == (0, set())


def test_hang(environment: Environment) -> None:
    module = environment.module()
    environment.probe(module).write_text("import time\ndef probe(): time.sleep(600)")
    result = environment.smoke("--select", module["name"], "--timeout=6")
    assert result.found == {("SM213", module["name"])}
    assert result.finding("SM213")["cause"] == "in its probe, for 6 s"
    assert result.status == 1


def test_f14_stale_build(environment: Environment) -> None:
    module = environment.module()
    path = environment.shared_object(module)
    data = path.read_bytes()
    path.write_bytes(data.replace(module["fingerprint"].encode(), NO_FINGERPRINT.encode()))
    assert_only(environment, module, "SM305", "failed", NO_FINGERPRINT[:12])


def test_no_fingerprint(environment: Environment) -> None:
    module = environment.module()
    path = environment.shared_object(module)
    path.write_bytes(path.read_bytes().replace(b"rustybt-source:", b"rustybt-nothing"))
    assert_only(environment, module, "SM304", "failed", "does not say")


def test_another_file_in_its_place(environment: Environment) -> None:
    module = environment.module()
    path = environment.shared_object(module)
    other = path.with_name(path.name.split(".")[0])
    other.mkdir()
    (other / "__init__.py").touch()
    assert_only(environment, module, "SM206", "failed", str(other / "__init__.py"))


def test_undeclared_shared_object(environment: Environment) -> None:
    module = environment.module()
    path = environment.shared_object(module)
    shutil.copy(path, environment.package / f"leftover.{path.name.split('.', maxsplit=1)[1]}")
    result = environment.smoke("--select", module["name"])
    assert result.found == {("SM205", "rustybt.leftover")}
    assert result.status == 1


# --- dependencies ----------------------------------------------------------------------------


def test_missing_dependency(make_environment: Callable[..., Environment]) -> None:
    result = make_environment(without=("numpy",)).smoke()
    assert ("SM401", "numpy") in result.found
    # Others cannot be imported without numpy; no module is to blame.
    others = {("SM402", name) for name in DEPENDENCIES if name != "numpy"}
    assert result.found <= {("SM401", "numpy"), *others}
    assert set(result.statuses().values()) <= {"ok", "blocked"}
    assert result.status == 1


def test_dependency_out_of_range(make_environment: Callable[..., Environment]) -> None:
    environment = make_environment()
    (info,) = environment.site.glob("numpy-*.dist-info")
    info.unlink()
    info.with_name("numpy-1.26.4.dist-info").mkdir()
    metadata = info.with_name("numpy-1.26.4.dist-info") / "METADATA"
    metadata.write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.4\n")
    result = environment.smoke("--select=numpy", "--select=pandas")
    assert result.found == {("SM403", "numpy")}
    cause = "numpy 1.26.4 is installed, required is numpy>=2,<3"
    assert result.finding("SM403")["cause"] == cause
    assert result.status == 1


def test_dependency_that_does_not_import(environment: Environment) -> None:
    (environment.site / "numpy").unlink()
    (environment.site / "numpy").mkdir()
    (environment.site / "numpy/__init__.py").write_text("raise ImportError('no BLAS here')")
    module = environment.module()
    result = environment.smoke("--select=numpy", "--select", module["name"])
    assert result.found == {("SM402", "numpy")}
    assert "no BLAS here" in result.finding("SM402")["cause"]
    (entry,) = result.report["modules"]
    assert (entry["status"], entry["blocked_by"]) == ("blocked", "numpy")
    assert result.status == 1


def test_requirement_that_nobody_understands(environment: Environment) -> None:
    path = environment.metadata / "METADATA"
    line = "Requires-Dist: numpy ~~ 2\n"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Requires-Dist:", f"{line}Requires-Dist:", 1)
    )
    select = ["--select", environment.module()["name"]]
    noted = environment.smoke(*select)
    assert {code for code, _ in noted.found} == {"SM404"}
    assert noted.status == 0
    assert environment.smoke(*select, "--strict").status == 1


# --- the installation ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "SM105"),
        ("", "SM106"),
        ("[1, 2]", "SM106"),
        ('{"version": 2}', "SM106"),
        ('{"version": 1, "package": "0.1.0", "modules": []}', "SM106"),
        ('{"version": 1, "package": "0.1.0", "modules": [{"name": 1}]}', "SM106"),
    ],
)
def test_build_record(environment: Environment, content: str | None, code: str) -> None:
    module, names = environment.module(), {item["name"] for item in environment.record()["modules"]}
    path = environment.package / "_build_record.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    result = environment.smoke("--select", module["name"])
    assert result.found == {(code, "rustybt")}
    assert result.statuses() == {module["name"]: "ok"}
    assert result.status == 1
    wrong = environment.run("-P", "-m", "rustybt.smoke", "--select", "rustybt.no_such_module")
    assert wrong.returncode == 2
    assert all(name in wrong.stderr for name in names)


def test_build_record_of_another_version(environment: Environment) -> None:
    environment.write_record({**environment.record(), "package": "9.9.9"})
    result = environment.smoke("--select", environment.module()["name"])
    assert result.found == {("SM106", "rustybt")}
    assert "9.9.9" in result.finding("SM106")["cause"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("raise RuntimeError('broken by hand')", "RuntimeError: broken by hand"),
        ("import os; os._exit(7)", "exit status 7"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
def test_broken_package(environment: Environment, content: str, cause: str) -> None:
    (environment.package / "__init__.py").write_text(content)
    result = environment.smoke(target=[str(environment.package / "smoke")])
    assert result.found == {("SM107", "rustybt")}
    assert cause in result.finding("SM107")["cause"]
    names = {module["name"] for module in environment.record()["modules"]}
    assert result.statuses() == dict.fromkeys(names, "blocked")
    assert {item["status"] for item in result.report["dependencies"]} == {"ok"}
    assert result.status == 1


@pytest.mark.parametrize("target", [("-m", "rustybt.smoke"), None])
def test_package_without_init(environment: Environment, target: tuple[str, ...] | None) -> None:
    (environment.package / "__init__.py").unlink()
    name = environment.module()["name"]
    by_path = (str(environment.package / "smoke"),)
    result = environment.smoke("--select", name, target=target or by_path)
    assert result.found == {("SM107", "rustybt")}
    assert "__init__.py is missing" in result.finding("SM107")["cause"]
    assert result.statuses() == {name: "ok"}  # as part of a namespace package it does import
    assert result.status == 1


def test_no_metadata(environment: Environment) -> None:
    shutil.rmtree(environment.metadata)
    module = environment.module()
    result = environment.smoke("--select", module["name"])
    assert result.found == {("SM103", "rustybt")}
    assert result.statuses() == {module["name"]: "ok"}


@pytest.mark.parametrize("damage", ["", "Name: rustybt\n"])
def test_unreadable_metadata(environment: Environment, damage: str) -> None:
    (environment.metadata / "METADATA").write_text(damage)
    result = environment.smoke("--select", environment.module()["name"])
    assert result.found == {("SM111", "rustybt")}
    assert result.status == 1


def test_not_installed(environment: Environment, tmp_path: Path) -> None:
    smoke = shutil.copytree(environment.package / "smoke", tmp_path / "smoke")
    shutil.rmtree(environment.metadata)
    shutil.rmtree(environment.package)
    result = environment.smoke(target=[str(smoke)])
    assert (result.status, result.found) == (1, {("SM101", "rustybt")})


def test_package_folder_deleted(environment: Environment, tmp_path: Path) -> None:
    smoke = shutil.copytree(environment.package / "smoke", tmp_path / "smoke")
    shutil.rmtree(environment.package)
    result = environment.smoke(target=[str(smoke)])
    assert (result.status, result.found) == (1, {("SM102", "rustybt")})


def test_two_copies(environment: Environment, tmp_path: Path) -> None:
    shutil.copytree(environment.package, tmp_path / "second/rustybt")
    (environment.site / "second.pth").write_text(str(tmp_path / "second"))
    result = environment.smoke("--select", environment.module()["name"])
    assert result.found == {("SM104", "rustybt")}
    assert str(tmp_path / "second/rustybt") in result.finding("SM104")["cause"]
    assert result.status == 1


def test_two_distributions(environment: Environment) -> None:
    other = environment.site / "rustybt-9.9.9.dist-info"
    shutil.copytree(environment.metadata, other)
    text = (other / "METADATA").read_text(encoding="utf-8")
    version = json.loads((environment.package / "_build_record.json").read_text())["package"]
    (other / "METADATA").write_text(text.replace(f"Version: {version}", "Version: 9.9.9", 1))
    result = environment.smoke("--select", environment.module()["name"])
    assert {code for code, _ in result.found} <= {"SM104", "SM106"}
    assert "version" in result.finding("SM104")["cause"]
    assert result.status == 1
