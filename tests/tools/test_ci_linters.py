"""`ci lint-workflows` runs what there is, and says what there is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci import linters
from ci.errors import CiError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are Unix scripts")


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **codes: int) -> None:
    """Put stand-ins on PATH, alone."""
    for name, code in codes.items():
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> {folder}/ran\nexit {code}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("zizmor", "actionlint", "code"), [(0, 0, 0), (1, 0, 1), (0, 3, 1), (14, 1, 1)]
)
def test_both_run_and_either_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zizmor: int, actionlint: int, code: int
) -> None:
    programs(tmp_path, monkeypatch, zizmor=zizmor, actionlint=actionlint)
    assert linters.run(ROOT) == code
    assert (tmp_path / "ran").read_text().split() == ["zizmor", "actionlint"]


def test_a_missing_actionlint_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    programs(tmp_path, monkeypatch, zizmor=0)
    assert linters.run(ROOT) == 0
    said = capsys.readouterr().err
    assert said.startswith("actionlint: not run")
    assert said.count("\n") == 1
    assert "pixi run -e checks lint-actions" in said


def test_a_missing_zizmor_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path, monkeypatch, actionlint=0)
    with pytest.raises(CiError, match="zizmor is not installed here"):
        linters.run(ROOT)
