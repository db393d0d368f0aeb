"""Reads the task forms of a manifest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pixiw.model import PassedArgument, Task, TaskArgument, TaskDependency
from pixiw.suggestions import listed

if TYPE_CHECKING:
    from pixiw.tables import Table

_ARGUMENT_NAME = re.compile(r"[a-zA-Z_][a-zA-Z\d_]*")
_DEPRECATED = {"depends_on": 'pixi deprecated it; write "depends-on"'}


def read_tasks(parent: Table) -> dict[str, Task]:
    """Return the tasks of a ``tasks`` table, empty when it is absent."""
    table = parent.table("tasks")
    if table is None:
        return {}
    return {name: _task(table, name) for name in table.values}


def _task(table: Table, name: str) -> Task:
    if not name or re.search(r"[\s$]", name):
        raise table.error(name, f'task name "{name}" must be without spaces and "$"')
    value = table.get(name)
    if isinstance(value, str):
        return Task(name, command=_command(table, name, value))
    if isinstance(value, list):
        for entry in value:
            if isinstance(entry, str):
                message = f'task "{name}" lists the name "{entry}"; write {{ task = "{entry}" }}'
                raise table.error(name, message)
        return Task(name, depends_on=_dependencies(table, name))
    return _inline(table.inner(name, value, "a command, a table or a list of tasks"), name)


def _inline(table: Table, name: str) -> Task:
    command = table.get("cmd")
    task = Task(
        name,
        command=None if command is None else _command(table, "cmd", command),
        cwd=table.string("cwd"),
        env=tuple(table.string_map("env").items()),
        arguments=_declared(table),
        depends_on=_dependencies(table, "depends-on"),
        inputs=table.strings("inputs"),
        outputs=table.strings("outputs"),
        description=table.string("description"),
        default_environment=table.string("default-environment"),
        clean_env=table.boolean("clean-env"),
    )
    table.close(_DEPRECATED)
    if task.command is None and not task.depends_on:
        raise table.error("cmd", f'task "{name}" has neither "cmd" nor "depends-on"')
    return task


def _command(table: Table, key: str, value: object) -> str | tuple[str, ...]:
    if isinstance(value, list):
        words = table.strings(key)
        if not words or not all(words):
            raise table.error(key, f'the command in {table.title} "{key}" has an empty word')
        return words
    command = table.checked_string(key, value, "a command, or a list of its words")
    if not command.strip():
        raise table.error(key, f'the command "{key}" in {table.title} is empty')
    return command


def _declared(table: Table) -> tuple[TaskArgument, ...]:
    arguments: list[TaskArgument] = []
    for item in table.items("args"):
        if isinstance(item, str):
            argument = TaskArgument(item)
        else:
            inner = table.inner("args", item, "a list of names and tables")
            argument = TaskArgument(
                inner.string("arg") or "",
                None if inner.get("default") is None else _text(inner, "default"),
                inner.strings("choices"),
            )
            inner.close()
        _check_declared(table, argument, arguments)
        arguments.append(argument)
    return tuple(arguments)


def _text(table: Table, key: str) -> str:
    """Return a string that may be empty."""
    return table.checked_string(key, table.get(key), "a string")


def _check_declared(table: Table, argument: TaskArgument, earlier: list[TaskArgument]) -> None:
    name = argument.name
    if not _ARGUMENT_NAME.fullmatch(name) or name == "pixi":
        raise table.error(
            "args",
            f'argument name "{name}" in {table.title} must be letters, digits and underscores, '
            'not begin with a digit, and not be "pixi"',
        )
    if any(other.name == name for other in earlier):
        raise table.error("args", f'argument "{name}" is declared twice in {table.title}')
    if argument.default is None and any(other.default is not None for other in earlier):
        raise table.error(
            "args", f'argument "{name}" in {table.title} needs a default: one before it has one'
        )
    if argument.choices and argument.default not in {None, *argument.choices}:
        raise table.error(
            "args",
            f'default "{argument.default}" of argument "{name}" in {table.title} is not among '
            f"its choices {listed(argument.choices)}",
        )


def _dependencies(table: Table, key: str) -> tuple[TaskDependency, ...]:
    value = table.get(key)
    if value is None:
        return ()
    entries = value if isinstance(value, list) else [value]
    return tuple(_dependency(table, key, entry) for entry in entries)


def _dependency(table: Table, key: str, entry: object) -> TaskDependency:
    if isinstance(entry, str):
        return TaskDependency(entry)
    inner = table.inner(key, entry, "task names and tables")
    task = inner.string("task")
    if task is None:
        raise table.error(key, f'an entry of "{key}" in {table.title} has no "task"')
    dependency = TaskDependency(task, inner.string("environment"), _passed(inner))
    inner.close()
    return dependency


def _passed(table: Table) -> tuple[PassedArgument, ...]:
    arguments: list[PassedArgument] = []
    for item in table.items("args"):
        if isinstance(item, str):
            if arguments and arguments[-1].name is not None:
                raise table.error(
                    "args", f'positional argument "{item}" comes after a named one in {table.title}'
                )
            arguments.append(PassedArgument(None, item))
            continue
        inner = table.inner("args", item, "a list of values and { name = value } tables")
        if len(inner.values) != 1:
            raise table.error("args", f"a named argument in {table.title} is one name = value pair")
        ((name, value),) = inner.values.items()
        arguments.append(PassedArgument(name, inner.checked_string(name, value, "a string")))
    return tuple(arguments)
