"""Tasks as they run: variables, folders, caching, exit codes, signals, locks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pixiw import globs, lock
from pixiw.errors import PixiwError
from pixiw.graph import Planner
from pixiw.manifest import read_manifest
from pixiw.runner import Runner
from pixiw.workspace import Environment, WorkspaceOn

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = """
[workspace]
name = "demo"
version = "1.2"
channels = ["conda-forge"]
platforms = ["linux-64", { platform = "win-64" }]
[activation.env]
ACTIVATED = "yes"
[environments]
other = []
"""
posix = pytest.mark.skipif(os.name == "nt", reason="signals and sh are POSIX")
PYTHON = Path(sys.executable).as_posix()


@dataclass(frozen=True)
class Ready:
    """An environment that is nothing but a folder and variables."""

    prefix: Path
    variables: dict[str, str]
    digest: str = "packages"


class Bench:
    """A workspace whose environments are ready at once; without a body, one that is there."""

    def __init__(self, root: Path, body: str | None = None) -> None:
        self.root = root
        self.digest = "packages"
        self.prepared: list[str] = []
        if body is not None:
            root.mkdir(exist_ok=True)
            (root / "pixi.toml").write_text(HEAD + body, encoding="utf-8")

    def prepare(self, environment: Environment) -> Ready:
        """Stand in for the preparation of environments, and note what was asked."""
        self.prepared.append(environment.name)
        prefix = self.root / ".pixi" / "envs" / environment.name
        return Ready(prefix, {**environment.activation_env, "MARK": "prepared"}, self.digest)

    def runner(self, *, clean: bool = False, cwd: Path | None = None) -> Runner:
        """Read the manifest anew."""
        workspace = WorkspaceOn(read_manifest(self.root / "pixi.toml"), "linux-64")
        planner = Planner(workspace, cwd or self.root)
        return Runner(planner, self.prepare, self.root / "pixiw", clean=clean)

    def run(self, *words: str, environment: str | None = None, clean: bool = False) -> int:
        """Run a task as the command line does."""
        runner = self.runner(clean=clean)
        return runner.run(runner.planner.plan(words[0], words[1:], environment=environment))


def show(*names: str) -> str:
    """Return the command of a task that prints variables."""
    code = f"import os; print([os.environ.get(n) for n in {list(names)}], flush=True)"
    return f'cmd = [\'{PYTHON}\', \'-c\', """{code}"""]'


def test_variables_that_pixi_sets(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    names = (
        *("PIXI_PROJECT_ROOT", "PIXI_PROJECT_MANIFEST", "PIXI_PROJECT_NAME"),
        *("PIXI_PROJECT_VERSION", "PIXI_ENVIRONMENT_NAME", "PIXI_ENVIRONMENT_PLATFORMS"),
        *("PIXI_PROMPT", "PIXI_IN_SHELL", "PIXI_EXE", "CONDA_DEFAULT_ENV", "INIT_CWD"),
        *("PIXI_ENVIRONMENT_CURRENT_PLATFORM", "MARK", "ACTIVATED"),
    )
    root = tmp_path / "a b"
    bench = Bench(root, f"[tasks.a]\n{show(*names)}")
    assert bench.run("a", environment="other") == 0
    assert capfd.readouterr().out.strip() == repr(
        [
            *(str(root), str(root / "pixi.toml"), "demo", "1.2", "other", "linux-64,win-64"),
            *("(demo:other) ", "1", str(root / "pixiw"), "demo:other", str(root)),
            *("linux-64", "prepared", "yes"),
        ]
    )
    assert bench.prepared == ["other"]


def test_variables_of_the_task_override_and_extend(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUTER", "out")
    bench = Bench(
        tmp_path,
        "[tasks.a]\nenv = { OUTER = 'in:$OUTER', NEXT = '${OUTER}/x', ACTIVATED = 'task' }\n"
        + show("OUTER", "NEXT", "ACTIVATED"),
    )
    assert bench.run("a") == 0
    assert capfd.readouterr().out.strip() == "['in:out', 'in:out/x', 'task']"


@pytest.mark.parametrize("by_option", [True, False])
@posix
def test_a_clean_environment_keeps_little(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    by_option: bool,
) -> None:
    monkeypatch.setenv("OUTER", "out")
    monkeypatch.setenv("HOME", "/home/of/tests")
    clean = "" if by_option else "clean-env = true\n"
    bench = Bench(tmp_path, f"[tasks.a]\n{clean}{show('OUTER', 'HOME', 'MARK')}")
    assert bench.run("a", clean=by_option) == 0
    assert capfd.readouterr().out.strip() == "[None, '/home/of/tests', 'prepared']"


def test_folders(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sub").mkdir()
    bench = Bench(tmp_path, "[tasks]\nhere = 'pwd'\nthere = { cmd = 'pwd', cwd = 'sub' }\n")
    runner = bench.runner(cwd=tmp_path / "sub")
    assert runner.run([*runner.planner.plan("here"), *runner.planner.plan("there")]) == 0
    assert runner.command(["pwd"], "default") == 0
    assert capfd.readouterr().out.split("\n")[:-1] == [
        str(tmp_path),
        str(tmp_path / "sub"),
        str(tmp_path / "sub"),
    ]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "[tasks]\na = { cmd = 'pwd', cwd = 'nowhere' }\n")
    with pytest.raises(PixiwError, match=r'task "a" runs in .*nowhere, which is no folder'):
        bench.run("a")


def test_a_failure_stops_the_rest(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bench = Bench(
        tmp_path,
        "[tasks]\na = 'exit 7'\nb = { cmd = 'echo never', depends-on = ['a'] }\nc = 'echo {{'\n",
    )
    assert bench.run("b") == 7
    captured = capfd.readouterr()
    assert "never" not in captured.out
    assert "Task (a in default): exit 7" in captured.err


def test_the_refusal_of_a_command_names_its_task(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "[tasks]\na = 'echo | cat'\n")
    with pytest.raises(PixiwError, match=r'task "a": a pipe \(\|\) is not supported by pixiw'):
        bench.run("a")


def test_arguments_are_appended(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bench = Bench(tmp_path, "[tasks]\na = 'echo first && echo second'\nb = [{ task = 'a' }]\n")
    assert bench.run("a", "$HOME", "x  y") == 0
    captured = capfd.readouterr()
    assert captured.out == "first\nsecond $HOME x  y\n"
    assert "echo second '$HOME' 'x  y'" in captured.err
    with pytest.raises(PixiwError, match='task "b" only names other tasks and takes no arguments'):
        bench.run("b", "x")


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["echo", "$HOME", "a  b"], "$HOME a  b\n"),
        (["echo a && echo b"], "a\nb\n"),
        ([PYTHON, "-c", "print(1)"], "1\n"),
    ],
)
def test_any_command_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: list[str], output: str
) -> None:
    assert Bench(tmp_path, "").runner().command(words, "default") == 0
    assert capfd.readouterr().out == output


def test_templates(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bench = Bench(
        tmp_path,
        """
