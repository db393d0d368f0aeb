"""The command line and its two reports."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from audit import binaries, tags
from audit.causes import Cause, at, matching
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import Case, Report

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^### (AU\d{3})\n\n(.+?)\n\n", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """Return the schema of the JSON report."""
    text = (ROOT / "docs" / "schemas" / "audit-1.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _text(case: Case, command_line: Callable[[list[str]], Report], *arguments: str) -> Report:
    return command_line(["--root", str(case.root), "--installed", "none", *arguments])


def test_the_json_report_fits_its_schema(case: Case, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    files = case.wheel_files()
    del files["rustybt/finance/orders.py"]
    (case.root / "rustybt/lib/labelarray.py").unlink()
    shutil.rmtree(case.root / ".git")
    for report in (
        case.audit(case.sdist({"PKG-INFO": b""}), case.wheel(files), installed=case.install(files)),
        case.audit("--select", "AU443", case.wheel(files)),
    ):
        assert list(validator.iter_errors(report.document)) == []
    assert set(schema["properties"]) == set(schema["required"]) == set(report.document)


@pytest.mark.parametrize("change", [("version", 2), ("healthy", "yes"), ("stages", [])])
def test_the_schema_refuses_other_documents(
    case: Case, schema: dict[str, Any], change: tuple[str, object]
) -> None:
    document = case.audit(case.wheel()).document | dict([change])
    assert not jsonschema.Draft202012Validator(schema).is_valid(document)


def test_the_text_report_of_a_healthy_project(
    case: Case, command_line: Callable[[list[str]], Report]
) -> None:
    report = _text(case, command_line, str(case.sdist()), str(case.wheel()))
    assert (report.status, report.err) == (0, "")
    lines = report.out.splitlines()
    assert lines[0] == f"rustybt 0.1.0, checkout {case.root}"
    assert re.fullmatch(r"  sdist +\S.*\.tar\.gz  0\.\d\d MB of 2\.00 MB allowed", lines[1])
    assert re.fullmatch(r"  wheel +\S.*\.whl  0\.\d\d MB of 4\.17 MB allowed", lines[2])
    stages = ["declared", "tracked", "sdist", "wheel", "conda package", "installed"]
    assert re.split(r"\s{2,}", lines[4]) == ["module", *stages]
    rows = {line.split()[0]: line.split()[1:] for line in lines[5:8]}
    assert rows == {
        module: ["yes"] * 4 + ["?", "?"]
        for module in ("rustybt._rustybt", "rustybt.lib.adjustment", "rustybt.lib.rank")
    }
    assert lines[8].startswith("8 other modules and files of the package: present at every stage")
    assert "note: the stage 'conda package' was not examined: no conda package was given" in lines
    assert "note: the stage 'installed' was not examined: --installed none" in lines
    assert lines[-1] == (
        "Checked 3 compiled and 8 other modules at 4 of 6 stages (0 with a hole, 0 findings)"
    )
    assert "\033" not in report.out


def test_the_text_report_of_a_hole(case: Case, command_line: Callable[[list[str]], Report]) -> None:
    files = case.sdist_files()
    del files["rustybt/lib/rank.pyx"], files["rustybt/lib/rank.pyi"]
    sdist = case.sdist(files)
    report = _text(case, command_line, str(sdist), str(case.wheel()))
    assert report.status == 1
    assert (
        "rustybt.lib.rank        yes        yes        AU301      -          -              -"
        in report.out
    )
    assert report.out.split("\n\n")[2].splitlines() == [
        f"{sdist}: AU301: {Cause.SDIST_MISSING.sentence}",
        "    rustybt.lib.rank",
        "      rustybt/lib/rank.pyi",
        "      rustybt/lib/rank.pyx",
        f"    -> {Cause.SDIST_MISSING.remedy}",
    ]
    assert "(1 with a hole, 1 finding)" in report.out


def test_the_text_report_of_a_file_that_stands_for_itself(
    case: Case, command_line: Callable[[list[str]], Report]
) -> None:
    case.write("rustybt/lib/fresh.pxi", "")
    report = _text(case, command_line, "--select", "AU2", str(case.sdist()))
    assert "\n    rustybt/lib/fresh.pxi\n" in report.out
    case.write("rustybt/fresh.py", "")
    report = _text(case, command_line, "--select", "AU2", str(case.sdist()))
    assert "\n    rustybt.fresh: rustybt/fresh.py\n" in report.out


def test_by_default_the_running_interpreter_is_inspected(
    case: Case, command_line: Callable[[list[str]], Report]
) -> None:
    words = ["--root", str(case.root), "--json", "--select", "AU1", str(case.sdist())]
    document = command_line(words).document
    (stage,) = (stage for stage in document["stages"] if stage["name"] == "installed")
    labels = [each["label"] for each in document["artefacts"] if each["stage"] == "installed"]
    said = labels[0] if stage["examined"] else stage["reason"]
    assert sys.prefix in said


def test_colours_are_for_terminals(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit import cli

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert cli._colour()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not cli._colour()
    assert case.root.is_dir()


def test_the_same_input_gives_the_same_bytes(case: Case) -> None:
    sdist, wheel = case.sdist(), case.wheel(case.wheel_files() | {"rustybt/a.abi3.so": b"x"})
    case.append("rustybt/lib/window.pxi", "# later\n")
    assert case.audit(sdist, wheel).out == case.audit(wheel, sdist, wheel).out


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ([], {"AU302", "AU403"}),
        (["--select", "AU3"], {"AU302"}),
        (["--select", "AU302,AU403"], {"AU302", "AU403"}),
        (["--select", "AU3", "--select", "AU40"], {"AU302", "AU403"}),
        (["--ignore", "AU302"], {"AU403"}),
        (["--select", "AU", "--ignore", "AU3,AU4"], set()),
    ],
)
def test_codes_are_chosen_by_prefix(case: Case, arguments: list[str], codes: set[str]) -> None:
    sdist = case.sdist()
    case.append("rustybt/finance/orders.py", "LATER = True\n")
    case.add()
    wheel = case.wheel(case.wheel_files() | {"rustybt/lib/rank.c": b""})
    report = case.audit(*arguments, sdist, wheel)
    assert {code for code, _ in report.causes} == codes
    assert report.status == bool(codes)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "W001"], "no code starts with 'W001'"),
        (["--ignore", "AU99"], "no code starts with 'AU99'"),
        (["missing file.whl"], "missing file.whl does not exist"),
        (["LICENSE"], "LICENSE is no wheel (.whl), sdist"),
        (["--dist", "rust"], "rust has no wheel, sdist or conda package in it"),
        (["--root", "rust"], "is no checkout of rustybt"),
        (["--build"], "has no tools/artefacts to build with"),
        (["--build", "LICENSE"], "--build makes the artefacts to audit"),
    ],
)
def test_what_cannot_be_audited_is_said_in_one_sentence(
    case: Case, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(case.root)
    report = case.audit(*arguments)
    assert (report.status, report.out) == (2, "")
    assert said in report.err
    assert report.err.count("\n") == 1


def test_every_unreadable_artefact_is_named(case: Case) -> None:
    first, second = case.folder / "a.tar.gz", case.folder / "b.whl"
    first.write_bytes(b"")
    second.write_bytes(b"")
    report = case.audit(case.folder)
    assert report.status == 2
    assert [line.split()[1] for line in report.err.replace(str(case.folder), "").splitlines()] == [
        "/a.tar.gz",
        "/b.whl",
    ]


@pytest.mark.skipif(os.name == "nt", reason="the error has another name there")
def test_a_source_that_cannot_be_read_is_named(case: Case) -> None:
    sdist = case.sdist()
    (case.root / "pyproject.toml").unlink()
    (case.root / "pyproject.toml").mkdir()
    report = case.audit(sdist)
    assert (report.status, report.out) == (2, "")
    assert report.err == f"audit: {case.root / 'pyproject.toml'} cannot be read: Is a directory\n"


def test_an_invalid_pyproject_is_named(case: Case) -> None:
    case.write("pyproject.toml", "[project\n")
    report = case.audit(case.sdist({"PKG-INFO": b""}))
    assert report.status == 2
    assert "pyproject.toml is no valid TOML" in report.err


@pytest.mark.parametrize("environment", ["default", "py311"])
def test_without_artefacts_those_of_the_environment_are_taken(
    case: Case, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    if environment != "default":
        monkeypatch.setenv("PIXI_ENVIRONMENT_NAME", environment)
    else:
        monkeypatch.delenv("PIXI_ENVIRONMENT_NAME", raising=False)
    folder = case.root / "dist" / environment
    folder.mkdir(parents=True)
    shutil.move(case.sdist(), folder)
    report = case.audit()
    assert report.causes == set()
    assert [artefact["label"] for artefact in report.document["artefacts"]] == [
        f"dist/{environment}/rustybt-0.1.0.tar.gz"
    ]


@pytest.mark.parametrize("arguments", [[], ["--build"]])
def test_without_artefacts_they_are_built(
    case: Case, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("PIXI_ENVIRONMENT_NAME", "default")
    case.write(
        "tools/artefacts/__main__.py",
        "import shutil, sys\nassert sys.argv[1:3] == ['build', '--outdir']\n"
        f"shutil.copy({str(case.sdist())!r}, sys.argv[3])\n",
    )
    report = case.audit(*arguments)
    assert report.status == 0
    assert [artefact["label"] for artefact in report.document["artefacts"]] == [
        "rustybt-0.1.0.tar.gz"
    ]


@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", ""])
def test_a_build_that_fails_is_said(case: Case, code: str) -> None:
    case.write("tools/artefacts/__main__.py", code)
    report = case.audit("--build")
    assert report.status == 2
    assert "could not be built" in report.err


def test_it_runs_as_a_folder_and_imports_no_part_of_the_package(case: Case) -> None:
    hook = (
        "import runpy, sys\n"
        "sys.argv = ['audit', *sys.argv[2:]]\n"
        "try:\n    runpy.run_path({!r}, run_name='__main__')\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'rustybt']\n"
    )
    command = [sys.executable, "-c", hook.format(str(ROOT / "tools" / "audit")), "audit"]
    arguments = ["--root", str(case.root), "--installed", "none", str(case.wheel())]
    run = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("rustybt 0.1.0")


def test_codes_are_unique_and_of_the_stage_of_their_first_digit() -> None:
    codes = [cause.code for cause in Cause]
    assert len(set(codes)) == len(codes)
    assert codes == sorted(codes)
    assert at(Stage.WHEEL, 1) is Cause.WHEEL_MISSING
    assert Cause.WHEEL_MISSING.stage is Stage.WHEEL
    assert Cause.UNRESOLVED_IMPORT.stage is Stage.DECLARED
    assert Cause.PYTEST_PATH.stage is None
    assert matching("AU30") == {cause for cause in Cause if cause.name.startswith("SDIST")}


def test_every_code_is_documented_with_its_sentence() -> None:
    documented = {code: " ".join(text.split()) for code, text in ENTRY.findall(DOCUMENT)}
    assert documented == {cause.code: f"**{cause.sentence}**" for cause in Cause}


@pytest.mark.parametrize("heading", ["Fails if", "Common causes", "Solution"])
def test_every_code_is_documented_in_three_parts(heading: str) -> None:
    sections = re.split(r"^### ", DOCUMENT, flags=re.MULTILINE)[1:]
    assert [section[:5] for section in sections if f"- {heading}: " not in section] == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.cpython-313-x86_64-linux-gnu.so", ("a.b", "cp313", "x86_64-linux-gnu")),
        ("a/b.cpython-313t-darwin.so", ("a.b", "cp313t", "darwin")),
        ("a/b.cp313-win_amd64.pyd", ("a.b", "cp313", "win_amd64")),
        ("a/b.abi3.so", ("a.b", "abi3", None)),
        ("a/b.pyd", ("a.b", None, None)),
        ("b.pypy310-pp73-x86_64-linux-gnu.so", ("b", "pypy310-pp73-x86_64-linux-gnu", None)),
        ("a/b.py", None),
        ("a/libm.so.6", None),
    ],
)
def test_extension_names(path: str, expected: tuple[str, str | None, str | None] | None) -> None:
    found = tags.parse_extension(path)
    assert (found and (found.module, found.abi, found.platform)) == expected


@pytest.mark.parametrize(
    ("tag", "system", "machines"),
    [
        ("linux-x86_64", "linux", {"x86_64"}),
        ("manylinux_2_28_aarch64", "linux", {"aarch64"}),
        ("manylinux2014_i686", "linux", {"x86"}),
        ("musllinux_1_2_x86_64", "musllinux", {"x86_64"}),
        ("x86_64-linux-musl", "musllinux", {"x86_64"}),
        ("aarch64-linux-gnu", "linux", {"aarch64"}),
        ("macosx-11.0-arm64", "macos", {"aarch64"}),
        ("macosx_10_13_universal2", "macos", {"x86_64", "aarch64"}),
        ("darwin", "macos", set()),
        ("win_amd64", "windows", {"x86_64"}),
        ("win-amd64", "windows", {"x86_64"}),
        ("win32", "windows", {"x86"}),
        ("win_arm64", "windows", {"aarch64"}),
    ],
)
def test_platform_tags(tag: str, system: str, machines: set[str]) -> None:
    assert tags.parse_platform(tag) == tags.Platform(system, frozenset(machines))


@pytest.mark.parametrize("tag", ["any", "none", "freebsd_14_amd64"])
def test_platforms_that_are_not_known(tag: str) -> None:
    assert tags.parse_platform(tag) is None


@pytest.mark.parametrize(
    ("platform", "name", "fits"),
    [
        ("manylinux_2_28_x86_64", "a.cpython-313-x86_64-linux-gnu.so", True),
        ("manylinux_2_28_x86_64", "a.cpython-313-aarch64-linux-gnu.so", False),
        ("manylinux_2_28_x86_64", "a.cpython-313-x86_64-linux-musl.so", False),
        ("manylinux_2_28_x86_64", "a.abi3.so", True),
        ("manylinux_2_28_x86_64", "a.so", False),
        ("macosx_11_0_arm64", "a.cpython-313-darwin.so", True),
        ("macosx_11_0_arm64", "a.cpython-312-darwin.so", False),
        ("win_amd64", "a.cp313-win_amd64.pyd", True),
        ("win_amd64", "a.cp313-win_arm64.pyd", False),
        ("win_amd64", "a.pyd", True),
    ],
)
def test_what_a_target_accepts(platform: str, name: str, *, fits: bool) -> None:
    target = tags.Target(frozenset({"cp313", "abi3"}), tags.parse_platform(platform), "")
    extension = tags.parse_extension(name)
    assert extension is not None
    assert target.accepts(extension) is fits


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", "ELF for x86_64"),
        ("linux", "aarch64", "ELF for aarch64"),
        ("macos", "arm64", "Mach-O for aarch64"),
        ("windows", "amd64", "PE for x86_64"),
    ],
)
def test_headers(
    make_header: Callable[[str, str], bytes], system: str, machine: str, expected: str
) -> None:
    assert str(binaries.read_image(make_header(system, machine))) == expected


def test_the_header_of_a_file_for_two_machines() -> None:
    entry = bytes(16)
    fat = (
        bytes.fromhex("cafebabe00000002") + bytes.fromhex("01000007") + entry
        + bytes.fromhex("0100000c") + entry
    )  # fmt: skip
    assert str(binaries.read_image(fat)) == "Mach-O for aarch64 and x86_64"


def test_the_interpreter_s_own_binary_is_read() -> None:
    image = binaries.read_image(Path(sys.executable).resolve().read_bytes())
    assert image is not None
    assert image.machines
    assert not any(machine.startswith("machine 0x") for machine in image.machines)
