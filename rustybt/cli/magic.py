"""The Jupyter magic ``%%rustybt``: a cell is a strategy."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from rustybt.errors import RustybtError

from . import strategy

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Shell(Protocol):
        """What is used of IPython's shell."""

        user_ns: dict[str, Any]

        def register_magic_function(
            self, func: Callable[..., Any], magic_kind: str, magic_name: str
        ) -> None:
            """Make `func` a magic."""


def load_ipython_extension(ipython: Shell) -> None:
    """Register ``%%rustybt``, for ``%load_ext rustybt``."""

    def rustybt(line: str, cell: str | None = None) -> Any:  # noqa: ANN401 - the perf frame
        return run_cell(ipython, line, cell)

    ipython.register_magic_function(rustybt, magic_kind="line_cell", magic_name="rustybt")


def run_cell(ipython: Shell, line: str, cell: str | None) -> Any:  # noqa: ANN401 - the perf frame
    """Run the options in `line` over the strategy in `cell`, or over the notebook's functions.

    The options are those of ``rustybt run``. With ``--output NAME``, where NAME is no file name,
    the perf frame also becomes the notebook's variable NAME.

    Returns
    -------
    DataFrame or None
        The perf frame, None where a mistake was reported.
    """
    from .run import backtest, parse_options

    try:
        options = parse_options(shlex.split(line))
        variable = options["output"] if (options["output"] or "").isidentifier() else None
        if variable is not None:
            options["output"] = None
        if cell is None:
            algo = strategy.from_namespace(ipython.user_ns, "<notebook>")
        else:
            algo = strategy.from_text(cell, options["defines"])
        perf = backtest(algo, options)
    except click.ClickException as error:
        error.show()
        return None
    except RustybtError as error:
        print(f"rustybt: {error}", file=sys.stderr)
        return None
    if variable is not None:
        ipython.user_ns[variable] = perf
    return perf
