"""Handing over to pixi: versions, places, and what is handed over."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from pixiw import cli, handover
from pixiw.errors import ManifestError
from pixiw.versions import satisfies

posix = pytest.mark.skipif(os.name == "nt", reason="the pretended pixi is a shell script")
VERSIONS = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(
    lambda parts: ".".join(map(str, parts))
)
CLAUSES = st.tuples(st.sampled_from([">=", "<=", ">", "<", "==", "!="]), VERSIONS).map("".join)


@given(VERSIONS, st.lists(CLAUSES, min_size=1, max_size=3).map(",".join))
def test_specs_mean_what_packaging_says(version: str, spec: str) -> None:
    assert satisfies(version, spec) == SpecifierSet(spec).contains(version)


@pytest.mark.parametrize(
    ("version", "spec", "fits"),
    [
        ("0.77.0", "*", True),
        ("0.77.3", "0.77.*", True),
        ("0.77.3", "=0.77", True),
        ("0.78.0", "=0.77", False),
        ("0.78.0", "==0.77.*", False),
        ("0.77.1", "!=0.77.*", False),
        ("0.77.9", "~=0.77.2", True),
        ("0.78.0", "~=0.77.2", False),
        ("0.77.0", "0.77", True),
        ("0.80.0", "<0.5|>=0.78", True),
        ("0.77.0", " >= 0.77 , < 1 ", True),
    ],
)
def test_conda_specs(version: str, spec: str, fits: bool) -> None:
    assert satisfies(version, spec) is fits


def test_a_spec_that_is_none() -> None:
    with pytest.raises(ManifestError, match='requires-pixi = "newest" is no version spec'):
        satisfies("0.77.0", "newest")


def pretend(folder: Path, answer: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "pixi"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a machine without pixi, and a manifest that asks for one."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PIXI_HOME", raising=False)
    monkeypatch.delenv(handover.REFUSE_PIXI, raising=False)
    (tmp_path / "pixi.toml").write_text('[workspace]\nrequires-pixi = ">=0.77,<1"\n')
    return tmp_path


@posix
def test_a_fitting_pixi_is_found_on_path_first(machine: Path) -> None:
    assert handover.find(machine / "pixi.toml") == (None, [])
    at_home = pretend(machine / "home" / ".pixi" / "bin", "echo pixi 0.80.1")
    assert handover.find(machine / "pixi.toml")[0] == handover.Pixi(at_home, "0.80.1")
    on_path = pretend(machine / "path", "echo pixi 0.77.0")
    assert handover.find(machine / "pixi.toml")[0] == handover.Pixi(on_path, "0.77.0")


@posix
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("echo pixi 0.50.2", "pixi 0.50.2 at .* does not fit requires-pixi >=0.77,<1"),
        ("echo pixi 1.0.0", "pixi 1.0.0 at .* does not fit"),
        ("exit 3", "does not answer to --version"),
        ("echo hello", "does not answer to --version"),
    ],
)
def test_a_pixi_that_does_not_fit_is_passed_over(machine: Path, answer: str, reason: str) -> None:
    pretend(machine / "path", answer)
    found, (why,) = handover.find(machine / "pixi.toml")
    assert found is None
    assert re.search(reason, why)


@posix
def test_an_old_pixi_on_path_does_not_hide_a_fitting_one(machine: Path) -> None:
    pretend(machine / "path", "echo pixi 0.50.2")
    fitting = pretend(machine / "home" / ".pixi" / "bin", "echo pixi 0.80.1")
    found, reasons = handover.find(machine / "pixi.toml")
    assert found == handover.Pixi(fitting, "0.80.1")
    assert len(reasons) == 1


def test_a_user_without_a_home_has_no_pixi_there(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert handover.find(machine / "pixi.toml") == (None, [])


@posix
def test_handing_over_can_be_forbidden(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(machine / "path", "echo pixi 0.77.0")
    monkeypatch.setenv(handover.REFUSE_PIXI, "1")
    assert handover.find(machine / "pixi.toml") == (None, ["PIXIW_NO_PIXI is set"])


@posix
@pytest.mark.parametrize(
    "text", ["", "[workspace", "[workspace]\nrequires-pixi = 3", "workspace=1"]
)
def test_what_is_wrong_with_a_manifest_is_left_to_pixi(machine: Path, text: str) -> None:
    pretend(machine / "path", "echo pixi 0.10.0")
    (machine / "pixi.toml").write_text(text)
    assert handover.find(machine / "pixi.toml")[0] is not None
    assert handover.find(machine / "nowhere.toml")[0] is not None


@pytest.mark.parametrize(
    ("arguments", "handed"),
    [
        (["run", "smoke"], ["run", "smoke"]),
        (["--channel", "conda-forge", "run", "x"], ["run", "x"]),
        (["run", "--channel=conda-forge", "-e", "py313", "x"], ["run", "-e", "py313", "x"]),
        (["run", "x", "--channel", "y"], ["run", "x", "--channel", "y"]),
        (
            ["run", "-e", "a", "--", "x", "--channel=y"],
            ["run", "-e", "a", "--", "x", "--channel=y"],
        ),
        (["add", "--channel"], ["add"]),
    ],
)
def test_only_its_own_channel_option_is_taken_out(arguments: list[str], handed: list[str]) -> None:
    assert cli._without_channel(arguments) == handed


@pytest.mark.parametrize(
    ("arguments", "variable", "asked"),
    [
        (["run", "x"], "", True),
        (["run", "x"], "externals", False),
        (["run", "x"], "conda-forge", True),
        (["--channel", "externals", "run", "x"], "", False),
        (["run", "--channel=conda-forge", "x"], "externals", True),
        (["run", "x", "--channel", "externals"], "", True),
    ],
)
def test_pixi_is_not_asked_for_externals(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], variable: str, asked: bool
) -> None:
    monkeypatch.setenv("PIXIW_CHANNEL", variable)
    assert cli._asks_for_pixi(arguments) is asked
