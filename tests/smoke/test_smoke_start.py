"""Where Python was started from: the checkout that shadows the install (F1)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.smoke.conftest import Environment


@pytest.fixture
def checkout(environment: Environment, tmp_path: Path) -> Path:
    """Return an unbuilt checkout beside the environment."""
    root = tmp_path / "checkout"
    leave_out = shutil.ignore_patterns("*.so", "*.pyd", "_build_record.json", "__pycache__")
    shutil.copytree(environment.package, root / "rustybt", ignore=leave_out)
    (root / "pyproject.toml").write_text('[project]\nname = "rustybt"\nversion = "0.1.0"\n')
    for module in environment.record()["modules"]:
        (root / module["source"]).parent.mkdir(parents=True, exist_ok=True)
        (root / module["source"]).touch()
    return root


def test_f1_started_in_the_checkout(environment: Environment, checkout: Path) -> None:
    names = [module["name"] for module in environment.record()["modules"]]
    result = environment.smoke(python=(), cwd=checkout)
    assert result.found == {("SM109", "rustybt")}
    finding = result.finding("SM109")
    assert finding["modules"] == names
    assert f"the unbuilt checkout {checkout} instead of {environment.package}" in finding["cause"]
    assert "current directory" in finding["cause"]
    assert "python -P" in finding["remedy"]
    assert result.report["rustybt"]["started_in"] == str(checkout / "rustybt")
    # The installed modules themselves are sound.
    assert result.statuses() == dict.fromkeys(names, "ok")
    assert result.status == 1


@pytest.mark.parametrize(
    ("python", "environ"), [(("-P",), {}), (("-I",), {}), ((), {"PYTHONSAFEPATH": "1"})]
)
def test_safe_path_is_the_remedy(
    environment: Environment, checkout: Path, python: tuple[str, ...], environ: dict[str, str]
) -> None:
    select = environment.module()["name"]
    result = environment.smoke("--select", select, python=python, cwd=checkout, **environ)
    assert (result.status, result.found) == (0, set())


def test_f1_by_pythonpath(environment: Environment, checkout: Path) -> None:
    result = environment.smoke("--select", environment.module()["name"], PYTHONPATH=str(checkout))
    assert result.found == {("SM109", "rustybt")}
    assert "PYTHONPATH leads there" in result.finding("SM109")["cause"]
    assert result.status == 1


def test_a_checkout_in_the_current_directory_is_noted(
    environment: Environment, checkout: Path
) -> None:
    select = ["--select", environment.module()["name"]]
    by_path = [str(environment.package / "smoke")]
    result = environment.smoke(*select, python=(), target=by_path, cwd=checkout)
    assert (result.status, result.found) == (0, {("SM110", "rustybt")})
    result = environment.smoke(*select, "--strict", python=(), target=by_path, cwd=checkout)
    assert (result.status, result.found) == (1, {("SM110", "rustybt")})


def test_unbuilt_checkout_without_any_install(environment: Environment, checkout: Path) -> None:
    names = [module["name"] for module in environment.record()["modules"]]
    shutil.rmtree(environment.package)
    shutil.rmtree(environment.metadata)
    result = environment.smoke(python=(), cwd=checkout)
    assert result.found == {("SM101", "rustybt"), ("SM109", "rustybt")}
    assert result.finding("SM109")["modules"] == names
    assert result.status == 1
