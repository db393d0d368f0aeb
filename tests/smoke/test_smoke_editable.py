"""Editable installs: what they leave out (F9) and what they leave stale (F14)."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sources

if TYPE_CHECKING:
    from tests.smoke.conftest import Environment, Result

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Editable:
    """An environment with an editable install of ``checkout``, and smoke outside of it."""

    environment: Environment
    checkout: Path
    smoke_folder: Path
    modules: list[dict[str, Any]]

    def smoke(self, *arguments: str) -> Result:
        """Run smoke from outside of the checkout."""
        return self.environment.smoke(*arguments, target=[str(self.smoke_folder)])

    def module(self) -> dict[str, Any]:
        """Return a Cython module that no other one needs."""
        return next(item for item in self.modules if item["name"] == "rustybt.lib.rank")

    def shared_object(self, module: dict[str, Any]) -> Path:
        """Return where the shared object of `module` lies."""
        return self.checkout / str(module["file"])


@pytest.fixture
def editable(environment: Environment, tmp_path: Path) -> Editable:
    """Turn the environment's copy into an editable install of a checkout.

    The checkout holds the installed package with this project's compiled sources, and the shared
    objects are made to bear the fingerprint of those sources.
    """
    checkout = tmp_path / "checkout"
    shutil.copytree(environment.package, checkout / "rustybt")
    names = {"pyproject.toml", "tools/sources.py"}
    names |= {name for source in sources.find(ROOT) for name in source.inputs}
    for name in sorted(names):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    record = environment.record()
    declared = {source.name: source for source in sources.find(checkout)}
    for module in record["modules"]:
        target = checkout / module["file"]
        fingerprint = sources.fingerprint(checkout, declared[module["name"]])
        data = target.read_bytes()
        target.write_bytes(data.replace(module["fingerprint"].encode(), fingerprint.encode()))
        module["fingerprint"] = fingerprint
    (checkout / "rustybt/_build_record.json").write_text(json.dumps(record))
    url = {"url": checkout.as_uri(), "dir_info": {"editable": True}}
    (environment.metadata / "direct_url.json").write_text(json.dumps(url))
    (environment.site / "__editable__.rustybt.pth").write_text(str(checkout))
    smoke_folder = shutil.copytree(environment.package / "smoke", tmp_path / "smoke")
    shutil.rmtree(environment.package)
    return Editable(environment, checkout, smoke_folder, record["modules"])


def test_a_healthy_editable_install_reports_nothing(editable: Editable) -> None:
    result = editable.smoke("--strict")
    assert (result.status, result.found) == (0, set())
    assert {module["found_in"] for module in result.report["modules"]} == {"editable"}
    assert {module["sources"] for module in result.report["modules"]} == {"current"}


def test_f9_editable_install_without_its_shared_object(editable: Editable) -> None:
    module = editable.module()
    editable.shared_object(module).unlink()
    result = editable.smoke()
    assert result.found == {("SM202", module["name"])}
    assert str(editable.checkout) in result.finding("SM202")["cause"]
    assert result.statuses()[module["name"]] == "missing"
    assert result.status == 1


def test_f9_editable_install_of_an_unbuilt_checkout(editable: Editable) -> None:
    for module in editable.modules:
        editable.shared_object(module).unlink()
    (editable.checkout / "rustybt/_build_record.json").unlink()
    result = editable.smoke()
    codes = {"cython": "SM202", "rust": "SM203"}
    declared = sources.find(editable.checkout)
    expected = {(codes[source.language], source.name) for source in declared}
    assert result.found == {*expected, ("SM105", "rustybt")}
    assert "unbuilt checkout" in result.finding("SM105")["cause"]
    assert result.status == 1


def test_f14_source_changed_after_the_build(editable: Editable) -> None:
    module = editable.module()
    source = editable.checkout / module["source"]
    source.write_text(source.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    result = editable.smoke()
    assert result.found == {("SM306", module["name"])}
    assert result.status == 1
    (entry,) = (item for item in result.report["modules"] if item["name"] == module["name"])
    assert (entry["imported"], entry["answer"], entry["sources"]) == (True, "right", "stale")


def test_checkout_without_its_tools_is_noted(editable: Editable) -> None:
    shutil.rmtree(editable.checkout / "tools")
    name = editable.modules[0]["name"]
    result = editable.smoke("--select", name)
    assert (result.status, result.found) == (0, {("SM307", name)})


def test_builds_for_other_pythons_share_a_checkout(editable: Editable) -> None:
    module = editable.module()
    path = editable.shared_object(module)
    shutil.copy(path, path.with_name(f"{path.name.split('.')[0]}.cpython-39-x86_64-linux-gnu.so"))
    result = editable.smoke("--select", module["name"], "--strict")
    assert (result.status, result.found) == (0, set())


def test_dangling_editable_install(editable: Editable) -> None:
    shutil.rmtree(editable.checkout)
    result = editable.smoke()
    assert (result.status, result.found) == (1, {("SM102", "rustybt")})
    assert str(editable.checkout) in result.finding("SM102")["cause"]


def test_found_elsewhere_than_installed(editable: Editable) -> None:
    # The metadata speaks of an ordinary install, a .pth file leads to the checkout.
    (editable.environment.metadata / "direct_url.json").unlink()
    name = editable.modules[0]["name"]
    result = editable.smoke("--select", name)
    assert result.found == {("SM108", "rustybt")}
    assert str(editable.checkout) in result.finding("SM108")["cause"]
    assert {module["found_in"] for module in result.report["modules"]} == {"checkout"}
    assert result.status == 1
