"""The command line, called as a user does: the script, in a checkout of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pixiw import bootstrap, cli
from pixiw.bootstrap import Bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the script is for POSIX shells")

ROOT = bootstrap.ROOT
MANIFEST = """
[workspace]
name = "demo"
channels = ["conda-forge"]
platforms = ["linux-64", "linux-aarch64", "osx-64", "osx-arm64"]
requires-pixi = ">=0.77,<1"

[dependencies]
python = ">=3.11"

[tasks.hello]
cmd = "echo hello"
description = "Say hello"

[tasks]
_hidden = "echo hidden"
fail = "exit 7"
where = "pwd"
route = "echo $ROUTE"
long = [{ task = "fail" }]
made = { cmd = "touch made", outputs = ["made"] }

[feature.lint.tasks]
style = "echo style"

[environments]
lint = { features = ["lint"], no-default-feature = true }
"""
# Stands in for what solves and installs: environments are ready at once.
ENVIRONMENT = """
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from pixiw.errors import PixiwError

class EnvironmentFailure(PixiwError): pass

class Route(Enum):
    CONDA_FORGE = "conda-forge"
    EXTERNALS = "externals"

@dataclass
class Request:
    name: str
    specs: tuple
    channels: tuple
    platform: str
    virtual_packages: tuple
    activation_env: dict
    activation_scripts: tuple

@dataclass
class Prepared:
    prefix: Path
    variables: dict
    digest: str = "packages"

def choose_route(forced, channels, memory=None):
    return forced or Route.EXTERNALS, "the route is chosen by a test"

