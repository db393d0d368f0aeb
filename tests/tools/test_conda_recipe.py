"""recipe/: the compiled modules it names, its pins, and how it renders on every platform."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import sources
from conda import modules
from conda.errors import CondaError

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "recipe/recipe.yaml"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIXI = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
NEEDS = "py-rattler-build is in the environment default only"
SUFFIX = {
    "linux-64": ".cpython-{}-x86_64-linux-gnu.so",
    "linux-aarch64": ".cpython-{}-aarch64-linux-gnu.so",
    "osx-64": ".cpython-{}-darwin.so",
    "osx-arm64": ".cpython-{}-darwin.so",
    "win-64": ".cp{}-win_amd64.pyd",
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def render(target: str) -> list[dict[str, Any]]:
    """Return the recipe as rendered for each Python on a platform, built on linux-64."""
    pytest.importorskip("rattler_build", reason=NEEDS)
    from conda import variants

    native = target not in {"linux-aarch64", "osx-arm64"}
    platforms = variants.Platforms(target if native else "linux-64", target)
    pins = variants.read(RECIPE.with_name("variants.yaml"), platforms)
    return [each.recipe.to_dict() for each in variants.render(RECIPE, pins, platforms)]


def of_kind(recipe: dict[str, Any], kind: str) -> list[Any]:
    return [test[kind] for test in recipe["tests"] if kind in test]


def test_the_recipe_names_every_compiled_module() -> None:
    assert modules.missing(RECIPE.read_text(encoding="utf-8"), ROOT) == ()


def test_a_module_that_the_recipe_is_not_told_of_is_named(tmp_path: Path) -> None:
    for module in sources.find(ROOT):
        path = tmp_path / module.source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "rust/python/Cargo.toml").touch()
    text = RECIPE.read_text(encoding="utf-8")
    assert modules.missing(text, tmp_path) == ()
    (tmp_path / "rustybt/lib/newcomer.pyx").touch()
    assert modules.missing(text, tmp_path) == (
        "rustybt.lib.newcomer",
        "rustybt/lib/newcomer${{ suffix }}",
    )
    told = modules.synced(text, tmp_path)
    assert modules.missing(told, tmp_path) == ()
    (tmp_path / "rustybt/lib/newcomer.pyx").unlink()
    assert "rustybt.lib.newcomer" in modules.missing(told, tmp_path)
    assert modules.synced(told, tmp_path) == text


@pytest.mark.parametrize("kind", ["imported", "as files"])
def test_a_lost_block_is_named(kind: str) -> None:
    text = RECIPE.read_text(encoding="utf-8").replace(f"# compiled modules, {kind}", "# modules")
    with pytest.raises(CondaError, match="must have one block of compiled modules"):
        modules.synced(text, ROOT)


def test_version_and_entry_points_are_the_projects() -> None:
    text = RECIPE.read_text(encoding="utf-8")
    assert f'version: "{PYPROJECT["project"]["version"]}"' in text
    (entry,) = PYPROJECT["project"]["scripts"].items()
    assert f"- {entry[0]} = {entry[1]}\n" in text
    assert f"summary: {PYPROJECT['project']['description']}\n" in text
    assert f"license: {PYPROJECT['project']['license']}\n" in text


def test_every_python_of_the_manifest_has_a_variant() -> None:
    text = (ROOT / "recipe/variants.yaml").read_text(encoding="utf-8")
    found = dict(re.findall(r"^  - (3\.\d+)\.\* \*_(cp\w+)$", text, re.MULTILINE))
    assert list(found) == list(PYTHONS)
    # How conda-forge's builds of each Python end.
    assert list(found.values()) == ["cpython", "cpython", "cp313", "cp314"]
    assert {f"py{minor.replace('.', '')}" for minor in found} == {
        name for name in PIXI["environments"] if re.fullmatch(r"py3\d+", name)
    }
    supported = SpecifierSet(PIXI["dependencies"]["python"])
    assert all(supported.contains(f"{minor}.0") for minor in PYTHONS)


def test_the_pinned_rust_is_one_that_the_manifest_allows() -> None:
    text = (ROOT / "recipe/variants.yaml").read_text(encoding="utf-8")
    pinned = re.search(r'^rust_compiler_version:\n  - "([\d.]+)"$', text, re.MULTILINE)
    assert pinned is not None
    allowed = SpecifierSet(PIXI["feature"]["build"]["dependencies"]["rust"])
    assert allowed.contains(pinned[1])


@pytest.mark.parametrize("target", SUFFIX)
def test_every_module_is_expected_under_its_file_name(target: str) -> None:
    recipes = render(target)
    for recipe, python in zip(recipes, PYTHONS, strict=True):
        suffix = SUFFIX[target].format(python.replace(".", ""))
        rust = ".pyd" if target == "win-64" else ".abi3.so"
        expected = {
            module.name.replace(".", "/") + (rust if module.language == "rust" else suffix)
            for module in sources.find(ROOT)
        }
        (contents,) = of_kind(recipe, "package_contents")
        assert contents["strict"] is True
        listed = contents["site_packages"]
        assert {name for name in listed if name.endswith((".so", ".pyd"))} == expected
        # No pattern may let in a shared object that is not listed.
        assert not [
            name for name in listed if name.endswith(("*", "*.so", "*.pyd")) and "info" not in name
        ]


@pytest.mark.parametrize("target", SUFFIX)
def test_every_module_is_imported_and_proved(target: str) -> None:
    for recipe in render(target):
        (python,) = of_kind(recipe, "python")
        assert set(python["imports"]) == {"rustybt", *modules.imported(ROOT)}
        assert python.get("pip_check", True) is True
        scripts = [
            line
            for script in of_kind(recipe, "script")
            for line in ([script] if isinstance(script, str) else script)
        ]
        assert scripts == [
            "python -P -m rustybt.smoke --strict",
            "rustybt --version",
            "rustybt show-versions",
        ]


@pytest.mark.parametrize("target", ["linux-aarch64", "osx-arm64"])
def test_a_cross_build_brings_what_runs_on_the_builder(target: str) -> None:
    for recipe in render(target):
        build = recipe["requirements"]["build"]
        assert {"python", f"cross-python_{target}"} <= set(build)
        # What translates and drives the compilers runs there; pip is started from the host's.
        host = {spec for spec in recipe["requirements"]["host"] if " " in spec}
        assert host <= set(build)
        assert any(spec.startswith(f"rust_{target} ") for spec in build)


@pytest.mark.parametrize("target", ["linux-64", "osx-64", "win-64"])
def test_a_native_build_brings_compilers_alone(target: str) -> None:
    for recipe in render(target):
        names = {spec.split(" ")[0] for spec in recipe["requirements"]["build"]}
        assert all(name.endswith(f"_{target}") for name in names)


@pytest.mark.parametrize(
    ("target", "pins"),
    [
        ("linux-64", {"gcc_linux-64 15.*", "sysroot_linux-64 2.17.*"}),
        ("linux-aarch64", {"gcc_linux-aarch64 15.*", "sysroot_linux-aarch64 2.17.*"}),
        ("osx-arm64", {"clang_osx-arm64 21.*", "macosx_deployment_target_osx-arm64 11.0.*"}),
        ("osx-64", {"clang_osx-64 21.*", "macosx_deployment_target_osx-64 11.0.*"}),
        ("win-64", {"vs2022_win-64", "vs_win-64"}),
    ],
)
def test_the_compilers_are_conda_forges(target: str, pins: set[str]) -> None:
    for recipe in render(target):
        assert pins <= set(recipe["requirements"]["build"])


def test_requirements_are_those_of_the_metadata() -> None:
    (recipe, *_) = render("linux-64")
    wanted = {
        (requirement.name, requirement.specifier)
        for requirement in map(Requirement, PYPROJECT["project"]["dependencies"])
    }
    assert wanted == {
        (requirement.name, requirement.specifier)
        for requirement in map(Requirement, recipe["requirements"]["run"])
        if requirement.name != "python"
    }
    host = {
        requirement.name: requirement.specifier
        for requirement in map(Requirement, recipe["requirements"]["host"])
    }
    for line in PYPROJECT["build-system"]["requires"]:
        requirement = Requirement(line)
        assert host[requirement.name.lower()] == requirement.specifier


def test_the_package_is_described_and_licensed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (recipe, *_) = render("linux-64")
    about = recipe["about"]
    assert about["license_file"] == ["LICENSE", "THIRDPARTY.yml"]
    assert {"homepage", "summary", "description", "documentation", "repository"} <= set(about)
    linking = recipe["build"]["dynamic_linking"]
    assert linking == {"overlinking_behavior": "error", "overdepending_behavior": "error"}
    install, licences = recipe["build"]["script"]
    assert install.endswith("-m pip install . -vv --no-deps --no-build-isolation")
    assert "tools/thirdparty.py" in licences


def test_a_time_that_is_given_is_handed_on_to_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (recipe, *_) = render("linux-64")
    handed, *rest = recipe["build"]["script"]
    assert "SOURCE_DATE_EPOCH=" in handed
    assert len(rest) == 2
