"""THIRDPARTY.yml: the licences of the crates that the Rust module links."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

import thirdparty

ROOT = Path(__file__).resolve().parents[2]
CRATE = ROOT / "rust/python/Cargo.toml"


def package(folder: Path, name: str, *, source: str | None = "registry") -> dict[str, Any]:
    """Return a crate as cargo describes it, with a folder of its own."""
    home = folder / name
    home.mkdir()
    return {
        "id": name,
        "name": name,
        "version": "1.0.0",
        "source": source,
        "repository": None,
        "license": "MIT",
        "license_file": None,
        "manifest_path": str(home / "Cargo.toml"),
    }


def edge(name: str, *kinds: str | None) -> dict[str, Any]:
    return {"pkg": name, "dep_kinds": [{"kind": kind} for kind in kinds]}


def resolved(packages: list[dict[str, Any]], edges: dict[str, list[Any]]) -> dict[str, Any]:
    nodes = [{"id": each["id"], "deps": edges.get(each["id"], [])} for each in packages]
    return {"packages": packages, "resolve": {"root": packages[0]["id"], "nodes": nodes}}


def test_only_what_is_linked_is_listed(tmp_path: Path) -> None:
    names = ("ours", "linked", "deep", "builder", "tester", "both")
    packages = [package(tmp_path, name) for name in names]
    packages[0]["source"] = None
    for name in names:
        (tmp_path / name / "LICENSE").write_text(f"{name} text\n", encoding="utf-8")
    edges = {
        "ours": [
            edge("linked", None),
            edge("builder", "build"),
            edge("tester", "dev"),
            edge("both", "dev", None),
        ],
        "linked": [edge("deep", None), edge("ours", None)],
    }
    found = thirdparty.crates(resolved(packages, edges))
    assert [crate.name for crate in found] == ["both", "deep", "linked"]
    assert found[1].texts == (("LICENSE", "deep text\n"),)


@pytest.mark.parametrize(
    "name", ["LICENSE", "LICENSE-MIT", "license.md", "LICENCE", "COPYING", "NOTICE.txt"]
)
def test_usual_names_of_licences_are_found(tmp_path: Path, name: str) -> None:
    only = package(tmp_path, "one")
    (tmp_path / "one" / name).write_text("text\n", encoding="utf-8")
    (crate,) = thirdparty.crates(resolved([only], {}))
    assert crate.texts == ((name, "text\n"),)


def test_a_licence_under_another_name_is_taken_from_the_manifest(tmp_path: Path) -> None:
    only = package(tmp_path, "one") | {"license": None, "license_file": "terms"}
    (tmp_path / "one/terms").write_text("text\n", encoding="utf-8")
    (crate,) = thirdparty.crates(resolved([only], {}))
    assert crate.texts == (("terms", "text\n"),)
    assert crate.expression == "LicenseRef-one"


def test_a_crate_without_licence_is_refused(tmp_path: Path) -> None:
    only = package(tmp_path, "one")
    with pytest.raises(thirdparty.ThirdPartyError, match=r"one 1\.0\.0 has no licence file"):
        thirdparty.crates(resolved([only], {}))
    (tmp_path / "one/LICENSE").touch()
    only["license"] = None
    with pytest.raises(thirdparty.ThirdPartyError, match=r"one 1\.0\.0 states no licence"):
        thirdparty.crates(resolved([only], {}))


def test_a_text_is_a_literal_block_that_keeps_its_shape() -> None:
    crate = thirdparty.Crate("one", "1.0.0", "", "MIT", (("LICENSE", "    centred\n\nlast  \r\n"),))
    text = thirdparty.render("ours", (crate,))
    # The indicator tells how far the block is indented, since the first line begins with blanks.
    block = text.partition("text: |2\n")[2]
    assert block == " " * 10 + "    centred\n\n" + " " * 10 + "last\n"
    assert text.startswith('root_name: ours\nthird_party_libraries:\n  - package_name: "one"\n')


def test_the_crates_of_this_module_all_have_licences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("this environment has no cargo")
    monkeypatch.setenv("CARGO_BUILD_TARGET", "x86_64-unknown-linux-gnu")
    output = tmp_path / "THIRDPARTY.yml"
    assert thirdparty.main(["--manifest", str(CRATE), "--output", str(output)]) == 0
    text = output.read_text(encoding="utf-8")
    listed = re.findall(r'^  - package_name: "([^"]+)"$', text, re.MULTILINE)
    locked = tomllib.loads((ROOT / "rust/Cargo.lock").read_text(encoding="utf-8"))["package"]
    foreign = {each["name"] for each in locked if "source" in each}
    assert {"numpy", "pyo3", "ndarray", "rayon"} <= set(listed) <= foreign
    assert text.count("        text: |2\n") >= len(listed)
    assert [path.name for path in tmp_path.iterdir()] == ["THIRDPARTY.yml"]


def test_without_cargo_one_sentence_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    output = tmp_path / "THIRDPARTY.yml"
    assert thirdparty.main(["--manifest", str(CRATE), "--output", str(output)]) == 1
    assert capsys.readouterr().err.startswith("thirdparty: cargo is not on PATH")
    assert not output.exists()


def test_a_broken_manifest_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("this environment has no cargo")
    manifest = tmp_path / "Cargo.toml"
    manifest.write_text("[package", encoding="utf-8")
    output = tmp_path / "THIRDPARTY.yml"
    assert thirdparty.main(["--manifest", str(manifest), "--output", str(output)]) == 1
    assert "cargo cannot resolve" in capsys.readouterr().err
    assert not output.exists()
