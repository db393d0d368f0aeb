"""A strategy as a user hands it over: a file or a text, run once to get its functions."""

from __future__ import annotations

import linecache
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rustybt.errors import RustybtError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

HOOKS = ("initialize", "handle_data", "before_trading_start", "analyze")
TEXT_NAME = "<algotext>"


class StrategyError(RustybtError):
    """A strategy that cannot be loaded."""

    msg = "{reason}"


@dataclass(frozen=True)
class Strategy:
    """The functions of a strategy and where they come from."""

    name: str
    source: str
    functions: dict[str, Any]


def from_file(path: Path, defines: Iterable[str] = ()) -> Strategy:
    """Load the strategy in the file `path`.

    Raises
    ------
    StrategyError
        If the file cannot be read, is no Python, or raises while it is loaded.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StrategyError(reason=f"cannot read the strategy {path}: {reason}") from None
    return _load(source, str(path), defines)


def from_text(source: str, defines: Iterable[str] = ()) -> Strategy:
    """Load the strategy in `source`; its lines show in tracebacks as those of a file.

    Raises
    ------
    StrategyError
        If `source` is no Python, or raises while it is loaded.
    """
    lines = source.splitlines(keepends=True)
    linecache.cache[TEXT_NAME] = (len(source), None, lines, TEXT_NAME)
    return _load(source, TEXT_NAME, defines)


def from_namespace(namespace: Mapping[str, Any], name: str, source: str = "") -> Strategy:
    """Take the functions of a strategy from the names that it, or a notebook, defined.

    Raises
    ------
    StrategyError
        If none of them is there.
    """
    functions = {hook: namespace[hook] for hook in HOOKS if callable(namespace.get(hook))}
    if not functions:
        reason = f"{name} is no strategy: it defines none of {', '.join(HOOKS)}"
        raise StrategyError(reason=reason)
    return Strategy(name=name, source=source, functions=functions)


def _load(source: str, name: str, defines: Iterable[str]) -> Strategy:
    namespace: dict[str, Any] = {"__name__": "__rustybt_strategy__", "__file__": name}
    for define in defines:
        key, equals, value = define.partition("=")
        if not equals or not key.isidentifier():
            raise StrategyError(reason=f"-D {define}: write it as NAME=VALUE")
        try:
            namespace[key] = eval(value, namespace)  # noqa: S307 - the user's own expression
        except Exception as error:
            reason = f"-D {define}: {type(error).__name__}: {error}"
            raise StrategyError(reason=reason) from error
    try:
        exec(compile(source, name, "exec"), namespace)  # noqa: S102 - the user's own strategy
    except SyntaxError as error:
        raise StrategyError(reason=f"{name}, line {error.lineno}: {error.msg}") from None
    except Exception as error:
        reason = f"{name}, line {line_in(error, name)}: {type(error).__name__}: {error}"
        raise StrategyError(reason=reason) from error
    return from_namespace(namespace, name, source)


def line_in(error: BaseException, name: str) -> int | None:
    """Return the last line of the file `name` that `error` came through, None if there is none."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == name
    ]
    return lines[-1] if lines else None
