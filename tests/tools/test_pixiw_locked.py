"""Environments installed from `pixi.lock`, from a server on this machine."""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from externals.archive import Entry, Package, pack
from pixiw.environment import EnvironmentFailure, Request, Route, prepare
from pixiw.lock_use import LockUse

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the packages are for Linux")

TOOL = Package(
    *("tool", "1.0", "h1_0", "linux-64"),
    depends=("base >=1", "__glibc >=2.17"),
    # What no compressor makes small, so that the file can be cut off in the middle.
    files=(Entry("share/tool.bin", os.urandom(100_000)),),
)
NEW_TOOL = replace(TOOL, version="2.0")
BASE = Package(
    *("base", "1.5", "h1_0", "noarch", "generic"), files=(Entry("share/base.txt", b"base\n"),)
)
PACKAGES = (TOOL, NEW_TOOL, BASE)


@dataclass
class Channel:
    """A channel served on this machine, which misbehaves on demand."""

    folder: Path
    url: str = ""
    faults: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request for a file of the channel."""
        name = handler.path.rpartition("/")[2]
        self.asked.append(name)
        path = self.folder / handler.path.removeprefix("/conda-forge/")
        waiting = self.faults.get(name, [])
        fault = waiting.pop(0) if waiting else ""
        if not path.is_file() or fault == "gone":
            handler.send_error(404)
            return
        data = path.read_bytes()
        if fault == "changed":
            data = data[:-40] + bytes(40)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[: len(data) // 2] if fault == "cut off" else data)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Channel]:
    """Serve the packages below an address like conda-forge's."""
    channel = Channel(tmp_path_factory.mktemp("channel"))
    for subdir in ("linux-64", "noarch"):
        records = {
            package.filename: pack(package, channel.folder / subdir)
            for package in PACKAGES
            if package.subdir == subdir
        }
        content = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": records}
        (channel.folder / subdir / "repodata.json").write_text(json.dumps(content))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            channel.answer(self)

        def do_HEAD(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    channel.url = f"http://127.0.0.1:{server.server_port}/conda-forge"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield channel
    server.shutdown()
    server.server_close()


@pytest.fixture
def channel(served: Channel) -> Channel:
    served.faults.clear()
    served.asked.clear()
    return served


def lock_text(channel: Channel, *packages: Package, environment: str = "default") -> str:
    """Return a lock that holds packages of the channel for one environment."""
    listed, described = "", ""
    for package in packages:
        url = f"{channel.url}/{package.subdir}/{package.filename}"
        content = json.loads((channel.folder / package.subdir / "repodata.json").read_text())
        record = content["packages.conda"][package.filename]
        listed += f"      - conda: {url}\n"
        described += f"- conda: {url}\n"
        described += f"  noarch: {record['noarch']}\n" if "noarch" in record else ""
        described += f"  sha256: {record['sha256']}\n  md5: {record['md5']}\n"
        if package.depends:
            described += "  depends:\n" + "".join(f"  - {text}\n" for text in package.depends)
    return (
        "version: 7\nplatforms:\n- name: p1\n  subdir: linux-64\n  virtual-packages:\n"
        f"  - __glibc=2.17\nenvironments:\n  {environment}:\n    channels:\n"
        f"    - url: {channel.url}/\n    packages:\n      p1:\n{listed}packages:\n{described}"
    )


def asked(channel: Channel, *specs: str) -> Request:
    return Request(
        name="default",
        specs=specs or ("tool",),
        channels=(channel.url,),
        platform="linux-64",
        virtual_packages=(("__unix", "0", "0"), ("__glibc", "2.17", "0")),
        activation_env={},
        activation_scripts=(),
    )


def versions(prefix: Path) -> dict[str, str]:
    """Return the version of each installed package."""
    records = [json.loads(path.read_text()) for path in prefix.glob("conda-meta/*-*.json")]
    return {record["name"]: record["version"] for record in records}


LOCKED = {"tool": "1.0", "base": "1.5"}
NEWEST = {"tool": "2.0", "base": "1.5"}


@pytest.mark.parametrize("use", LockUse)
def test_packages_are_those_of_the_lock(channel: Channel, tmp_path: Path, use: LockUse) -> None:
    (tmp_path / "pixi.lock").write_text(lock_text(channel, TOOL, BASE))
    made = prepare(asked(channel), Route.CONDA_FORGE, tmp_path, use)
    assert versions(made.prefix) == LOCKED
    assert (made.prefix / "share/tool.bin").read_bytes() == TOOL.files[0].data
    assert sorted(channel.asked) == sorted([TOOL.filename, BASE.filename])
    assert prepare(asked(channel), Route.CONDA_FORGE, tmp_path, use).reused


def test_without_a_lock_the_newest_are_solved(channel: Channel, tmp_path: Path) -> None:
    made = prepare(asked(channel), Route.CONDA_FORGE, tmp_path)
    assert versions(made.prefix) == NEWEST
    assert not (tmp_path / "pixi.lock").exists()


@pytest.mark.parametrize("use", [LockUse.LOCKED, LockUse.FROZEN])
def test_a_lock_that_is_demanded_must_be_there(
    channel: Channel, tmp_path: Path, use: LockUse
) -> None:
    with pytest.raises(EnvironmentFailure, match=rf"no \S+pixi\.lock, which --{use.value}"):
        prepare(asked(channel), Route.CONDA_FORGE, tmp_path, use)


CHANGES = {
    "spec": (("tool >=2",), (TOOL, BASE), "pixi.toml asks for tool >=2, which"),
    "dependency": (("tool",), (TOOL,), "it depends on base >=1, and there is none"),
    "leftover": (("base",), (TOOL, BASE), "nothing that pixi.toml asks for leads to"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_lock_that_does_not_fit(
    channel: Channel, tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    specs, packages, reason = CHANGES[change]
    text = lock_text(channel, *packages)
    (tmp_path / "pixi.lock").write_text(text)
    request = asked(channel, *specs)
    solved = prepare(request, Route.CONDA_FORGE, tmp_path)
    assert versions(solved.prefix) == ({"base": "1.5"} if change == "leftover" else NEWEST)
    said = capsys.readouterr().err
    assert "pixi.lock does not satisfy the manifest (default on linux-64: " in said
    assert reason in said
    # The environment is ready, yet not by the lock.
    with pytest.raises(EnvironmentFailure, match=r"--locked installs from pixi\.lock") as failure:
        prepare(request, Route.CONDA_FORGE, tmp_path, LockUse.LOCKED)
    assert reason in str(failure.value)
    frozen = prepare(request, Route.CONDA_FORGE, tmp_path, LockUse.FROZEN)
    assert not frozen.reused
    assert versions(frozen.prefix) == {package.name: package.version for package in packages}
    assert (tmp_path / "pixi.lock").read_text() == text


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("- __glibc=2.17", "- __glibc=2.28", "another platform than linux-64 with __glibc 2.17"),
        ("linux-64\n  virtual", "win-64\n  virtual", "no environment default for linux-64"),
        ("  default:", "  other:", "no environment default for linux-64"),
        ("    - url: http", "    - url: https", "it has the channels https://127"),
    ],
)
def test_a_lock_of_other_things(
    channel: Channel, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = lock_text(channel, TOOL, BASE)
    assert old in text
    (tmp_path / "pixi.lock").write_text(text.replace(old, new, 1))
    with pytest.raises(EnvironmentFailure, match=reason):
        prepare(asked(channel), Route.CONDA_FORGE, tmp_path, LockUse.LOCKED)


def test_frozen_needs_the_environment(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").write_text(lock_text(channel, TOOL, BASE, environment="other"))
    with pytest.raises(EnvironmentFailure, match="no environment default for linux-64"):
        prepare(asked(channel), Route.CONDA_FORGE, tmp_path, LockUse.FROZEN)


@pytest.mark.parametrize("use", LockUse)
def test_a_broken_lock_is_named(channel: Channel, tmp_path: Path, use: LockUse) -> None:
    (tmp_path / "pixi.lock").write_text("version: 7\nplatforms: [\n")
    with pytest.raises(EnvironmentFailure, match=r"pixi\.lock is no lock that can be read"):
        prepare(asked(channel), Route.CONDA_FORGE, tmp_path, use)


def test_a_changed_package_is_refused(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").write_text(lock_text(channel, TOOL, BASE))
    channel.faults[TOOL.filename] = ["changed"] * 9
    with pytest.raises(EnvironmentFailure) as failure:
        prepare(asked(channel), Route.CONDA_FORGE, tmp_path)
    said = str(failure.value)
    assert f"{channel.url}/linux-64/{TOOL.filename} is another file than expected" in said
    assert "\n" not in said
    assert not (tmp_path / ".pixi/envs/default").exists()
    # The changed file was not kept either: the next run gets the right one.
    channel.faults.clear()
    made = prepare(asked(channel), Route.CONDA_FORGE, tmp_path)
    assert versions(made.prefix) == LOCKED


def test_a_download_that_breaks_off_is_tried_again(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").write_text(lock_text(channel, TOOL, BASE))
    channel.faults[TOOL.filename] = ["cut off"]
    made = prepare(asked(channel), Route.CONDA_FORGE, tmp_path)
    assert (made.prefix / "share/tool.bin").read_bytes() == TOOL.files[0].data
    assert channel.asked.count(TOOL.filename) == 2


def test_a_package_that_is_gone_is_named(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "pixi.lock").write_text(lock_text(channel, TOOL, BASE))
    channel.faults[TOOL.filename] = ["gone"] * 9
    with pytest.raises(EnvironmentFailure, match=f"404.*{TOOL.filename}"):
        prepare(asked(channel), Route.CONDA_FORGE, tmp_path)
    assert not (tmp_path / ".pixi/envs/default").exists()


def test_a_new_lock_makes_a_new_environment(channel: Channel, tmp_path: Path) -> None:
    lock = tmp_path / "pixi.lock"
    lock.write_text(lock_text(channel, TOOL, BASE))
    first = prepare(asked(channel), Route.CONDA_FORGE, tmp_path)
    lock.write_text(lock_text(channel, NEW_TOOL, BASE))
    second = prepare(asked(channel), Route.CONDA_FORGE, tmp_path)
    assert not second.reused
    assert versions(second.prefix) == NEWEST
    assert first.digest != second.digest
