"""Command line: `python tools/lock make --records FOLDER | check [--json] | update`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lock.errors import LockError
from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]


def _make(options: argparse.Namespace) -> int:
    from lock.maker import make
    from lock.wanted import wishes_of
    from pixiw.manifest import read_manifest

    wishes = wishes_of(read_manifest(options.manifest))
    count = make(wishes, options.records, options.lock)
    print(f"{options.lock}: {count} environments, each on one platform")
    return 0


def _check(options: argparse.Namespace) -> int:
    from lock import report
    from lock.checker import Verdict, check
    from lock.problem import Problem

    try:
        verdict = check(options.manifest, options.lock)
    except (LockError, PixiwError) as error:
        verdict = Verdict(Problem(str(error)))
    if options.json:
        print(report.as_json(verdict))
    elif verdict.problem is None:
        print(report.as_table(verdict))
    else:
        print(f"lock: {verdict.problem} (see docs/lock.md)", file=sys.stderr)
    return 0 if verdict.problem is None else 1


def _update(options: argparse.Namespace) -> int:
    from lock.updating import update

    count = update(options.manifest, options.lock, options.report)
    print(f"{options.lock}: {count} changes, listed in {options.report}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tools/lock", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="solve every environment and write the lock")
    make.add_argument(
        "--records", type=Path, required=True, help="folder of <subdir>.jsonl with package records"
    )
    make.set_defaults(run=_make)
    check = commands.add_parser("check", help="whether the lock satisfies the manifest")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=_check)
    update = commands.add_parser("update", help="let pixi update the lock, and list the changes")
    update.add_argument("--report", type=Path, default=ROOT / "build/lock-changes.md")
    update.set_defaults(run=_update)
    for command in (make, check, update):
        command.add_argument("--manifest", type=Path, default=ROOT / "pixi.toml")
        command.add_argument("--lock", type=Path, default=ROOT / "pixi.lock")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 1 where something is amiss."""
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
    except (LockError, PixiwError) as error:
        for line in str(error).splitlines():
            print(f"lock: {line}", file=sys.stderr)
        return 1
    return result
