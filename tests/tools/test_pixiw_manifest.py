"""The manifest reader: every form it takes, and a sentence for every one it does not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixiw.bootstrap import ROOT
from pixiw.errors import ManifestError, PixiwError
from pixiw.graph import Planner
from pixiw.manifest import MANIFEST, find_manifest, read_manifest
from pixiw.model import PassedArgument, TaskArgument, TaskDependency
from pixiw.platforms import current_subdir, families
from pixiw.runner import Ready, Runner
from pixiw.toml_lines import line_of
from pixiw.workspace import Environment, WorkspaceOn

HEAD = '[workspace]\nname = "demo"\nchannels = ["conda-forge"]\nplatforms = ["linux-64"]\n'


def workspace(folder: Path, body: str, head: str = HEAD, subdir: str = "linux-64") -> WorkspaceOn:
    (folder / "pixi.toml").write_text(head + body, encoding="utf-8")
    return WorkspaceOn(read_manifest(folder / "pixi.toml"), subdir)


def test_every_task_form(tmp_path: Path) -> None:
    tasks = (
        workspace(
            tmp_path,
            """
[tasks]
text = "echo a"
words = { cmd = ["echo", "a b"] }
alias = [{ task = "text" }, { task = "words", environment = "default" }]
strings = { depends-on = ["text", "words"] }
single = { cmd = "true", depends-on = "text" }
full.cmd = "echo {{ a }}"
full.cwd = "src"
full.env = { A = "1", B = "$A" }
full.args = ["a", { arg = "b", default = "x", choices = ["x", "y"] }, { arg = "c", default = "" }]
full.inputs = ["*.py"]
full.outputs = ["dist/*"]
full.description = "All of it"
full.default-environment = "default"
full.clean-env = true
passing = { depends-on = [{ task = "full", args = ["1", { b = "y" }] }] }
""",
        )
        .environment("default")
        .tasks
    )
    assert tasks["text"].command == "echo a"
    assert tasks["words"].command == ("echo", "a b")
    assert tasks["alias"].depends_on == (
        TaskDependency("text"),
        TaskDependency("words", "default"),
    )
    assert tasks["alias"].command is None
    assert [entry.task for entry in tasks["strings"].depends_on] == ["text", "words"]
    assert tasks["single"].depends_on == (TaskDependency("text"),)
    full = tasks["full"]
    assert (full.cwd, full.env, full.clean_env) == ("src", (("A", "1"), ("B", "$A")), True)
    assert full.arguments == (
        TaskArgument("a"),
        TaskArgument("b", "x", ("x", "y")),
        TaskArgument("c", ""),
    )
    assert (full.inputs, full.outputs) == (("*.py",), ("dist/*",))
    assert (full.description, full.default_environment) == ("All of it", "default")
    assert tasks["passing"].depends_on[0].arguments == (
        PassedArgument(None, "1"),
        PassedArgument("b", "y"),
    )


def test_environments_are_composed_of_features(tmp_path: Path) -> None:
    found = workspace(
        tmp_path,
        """
[dependencies]
python = ">=3.11"
numpy = { version = ">=2", build = "py*" }
star = "*"
[tasks]
both = "echo default"
[activation]
scripts = ["first.sh"]
env = { A = "default", B = "default" }
[feature.py313.dependencies]
python = "3.13.*"
[feature.py313.tasks]
both = "echo feature"
[feature.py313.activation]
scripts = ["second.sh"]
env = { A = "feature" }
[feature.tools]
channels = ["bioconda"]
[feature.tools.dependencies]
ruff = ">=0.15"
[environments]
py313 = ["py313"]
tools = { features = ["tools"], no-default-feature = true }
own = { no-default-feature = true, dependencies = { cmake = "*" } }
""",
    )
    py313 = found.environment("py313")
    assert py313.specs == ("numpy >=2 py*", "python 3.13.*", "python >=3.11", "star")
    assert py313.tasks["both"].command == "echo feature"
    assert found.environment("default").tasks["both"].command == "echo default"
    assert py313.activation_env == {"A": "feature", "B": "default"}
    assert py313.activation_scripts == ("first.sh", "second.sh")
    assert found.environment("tools").specs == ("ruff >=0.15",)
    assert found.environment("tools").channels == ("bioconda",)
    assert found.environment("own").specs == ("cmake",)
    assert set(found.environments) == {"default", "py313", "tools", "own"}


def test_the_narrowest_target_wins(tmp_path: Path) -> None:
    body = """
