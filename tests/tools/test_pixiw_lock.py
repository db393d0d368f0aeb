"""Locks between processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pixiw import lock
from pixiw.errors import PixiwError
from pixiw.lock import FileLock

HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pixiw.lock import FileLock
with FileLock(Path(sys.argv[2]), waiting="somebody else works"):
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""


def holder(path: Path, seconds: float, **variables: str) -> subprocess.Popen[str]:
    tools = str(Path(lock.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, tools, str(path), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_the_second_waits_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "lock"
    first = holder(path, 1.6)
    assert line(first) == "held\n"
    second = holder(path, 0)
    _, told = second.communicate(timeout=30)
    assert second.returncode == 0
    assert told == "pixiw: somebody else works, waiting for it to finish\n"
    assert first.wait(30) == 0
    first.communicate()


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = holder(path, 60)
    assert line(first) == "held\n"
    first.kill()
    first.communicate()
    with FileLock(path, waiting="nobody"):
        assert path.exists()


def test_one_after_the_other_in_one_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = FileLock(tmp_path / "lock", waiting="nobody")
    for _ in range(2):
        with guard:
            assert holder_waits(guard.path)
    assert capsys.readouterr().err == ""


def holder_waits(path: Path) -> bool:
    """Tell whether another process is kept out."""
    other = holder(path, 0)
    time.sleep(0.4)
    waits = other.poll() is None
    other.kill()
    other.communicate()
    return waits


def test_what_the_holder_starts_is_let_in(tmp_path: Path) -> None:
    path = tmp_path / "a lock"
    with FileLock(path, waiting="nobody"):
        child = holder(path, 0, **{lock.HELD: lock.pass_on(path, "/another")})
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (0, "held\n", "")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    guard = FileLock(tmp_path / "file" / "lock", waiting="nobody")
    with pytest.raises(PixiwError, match=r"cannot write .*lock: .*; make .* writable"), guard:
        pytest.fail("the lock cannot be held")