[tasks.a]
cmd = "echo {{ name | upper }} {{ pixi.environment.name }} {{ pixi.platform }}"
args = ["name"]
[tasks.b]
cmd = ["echo", "{{ pixi.is_win }} {{ pixi.init_cwd }}"]
[tasks.c]
cmd = "echo {{ unknown }}"
""",
    )
    assert bench.run("a", "x", environment="other") == 0
    assert bench.run("b") == 0
    assert capfd.readouterr().out == f"X other linux-64\nfalse {tmp_path}\n"
    with pytest.raises(PixiwError, match=r'task "c" has a bad template "echo \{\{ unknown \}\}"'):
        bench.run("c")


def test_show_runs_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bench = Bench(tmp_path, "[tasks]\na = 'exit 7'\nb = { cmd = 'exit 8', depends-on = ['a'] }\n")
    runner = bench.runner()
    runner.show(runner.planner.plan("b", ["x y"]))
    assert (
        capfd.readouterr().out == "Task (a in default): exit 7\nTask (b in default): exit 8 'x y'\n"
    )
    assert bench.prepared == []


CACHED = f"""
[tasks.make]
cmd = ['{PYTHON}', 'make.py']
inputs = ["*.txt", "!skip.txt", "src"]
outputs = ["out/$PIXI_ENVIRONMENT_NAME/made"]
env = {{ A = "1" }}
"""
MAKE = """
import os, pathlib
made = pathlib.Path("out", os.environ["PIXI_ENVIRONMENT_NAME"], "made")
made.parent.mkdir(parents=True, exist_ok=True)
made.write_text("made")
print("ran")
"""


@pytest.fixture
def cached(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, CACHED)
    (tmp_path / "make.py").write_text(MAKE)
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "deep" / "x.c").write_text("x")
    return bench


def rewrite(bench: Bench, old: str, new: str) -> None:
    manifest = bench.root / "pixi.toml"
    manifest.write_text(manifest.read_text().replace(old, new))


CHANGES: dict[str, tuple[Callable[[Bench], object], bool]] = {
    "nothing": (id, False),
    "a touched input": (lambda bench: (bench.root / "a.txt").touch(), False),
    "an input that is taken out": (lambda bench: (bench.root / "skip.txt").write_text("s"), False),
    "another file": (lambda bench: (bench.root / "b.md").write_text("b"), False),
    "an input's content": (lambda bench: (bench.root / "a.txt").write_text("b"), True),
    "an input in a folder": (
        lambda bench: (bench.root / "src" / "deep" / "x.c").write_text("y"),
        True,
    ),
    "a new input": (lambda bench: (bench.root / "c.txt").write_text("c"), True),
    "a removed input": (lambda bench: (bench.root / "a.txt").unlink(), True),
    "a removed output": (lambda bench: shutil.rmtree(bench.root / "out"), True),
    "a changed output": (
        lambda bench: (bench.root / "out" / "default" / "made").write_text("other"),
        True,
    ),
    "the command": (lambda bench: rewrite(bench, "'make.py'", "'-B', 'make.py'"), True),
    "the variables": (lambda bench: rewrite(bench, 'A = "1"', 'A = "2"'), True),
    "the packages": (lambda bench: setattr(bench, "digest", "others"), True),
    "a broken memory": (
        lambda bench: [
            path.write_text("{") for path in (bench.root / ".pixi/pixiw/tasks").iterdir()
        ],
        True,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_task_runs_again_only_when_something_changed(
    cached: Bench, capfd: pytest.CaptureFixture[str], change: str
) -> None:
    assert cached.run("make") == 0
    assert "ran" in capfd.readouterr().out
    alter, again = CHANGES[change]
    alter(cached)
    assert cached.run("make") == 0
    captured = capfd.readouterr()
    assert ("ran" in captured.out) is again
    assert ("Task (make in default) can be skipped (cache hit)" in captured.err) is not again


def test_environments_and_arguments_are_remembered_apart(
    cached: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    for environment, words in [("default", []), ("other", []), ("default", ["-x"])]:
        assert cached.run("make", *words, environment=environment) == 0
        assert "ran" in capfd.readouterr().out
        assert cached.run("make", *words, environment=environment) == 0
        assert "ran" not in capfd.readouterr().out


def test_a_failed_task_is_not_remembered(cached: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    assert cached.run("make") == 0
    make = cached.root / "make.py"
    make.write_text(MAKE + "raise SystemExit(3)")
    (cached.root / "a.txt").write_text("changed")
    assert cached.run("make") == 3
    make.write_text(MAKE)
    capfd.readouterr()
    assert cached.run("make") == 0
    assert "ran" in capfd.readouterr().out


def test_a_missing_output_is_told_and_not_remembered(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(tmp_path, "[tasks]\na = { cmd = 'echo ran', outputs = ['made'] }\n")
    for _ in range(2):
        assert bench.run("a") == 0
        captured = capfd.readouterr()
        assert captured.out == "ran\n"
        assert 'task "a" made no file that matches its output "made"' in captured.err


def test_a_memory_that_cannot_be_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "[tasks]\na = { cmd = 'true', inputs = ['x'] }\n")
    (tmp_path / ".pixi" / "pixiw").mkdir(parents=True)
    (tmp_path / ".pixi" / "pixiw" / "tasks").touch()
    with pytest.raises(PixiwError, match=r"cannot write .*json: Not a directory"):
        bench.run("a")


@pytest.mark.parametrize(
    ("patterns", "files", "unmatched"),
    [
        (["*.py"], ["a.py", "src/b.py", "src/deep/c.py"], []),
        (["/*.py"], ["a.py"], []),
        (["a.py"], ["a.py"], []),
        (["b.py"], [], ["b.py"]),
        (["src/*.py"], ["src/b.py"], []),
        (["src/**/*.py"], ["src/b.py", "src/deep/c.py"], []),
        (["**/c.py"], ["src/deep/c.py"], []),
        (["src"], ["src/b.py", "src/d.txt", "src/deep/c.py"], []),
        (["src/"], ["src/b.py", "src/d.txt", "src/deep/c.py"], []),
        (["./src/deep/**"], ["src/deep/c.py"], []),
        (["src", "!*.py"], ["src/d.txt"], []),
        (["src", "!*.py", "src/deep/c.py"], ["src/d.txt", "src/deep/c.py"], []),
        (["src/?.p[xy]"], ["src/b.py"], []),
        (["src/[!b].txt", "nothing/*"], ["src/d.txt"], ["nothing/*"]),
        (["*.whl"], [], ["*.whl"]),
    ],
)
def test_patterns(
    tmp_path: Path, patterns: list[str], files: list[str], unmatched: list[str]
) -> None:
    for name in ["a.py", "src/b.py", "src/d.txt", "src/deep/c.py", ".git/e.py", ".pixi/f.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert globs.select(tmp_path, patterns) == (files, unmatched)
    absolute = [
        pattern if pattern[0] in "!/" or "/" not in pattern else f"{tmp_path}/{pattern}"
        for pattern in patterns
    ]
    assert globs.select(tmp_path, absolute)[0] == files


@pytest.mark.parametrize("pattern", ["../x", "src/../../x", "", "!", "/", "C:/x"])
def test_patterns_that_leave_the_folder(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(PixiwError, match="pattern"):
        globs.select(tmp_path / "inner", [pattern])


def test_a_pattern_with_an_impossible_range(tmp_path: Path) -> None:
    with pytest.raises(PixiwError, match=r'the pattern "src/\[z-a\]\.py" has a range'):
        globs.select(tmp_path, ["src/[z-a].py"])


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_becomes_128_and_its_number(tmp_path: Path, number: int) -> None:
    (tmp_path / "die.py").write_text(f"import os; os.kill(os.getpid(), {int(number)})")
    bench = Bench(tmp_path, f"[tasks.a]\ncmd = ['{PYTHON}', 'die.py']\n")
    assert bench.run("a") == 128 + number


INTERRUPTED = """
import sys, pathlib
sys.path[:0] = [{tools!r}, {here!r}]
from test_pixiw_runner import Bench
from pixiw.process import Interrupted
bench = Bench(pathlib.Path({root!r}), {body!r})
try:
    bench.run("a")
