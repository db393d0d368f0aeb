"""`lock update`: what pixi changed is told, with a stand-in for pixi."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from lock import changes
from lock.changes import Change
from lock.cli import main

ROOT = Path(__file__).resolve().parents[2]
HERE = ("lint", "linux-64")


def test_what_stays_is_not_told() -> None:
    held = {HERE: {"ruff": "0.15.1 h0_0"}}
    assert changes.between(held, held) == {}
    assert "no package changes" in changes.as_markdown({})


def test_every_kind_of_change_is_told_with_its_places() -> None:
    before = {
        HERE: {"gone": "1 h0_0", "new build": "1 h0_0", "newer": "1 h0_0", "same": "1 h0_0"},
        ("lint", "win-64"): {"newer": "1 h9_9"},
    }
    after = {
        HERE: {"came": "2 h1_0", "new build": "1 h0_1", "newer": "2 h1_0", "same": "1 h0_0"},
        ("lint", "win-64"): {"newer": "2 h8_8"},
    }
    found = changes.between(before, after)
    assert found == {
        Change("came", "", "2"): [HERE],
        Change("gone", "1", ""): [HERE],
        Change("new build", "1 h0_0", "1 h0_1"): [HERE],
        Change("newer", "1", "2"): [HERE, ("lint", "win-64")],
    }
    text = changes.as_markdown(found)
    assert text.startswith("4 packages change.\n")
    assert "| newer | 1 | 2 | linux-64, win-64 | lint |" in text
    assert "| came | - | 2 | linux-64 | lint |" in text


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script of a Unix shell")
@pytest.mark.parametrize(("code", "expected"), [(0, 0), (4, 1)])
def test_pixi_is_called_and_its_change_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    expected: int,
) -> None:
    text = (ROOT / "pixi.lock").read_text(encoding="utf-8")
    found = re.search(r"^- conda: (\S+/ruff-\S+)$", text, re.MULTILINE)
    assert found
    # Without one of its records the lock is another one, and remains readable.
    (tmp_path / "newer.lock").write_text(
        re.sub(rf"^ +- conda: {re.escape(found[1])}\n", "", text, flags=re.MULTILINE),
        encoding="utf-8",
    )
    lock, manifest = tmp_path / "pixi.lock", tmp_path / "pixi.toml"
    shutil.copy(ROOT / "pixi.lock", lock)
    program = tmp_path / "bin/pixi"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" "${{PIXI_PROJECT_MANIFEST:-unset}}" > {tmp_path}/said\n'
        f"cp {tmp_path}/newer.lock {lock}\nexit {code}\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIXI_PROJECT_MANIFEST", "elsewhere")
    report = tmp_path / "build/changes.md"
    arguments = ["--manifest", str(manifest), "--lock", str(lock), "--report", str(report)]
    assert main(["update", *arguments]) == expected
    said = (tmp_path / "said").read_text(encoding="utf-8").strip()
    assert said == f"update --no-install --manifest-path {manifest} unset"
    assert report.exists() is (code == 0)
    if code == 0:
        assert "| ruff | " in report.read_text(encoding="utf-8")
    else:
        assert "exit code 4" in capsys.readouterr().err


def test_without_pixi_it_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["update"]) == 1
    assert capsys.readouterr().err.startswith("lock: pixi is not on PATH")
