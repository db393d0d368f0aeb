"""Progress lines: live on a terminal, quiet elsewhere."""

from __future__ import annotations

import io

import pytest

import progress
from progress import Step


class Terminal(io.StringIO):
    """A stream that says it is a terminal, without a size."""

    def isatty(self) -> bool:
        """Say so."""
        return True


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Return the present time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    monkeypatch.delenv("CI", raising=False)
    return found


def work(stream: io.StringIO, clock: Clock, seconds: float, total: int | None = 2) -> str:
    with Step("packing", total=total, stream=stream) as step:
        clock.now += seconds / 2
        step.advance("numpy")
        clock.now += seconds / 2
        step.advance("pandas")
    return stream.getvalue()


def test_a_terminal_sees_every_item_and_one_last_line(clock: Clock) -> None:
    assert work(Terminal(), clock, 3).split("\r\x1b[K")[1:] == [
        "packing 0/2",
        "packing 1/2 numpy",
        "packing 2/2 pandas",
        "packing 2/2: done in 3.0 s\n",
    ]


def test_lines_are_not_redrawn_too_often(clock: Clock) -> None:
    assert "numpy" not in work(Terminal(), clock, 0.1)


@pytest.mark.parametrize(
    ("seconds", "total", "expected"),
    [
        (3, 2, "packing 2/2: done in 3.0 s\n"),
        (3, None, "packing 2: done in 3.0 s\n"),
        (0.5, 2, ""),
    ],
)
def test_elsewhere_one_line_closes_long_work(
    clock: Clock, seconds: float, total: int | None, expected: str
) -> None:
    assert work(io.StringIO(), clock, seconds, total) == expected


def test_continuous_integration_is_no_terminal(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    assert work(Terminal(), clock, 3) == "packing 2/2: done in 3.0 s\n"


def test_a_failure_is_told_at_once(clock: Clock) -> None:
    stream = io.StringIO()

    def broken() -> None:
        clock.now += 0.1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), Step("packing", stream=stream):
        broken()
    assert stream.getvalue() == "packing: failed in 0.1 s\n"
