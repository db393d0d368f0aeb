"""Pins, this machine's versions in their place, and the Pythons at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("rattler_build", reason="py-rattler-build is in the environment default only")

from conda import channels, variants
from conda.errors import CondaError
from externals import interpreters, machine, toolchain
from externals.failure import ExternalsError
from externals.interpreters import Interpreter

ROOT = Path(__file__).resolve().parents[2]
LINUX = variants.Platforms("linux-64", "linux-64")
PINS = variants.read(ROOT / "recipe/variants.yaml", LINUX)


def interpreter(folder: Path, minor: int, *, headers: bool = True) -> Interpreter:
    include = folder / f"include{minor}"
    include.mkdir()
    if headers:
        (include / "Python.h").touch()
    return Interpreter(
        executable=folder / f"python3.{minor}",
        root=folder,
        version=(3, minor, 1),
        stdlib=folder,
        include=include,
        libdir=folder,
        library="",
        multiarch="",
        layout="site-packages",
    )


def test_all_pythons_at_hand_are_taken_the_oldest_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        interpreter(tmp_path, 13),
        interpreter(tmp_path, 12, headers=False),
        interpreter(tmp_path, 11),
        interpreter(tmp_path, 99),
    ]
    chosen = channels.pythons(PINS, (), found)
    assert [python.minor for python in chosen] == ["3.11", "3.13"]
    assert "passing Python 3.12.1 over: its headers are not in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("3.13", "this machine has no Python 3.13; it has 3.12.1"),
        ("3.12", r"Python 3\.12 .* cannot be used: its headers are not in"),
        ("3.10", "no variant for Python 3.10; recipe/variants.yaml has 3.11, 3.12, 3.13, 3.14"),
    ],
)
def test_a_python_that_cannot_be_had_is_one_sentence(
    tmp_path: Path, wanted: str, sentence: str
) -> None:
    with pytest.raises(CondaError, match=sentence):
        channels.pythons(PINS, (wanted,), [interpreter(tmp_path, 12, headers=False)])


@pytest.mark.parametrize("headerless", [(), (12,)])
def test_no_python_at_all_is_one_sentence(tmp_path: Path, headerless: tuple[int, ...]) -> None:
    found = [interpreter(tmp_path, minor, headers=False) for minor in headerless]
    with pytest.raises(CondaError, match="no Python of this machine can be built for"):
        channels.pythons(PINS, (), found)


def test_conda_forge_keeps_the_pins() -> None:
    offer = channels.conda_forge(("conda-forge",), PINS, ())
    assert offer.pins == PINS
    assert offer.channels == ("https://conda.anaconda.org/conda-forge",)
    only = channels.conda_forge(("conda-forge",), PINS, ("3.12",))
    assert only.pins["python"] == ["3.12.* *_cpython"]
    assert {**only.pins, "python": PINS["python"]} == PINS


def test_versions_that_fit_the_pins_are_not_mentioned() -> None:
    versions = {"c_compiler_version": "15.2.0", "c_stdlib_version": "2.17"}
    adopted, sentence = variants.adopt(PINS, versions)
    assert sentence is None
    assert adopted["c_compiler_version"] == ["15.2.0"]
    assert PINS["c_compiler_version"] == ["15"]


def test_versions_that_differ_are_said_in_one_line() -> None:
    versions = {"c_compiler_version": "12.2.0", "c_stdlib_version": "2.171"}
    adopted, sentence = variants.adopt(PINS, versions)
    assert sentence is not None
    assert "(gcc 12.2.0 for 15, glibc 2.171 for 2.17)" in sentence
    assert "\n" not in sentence
    assert adopted == {**PINS, "c_compiler_version": ["12.2.0"], "c_stdlib_version": ["2.171"]}


def test_written_pins_are_read_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "variants.json"
    variants.write(PINS, path)
    assert json.loads(path.read_text(encoding="utf-8")) == PINS
    assert variants.read(path, LINUX) == PINS
    assert [each.name for each in tmp_path.iterdir()] == ["variants.json"]


def test_all_that_the_recipe_needs_is_asked_for() -> None:
    rendered = variants.render(ROOT / "recipe/recipe.yaml", PINS, LINUX)
    wanted = variants.requirements(rendered)
    assert {"gcc_linux-64 15.*", "rust_linux-64 1.97.*", "numpy >=2,<3", "pip"} <= set(wanted)


@pytest.mark.parametrize("content", ["python: [", "python: {a: 1}", "- python"])
def test_unreadable_variants_are_one_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "variants.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CondaError, match="cannot be read as variants"):
        variants.read(path, LINUX)


def test_a_variant_without_a_version_is_refused() -> None:
    with pytest.raises(CondaError, match="begins with no version like"):
        variants.minor("pypy")


def test_the_machine_builds_for_itself_only(tmp_path: Path) -> None:
    other = "osx-arm64"
    platforms = variants.Platforms(machine.subdir(), other)
    with pytest.raises(CondaError, match=f"not for {other}: use conda-forge"):
        channels.externals(tmp_path, ROOT / "recipe/recipe.yaml", platforms, ())


@pytest.mark.parametrize(
    ("lacking", "sentence"), [("gcc", "no C compiler: gcc is not"), ("rustc", "no Rust compiler")]
)
def test_a_missing_compiler_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    lacking: str,
    sentence: str,
) -> None:
    def which(program: str) -> Path | None:
        return None if program == lacking else machine.which(program)

    def forget() -> None:
        toolchain.gnu.cache_clear()
        toolchain.rustc.cache_clear()

    forget()
    request.addfinalizer(forget)
    monkeypatch.setattr(toolchain, "which", which)
    monkeypatch.setattr(interpreters, "find", lambda **_: (interpreter(tmp_path, 13),))
    here = variants.Platforms(machine.subdir(), machine.subdir())
    with pytest.raises(ExternalsError, match=sentence):
        channels.externals(tmp_path, ROOT / "recipe/recipe.yaml", here, ())
    assert not (tmp_path / ".pixi").exists()