except Interrupted as event:
    sys.exit(event.exit_code)
sys.exit(99)
"""
CHILD = """
import pathlib, signal, sys, time
def end(number, frame):
    time.sleep(0.3)
    pathlib.Path("ended").write_text(str(number))
    sys.exit(40)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
pathlib.Path("started").touch()
time.sleep(60)
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_passed_on_and_the_child_awaited(tmp_path: Path, number: int) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    (tmp_path / "never.py").write_text("open('never', 'w')")
    command = f'"{PYTHON}" child.py || "{PYTHON}" never.py'
    body = f"[tasks]\na = '{command}'\n"
    code = INTERRUPTED.format(
        tools=str(Path(globs.__file__).parents[1]),
        here=str(Path(__file__).parent),
        root=str(tmp_path),
        body=body,
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    await_file(tmp_path / "started")
    process.send_signal(number)
    assert process.wait(30) == 40
    assert (tmp_path / "ended").read_text() == str(int(number))
    assert not (tmp_path / "never").exists()


COUNTING = """
import pathlib, signal, sys, time
received = []
signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
pathlib.Path("started").touch()
deadline = time.monotonic() + 30
while not received and time.monotonic() < deadline:
    time.sleep(0.02)
time.sleep(0.3)
pathlib.Path("ended").write_text(str(len(received)))
sys.exit(40)
"""


@posix
def test_a_terminal_interrupts_the_child_once(tmp_path: Path) -> None:
    import pty

    (tmp_path / "child.py").write_text(COUNTING)
    code = INTERRUPTED.format(
        tools=str(Path(globs.__file__).parents[1]),
        here=str(Path(__file__).parent),
        root=str(tmp_path),
        body=f"[tasks.a]\ncmd = ['{PYTHON}', 'child.py']\n",
    )
    # A process of its own makes the terminal: forking this one, which has threads, is unsafe.
    opener = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", opener, sys.executable, "-c", code], stdin=slave, stdout=slave
    )
    await_file(tmp_path / "started")
    os.write(master, b"\x03")
    assert process.wait(30) == 40
    assert (tmp_path / "ended").read_text() == "1"
    os.close(master)
    os.close(slave)


