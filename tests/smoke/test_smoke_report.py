"""What smoke prints: the table, the JSON and its schema, the exit status, the codes' documents."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]
import pytest

from rustybt.smoke.codes import Code
from rustybt.smoke.modules import import_fault

if TYPE_CHECKING:
    from tests.smoke.conftest import Environment

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_json_follows_its_schema(environment: Environment) -> None:
    schema = json.loads((DOCS / "schemas/smoke-1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    module = environment.module()
    environment.shared_object(module).unlink()
    environment.probe(environment.module("rust")).write_text("def probe(): return 1, 2")
    select = ["--select", module["name"], "--select", environment.module("rust")["name"]]
    report = environment.smoke(*select, "--select=numpy").report
    jsonschema.validate(report, schema)
    assert report["version"] == 1
    assert report["summary"]["modules"] == {
        "total": 2,
        "ok": 0,
        "missing": 1,
        "failed": 1,
        "blocked": 0,
    }
    assert [item["name"] for item in report["modules"]] == sorted(
        item["name"] for item in report["modules"]
    )


def test_table(environment: Environment) -> None:
    module, rust = environment.module(), environment.module("rust")
    environment.shared_object(module).unlink()
    select = ["--select", module["name"], "--select", rust["name"], "--select", "numpy"]
    done = environment.run("-P", "-m", "rustybt", "smoke", *select)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    (row,) = (line for line in lines if line.startswith(f"{rust['name']} "))
    assert row.split() == [
        rust["name"], "abi3", "site-packages", "imported", "right", "current", "ok"
    ]  # fmt: skip
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{module['name']} "))
    assert lines[at].split()[-1] == "missing"
    assert lines[at + 1].startswith("    SM201 missing from the install: there is no ")
    assert lines[at + 2].startswith("        -> reinstall rustybt: ")
    assert lines[-1] == (
        "Checked 2 modules (1 ok, 1 missing, 0 failed) "
        "and 1 dependency (1 ok, 0 missing, 0 failed): 1 failure."
    )


def test_the_closing_line_of_a_healthy_install(environment: Environment) -> None:
    name = environment.module()["name"]
    done = environment.run("-P", "-m", "rustybt.smoke", "--select", name, "--jobs=1")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == (
        "Checked 1 module (1 ok, 0 missing, 0 failed) "
        "and 0 dependencies (0 ok, 0 missing, 0 failed): all is well."
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--jobs=0"], "'0' is no whole number from 1 on"),
        (["--jobs=two"], "'two' is no whole number from 1 on"),
        (["--timeout=-1"], "'-1' is no number of seconds above 0"),
        (["--timeout=inf"], "'inf' is no number of seconds above 0"),
        (["--timeout=nan"], "'nan' is no number of seconds above 0"),
        (["--select=rustybt.nothing"], "--select rustybt.nothing matches none of: "),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_bad_usage_exits_2(environment: Environment, arguments: list[str], complaint: str) -> None:
    done = environment.run("-P", "-m", "rustybt.smoke", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_every_code_is_documented() -> None:
    text = (DOCS / "smoke.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (SM\d{3}): (.+)\n\n((?:(?!^#).*\n?)+)", text, re.MULTILINE)
    assert [(code, title) for code, title, _ in sections] == [
        (code.name, code.title) for code in Code
    ]
    for _, _, body in sections:
        for part in ("Fails if", "Common causes", "Solution"):
            assert f"- **{part}**: " in body or f"- **{part.replace('Fails', 'Notes')}**: " in body


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("/x/rank.so: undefined symbol: PyFloat_Frob", Code.SM207),
        ("dlopen(/x/rank.so): Symbol not found: _PyFloat_Frob", Code.SM207),
        ("DLL load failed: The specified procedure could not be found.", Code.SM207),
        ("libgomp.so.1: cannot open shared object file: No such file or directory", Code.SM208),
        ("Error loading shared library libgomp.so.1: No such file (needed by x)", Code.SM208),
        ("dlopen(/x/rank.so): Library not loaded: @rpath/libomp.dylib", Code.SM208),
        ("DLL load failed while importing rank: The specified module could not be", Code.SM208),
        ("/x/rank.so: invalid ELF header", Code.SM209),
        ("/x/rank.so: file too short", Code.SM209),
        ("dlopen(/x/rank.so): not a mach-o file", Code.SM209),
        ("numpy.dtype size changed, may indicate binary incompatibility", Code.SM210),
        ("module compiled against ABI version 0x1000009 but this version", Code.SM210),
        ("module was compiled against NumPy C-API version 0x16 (NumPy 2.5) but", Code.SM210),
        ("numpy.core.multiarray failed to import", Code.SM210),
        ("A module that was compiled using NumPy 1.x cannot be run in NumPy 2", Code.SM210),
        ("initialization of rank failed", Code.SM211),
    ],
)
def test_import_errors_have_their_codes(message: str, code: Code) -> None:
    assert import_fault(message) is code


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_interruption(environment: Environment, tmp_path: Path) -> None:
    module, started = environment.module(), tmp_path / "started"
    environment.probe(module).write_text(
        f"import pathlib, time\ndef probe():\n    pathlib.Path({str(started)!r}).touch()\n"
        "    time.sleep(600)\n"
    )
    smoke = subprocess.Popen(
        [environment.python, "-P", "-m", "rustybt.smoke", "--jobs=1", "--select", module["name"]],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not started.exists() and smoke.poll() is None:
            time.sleep(0.02)
        smoke.send_signal(signal.SIGINT)
        out, err = smoke.communicate(timeout=30)
    finally:
        smoke.kill()
    assert (smoke.returncode, out, err) == (130, "", "smoke: interrupted\n")
