"""pixiw's own environment: pinned, hashed, made once, never trusted half-made."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

import pytest

from pixiw import bootstrap
from pixiw.bootstrap import Bootstrap
from pixiw.errors import PixiwError

posix = pytest.mark.skipif(os.name == "nt", reason="kills and process groups are POSIX")
ENSURE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from pixiw.bootstrap import Bootstrap
from pixiw.errors import PixiwError
try:
    Bootstrap(Path(sys.argv[2]), Path(sys.argv[3])).ensure()
except PixiwError as error:
    sys.exit(str(error))
"""


def wheel(folder: Path) -> Path:
    """Make a wheel of one module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pixiw_demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pixiw_demo.py", "ANSWER = 42\n")
        information = "pixiw_demo-1.0.dist-info"
        archive.writestr(
            f"{information}/METADATA", "Metadata-Version: 2.1\nName: pixiw-demo\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{information}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{information}/RECORD", "")
    return path


def requirements(folder: Path, digest: str | None = None) -> Path:
    """Make requirements that are met without an index."""
    made = wheel(folder / "wheels")
    digest = digest or hashlib.sha256(made.read_bytes()).hexdigest()
    path = folder / "requirements.txt"
    path.write_text(
        f"--no-index\n--find-links {made.parent}\npixiw-demo==1.0 --hash=sha256:{digest}\n"
    )
    return path


def ensure(state: Path, pins: Path) -> subprocess.Popen[str]:
    tools = str(Path(bootstrap.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-I", "-c", ENSURE, tools, str(state), str(pins)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=os.name != "nt",
    )


@posix
def test_killed_half_way_it_is_made_anew_and_by_one_of_two(tmp_path: Path) -> None:
    state, pins = tmp_path / "state folder", requirements(tmp_path)
    killed = ensure(state, pins)
    deadline = time.monotonic() + 60
    while not list(state.glob("making-*/env/pyvenv.cfg")):
        assert time.monotonic() < deadline, "the making never began"
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    mine = Bootstrap(state, pins)
    assert not mine.prefix.exists()
    assert not (state / bootstrap.POINTER).exists()

    both = [ensure(state, pins) for _ in range(2)]
    errors = "".join(process.communicate(timeout=120)[1] for process in both)
    assert [process.returncode for process in both] == [0, 0], errors
    assert errors.count("setting up its tools (once)") == 1
    assert not list(state.glob("making-*"))
    answer = subprocess.run(
        [mine.python, "-I", "-c", "import pixiw_demo; print(pixiw_demo.ANSWER)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "42\n"
    assert (state / bootstrap.POINTER).read_text() == f"{mine.python}\n"

    again = ensure(state, pins)
    assert again.communicate(timeout=60)[1] == ""
    # Other pins mean another environment; the present one stays as it is.
    made = mine.prefix
    pins.write_text(pins.read_text() + "# changed\n")
    assert mine.prefix != made
    assert made.is_dir()


def test_a_wrong_hash_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    state, pins = tmp_path / "state", requirements(tmp_path, "0" * 64)
    failed = ensure(state, pins)
    _, told = failed.communicate(timeout=120)
    assert failed.returncode == 1
    assert "could not be installed: the index served a file whose hash is not the pinned" in told
    assert "Traceback" not in told
    log = state / "bootstrap.log"
    assert str(log) in told
    assert "hash" in log.read_text().lower()
    assert {path.name for path in state.iterdir()} == {"bootstrap.log", "locks"}


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("ERROR: No matching distribution found for x", "no fitting wheel of a pinned package"),
        (
            "NewConnectionError: Failed\nERROR: No matching distribution found for x",
            "the package index cannot be reached",
        ),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "Could not find a version (from versions: none)\nNo matching distribution found for x",
            "the package index cannot be reached or is empty",
        ),
        (
            "ERROR: Could not find a version that satisfies x==1 (from versions: 2, 3)",
            "no fitting wheel of a pinned package",
        ),
        ("[Errno 28] No space left on device: ... ensurepip ...", "the disk is full"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "hash is not the pinned one"),
        ("Error: ... ensurepip ... returned non-zero", "apt-get install python3-venv"),
        ("something else", "ended with 9"),
    ],
)
def test_the_cause_is_told(log: str, reason: str) -> None:
    assert reason in bootstrap._explain(log, Path("/usr/bin/python3"), 9, 10**9)


@posix
def test_a_full_disk_that_venv_does_not_mention(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho the command ensurepip returned non-zero\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(bootstrap, "_base_python", lambda: str(broken))
    mine = Bootstrap(tmp_path / "state", requirements(tmp_path))
    with pytest.raises(PixiwError, match=r"installed: the disk is full; .* \(the log is .*\)"):
        mine.ensure()
    assert {path.name for path in mine.state.iterdir()} == {"locks", "bootstrap.log"}
    assert "ensurepip" in (mine.state / "bootstrap.log").read_text()


def test_a_full_disk_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    mine = Bootstrap(tmp_path / "state", requirements(tmp_path))
    monkeypatch.setattr(mine, "_run", full)
    with pytest.raises(PixiwError, match=r"cannot set up pixiw's tools in .*: No space left"):
        mine.ensure()
    assert {path.name for path in mine.state.iterdir()} == {"locks"}


def test_a_checkout_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(PixiwError, match=r"cannot write .*state.*; make .* writable"):
        Bootstrap(tmp_path / "state", requirements(tmp_path)).ensure()


def test_an_environment_whose_python_is_gone_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Bootstrap(tmp_path / "state", requirements(tmp_path))
    mine.python.parent.mkdir(parents=True)
    (mine.prefix / "rest").touch()

    def fake(aside: Path, arguments: list[str], _python: Path) -> None:
        if "venv" in arguments:
            python = aside / "env" / mine.python.relative_to(mine.prefix)
            python.parent.mkdir(parents=True)
            shutil.copy(sys.executable, python)

    monkeypatch.setattr(mine, "_run", fake)
    mine.ensure()
    assert mine.python.exists()
    assert not (mine.prefix / "rest").exists()


def test_the_channel_s_commands_run_in_it_whatever_python_calls_them(tmp_path: Path) -> None:
    tools = tmp_path / "check out" / "tools"
    shutil.copytree(
        bootstrap.PACKAGE, tools / "pixiw", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(bootstrap.ROOT / "tools" / "progress.py", tools / "progress.py")
    (tools / "externals").mkdir()
    shutil.copy(bootstrap.ROOT / "tools" / "externals" / "__main__.py", tools / "externals")
    (tools / "externals" / "cli.py").write_text(
        "import sys\ndef main():\n    print(sys.prefix, *sys.argv[1:])\n    return 3\n"
    )
    mine = Bootstrap(tools.parent / ".pixi" / "pixiw")
    venv.create(mine.prefix, symlinks=os.name != "nt")
    done = subprocess.run(
        [sys.executable, tools / "externals", "check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (3, f"{mine.prefix} check\n"), done.stderr


def test_the_pins_are_hashed_and_name_no_index() -> None:
    text = bootstrap.REQUIREMENTS.read_text()
    wanted = [
        line.strip()
        for line in bootstrap.REQUIREMENTS.with_suffix(".in").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    pinned = [line.split("==")[0] for line in text.splitlines() if "==" in line]
    assert set(wanted) <= set(pinned)
    entries = text.replace("\\\n", " ").splitlines()
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
    assert "://" not in text
