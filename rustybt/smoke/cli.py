"""The command line of smoke."""

from __future__ import annotations

import argparse
import json
import os
import sys

from .report import Options, SelectionError, default_jobs, make_report
from .table import format_report

DESCRIPTION = "Prove every compiled module of the installed rustybt, and its dependencies."
TIMEOUT = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare smoke's options on `parser`."""
    parser.add_argument("--json", action="store_true", help="print JSON (version 1), no table")
    parser.add_argument("--strict", action="store_true", help="let notes fail too")
    parser.add_argument(
        "--jobs",
        type=_count,
        default=default_jobs(),
        metavar="N",
        help="interpreters at a time (default: the cores, here %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="SECONDS",
        help="time for each module (default: %(default)g)",
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="PATTERN",
        help="prove only this module, package or dependency (may be repeated; * and ? match)",
    )


def run(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Prove what `arguments` ask for, print it, and return the exit status."""
    if not sys.executable:
        parser.error("this Python does not know its own executable, so it can start no other")
    options = Options(
        jobs=arguments.jobs,
        timeout=arguments.timeout,
        select=tuple(arguments.select),
        strict=arguments.strict,
    )
    shows_progress = sys.stderr.isatty() and not os.environ.get("CI")
    try:
        report = make_report(options, _show_progress if shows_progress else _keep_quiet)
    except SelectionError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("smoke: interrupted", file=sys.stderr)
        return 130
    if shows_progress:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        print(format_report(report))
    return 0 if report.passed else 1


def main(argv: list[str] | None = None) -> int:
    """Run smoke with the command line `argv`; return 0 if all is proved, else 1."""
    parser = argparse.ArgumentParser(prog="python -m rustybt.smoke", description=DESCRIPTION)
    add_arguments(parser)
    return run(parser.parse_args(argv), parser)


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _show_progress(done: int, total: int) -> None:
    print(f"\rproved {done} of {total}", end="", file=sys.stderr, flush=True)


def _keep_quiet(done: int, total: int) -> None:  # noqa: ARG001
    return
