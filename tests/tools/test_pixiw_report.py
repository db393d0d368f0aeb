"""What ``pixiw info`` tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from externals import interpreters
from pixiw import handover, report
from pixiw.environment import Route
from pixiw.errors import PixiwError
from pixiw.manifest import read_manifest
from pixiw.preparation import Preparation
from pixiw.workspace import WorkspaceOn

MANIFEST = """
[workspace]
channels = ["conda-forge"]
platforms = ["linux-64", "osx-64"]
[dependencies]
python = ">=3.11"
numpy = "*"
[feature.new.dependencies]
python = "3.14.*"
[feature.mac]
platforms = ["osx-64"]
[environments]
new = ["new"]
mac = ["mac"]
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkspaceOn:
    """Make a workspace on a machine of one interpreter that lacks its headers."""
    monkeypatch.setenv(handover.REFUSE_PIXI, "1")
    python = interpreters.Interpreter(
        executable=tmp_path / "python3.13",
        root=tmp_path,
        version=(3, 13, 1),
        stdlib=tmp_path,
        include=tmp_path / "include",
        libdir=tmp_path,
        library="libpython3.13.so",
        multiarch="",
        layout="site-packages",
    )
    monkeypatch.setattr(interpreters, "find", lambda: (python,))
    (tmp_path / "pixi.toml").write_text(MANIFEST)
    return WorkspaceOn(read_manifest(tmp_path / "pixi.toml"), "linux-64")


def test_people_get_tables(workspace: WorkspaceOn, monkeypatch: pytest.MonkeyPatch) -> None:
    preparation = Preparation(workspace, "externals")
    text = report.as_table(report.collect(workspace, preparation))
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert f"manifest: {workspace.manifest.path}" in rows
    assert "pixi: PIXIW_NO_PIXI is set" in rows
    assert any(row.startswith("channel: externals (") for row in rows)
    assert "default yes 2 >=3.11" in rows
    assert "new yes 2 3.14.* and >=3.11" in rows
    assert "mac no 2 >=3.11" in rows
    assert any(row.startswith("3.13.1 its headers are not in") for row in rows)

    def refused(_self: Preparation, _channels: tuple[str, ...]) -> tuple[Route, str]:
        raise PixiwError("nothing can be reached")

    monkeypatch.setattr(Preparation, "choice", refused)
    assert "none (nothing can be reached)" in report.as_table(
        report.collect(workspace, preparation)
    )


def test_programs_get_json(workspace: WorkspaceOn) -> None:
    told = json.loads(
        report.as_json(report.collect(workspace, Preparation(workspace, "externals")))
    )
    assert told["version"] == 1
    assert told["platform"] == "linux-64"
    assert [row["name"] for row in told["environments"]] == ["new", "mac", "default"]
    assert told["environments"][0]["specs"] == ["numpy", "python 3.14.*", "python >=3.11"]
    (python,) = told["interpreters"]
    assert python["version"] == "3.13.1"
    assert "headers" in python["refusal"]
