"""Environments made for real, offline: a Python of this machine and wheels made on the spot."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from externals import compilers, interpreters, pins, toolchain
from pixiw import route as routes
from pixiw.environment import EnvironmentFailure, Prepared, Request, Route, choose_route, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = Path(__file__).resolve().parents[2] / "tools"
USABLE = [python for python in interpreters.find() if python.refusal is None]

needs_python = pytest.mark.skipif(
    sys.platform != "linux" or not USABLE,
    reason="the externals channel needs Linux and a CPython with headers",
)


def write_wheel(folder: Path, name: str, content: dict[str, str], requires: str = "") -> Path:
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    if requires:
        metadata += f"Requires-Dist: {requires}\n"
    members = content | {
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a workspace with a space in its path; pip has a folder of two wheels, and no index."""
    folder = tmp_path_factory.mktemp("work space")
    house = tmp_path_factory.mktemp("wheelhouse")  # pip splits this variable at spaces
    app = {
        "app.py": "import lib\ndef main():\n    print('app says', lib.ANSWER)\n",
        "app-1.0.dist-info/entry_points.txt": "[console_scripts]\napp = app:main\n",
    }
    wheels = [
        write_wheel(house, "app", app, "lib>=1"),
        write_wheel(house, "lib", {"lib.py": "ANSWER = 42\n"}),
    ]
    lock = folder / "wheels.txt"
    lock.write_text(
        "".join(
            f"{wheel.name.split('-')[0]}==1.0 "
            f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
            for wheel in wheels
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pins, "LOCK", lock)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(house))
        yield folder


@pytest.fixture
def request_app() -> Request:
    return Request(
        name="test",
        specs=(f"python {USABLE[0].minor}.*", "app >=1"),
        channels=("conda-forge",),
        platform="linux-64" if platform.machine() == "x86_64" else f"linux-{platform.machine()}",
        virtual_packages=(),
        activation_env={},
        activation_scripts=(),
    )


def run(prepared: Prepared, *command: str) -> str:
    done = subprocess.run(
        command,
        env=os.environ | prepared.variables,
        capture_output=True,
        text=True,
        check=True,
        executable=shutil.which(command[0], path=prepared.variables["PATH"]),
    )
    return done.stdout.strip()


@needs_python
def test_environment_works_and_is_reused(workspace: Path, request_app: Request) -> None:
    made = prepare(request_app, Route.EXTERNALS, workspace)
    assert made.prefix == workspace / ".pixi/externals/envs/test"
    assert run(made, "app") == "app says 42"
    assert run(made, "python", "-c", "import sys; print(sys.prefix)") == str(made.prefix)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = made.prefix / "lib" / f"python{USABLE[0].minor}" / "site-packages"
    assert run(made, "python", "-I", "-c", where) == str(site)
    assert made.variables["PATH"].split(os.pathsep)[0] == str(made.prefix / "bin")
    assert made.variables["CONDA_PREFIX"] == str(made.prefix)
    again = prepare(request_app, Route.EXTERNALS, workspace)
    assert again.reused
    assert replace(again, reused=False) == replace(made, reused=False)


DEBIAN = [python for python in USABLE if python.layout == "dist-packages"]


@needs_python
@pytest.mark.skipif(not DEBIAN, reason="no Python with Debian's dist-packages layout here")
def test_distribution_python_gets_the_ordinary_layout(
    workspace: Path, request_app: Request, tmp_path: Path
) -> None:
    asked = replace(request_app, name="debian", specs=(f"python =={DEBIAN[0].full}", "app"))
    made = prepare(asked, Route.EXTERNALS, workspace)
    site = made.prefix / "lib" / f"python{DEBIAN[0].minor}" / "site-packages"
    told = (
        "import json, site, sys, sysconfig; print(json.dumps([sys.path, site.getsitepackages(), "
        "sysconfig.get_path('purelib'), sysconfig.get_path('platlib'), "
        "sysconfig.get_path('scripts'), sysconfig.get_preferred_scheme('prefix')]))"
    )
    for options in ([], ["-I"], ["-X", "frozen_modules=off"]):
        path, folders, *rest = json.loads(run(made, "python", *options, "-c", told))
        assert folders == [str(site)]
        assert str(site) in path
        assert not any("dist-packages" in folder for folder in path)
        assert rest == [str(site), str(site), str(made.prefix / "bin"), "posix_prefix"]
    assert run(made, "app") == "app says 42"
    run(made, "python", "-m", "venv", "--without-pip", str(tmp_path / "venv"))
    inner = [str(tmp_path / "venv/bin/python"), "-c", "import sys; print(sys.path[-1])"]
    assert run(made, *inner) == str(tmp_path / f"venv/lib/python{DEBIAN[0].minor}/site-packages")


@needs_python
def test_reuse_loads_no_solver(workspace: Path, request_app: Request) -> None:
    prepare(request_app, Route.EXTERNALS, workspace)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from pixiw.environment import Request, Route, prepare\n"
        "from externals import pins\n"
        "made = prepare(eval(sys.argv[2]), Route.EXTERNALS, Path(sys.argv[3]))\n"
        "print(made.reused, 'rattler' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(TOOLS), repr(request_app), str(workspace)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