def prepare(request, route, workspace, use):
    if os.environ.get("BROKEN"):
        raise EnvironmentFailure("no Python fits, the machine has none")
    prefix = workspace / ".pixi" / "envs" / request.name
    prefix.mkdir(parents=True, exist_ok=True)
    return Prepared(prefix, {"ROUTE": route.value, "CONDA_PREFIX": str(prefix)})
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a checkout whose tools environment is there already."""
    root = tmp_path_factory.mktemp("pixiw") / "check out"
    shutil.copytree(
        ROOT / "tools" / "pixiw",
        root / "tools" / "pixiw",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "tools" / "progress.py", root / "tools" / "progress.py")
    shutil.copy(ROOT / "pixiw", root / "pixiw")
    (root / "tools" / "pixiw" / "environment.py").write_text(ENVIRONMENT)
    mine = Bootstrap(root / ".pixi" / "pixiw")
    venv.create(mine.prefix, symlinks=True)
    (mine.state / bootstrap.POINTER).write_text(f"{mine.python}\n")
    (root / "sub").mkdir()
    return root


@pytest.fixture
def checkout(template: Path) -> Path:
    """Give the checkout with its manifest as it was."""
    (template / "pixi.toml").write_text(MANIFEST)
    return template


def call(
    checkout: Path,
    *arguments: str,
    cwd: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    home = checkout.parent / "home"
    return subprocess.run(
        [checkout / "pixiw", *arguments],
        cwd=cwd or checkout,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "PIXIW_NO_PIXI": "1", **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def sentence(result: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """Return the one line on standard error of a refused call."""
    assert result.returncode == code, result
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if "chosen by a test" not in line]
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_a_task_runs_and_the_route_is_told(checkout: Path) -> None:
    result = call(checkout, "run", "hello", "you  all")
    assert (result.returncode, result.stdout) == (0, "hello you  all\n")
    assert result.stderr.splitlines() == [
        "pixiw: the route is chosen by a test",
        "Task (hello in default): echo hello 'you  all'",
    ]


def test_exit_codes_are_passed_on(checkout: Path) -> None:
    assert call(checkout, "run", "fail").returncode == 7
    assert call(checkout, "run", "long").returncode == 7
    assert call(checkout, "run", "sh", "-c", "exit 3").returncode == 3
    assert call(checkout, "run", "sh", "-c", "kill -9 $$").returncode == 137


def test_the_manifest_is_found_from_below_and_from_elsewhere(
    checkout: Path, tmp_path: Path
) -> None:
    for folder in (checkout / "sub", tmp_path):
        assert call(checkout, "run", "where", cwd=folder).stdout == f"{checkout}\n"
        assert call(checkout, "run", "pwd", cwd=folder).stdout == f"{folder}\n"
    other = tmp_path / "pixi.toml"
    other.write_text(MANIFEST.replace("echo hello", "echo other"))
    assert call(checkout, "run", "hello", cwd=tmp_path).stdout == "other\n"
    for option in (["-m", str(other)], [f"--manifest-path={tmp_path}"]):
        assert call(checkout, *option, "run", "hello").stdout == "other\n"
        assert call(checkout, "run", *option, "hello").stdout == "other\n"


def test_nothing_of_the_checkout_is_on_the_path_of_what_it_runs(checkout: Path) -> None:
    code = (
        "import os, sys; "
        "print([p for p in sys.path if 'check out' in p], 'PYTHONPATH' in os.environ)"
    )
    result = call(checkout, "run", sys.executable, "-P", "-c", code)
    assert result.stdout == "[] False\n"


def test_it_works_through_a_link_and_by_its_name_alone(checkout: Path, tmp_path: Path) -> None:
    search = f"{checkout}:/usr/bin:/bin"
    result = subprocess.run(
        ["sh", "-c", "pixiw run hello && cd sub && ../pixiw run where && sh ../pixiw run hello"],
        cwd=checkout,
        env={"PATH": search, "HOME": str(tmp_path), "PIXIW_NO_PIXI": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == f"hello\n{checkout}\nhello\n", result.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "route"),
    [
        (["run", "route"], {}, "externals"),
        (["--channel", "conda-forge", "run", "route"], {}, "conda-forge"),
        (["run", "--channel=conda-forge", "route"], {}, "conda-forge"),
        (["run", "route"], {"PIXIW_CHANNEL": "conda-forge"}, "conda-forge"),
        (["--channel", "externals", "run", "route"], {"PIXIW_CHANNEL": "conda-forge"}, "externals"),
    ],
)
def test_a_channel_can_be_forced(
    checkout: Path, arguments: list[str], variables: dict[str, str], route: str
) -> None:
    assert call(checkout, *arguments, variables=variables).stdout == f"{route}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["runn", "x"], 2, '"runn" is not a command of pixiw (did you mean "run"?)'),
        (["add", "numpy"], 2, "leaves the others to pixi itself"),
        (["--verbos"], 2, 'unknown option "--verbos" of pixiw'),
        (["run", "--enviroment", "x", "y"], 2, '(did you mean "--environment"?)'),
        (["run", "-e"], 2, 'option "-e" of run needs a value'),
        (["run", "--dry-run=1", "x"], 2, 'option "--dry-run" of run takes no value'),
        (["run", "-e", "lnt", "style"], 1, 'no environment "lnt" (did you mean "lint"?)'),
        (["run", "-e", "default", "style"], 1, 'environment "default" has no task "style"'),
        (["run", "helo"], 1, 'no task "helo" (did you mean "hello"?); there are "fail", "hello"'),
        (["--channel", "conda", "run", "hello"], 2, '--channel is "conda" (did you mean "conda-f'),
        (["task"], 2, '"task" alone is not supported by pixiw, only "task list"'),
        (["task", "add", "x"], 2, '"task add" is not supported by pixiw'),
        (["task", "list", "x"], 2, 'task list takes no argument "x"'),
        (["-m", "nowhere.toml", "run", "hello"], 1, "cannot read "),
        (["install", "-e", "nope"], 1, 'no environment "nope"'),
        (["clean", "-e", "nope"], 1, 'no environment "nope"'),
    ],
)
def test_a_mistake_gets_one_sentence(
    checkout: Path, arguments: list[str], code: int, message: str
) -> None:
    told = sentence(call(checkout, *arguments), code)
    assert told.startswith("pixiw: ")
    assert message in told


def test_mistakes_in_variables_and_manifests(checkout: Path) -> None:
    told = sentence(call(checkout, "run", "hello", variables={"PIXIW_CHANNEL": "x"}), 2)
    assert 'PIXIW_CHANNEL is "x", must be "conda-forge", "externals"' in told
    (checkout / "pixi.toml").write_text(MANIFEST.replace("[tasks.hello]", "[task.hello]"))
    told = sentence(call(checkout, "run", "hello"))
    assert (
        told
        == 'pixiw: pixi.toml, line 11: unknown key "task" in the manifest (did you mean "tasks"?)'
    )
    (checkout / "pixi.toml").unlink()
    assert "no pixi.toml in" in sentence(call(checkout, "run", "hello"))


def test_files_that_the_system_keeps_from_us(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_arguments: list[str]) -> int:
        raise PermissionError(13, "Permission denied", "/srv/others/python")

    monkeypatch.setattr(cli, "dispatch", refuse)
    assert cli._guarded([]) == 1
    told = capsys.readouterr().err
    assert told.startswith("pixiw: cannot use /srv/others/python: Permission denied; make it")


def test_a_working_directory_that_is_gone(checkout: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    result = subprocess.run(
        ["sh", "-c", f"rmdir '{gone}'; exec '{checkout / 'pixiw'}' run hello"],
        cwd=gone,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PIXIW_NO_PIXI": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    # The shell has a line of its own about it, before.
    told = "pixiw: the working directory has been removed; go to one that exists"
    assert result.stderr.splitlines()[-1] == told


def test_an_environment_that_cannot_be_had(checkout: Path) -> None:
    told = sentence(call(checkout, "run", "hello", variables={"BROKEN": "1"}))
    assert told == "pixiw: no Python fits, the machine has none"


def test_tasks_are_listed(checkout: Path) -> None:
    result = call(checkout, "task", "list")
    lines = result.stdout.splitlines()
    assert lines[0] == "Tasks that can run on this machine:"
    assert "hello  default       Say hello" in lines
    assert "style  lint" in lines
    assert "_hidden" not in result.stdout
    assert call(checkout, "run").stdout == result.stdout
    only = call(checkout, "task", "list", "--machine-readable", "-e", "lint")
    assert only.stdout == "style\n"


def test_tasks_are_listed_for_programs(checkout: Path) -> None:
    told = json.loads(call(checkout, "task", "list", "--json").stdout)
    assert told["version"] == 1
    hello = next(task for task in told["tasks"] if task["name"] == "hello")
    assert hello["command"] == "echo hello"
    assert (hello["environment"], hello["description"]) == ("default", "Say hello")


def test_what_would_run_is_shown(checkout: Path) -> None:
    assert call(checkout, "run", "-n", "long").stdout == "Task (fail in default): exit 7\n"
    assert (
        call(checkout, "run", "--dry-run", "ls", "a b").stdout == "Command (in default): ls 'a b'\n"
    )


def test_an_option_without_effect_says_so(checkout: Path) -> None:
    result = call(checkout, "run", "--locked", "hello")
    assert result.returncode == 0
    assert "--locked has no effect here" in result.stderr


def test_options_that_contradict_each_other_are_refused(checkout: Path) -> None:
    result = call(checkout, "run", "--locked", "--frozen", "hello")
    assert result.returncode == 2
    assert "--locked and --frozen contradict each other" in result.stderr


def test_environments_are_installed_hooked_and_cleaned(checkout: Path) -> None:
    result = call(checkout, "install", "--all")
    assert result.returncode == 0
    environments = checkout / ".pixi" / "envs"
    assert {path.name for path in environments.iterdir()} == {"default", "lint"}
    hook = call(checkout, "shell-hook", "-e", "lint").stdout
    assert f"export CONDA_PREFIX='{environments / 'lint'}'" in hook.splitlines()
    assert "export PIXI_ENVIRONMENT_NAME=lint" in hook.splitlines()
    assert call(checkout, "clean", "-e", "lint").returncode == 0
    assert {path.name for path in environments.iterdir()} == {"default"}


def test_a_cached_task_is_skipped(checkout: Path) -> None:
    assert call(checkout, "run", "made").returncode == 0
    assert "can be skipped (cache hit)" in call(checkout, "run", "made").stderr


def test_version_and_help(checkout: Path) -> None:
    assert call(checkout, "--version").stdout.startswith("pixiw ")
    assert "Usage: pixiw" in call(checkout, "--help").stdout
    assert "Usage: pixiw" in call(checkout, "run", "--help").stdout
    assert call(checkout).returncode == 2


def pretend_pixi(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "pixi"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "pixi {version}"; exit; }}\n'
        'for word in "$@"; do printf "<%s>" "$word"; done\nexit 42\n'
    )
    program.chmod(0o755)
    return folder


def test_a_fitting_pixi_gets_the_call_unchanged(checkout: Path, tmp_path: Path) -> None:
    search = f"{pretend_pixi(tmp_path, '0.80.1')}:/usr/bin:/bin"
    words = ["run", "-e", "py 313", "task", "--channel", "x", "", "$HOME"]
    result = call(
        checkout,
        "--channel",
        "conda-forge",
        *words,
        variables={"PATH": search, "PIXIW_NO_PIXI": ""},
    )
    assert result.returncode == 42
    assert result.stdout == "".join(f"<{word}>" for word in words)
    assert result.stderr == ""
    own = call(
        checkout,
        "--channel=externals",
        "run",
        "route",
        variables={"PATH": search, "PIXIW_NO_PIXI": ""},
    )
    assert own.stdout == "externals\n"


def test_a_pixi_that_does_not_fit_is_told_of(checkout: Path, tmp_path: Path) -> None:
    search = f"{pretend_pixi(tmp_path, '0.50.0')}:/usr/bin:/bin"
    result = call(checkout, "run", "hello", variables={"PATH": search, "PIXIW_NO_PIXI": ""})
    assert result.stdout == "hello\n"
    assert "pixi 0.50.0 at" in result.stderr
    assert "does not fit requires-pixi >=0.77,<1; going on without it" in result.stderr


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Make a script that looks for Python in folders of the test only."""
    (tmp_path / "system").mkdir()
    (tmp_path / "path").mkdir()
    text = (ROOT / "pixiw").read_text()
    assert "/usr/local/bin/python3*" in text
    for place in ("/usr/local/bin", "/usr/bin"):
        text = text.replace(f"{place}/python3*", f"{tmp_path}/system/python3*")
    script = tmp_path / "pixiw"
    script.write_text(text)
    script.chmod(0o755)
    return tmp_path


