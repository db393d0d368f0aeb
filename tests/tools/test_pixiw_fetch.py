"""Downloads from a server on this machine that breaks off, changes its mind, and refuses."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from externals.archive import Entry, Package, pack
from pixiw import fetch
from pixiw.environment import Request, Route, prepare
from pixiw.fetch import Archive, Fetcher
from pixiw.lock_use import LockUse
from pixiw.request import EnvironmentFailure
from progress import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = Path(__file__).resolve().parents[2] / "tools"
DATA = hashlib.shake_256(b"one").digest(300_000)
OTHER = hashlib.shake_256(b"other").digest(300_000)
HALF = 150_000


@dataclass
class Server:
    """Files served on this machine, by name, with faults on demand.

    A fault is the status to answer with; `cut N`, to break off after N bytes; `hang N`, to send
    no more after N bytes; `whole`, to ignore the range asked for; `shifted N`, to send N bytes of
    another.
    """

    files: dict[str, bytes]
    url: str = ""
    faults: list[str] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    hung: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        asked = handler.headers["Range"]
        self.ranges.append(asked)
        self.agents.append(handler.headers["User-Agent"])
        fault, _, number = (self.faults.pop(0) if self.faults else "").partition(" ")
        data = self.files.get(handler.path.rpartition("/")[2])
        if data is None or fault.isdecimal():
            handler.send_error(404 if data is None else int(fault))
            return
        start = 0
        if asked and fault != "whole":
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(data) > 0:
            handler.send_error(416)
            return
        if fault == "shifted":
            start -= 1
        body = data[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: int(number)] if number else body)
        if fault == "hang":
            handler.wfile.flush()
            self.hung.set()
            self.released.wait(60)


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server({"file.conda": DATA})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{listening.server_port}/conda-forge"
    threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
    yield served
    served.released.set()
    listening.shutdown()
    listening.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "PAUSES", (0.0, 0.0))


@pytest.fixture
def wanted(server: Server, tmp_path: Path) -> Archive:
    expected = hashlib.sha256(DATA).hexdigest()
    return Archive(f"{server.url}/file.conda", "sha256", expected, tmp_path / "held/file.conda")


def get(*archives: Archive) -> int:
    """Download, and return how many files were counted."""
    with Step("downloading") as step:
        Fetcher(step).fetch(archives)
    return step.done


def leave(archive: Archive, part: bytes) -> None:
    """Leave what an earlier run had got."""
    archive.part.parent.mkdir()
    archive.part.write_bytes(part)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("part", "faults", "ranges"),
    [
        (None, [], [None]),
        (None, ["cut 100000", "cut 70000"], [None, "bytes=100000-", "bytes=170000-"]),
        # Progress gives new patience: more attempts than one stretch without progress has.
        (None, ["cut 10"] * 5, [None, *(f"bytes={count}0-" for count in range(1, 6))]),
        (None, ["cut 0", "cut 0"], [None, None, None]),
        (None, ["503", "cut 9", "429"], [None, None, "bytes=9-", "bytes=9-"]),
        (DATA[:HALF], [], [f"bytes={HALF}-"]),
        (DATA[:HALF], ["cut 9"], [f"bytes={HALF}-", f"bytes={HALF + 9}-"]),
        # The server does not know ranges.
        (DATA[:HALF], ["whole"], [f"bytes={HALF}-"]),
        (DATA[:HALF], ["shifted 9"], [f"bytes={HALF}-", None]),
        # The file was changed between the runs.
        (OTHER[:HALF], [], [f"bytes={HALF}-", None]),
        (OTHER[:HALF], ["", "cut 9"], [f"bytes={HALF}-", None, "bytes=9-"]),
        # The run was killed between the last byte and the renaming.
        (DATA, [], [f"bytes={len(DATA)}-"]),
        (DATA + b"more", [], [f"bytes={len(DATA) + 4}-", None]),
    ],
)
def test_a_download_goes_on(
    server: Server, wanted: Archive, part: bytes | None, faults: list[str], ranges: list[str | None]
) -> None:
    if part is not None:
        leave(wanted, part)
    server.faults = faults.copy()
    assert get(wanted) == 1
    assert wanted.path.read_bytes() == DATA
    assert server.ranges == ranges
    assert not wanted.part.exists()


def test_what_is_there_is_not_asked_for(server: Server, wanted: Archive) -> None:
    get(wanted)
    get(wanted)
    assert server.ranges == [None]
    wanted.path.write_bytes(b"damaged")
    get(wanted)
    assert wanted.path.read_bytes() == DATA


@pytest.mark.parametrize(("part", "ranges"), [(b"", [None]), (DATA[:9], ["bytes=9-", None])])
@pytest.mark.parametrize(("algorithm", "called"), [("sha256", "SHA-256"), ("md5", "MD5")])
def test_another_file_is_refused(
    server: Server,
    wanted: Archive,
    part: bytes,
    ranges: list[str | None],
    algorithm: str,
    called: str,
) -> None:
    expected = hashlib.new(algorithm, DATA).hexdigest()
    archive = Archive(wanted.url, algorithm, expected, wanted.path)
    leave(archive, part)
    server.files["file.conda"] = OTHER
    found = hashlib.new(algorithm, OTHER).hexdigest()
    words = rf"/file\.conda is another file .* its {called} hash is {found} and not {expected}"
    with pytest.raises(EnvironmentFailure, match=words) as failure:
        get(archive)
    assert "\n" not in str(failure.value)
    assert server.ranges == ranges
    assert files(archive.path.parent) == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(404, "no longer has"), (410, "no longer has"), (403, "check the rights")],
)
def test_a_refusal_is_final(server: Server, wanted: Archive, status: int, remedy: str) -> None:
    server.faults = [str(status)]
    with pytest.raises(EnvironmentFailure, match=rf"answers {status} .*/file\.conda; .*{remedy}"):
        get(wanted)
    assert server.ranges == [None]


@pytest.mark.parametrize(
    ("faults", "reason"),
    [(["503"] * 9, "HTTP status 503"), (["cut 0"] * 9, "the connection broke off")],
)
def test_patience_ends(server: Server, wanted: Archive, faults: list[str], reason: str) -> None:
    leave(wanted, DATA[:9])
    server.faults = faults
    with pytest.raises(EnvironmentFailure, match=rf"\({reason}\)") as failure:
        get(wanted)
    assert "it goes on after the 9 bytes that arrived" in str(failure.value)
    assert server.ranges == ["bytes=9-"] * 3
    server.faults.clear()
    get(wanted)
    assert wanted.path.read_bytes() == DATA


def test_an_unreachable_server(wanted: Archive) -> None:
    archive = Archive("http://127.0.0.1:9/file.conda", "sha256", wanted.expected, wanted.path)
    words = r"file\.conda cannot be downloaded from 127\.0\.0\.1:9 \(Connection refused\)"
    with pytest.raises(EnvironmentFailure, match=words):
        get(archive)


def test_several_at_once(server: Server, tmp_path: Path) -> None:
    archives = []
    for number in range(9):
        server.files[f"{number}.conda"] = data = DATA[number * 1000 :]
        digest = hashlib.sha256(data).hexdigest()
        url = f"{server.url}/{number}.conda"
        archives.append(Archive(url, "sha256", digest, tmp_path / f"{number}/x.conda"))
    server.faults = ["cut 50000"] * 4
    assert get(*archives) == 9
    assert all(archive.digest(archive.path) == archive.expected for archive in archives)
    assert sum(asked is not None for asked in server.ranges) == 4


def test_one_that_fails_stops_the_others(
    server: Server, wanted: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The others wait, once they have been sent away, until they are stopped.
    monkeypatch.setattr(fetch, "PAUSES", (60.0,))
    server.faults = ["503"] * 99
    missing = Archive(
        f"{server.url}/none.conda", "sha256", wanted.expected, tmp_path / "none.conda"
    )
    others = [
        Archive(wanted.url, "sha256", wanted.expected, tmp_path / f"{number}/file.conda")
        for number in range(20)
    ]
    with pytest.raises(EnvironmentFailure, match=r"answers 404 .*/none\.conda"):
        get(missing, *others)
    assert len(server.ranges) <= 4


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk(server: Server, wanted: Archive) -> None:
    import resource

    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from pixiw.installation import sentences\n"
        "from pixiw.fetch import Archive, Fetcher\n"
        "from pixiw.request import EnvironmentFailure\n"
        "from progress import Step\n"
        "try:\n"
        "    with sentences('default', Path('prefix')), Step('downloading') as step:\n"
        "        Fetcher(step).fetch([Archive(*sys.argv[2:5], Path(sys.argv[5]))])\n"
        "except EnvironmentFailure as error:\n"
        "    print(error)\n"
    )
    arguments = [str(TOOLS), wanted.url, wanted.algorithm, wanted.expected, str(wanted.path)]
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, HALF)),
    )
    assert f"cannot write {wanted.part}: the file size limit is reached; make room" in done.stdout
    assert files(wanted.path.parent) == []
    assert server.ranges == [None]


PACKAGE = Package(*("tool", "1.0", "h1_0", "linux-64"), files=(Entry("share/tool.bin", DATA),))
PREPARE = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "from pathlib import Path\n"
    "from pixiw.environment import Request, Route, prepare\n"
    "prepare(eval(sys.argv[2]), Route.CONDA_FORGE, Path(sys.argv[3]))\n"
)


@dataclass
class Workspace:
    """A workspace with a lock of one package."""

    folder: Path
    url: str
    request: Request

    @property
    def record(self) -> dict[str, object]:
        """What the environment notes of its package."""
        path = self.folder / ".pixi/envs/default/conda-meta/tool-1.0-h1_0.json"
        content: dict[str, object] = json.loads(path.read_text())
        return content


@pytest.fixture
def workspace(server: Server, tmp_path: Path) -> Workspace:
    record = pack(PACKAGE, tmp_path / "packed")
    server.files[PACKAGE.filename] = (tmp_path / "packed" / PACKAGE.filename).read_bytes()
    url = f"{server.url}/linux-64/{PACKAGE.filename}"
    folder = tmp_path / "work space"
    folder.mkdir()
    (folder / "pixi.lock").write_text(
        "version: 7\nplatforms:\n- name: p1\n  subdir: linux-64\n"
        f"environments:\n  default:\n    channels:\n    - url: {server.url}/\n"
        f"    packages:\n      p1:\n      - conda: {url}\n"
        f"packages:\n- conda: {url}\n  sha256: {record['sha256']}\n  md5: {record['md5']}\n"
    )
    request = Request("default", ("tool",), (server.url,), "linux-64", (), {}, ())
    return Workspace(folder, url, request)


linux = pytest.mark.skipif(sys.platform != "linux", reason="the package is for Linux")


@linux
def test_a_killed_run_is_continued(server: Server, workspace: Workspace) -> None:
    server.faults = [f"hang {HALF}"]
    arguments = [str(TOOLS), repr(workspace.request), str(workspace.folder)]
    command = [sys.executable, "-B", "-c", PREPARE, *arguments]
    with subprocess.Popen(command) as killed:
        assert server.hung.wait(60)
        cache = workspace.folder / ".pixi/externals/cache/conda/archives"
        held = 0
        while held < HALF and killed.poll() is None:
            held = sum(part.stat().st_size for part in cache.rglob("*.part"))
        killed.send_signal(signal.SIGKILL)
    assert not (workspace.folder / ".pixi/envs/default").exists()
    subprocess.run(command, check=True)
    assert server.ranges == [None, f"bytes={HALF}-"]
    prefix = workspace.folder / ".pixi/envs/default"
    assert (prefix / "share/tool.bin").read_bytes() == DATA
    # What is installed comes from the channel, and its archive is not kept twice.
    assert workspace.record["url"] == workspace.url
    assert str(workspace.record["channel"]).rstrip("/") == server.url
    assert files(cache) == [".lock", "tool-1.0-h1_0.unpacked"]
    assert prepare(workspace.request, Route.CONDA_FORGE, workspace.folder).reused


@linux
def test_the_package_cache_is_used(server: Server, workspace: Workspace) -> None:
    prepare(workspace.request, Route.CONDA_FORGE, workspace.folder)
    made = prepare(workspace.request, Route.CONDA_FORGE, workspace.folder, LockUse.FROZEN)
    assert not made.reused
    assert len(server.ranges) == 1
    assert workspace.record["url"] == workspace.url


@linux
def test_a_package_of_the_same_name_is_unpacked_anew(
    server: Server, workspace: Workspace, tmp_path: Path
) -> None:
    first = prepare(workspace.request, Route.CONDA_FORGE, workspace.folder)
    before = workspace.record["sha256"]
    changed = replace(PACKAGE, files=(Entry("share/tool.bin", OTHER),))
    record = pack(changed, tmp_path / "changed")
    server.files[PACKAGE.filename] = (tmp_path / "changed" / PACKAGE.filename).read_bytes()
    lock = workspace.folder / "pixi.lock"
    lock.write_text(lock.read_text().replace(str(before), record["sha256"]))
    second = prepare(workspace.request, Route.CONDA_FORGE, workspace.folder)
    assert first.digest != second.digest
    assert (second.prefix / "share/tool.bin").read_bytes() == OTHER
    assert workspace.record["sha256"] == record["sha256"] != before


@linux
@pytest.mark.parametrize(("lacking", "ours"), [({"sha256"}, True), ({"sha256", "md5"}, False)])
def test_a_package_with_fewer_hashes(
    server: Server, workspace: Workspace, lacking: set[str], ours: bool
) -> None:
    lock = workspace.folder / "pixi.lock"
    lines = lock.read_text().splitlines()
    kept = [line for line in lines if line.strip().partition(":")[0] not in lacking]
    lock.write_text("\n".join(kept) + "\n")
    made = prepare(workspace.request, Route.CONDA_FORGE, workspace.folder)
    assert (made.prefix / "share/tool.bin").read_bytes() == DATA
    assert [agent == "pixiw" for agent in server.agents] == [ours]
    assert workspace.record["url"] == workspace.url