@needs_python
@pytest.mark.parametrize("damage", ["stamp missing", "stamp cut off", "prefix moved"])
def test_incomplete_environment_is_made_again(
    workspace: Path, request_app: Request, damage: str
) -> None:
    made = prepare(request_app, Route.EXTERNALS, workspace)
    stamp = made.prefix / "conda-meta/pixiw.json"
    if damage == "stamp missing":
        stamp.unlink()
    elif damage == "stamp cut off":
        stamp.write_text(stamp.read_text()[:40])
    else:
        stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"prefix": "/elsewhere"}))
    (made.prefix / "lib" / "left-over").write_text("")
    again = prepare(request_app, Route.EXTERNALS, workspace)
    assert not again.reused
    assert not (again.prefix / "lib" / "left-over").exists()
    assert run(again, "app") == "app says 42"


@needs_python
def test_failing_install_leaves_nothing(
    workspace: Path, request_app: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(request_app, name="interrupted")
    monkeypatch.setattr(
        "pixiw.activation.activate", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        prepare(asked, Route.EXTERNALS, workspace)
    assert [path.name for path in (workspace / ".pixi/externals/envs").glob("*interrupted*")] == [
        ".interrupted.lock"
    ]


@needs_python
def test_activation_of_the_manifest(workspace: Path, request_app: Request) -> None:
    (workspace / "set it.sh").write_text(
        'export SCRIPT="$HERE and more"\nexport PATH="/own:$PATH"\n'
    )
    asked = replace(
        request_app,
        name="activated",
        activation_env={"HERE": "$PIXI_PROJECT_ROOT/x `no`"},
        activation_scripts=("set it.sh",),
    )
    variables = prepare(asked, Route.EXTERNALS, workspace).variables
    assert variables["HERE"] == f"{workspace}/x `no`"
    assert variables["SCRIPT"] == f"{variables['HERE']} and more"
    assert variables["PATH"].split(os.pathsep)[0] == "/own"


@needs_python
@pytest.mark.parametrize(
    ("text", "words"), [("exit 3\n", "could not be activated"), (None, "is missing")]
)
def test_activation_script_that_fails(
    workspace: Path, request_app: Request, text: str | None, words: str
) -> None:
    if text is not None:
        (workspace / "bad.sh").write_text(text)
    name = "bad.sh" if text is not None else "none.sh"
    asked = replace(request_app, name="failing", activation_scripts=(name,))
    with pytest.raises(Exception, match=words):
        prepare(asked, Route.EXTERNALS, workspace)
    assert not (workspace / ".pixi/externals/envs/failing").exists()


@needs_python
def test_two_at_once(workspace: Path, request_app: Request) -> None:
    asked = replace(request_app, name="twice")
    made: list[Prepared] = []
    threads = [
        threading.Thread(target=lambda: made.append(prepare(asked, Route.EXTERNALS, workspace)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(prepared.reused for prepared in made) == [False, True]
    assert [run(prepared, "app") for prepared in made] == ["app says 42"] * 2


@needs_python
def test_packages_of_a_channel_by_its_address(workspace: Path, request_app: Request) -> None:
    prepare(request_app, Route.EXTERNALS, workspace)
    address = (workspace / ".pixi/externals/channel/test").as_uri()
    asked = replace(request_app, channels=(address,), virtual_packages=(("__glibc", "2.17", "0"),))
    made = prepare(asked, Route.CONDA_FORGE, workspace)
    assert made.prefix == workspace / ".pixi/envs/test"
    assert run(made, "app") == "app says 42"


@needs_python
def test_unsolvable_spec_is_named(workspace: Path, request_app: Request) -> None:
    asked = replace(request_app, name="impossible", specs=(*request_app.specs, "lib >=99"))
    with pytest.raises(EnvironmentFailure, match=r"impossible cannot be solved(.|\n)*lib >=99"):
        prepare(asked, Route.EXTERNALS, workspace)


@needs_python
@pytest.mark.parametrize("route", [Route.EXTERNALS, Route.CONDA_FORGE])
def test_mistyped_spec_is_named(workspace: Path, request_app: Request, route: Route) -> None:
    request = replace(request_app, name="mistyped", specs=("lib >=1", "python >=3..<"))
    with pytest.raises(EnvironmentFailure, match=r'mistyped asks for "python >=3..<", which is no'):
        prepare(request, route, workspace)


@pytest.mark.skipif(sys.platform != "linux", reason="the externals channel is made on Linux only")
def test_python_that_the_machine_lacks(workspace: Path, request_app: Request) -> None:
    asked = replace(request_app, specs=("python 3.99.*",))
    with pytest.raises(EnvironmentFailure) as caught:
        prepare(asked, Route.EXTERNALS, workspace)
    said = str(caught.value)
    assert "python 3.99.*, which this machine does not have; it has" in said
    for python in interpreters.best_of_each_minor(USABLE):
        assert python.full in said


@needs_python
def test_python_without_headers(
    workspace: Path, request_app: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = replace(USABLE[0], include=workspace / "nowhere")
    monkeypatch.setattr(interpreters, "find", lambda **_: (bare,))
    asked = replace(request_app, name="bare")
    with pytest.raises(EnvironmentFailure, match=r"cannot serve: its headers are not"):
        prepare(asked, Route.EXTERNALS, workspace)


@needs_python
def test_next_python_serves_where_the_newest_lacks_a_wheel(
    workspace: Path,
    request_app: Request,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = USABLE[0]
    newer = replace(real, version=(3, 99, 0))
    monkeypatch.setattr(interpreters, "find", lambda **_: (newer, real))
    text = pins.LOCK.read_text().replace("lib==1.0", "lib==1.0 ; python_version < '3.99'")
    lock = workspace / "partly.txt"
    lock.write_text(text + f"lib==2.0 ; python_version >= '3.99' --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(pins, "LOCK", lock)
    asked = replace(request_app, name="older", specs=("python >=3.11", "app"))
    made = prepare(asked, Route.EXTERNALS, workspace)
    assert run(made, "app") == "app says 42"
    assert (
        "passing Python 3.99.0 over: the index has no wheel of lib 2.0" in capsys.readouterr().err
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the externals channel is made on Linux only")
def test_other_platform_is_refused(workspace: Path, request_app: Request) -> None:
    asked = replace(request_app, platform="osx-arm64")
    with pytest.raises(EnvironmentFailure, match="not for osx-arm64"):
        prepare(asked, Route.EXTERNALS, workspace)


@needs_python
def test_compiler_of_another_version(
    workspace: Path, request_app: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = toolchain.Tool(Path(sys.executable), "1.70.0")
    monkeypatch.setattr(compilers, "rustc", lambda: tool)
    asked = replace(request_app, name="rusty", specs=(*request_app.specs, "rust >=1.85,<2"))
    with pytest.raises(
        EnvironmentFailure,
        match=r"asks for rust >=1\.85,<2, and this machine has 1\.70\.0; run: rustup update",
    ):
        prepare(asked, Route.EXTERNALS, workspace)


@needs_python
@pytest.mark.parametrize(
    ("spec", "words"),
    [("c-compiler", "no C compiler: gcc is not on PATH"), ("rust", "no Rust compiler: rustc is")],
)
def test_missing_compiler(
    workspace: Path,
    request_app: Request,
    monkeypatch: pytest.MonkeyPatch,
    spec: str,
    words: str,
) -> None:
    toolchain.rustc.cache_clear()
    toolchain.gnu.cache_clear()
    monkeypatch.setattr(toolchain, "which", lambda _: None)
    asked = replace(request_app, name="bare", specs=(*request_app.specs, spec))
    with pytest.raises(EnvironmentFailure, match=words):
        prepare(asked, Route.EXTERNALS, workspace)


@needs_python
def test_full_disk(tmp_path: Path, request_app: Request) -> None:
    asked = replace(request_app, specs=request_app.specs[:1])
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from pixiw.environment import EnvironmentFailure, Request, Route, prepare\n"
        "try:\n"
        "    prepare(eval(sys.argv[2]), Route.EXTERNALS, Path(sys.argv[3]))\n"
        "except EnvironmentFailure as error:\n"
        "    print(error)\n"
    )
    import resource

    limit = 200_000
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(TOOLS), repr(asked), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert "the file size limit is reached; make room" in done.stdout
    left = [path for path in (tmp_path / ".pixi").rglob("*") if path.suffix in {".tmp", ".conda"}]
    assert all("python_abi" in path.name for path in left)
    assert prepare(asked, Route.EXTERNALS, tmp_path).prefix.is_dir()


def test_forced_route() -> None:
    for forced in Route:
        assert choose_route(forced, ("conda-forge",))[0] is forced


def test_unreachable_channel_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routes._fault.cache_clear()
    memory = tmp_path / "deep/route.json"
    channel = "http://127.0.0.1:9/forge"
    chosen, reason = choose_route(None, (channel,), memory)
    assert chosen is Route.EXTERNALS
    assert f"{channel} is not reachable" in reason

    def no_question(name: str) -> str | None:
        raise AssertionError(name)

    monkeypatch.setattr(routes, "_fault", no_question)
    assert choose_route(None, (channel,), memory) == (chosen, reason)
    noted = json.loads(memory.read_text())
    memory.write_text(json.dumps(noted | {"time": time.time() - 4000}))
    with pytest.raises(AssertionError, match="forge"):
        choose_route(None, (channel,), memory)


@pytest.mark.parametrize(("status", "route"), [(200, Route.CONDA_FORGE), (403, Route.EXTERNALS)])
def test_answer_of_a_channel_decides(status: int, route: Route) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            del arguments

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/forge"
        chosen, reason = choose_route(None, (address,))
        thread.join()
    assert chosen is route
    assert ("HTTP status 403" in reason) == (route is Route.EXTERNALS)