def await_file(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def test_two_runs_make_the_outputs_once(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import pathlib, time\n"
        "with open('log', 'a') as log: log.write('begin ')\n"
        "time.sleep(0.5)\n"
        "pathlib.Path('made').write_text('made')\n"
        "with open('log', 'a') as log: log.write('end ')\n"
    )
    body = f"[tasks]\na = {{ cmd = ['{PYTHON}', 'slow.py'], outputs = ['made'] }}\n"
    bench = Bench(tmp_path, body)
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(locked_run(bench))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "begin end "


def locked_run(bench: Bench) -> int:
    code = (
        f"import sys, pathlib; sys.path[:0] = [{str(Path(globs.__file__).parents[1])!r}, "
        f"{str(Path(__file__).parent)!r}]\n"
        "from test_pixiw_runner import Bench\n"
        f"sys.exit(Bench(pathlib.Path({str(bench.root)!r})).run('a'))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL
    ).returncode


def test_a_task_may_call_another_with_outputs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(tmp_path, "")
    inner = (
        f"import sys, pathlib; sys.path[:0] = [{str(Path(globs.__file__).parents[1])!r}, "
        f"{str(Path(__file__).parent)!r}]\n"
        "from test_pixiw_runner import Bench\n"
        "pathlib.Path('one').touch()\n"
        'body = \'[tasks]\\nb = { cmd = "echo inner", outputs = ["one"] }\\n\'\n'
        "sys.exit(Bench(pathlib.Path.cwd(), body).run('b'))\n"
    )
    (tmp_path / "inner.py").write_text(inner)
    bench = Bench(
        tmp_path, f"[tasks]\na = {{ cmd = ['{PYTHON}', 'inner.py'], outputs = ['one'] }}\n"
    )
    assert bench.run("a") == 0
    assert capfd.readouterr().out == "inner\n"
    assert lock.HELD not in os.environ