def search(bare: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", bare / "pixiw", "run", "x y"],
        env={"PATH": str(bare / "path"), "HOME": str(bare / "home")},
        capture_output=True,
        text=True,
        check=False,
    )


def python(path: Path, *, probe: int) -> None:
    """Pretend a Python that answers the script's probe, and shows what it is started with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'#!/bin/sh\n[ "$2" = -c ] && exit {probe}\n'
        'printf "%s" "${0##*/}"; for word in "$@"; do printf " <%s>" "$word"; done\n'
    )
    path.chmod(0o755)


def test_pythons_are_tried_until_one_fits(bare: Path) -> None:
    main = f"<-I> <{bare}/tools/pixiw/__main__.py> <run> <x y>"
    python(bare / "system" / "python3.12", probe=0)
    assert search(bare).stdout == f"python3.12 {main}"
    python(bare / "home/.local/share/uv/python/cpython-3.13/bin/python3", probe=0)
    python(bare / "home/.pyenv/versions/3.10/bin/python3", probe=3)
    assert search(bare).stdout == f"python3 {main}"
    python(bare / "path" / "python3", probe=127)
    python(bare / "path" / "python", probe=0)
    assert search(bare).stdout == f"python {main}"
    python(bare / "path" / "python3.11", probe=0)
    assert search(bare).stdout == f"python3.11 {main}"
    python(bare / "path" / "python3.14", probe=4)
    assert search(bare).stdout == f"python3.11 {main}"
    (bare / ".pixi" / "pixiw").mkdir(parents=True)
    python(bare / "remembered one", probe=3)
    (bare / ".pixi" / "pixiw" / "interpreter").write_text(f"{bare}/remembered one\n")
    assert search(bare).stdout == f"remembered one {main}"
    (bare / "remembered one").unlink()
    assert search(bare).stdout == f"python3.11 {main}"


def test_without_a_python_there_is_a_sentence(bare: Path) -> None:
    result = search(bare)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("pixiw: no Python >= 3.11 on PATH")
    assert "apt-get install python3 python3-venv" in result.stderr
    python(bare / "system" / "python3", probe=4)
    result = search(bare)
    assert result.returncode == 1
    assert result.stderr == (
        f"pixiw: {bare}/system/python3 lacks the modules venv and ensurepip; install them, as in: "
        "apt-get install python3-venv\n"
    )


def test_without_a_python_pixi_is_called(bare: Path) -> None:
    pretend_pixi(bare / "home" / ".pixi" / "bin", "0.80.1")
    result = search(bare)
    assert (result.returncode, result.stdout) == (42, "<run><x y>")
    pretend_pixi(bare / "path", "0.80.1")
    assert search(bare).returncode == 42
