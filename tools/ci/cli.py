"""Command line: `python tools/ci plan | gate | lint-workflows | local`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from ci import gate, linters, local, matrix
from ci.errors import CiError

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python tools/ci", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("plan", help="write the matrix of test jobs to $GITHUB_OUTPUT")
    commands.add_parser("gate", help="judge the jobs in $NEEDS")
    commands.add_parser(
        "lint-workflows", help="our rules, zizmor, and actionlint where there is one"
    )
    here = commands.add_parser("local", help="run what ci.yml runs for this platform")
    here.add_argument(
        "--all-pythons", action="store_true", help="every Python at hand, not the default one"
    )
    here.add_argument("--json", action="store_true", help="print the summary as JSON (version 1)")
    options = parser.parse_args(argv)
    try:
        match options.command:
            case "plan":
                return _plan()
            case "lint-workflows":
                return linters.run(ROOT)
            case "gate":
                found = gate.outcomes(os.environ.get("NEEDS", ""))
            case _:
                found = local.run(ROOT, all_pythons=options.all_pythons)
                if options.json:
                    print(json.dumps(local.as_json(found), indent=2))
                    return 0 if gate.passed(found) else 1
    except CiError as error:
        print(f"ci: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ci: interrupted", file=sys.stderr)
        return 130
    text = gate.table(found)
    print(text)
    _summarise(text)
    return 0 if gate.passed(found) else 1


def _plan() -> int:
    chosen = matrix.as_json(os.environ.get("GITHUB_EVENT_NAME", ""))
    target = os.environ.get("GITHUB_OUTPUT")
    if target is None:
        print(json.dumps(chosen, indent=2))
        return 0
    with Path(target).open("a", encoding="utf-8") as output:
        output.write(f"matrix={json.dumps(chosen)}\n")
    return 0


def _summarise(text: str) -> None:
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target is not None:
        with Path(target).open("a", encoding="utf-8") as summary:
            summary.write(f"```text\n{text}\n```\n")
