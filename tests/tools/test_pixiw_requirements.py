"""Pinning pixiw's own requirements."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pixiw import requirements
from pixiw.errors import PixiwError


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the command write to a file of the test."""
    path = tmp_path / "requirements.txt"
    path.write_text("old")
    monkeypatch.setattr(requirements, "REQUIREMENTS", path)
    return path


def test_the_pins_are_replaced_when_they_are_complete(
    pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(command: list[str]) -> None:
        for word in command:
            if word.startswith("--output-file="):
                Path(word.removeprefix("--output-file=")).write_text("new")

    monkeypatch.setattr(requirements, "_run", fake)
    requirements.lock_requirements()
    assert pins.read_text() == "new"
    assert list(pins.parent.iterdir()) == [pins]


def test_the_old_pins_stay_when_the_resolver_fails(
    pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PixiwError, match="false could not lock the requirements: no message"):
        requirements.lock_requirements()
    assert pins.read_text() == "old"
