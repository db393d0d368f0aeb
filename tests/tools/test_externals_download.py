"""Downloads by pip from a folder of wheels: pinned by hash, kept, and explained when they fail."""

from __future__ import annotations

import hashlib
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from externals import pins
from externals.download import WheelCache
from externals.failure import ExternalsError, MissingWheelError
from externals.interpreters import Interpreter
from externals.pins import Pin
from externals.target import Target

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tests.tools.conftest import WheelMaker


class Silent:
    """Shows no progress."""

    def advance(self, what: str) -> None:
        """Show nothing."""
        del what


def show(title: str, total: int) -> AbstractContextManager[Silent]:
    del title, total
    return nullcontext(Silent())


@pytest.fixture
def target() -> Target:
    here = Path(sys.executable)
    version = (sys.version_info[0], sys.version_info[1], sys.version_info[2])
    return Target(
        Interpreter(here, here.parent, version, here, here, here, "", "", "site-packages")
    )


@pytest.fixture
def cache(tmp_path: Path) -> WheelCache:
    return WheelCache(tmp_path / "cache", show)


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheelhouse"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")


def pin(path: Path, digest: str | None = None) -> Pin:
    name, version = path.name.split("-")[:2]
    found = digest or hashlib.sha256(path.read_bytes()).hexdigest()
    return Pin(name, version, frozenset({found}), None)


def test_downloaded_once(make_wheel: WheelMaker, cache: WheelCache, target: Target) -> None:
    wanted = [pin(make_wheel(name)) for name in ("one", "two", "three")]
    found = cache.fetch(wanted, target)
    assert {name: path.name for name, path in found.items()} == {
        name: f"{name}-1.0-py3-none-any.whl" for name in ("one", "two", "three")
    }
    for path in (cache.folder.parent / "wheelhouse").iterdir():
        path.unlink()
    assert cache.fetch(wanted, target) == found


def test_what_a_killed_download_left_is_removed(
    make_wheel: WheelMaker, cache: WheelCache, target: Target
) -> None:
    left = cache.folder / target.python.tag / ".download-killed" / "one-1.0-py3-none-any.whl"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    cache.fetch([pin(make_wheel("one"))], target)
    assert [path.name for path in (cache.folder / target.python.tag).iterdir()] == [left.name]


def test_wrong_hash_of_the_index(make_wheel: WheelMaker, cache: WheelCache, target: Target) -> None:
    wanted = pin(make_wheel("one"), "0" * 64)
    with pytest.raises(
        ExternalsError, match=r"serves another file for one.*/wheels\.txt pins: its hash differs"
    ):
        cache.fetch([wanted], target)
    assert not list(cache.folder.rglob("*.whl"))


def test_the_lock_that_holds_the_pin_is_named(
    make_wheel: WheelMaker, cache: WheelCache, target: Target, tmp_path: Path
) -> None:
    other, served = (
        tmp_path / pins.LOWEST.name,
        make_wheel("one", tag="cp27-cp27m-manylinux1_x86_64"),
    )
    other.write_text(pin(served).line())
    with pytest.raises(MissingWheelError, match=rf"externals/{other.name} pins$"):
        cache.fetch(pins.read(other), target)
    make_wheel("one")
    other.write_text(pin(served, "0" * 64).line())
    with pytest.raises(ExternalsError, match=rf"than tools/externals/{other.name} pins: its hash"):
        cache.fetch(pins.read(other), target)


@pytest.mark.parametrize("content", [b"changed", b""])
def test_damaged_wheel_in_the_cache_is_downloaded_again(
    make_wheel: WheelMaker, cache: WheelCache, target: Target, content: bytes
) -> None:
    wanted = pin(make_wheel("one"))
    path = cache.fetch([wanted], target)["one"]
    path.write_bytes(content)
    fresh = WheelCache(cache.folder, show)
    assert fresh.fetch([wanted], target) == {"one": path}
    assert fresh.digest(path) in wanted.hashes


def test_no_wheel_for_this_python(
    make_wheel: WheelMaker, cache: WheelCache, target: Target
) -> None:
    wanted = pin(make_wheel("one", tag="cp27-cp27m-manylinux1_x86_64"))
    with pytest.raises(MissingWheelError, match=rf"no wheel of one 1\.0 .*{target.python.full}"):
        cache.fetch([wanted], target)


def test_unreachable_index(
    make_wheel: WheelMaker, tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = WheelCache(tmp_path / "cache", show, retries=1)
    wanted = pin(make_wheel("one"))
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ExternalsError, match=r"index cannot be reached for one; .*mirror"):
        cache.fetch([wanted], target)
    assert [path.name for path in cache.folder.rglob("*") if path.is_file()] == []