[dependencies]
a = "1"
b = "1"
[tasks]
hi = "echo any"
[target.unix.dependencies]
a = "2"
[target.linux.tasks]
hi = "echo linux"
[target.linux-64.dependencies]
a = "3"
c = "1"
[target.win.dependencies]
a = "9"
[target.win-64.tasks]
hi = "echo win"
"""
    head = HEAD.replace('["linux-64"]', '["linux-64", "osx-arm64", "win-64"]')
    linux = workspace(tmp_path, body, head).environment("default")
    assert linux.specs == ("a 3", "b 1", "c 1")
    assert linux.tasks["hi"].command == "echo linux"
    mac = workspace(tmp_path, body, head, "osx-arm64").environment("default")
    assert (mac.specs, mac.tasks["hi"].command) == (("a 2", "b 1"), "echo any")
    windows = workspace(tmp_path, body, head, "win-64").environment("default")
    assert (windows.specs, windows.tasks["hi"].command) == (("a 9", "b 1"), "echo win")


@pytest.mark.parametrize(
    ("entry", "subdir", "expected"),
    [
        ('{ platform = "linux-64", glibc = "2.17" }', "linux-64", ("__glibc", "2.17", "0")),
        ('"linux-64"', "linux-64", ("__glibc", "2.28", "0")),
        ('{ platform = "linux-64", linux = "5.10" }', "linux-64", ("__linux", "5.10", "0")),
        ('{ platform = "osx-arm64", macos = "11.0" }', "osx-arm64", ("__osx", "11.0", "0")),
        ('{ platform = "osx-64", osx = "12.0" }', "osx-64", ("__osx", "12.0", "0")),
        ('"osx-64"', "osx-64", ("__osx", "13.0", "0")),
        ('"win-64"', "win-64", ("__win", "0", "0")),
        ('{ platform = "linux-64", cuda = "12.0" }', "linux-64", ("__cuda", "12.0", "0")),
        ('"linux-aarch64"', "linux-aarch64", ("__archspec", "1", "aarch64")),
        (
            '{ platform = "linux-64", archspec = "x86_64_v3" }',
            "linux-64",
            ("__archspec", "1", "x86_64_v3"),
        ),
    ],
)
def test_platforms_promise_virtual_packages(
    tmp_path: Path, entry: str, subdir: str, expected: tuple[str, str, str]
) -> None:
    head = HEAD.replace('["linux-64"]', f"[{entry}]")
    assert expected in workspace(tmp_path, "", head, subdir).platform.virtual_packages()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "[pypi-dependencies]\na = '*'",
            r"line 5: \[pypi-dependencies\] is not supported by pixiw",
        ),
        (
            "[feature.x.pypi-dependencies]\na = '*'",
            r"line 5: \[feature.x.pypi-dependencies\] is not",
        ),
        ("[package]\nname = 'a'", r"line 5: \[package\] is not supported"),
        ("[system-requirements]\nlinux = '4'", "pixi deprecated it; use rich platforms"),
        ("[constraints]\na = '1'", r"\[constraints\] is not supported"),
        ("[target.linux.host-dependencies]\na = '1'", "host-dependencies.* is not supported"),
        ("[build-dependencies]\na = '1'", r"\[build-dependencies\] is not supported"),
        ("[dev]\na = { path = '.' }", r"\[dev\] is not supported"),
        ("[dependencies]\na = { path = '.' }", 'line 6: "path" in .*a.* is not supported'),
        ("[dependencies]\na = { git = 'x' }", '"git" in .* is not supported'),
        ("[dependencies]\na = { vesion = '1' }", r'unknown key "vesion" .*did you mean "version"'),
        ("[dependencies]\na = ''", 'version of "a" .* is empty'),
        ("[dependencies]\na = 3", '"a" in .dependencies. must be a version or a table, not a numb'),
        ("[dependencies]\n'a b' = '1'", '"a b" in .dependencies. is no conda package name'),
        (
            "[depndencies]\na = '1'",
            r'line 5: unknown key "depndencies" .*did you mean "dependencies',
        ),
        ("[tasks.a]\ncmd = 'x'\ninput = ['a']", r'line 7: unknown key "input" .*"inputs"'),
        ("[tasks.a]\ncmd = 'x'\ndepends_on = ['b']", 'write "depends-on"'),
        ("[tasks.a]\ndescription = 'x'", 'task "a" has neither "cmd" nor "depends-on"'),
        ("[tasks]\na = ''", 'command "a" .* is empty'),
        ("[tasks]\na = ['b']", r'line 6: task "a" lists the name "b"; write \{ task = "b" \}'),
        ("[tasks]\na = 1", r'"a" in \[tasks\] must be a command, a table or a list'),
        ("[tasks]\n'a b' = 'x'", "without spaces"),
        ("[tasks.a]\ncmd = ['x', '']", "has an empty word"),
        ("[tasks.a]\ncmd = 'x'\nclean-env = 'yes'", '"clean-env" .* true or false, not a string'),
        ("[tasks.a]\ncmd = 'x'\nargs = ['a-b']", 'argument name "a-b"'),
        ("[tasks.a]\ncmd = 'x'\nargs = ['pixi']", 'argument name "pixi"'),
        ("[tasks.a]\ncmd = 'x'\nargs = ['b', 'b']", "declared twice"),
        ("[tasks.a]\ncmd = 'x'\nargs = [{ arg = 'b', default = '1' }, 'c']", "needs a default"),
        (
            "[tasks.a]\ncmd = 'x'\nargs = [{ arg = 'b', default = '1', choices = ['2'] }]",
            'default "1" of argument "b" .* choices "2"',
        ),
        ("[tasks]\na = [{ environment = 'b' }]", 'has no "task"'),
        ("[tasks]\na = [{ task = 'b', args = [{ x = '1' }, '2'] }]", "comes after a named one"),
        ("[tasks]\na = [{ task = 'b', args = [{ x = '1', y = '2' }] }]", "one name = value pair"),
        ("[environments]\na = ['b']", 'line 6: .*"a" names the unknown feature "b"'),
        ("[environments]\nA_b = []", "small letters"),
        ("[target.linus.tasks]\na = 'x'", r'unknown target "linus" .*did you mean "linux"'),
        ("[feature.a]\nchannel-priority = 'flexible'", 'only "strict" is'),
        ("[feature.a]\nsolve-strategy = 'lowest'", '"solve-strategy" .* not supported'),
        ("[feature.a]\nplatform = ['linux-64']", 'did you mean "platforms"'),
        (
            "[feature.a]\nchannels = [{ channel = 'x', priority = 1 }]",
            '"priority" .* not supported',
        ),
        (
            "[environments]\na = { solve-group = 'g' }\nb = { solve-group = 'g' }",
            'line 7: solve-group "g" of the environments "a", "b" is not supported',
        ),
        ("exclude-newer = '7d'", '"exclude-newer" in .workspace. is not supported'),
        ("preview = ['pixi-build']", '"preview" in .workspace. is not supported'),
        ("channel-priority = 'disabled'", 'channel-priority = "disabled" .* not supported'),
        ("licence = 'x'", r'line 5: unknown key "licence" .*did you mean "license"'),
    ],
)
def test_what_is_beyond_it_is_refused_by_name(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        workspace(tmp_path, body)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspace]\nname = \n", "is not valid TOML: .*line 2"),
        ("a = 1", 'unknown key "a"'),
        ("", r"has no \[workspace\] table"),
        (
            "[project]\nname = 'a'",
            r"\[project\] is not supported by pixiw: .*call it \[workspace\]",
        ),
        ("[workspace]\nname = 'a'", 'has no "channels"'),
        ("[workspace]\nchannels = 'a'", '"channels" .* must be a list, not a string'),
        ("[workspace]\nchannels = []\nplatforms = ['linux64']", 'did you mean "linux-64"'),
        ("[workspace]\nchannels = []\nplatforms = [{ glibc = '2' }]", 'needs "platform" or "name"'),
        ("[workspace]\nchannels = []\nplatforms = [{ platform = 'linux-64', foo = '2' }]", "foo"),
        ("[workspace]\nchannels = []\nplatforms = ['osx-64', 'osx-64']", "listed twice"),
    ],
)
def test_a_file_that_is_no_manifest(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        workspace(tmp_path, "", text)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "pixi.toml").write_bytes(b"\xff\xfe[workspace]")
    with pytest.raises(ManifestError, match=r"not UTF-8 text \(byte 0\)"):
        read_manifest(tmp_path / "pixi.toml")


def test_a_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pixi.toml").mkdir()
    with pytest.raises(ManifestError, match=r"cannot read .*pixi.toml: Is a directory"):
        read_manifest(find_manifest(tmp_path))


def test_the_nearest_manifest_upwards_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a b" / "c"
    inner.mkdir(parents=True)
    (tmp_path / "pixi.toml").touch()
    assert find_manifest(inner) == tmp_path / "pixi.toml"
    (tmp_path / "a b" / "pixi.toml").touch()
    assert find_manifest(inner) == tmp_path / "a b" / "pixi.toml"


def test_without_a_manifest_the_fallback_serves_or_a_sentence(tmp_path: Path) -> None:
    empty, other = tmp_path / "empty", tmp_path / "other"
    empty.mkdir()
    other.mkdir()
    with pytest.raises(ManifestError, match=r"no pixi.toml in .*empty or any folder above it"):
        find_manifest(empty)
    (other / "pixi.toml").touch()
    assert find_manifest(empty, fallback=other) == other / "pixi.toml"


@pytest.mark.parametrize(
    ("platforms", "message"),
    [
        ("[]", "lists no platform; this machine is linux-64"),
        ('["osx-64"]', 'this machine is linux-64, .* supports only "osx-64"'),
        (
            '["linux-64", { name = "gpu", platform = "linux-64", cuda = "12" }]',
            "several platforms for linux-64",
        ),
    ],
)
def test_a_machine_that_the_workspace_is_not_for(
    tmp_path: Path, platforms: str, message: str
) -> None:
    found = workspace(tmp_path, "", HEAD.replace('["linux-64"]', platforms))
    with pytest.raises(PixiwError, match=message):
        found.environment("default")


def test_an_environment_for_other_platforms(tmp_path: Path) -> None:
    found = workspace(
        tmp_path,
        "[feature.mac]\nplatforms = ['osx-64']\n[environments]\nmac = ['mac']",
        HEAD.replace('["linux-64"]', '["linux-64", "osx-64"]'),
    )
    with pytest.raises(PixiwError, match='environment "mac" is for "osx-64", this machine is lin'):
        found.environment("mac")
    with pytest.raises(PixiwError, match=r'no environment "mca" \(did you mean "mac"\?\)'):
        found.environment("mca")


@pytest.mark.parametrize("subdir", ["linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"])
def test_every_task_of_this_project_can_be_planned_and_parsed(subdir: str) -> None:
    found = WorkspaceOn(read_manifest(ROOT / MANIFEST), subdir)
    planner = Planner(found, ROOT)
    runner = Runner(planner, fail, ROOT)
    names = {"build", "install", "smoke", "audit", "test", "lint", "typecheck", "clean"}
    here = [each for each in found.environments.values() if found.runs_here(each)]
    # There is no bottleneck for linux-aarch64 and no py-rattler-build for osx-64 (docs/lock.md).
    left_out = {"linux-aarch64": {"bench"}, "osx-64": {"conda-build"}}.get(subdir, set())
    assert {each.name for each in here} == set(found.environments) - left_out
    assert names <= {task for environment in here for task in environment.tasks}
    for environment in here:
        for task in environment.tasks:
            nodes = planner.plan(task, environment=environment.name)
            assert nodes[-1].label == f"{task} in {environment.name}"
            for node in nodes:
                assert node.task.command is None or runner.steps(node)[1]


def fail(environment: Environment) -> Ready:
    raise AssertionError(environment)


def test_this_machine_has_a_platform() -> None:
    assert families(current_subdir())[-1] == current_subdir()


KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
VALUES = st.sampled_from(
    ['"x # ["', "[1, 2]", '["a]", "{"]', "{ a = 1, b = [2] }", '"""\nk = 1\n"""', "'''\n[t]\n'''"]
)


@given(
    st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), max_size=4),
    st.booleans(),
)
def test_lines_of_keys(tables: dict[str, dict[str, str]], comments: bool) -> None:
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    for table, entries in tables.items():
        lines.append(f"[{table}]" + (" # [no.table]" if comments else ""))
        for key, value in entries.items():
            expected[table, key] = len(lines) + 1
            lines += f"{key} = {value}".split("\n")
            if comments:
                lines += ["", "# key = 1"]
    text = "\n".join(lines)
    tomllib.loads(text)
    assert {path: line_of(text, path) for path in expected} == expected


def test_the_line_of_what_an_inline_table_holds_is_that_of_the_table() -> None:
    text = '[a]\nb = 1\n["c.d".e]\nf = { g = 1 }\n'
    assert line_of(text, ("c.d", "e", "f", "g")) == 4
    assert line_of(text, ("a", "missing")) == 1
    assert line_of(text, ("missing",)) is None
