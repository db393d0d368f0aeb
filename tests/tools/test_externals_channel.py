"""Channels of a made-up Python and wheels: complete, repeatable, safe when killed."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
import rattler

from externals import channel as channels
from externals import pins
from externals.channel import Assembler, Channel
from externals.download import digest
from externals.failure import ExternalsError, MissingWheelError
from externals.interpreters import Interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tools.conftest import WheelMaker

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the externals channel is made on Linux only"
)
TOOLS = Path(__file__).resolve().parents[2] / "tools"


class Counted:
    """Counts the packages that are in place."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def advance(self, what: str) -> None:
        """Note one."""
        self.seen.append(what)


@contextmanager
def show(title: str, total: int) -> Iterator[Counted]:
    del title
    step = Counted()
    yield step
    assert len(step.seen) == total


def fake_python(root: Path, version: tuple[int, int, int]) -> Interpreter:
    """Make a Python whose folders hold a few files each."""
    name = f"python{version[0]}.{version[1]}"
    stdlib, include = root / "lib" / name, root / "include" / name
    for path, text in {
        stdlib / "os.py": "",
        stdlib / "test/test_os.py": "",
        stdlib / "site-packages/other.py": "",
        stdlib / "_sysconfigdata_x.py": f"v = {{'prefix': '{root}', 'L': '-L{root}/lib'}}",
        include / "Python.h": "",
        root / "bin" / name: "program",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Interpreter(
        root / "bin" / name, root, version, stdlib, include, root / "lib", "", "", "site-packages"
    )


@pytest.fixture
def python(tmp_path: Path) -> Interpreter:
    return fake_python(tmp_path / "python 3.12", (3, 12, 1))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "a cache"


def hold(cache: Path, wheels: list[Path], *tags: str) -> Path:
    """Put wheels where downloads are kept, and return a lock of them."""
    lock = cache.parent / "wheels.txt"
    lines = []
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        lines.append(f"{name}=={version} --hash=sha256:{digest(wheel)}\n")
        for tag in tags or ("cp312",):
            place = cache / "wheels" / tag
            place.mkdir(parents=True, exist_ok=True)
            (place / wheel.name).write_bytes(wheel.read_bytes())
    lock.write_text("".join(lines))
    return lock


def packages(channel: Channel) -> dict[str, str]:
    return {record["name"]: f"{record['subdir']}/{record['fn']}" for record in channel.records}


def test_holds_the_closure_and_nothing_else(
    make_wheel: WheelMaker, cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    wheels = [
        make_wheel("app", requires=["lib[fast]>=1", "never; python_version < '3'"]),
        make_wheel("lib", requires=["speed; extra == 'fast'", "slow; extra == 'slow'"]),
        make_wheel("speed"),
        make_wheel("slow"),
    ]
    lock = hold(cache, wheels)
    made = Assembler(cache, lock).assemble(tmp_path / "channel", ["app >=1"], [python], show)
    assert set(packages(made)) == {"python", "python_abi", "app", "lib", "speed"}
    (app,) = [record for record in made.records if record["name"] == "app"]
    assert app["depends"] == ["lib >=1", "python >=3.9", "speed"]
    for name in packages(made).values():
        assert (made.folder / name).is_file()


def test_holds_other_versions_beside_of_what_it_holds_anyway(
    make_wheel: WheelMaker, cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    older = [make_wheel("lib", "1.0"), make_wheel("other", "1.0")]
    beside = hold(cache, older).rename(tmp_path / "lowest.txt")
    lock = hold(cache, [make_wheel("app", requires=["lib>=1"]), make_wheel("lib", "2.0")])
    made = Assembler(cache, lock, beside).assemble(tmp_path / "channel", ["app"], [python], show)
    held = {(record["name"], record["version"]) for record in made.records}
    assert {pair for pair in held if not pair[0].startswith("python")} == {
        ("app", "1.0"),
        ("lib", "1.0"),
        ("lib", "2.0"),
    }
    ends: dict[Literal["highest", "lowest"], str] = {"highest": "2.0", "lowest": "1.0"}
    for strategy, version in ends.items():
        records = asyncio.run(rattler.solve([made.uri], ["app"], strategy=strategy))
        (lib,) = [record for record in records if record.name.normalized == "lib"]
        assert str(lib.version) == version


def test_solves_and_names_the_real_files(
    make_wheel: WheelMaker, cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    lock = hold(cache, [make_wheel("app")])
    made = Assembler(cache, lock).assemble(tmp_path / "the channel", ["app"], [python], show)
    records = asyncio.run(rattler.solve([made.uri], ["app", "python 3.12.*"]))
    assert {record.name.normalized for record in records} == {"app", "python", "python_abi"}
    (held,) = [record for record in records if record.name.normalized == "app"]
    assert held.sha256 is not None
    assert held.sha256.hex() == digest(made.folder / packages(made)["app"])


def test_python_is_packed_without_what_no_environment_needs(
    cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    made = Assembler(cache).assemble(tmp_path / "channel", ["python"], [python], show)
    archive = made.folder / packages(made)["python"]
    listed = rattler.PathsJson.from_package_archive(archive).paths
    found = {str(path.relative_path): path.prefix_placeholder for path in listed}
    assert set(found) == {
        "bin/python",
        "bin/python3",
        "bin/python3.12",
        "include/python3.12/Python.h",
        "lib/python3.12/_sysconfigdata_x.py",
        "lib/python3.12/os.py",
    }
    assert found["lib/python3.12/_sysconfigdata_x.py"] is not None
    exports = rattler.RunExportsJson.from_package_archive(archive)
    assert [str(spec) for spec in exports.weak] == ["python_abi 3.12.* *_cp312"]


def test_needs_that_differ_make_a_package_for_each_python(
    make_wheel: WheelMaker, cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    newer = fake_python(tmp_path / "newer", (3, 13, 0))
    wheels = [make_wheel("app", requires=["old; python_version < '3.13'"]), make_wheel("old")]
    lock = hold(cache, wheels, "cp312", "cp313")
    made = Assembler(cache, lock).assemble(tmp_path / "channel", ["app"], [newer, python], show)
    needs = {
        record["fn"].split("-")[2][:5]: record["depends"]
        for record in made.records
        if record["name"] == "app"
    }
    assert needs == {"py312": ["old", "python 3.12.*"], "py313": ["python 3.13.*"]}


def test_second_assembly_packs_nothing(
    make_wheel: WheelMaker,
    cache: Path,
    python: Interpreter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock = hold(cache, [make_wheel("app")])
    assembler = Assembler(cache, lock)
    first = assembler.assemble(tmp_path / "channel", ["app"], [python], show)

    def no_packing(*arguments: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(channels, "pack", no_packing)
    second = assembler.assemble(tmp_path / "channel", ["app"], [python], show)
    assert (second.digest, second.records) == (first.digest, first.records)


def test_same_inputs_give_the_same_bytes(
    make_wheel: WheelMaker, cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    lock = hold(cache, [make_wheel("app")])
    first = Assembler(cache, lock).assemble(tmp_path / "one", ["app"], [python], show)
    other = tmp_path / "other"
    other.mkdir()
    (other / "wheels").symlink_to(cache / "wheels")
    second = Assembler(other, lock).assemble(tmp_path / "two", ["app"], [python], show)
    assert first.digest == second.digest


def test_damaged_package_is_packed_again(
    make_wheel: WheelMaker, cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    lock = hold(cache, [make_wheel("app")])
    assembler = Assembler(cache, lock)
    first = assembler.assemble(tmp_path / "channel", ["app"], [python], show)
    stored = cache / "packages" / packages(first)["app"]
    stored.unlink()
    stored.write_bytes(b"cut off")
    second = assembler.assemble(tmp_path / "channel", ["app"], [python], show)
    assert second.digest == first.digest
    assert digest(stored) == digest(second.folder / packages(second)["app"])


def test_changed_wheel_in_the_cache_is_not_packed(
    make_wheel: WheelMaker,
    cache: Path,
    python: Interpreter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    python = replace(python, executable=Path(sys.executable))
    lock = hold(cache, [make_wheel("app")])
    lock.write_text(f"app==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(MissingWheelError, match=r"no wheel of app 1\.0"):
        Assembler(cache, lock).assemble(tmp_path / "channel", ["app"], [python], show)
    assert not (tmp_path / "channel").exists()


def test_unpinned_need_is_named(
    make_wheel: WheelMaker, cache: Path, python: Interpreter, tmp_path: Path
) -> None:
    lock = hold(cache, [make_wheel("app", requires=["forgotten"])])
    with pytest.raises(ExternalsError, match="forgotten, needed by app, is not in"):
        Assembler(cache, lock).assemble(tmp_path / "channel", ["app"], [python], show)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
def test_full_disk_keeps_the_older_channel(
    make_wheel: WheelMaker,
    cache: Path,
    python: Interpreter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    lock = hold(cache, [make_wheel("app"), make_wheel("lib")])
    assembler = Assembler(cache, lock)
    before = assembler.assemble(tmp_path / "channel", ["app"], [python], show)
    real = Path.write_bytes

    def fail(self: Path, data: bytes) -> int:
        if "lib-1.0" in self.name:
            real(self, data[:10])
            raise OSError(number, "no room", str(self))
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(ExternalsError, match=r"cannot write .*lib-1\.0.*: the "):
        assembler.assemble(tmp_path / "channel", ["app", "lib"], [python], show)
    monkeypatch.undo()
    assert not list(cache.rglob("*.tmp"))
    assert (tmp_path / "channel" / packages(before)["app"]).is_file()
    after = assembler.assemble(tmp_path / "channel", ["app", "lib"], [python], show)
    assert set(packages(after)) == {"python", "python_abi", "app", "lib"}


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from contextlib import nullcontext
from externals import archive, channel
from externals.interpreters import Interpreter

count = int(sys.argv[2])
def dying(real):
    def wrapped(*arguments, **named):
        global count
        count -= 1
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return wrapped

Path.write_bytes = dying(Path.write_bytes)
Path.replace = dying(Path.replace)
Path.rename = dying(Path.rename)
Path.hardlink_to = dying(Path.hardlink_to)

class Step:
    def advance(self, what): pass

cache, lock, folder, root = map(Path, sys.argv[3:])
name = "python3.12"
python = Interpreter(root / "bin" / name, root, (3, 12, 1), root / "lib" / name,
                     root / "include" / name, root / "lib", "", "", "site-packages")
channel.Assembler(cache, lock).assemble(
    folder, ["app", "lib"], [python], lambda title, total: nullcontext(Step()))
"""


@pytest.mark.parametrize("older", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("count", [1, 3, 5, 8, 11, 12, 13, 17, 20, 22])
def test_killed_at_any_point_the_next_run_is_right(
    make_wheel: WheelMaker,
    cache: Path,
    python: Interpreter,
    tmp_path: Path,
    count: int,
    older: bool,
) -> None:
    lock = hold(cache, [make_wheel("app"), make_wheel("lib")])
    folder = tmp_path / "channel"
    if older:
        Assembler(cache, lock).assemble(folder, ["app"], [python], show)
    done = subprocess.run(
        [
            *(sys.executable, "-c", KILLED, str(TOOLS), str(count)),
            *map(str, (cache, lock, folder, python.root)),
        ],
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}
    made = Assembler(cache, lock).assemble(folder, ["app", "lib"], [python], show)
    assert set(packages(made)) == {"python", "python_abi", "app", "lib"}
    for record in made.records:
        assert digest(folder / record["subdir"] / record["fn"]) == record["sha256"]
    left = [path.name for path in (*cache.rglob(".*"), *tmp_path.glob(".*"))]
    assert left == []
    noted = json.loads((folder / "noarch/repodata.json").read_text())
    assert noted["info"] == {"subdir": "noarch"}


def test_default_lock_is_the_committed_one(
    cache: Path, python: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "LOCK", tmp_path / "no such lock")
    with pytest.raises(ExternalsError, match="no such lock"):
        Assembler(cache).assemble(tmp_path / "channel", ["app"], [python], show)
