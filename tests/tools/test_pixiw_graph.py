"""What a call runs: environments, order, arguments, and cycles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixiw.errors import PixiwError, UsageError
from pixiw.graph import Planner, bind
from pixiw.manifest import read_manifest
from pixiw.model import (
    DEFAULT,
    EnvironmentTable,
    Feature,
    Layer,
    Manifest,
    PassedArgument,
    Task,
    TaskArgument,
    TaskDependency,
    Workspace,
)
from pixiw.platforms import Platform
from pixiw.workspace import WorkspaceOn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BODY = """
[workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
[tasks]
build = "build"
install = { cmd = "install", depends-on = ["build"] }
test = { cmd = "test", depends-on = ["install"] }
style = ["none"]
all = { cmd = "all", depends-on = ["test", "build", { task = "test", environment = "py313" }] }
say = { cmd = "say {{ what }}", args = [{ arg = "what", default = "hi" }] }
ask = { cmd = "ask", args = ["what"], depends-on = [{ task = "say", args = ["{{ what }}!"] }] }
ring = { cmd = "a", depends-on = ["ring2"] }
ring2 = { cmd = "b", depends-on = ["ring3"] }
ring3 = { cmd = "c", depends-on = ["ring"] }
self = { cmd = "c", depends-on = ["self"] }
plain = { depends-on = [{ task = "build", args = ["--fast"] }] }
fixed = { cmd = "f", default-environment = "py313" }
lost = { cmd = "f", depends-on = ["buidl"] }
[feature.lint.tasks]
lint = "lint"
[feature.two.tasks]
both = "both"
[environments]
py313 = []
lint = { features = ["lint"], no-default-feature = true }
one = { features = ["two"], no-default-feature = true }
two = { features = ["two"], no-default-feature = true }
""".replace('style = ["none"]', 'style = [{ task = "build" }]')


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    (tmp_path / "pixi.toml").write_text(BODY)
    return Planner(WorkspaceOn(read_manifest(tmp_path / "pixi.toml"), "linux-64"), tmp_path)


@pytest.mark.parametrize(
    ("name", "environment", "expected"),
    [
        ("build", None, ["build in default"]),
        ("test", None, ["build in default", "install in default", "test in default"]),
        ("test", "py313", ["build in py313", "install in py313", "test in py313"]),
        (
            "all",
            None,
            [
                *("build in default", "install in default", "test in default"),
                *("build in py313", "install in py313", "test in py313", "all in default"),
            ],
        ),
        ("lint", None, ["lint in lint"]),
        ("both", "two", ["both in two"]),
        ("fixed", None, ["fixed in py313"]),
        ("fixed", "default", ["fixed in default"]),
        ("style", None, ["build in default", "style in default"]),
    ],
)
def test_dependencies_come_first_and_once(
    planner: Planner, name: str, environment: str | None, expected: list[str]
) -> None:
    nodes = planner.plan(name, environment=environment)
    assert [node.label for node in nodes] == expected


def test_dependencies_can_be_left_out(planner: Planner) -> None:
    assert [node.label for node in planner.plan("test", skip_dependencies=True)] == [
        "test in default"
    ]


@pytest.mark.parametrize(
    ("name", "environment", "message"),
    [
        ("ring", None, "in a circle: ring -> ring2 -> ring3 -> ring;"),
        ("ring2", None, "in a circle: ring2 -> ring3 -> ring -> ring2;"),
        ("self", None, "in a circle: self -> self;"),
        ("buidl", None, r'no task "buidl" \(did you mean "build"\?\); there are "all", "ask"'),
        ("lost", None, r'depends-on of task "lost": no task "buidl" \(did you mean "build"\?\)'),
        ("lint", "default", 'environment "default" has no task "lint"'),
        ("build", "lint", 'environment "lint" has no task "build"; there are "lint"'),
        ("build", "py314", r'no environment "py314" \(did you mean "py313"\?\)'),
        ("both", None, 'task "both" is in the environments "one", "two"; choose one with --envir'),
    ],
)
def test_what_cannot_be_planned(
    planner: Planner, name: str, environment: str | None, message: str
) -> None:
    with pytest.raises(PixiwError, match=message):
        planner.plan(name, environment=environment)


def test_arguments_reach_the_task_or_its_command(planner: Planner) -> None:
    assert planner.plan("say", ["you"])[0].values == (("what", "you"),)
    assert planner.plan("say")[0].values == (("what", "hi"),)
    assert planner.plan("build", ["-x", "a b"])[0].extra == ("-x", "a b")
    assert planner.plan("plain")[0].extra == ("--fast",)


def test_arguments_of_a_dependency_are_templates(planner: Planner) -> None:
    say, ask = planner.plan("ask", ["who"])
    assert (say.values, ask.values) == ((("what", "who!"),), (("what", "who"),))


DECLARED = Task(
    "t",
    command="t",
    arguments=(
        TaskArgument("a"),
        TaskArgument("b", "1", ("1", "2")),
        TaskArgument("c", ""),
    ),
)


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        ([(None, "x")], "x 1 "),
        ([(None, "x"), (None, "2"), (None, "y")], "x 2 y"),
        ([(None, "x"), ("c", "z")], "x 1 z"),
        ([("a", "x"), ("b", "2")], "x 2 "),
    ],
)
def test_bound_arguments(passed: list[tuple[str | None, str]], expected: str) -> None:
    bound = bind(DECLARED, [PassedArgument(*pair) for pair in passed])
    assert [name for name, _ in bound] == ["a", "b", "c"]
    assert " ".join(value for _, value in bound) == expected


@pytest.mark.parametrize(
    ("passed", "message"),
    [
        ([], 'needs the argument "a"; usage: pixiw run t <a> <b> <c>'),
        ([(None, "1")] * 4, r"takes 3 arguments \(a, b, c\), 4 were given"),
        ([(None, "x"), (None, "3")], 'is "3", but must be one of "1", "2"'),
        ([(None, "x"), ("a", "y")], 'argument "a" of task "t" is given twice'),
        ([("aa", "y")], r'no argument "aa" \(did you mean "a"\?\)'),
    ],
)
def test_arguments_that_do_not_fit(passed: list[tuple[str | None, str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bind(DECLARED, [PassedArgument(*pair) for pair in passed])


def workspace_of(graph: Mapping[int, Sequence[int]]) -> WorkspaceOn:
    tasks = {
        str(name): Task(
            str(name), "x", depends_on=tuple(TaskDependency(str(other)) for other in others)
        )
        for name, others in graph.items()
    }
    platform = Platform("linux-64", "linux-64")
    manifest = Manifest(
        Path("pixi.toml"),
        Workspace("w", ("conda-forge",), (platform,)),
        {DEFAULT: Feature(DEFAULT, Layer(tasks=tasks))},
        {DEFAULT: EnvironmentTable(DEFAULT)},
    )
    return WorkspaceOn(manifest, "linux-64")


@st.composite
def acyclic(draw: Callable[[st.SearchStrategy[list[int]]], list[int]]) -> dict[int, list[int]]:
    """Return tasks that depend on tasks of smaller numbers only."""
    graph: dict[int, list[int]] = {0: []}
    for number in range(1, 8):
        graph[number] = draw(st.lists(st.integers(0, number - 1), max_size=4))
    return graph


@given(acyclic(), st.integers(0, 7))
def test_every_order_puts_dependencies_first(graph: dict[int, list[int]], start: int) -> None:
    order = [int(node.task.name) for node in planner_of(graph).plan(str(start))]
    reachable = {start}
    for number in range(start, -1, -1):
        if number in reachable:
            reachable.update(graph[number])
    assert sorted(order) == sorted(reachable)
    for number in order:
        assert all(order.index(other) < order.index(number) for other in graph[number])


@given(acyclic(), st.integers(1, 7), st.data())
def test_every_cycle_is_found(graph: dict[int, list[int]], top: int, data: st.DataObject) -> None:
    bottom = data.draw(st.integers(0, top))
    chain = {**graph, bottom: [*graph[bottom], top]}
    chain[top] = [*chain[top], bottom]
    with pytest.raises(PixiwError, match="in a circle: "):
        planner_of(chain).plan(str(top))


def planner_of(graph: Mapping[int, Sequence[int]]) -> Planner:
    return Planner(workspace_of(graph), Path.cwd())
