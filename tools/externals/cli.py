"""Command line: `python tools/externals lock | check | interpreters`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from externals import interpreters
from externals.failure import ExternalsError

ROOT = Path(__file__).resolve().parents[2]


def _lock() -> int:
    from externals import relock

    count = relock.lock(ROOT / "pixi.toml")
    print(f"tools/externals/wheels.txt: {count} pins")
    return 0


def _check() -> int:
    from externals import relock

    unmet = relock.outdated(ROOT / "pixi.toml")
    for requirement in unmet:
        print(f"no pin meets {requirement}; run `python tools/externals lock`", file=sys.stderr)
    return 1 if unmet else 0


def _interpreters() -> int:
    for python in interpreters.find():
        print(f"{python.full:10} {python.executable}  {python.refusal or 'usable'}")
    return 0


def main() -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python tools/externals", description=__doc__)
    commands = {"lock": _lock, "check": _check, "interpreters": _interpreters}
    helps = {
        "lock": "write tools/externals/wheels.txt anew from pixi.toml",
        "check": "whether wheels.txt has all that pixi.toml asks for",
        "interpreters": "list the Pythons of this machine",
    }
    choices = parser.add_subparsers(dest="command", required=True)
    for name, text in helps.items():
        choices.add_parser(name, help=text)
    try:
        return commands[parser.parse_args().command]()
    except ExternalsError as error:
        print(f"externals: {error}", file=sys.stderr)
        return 1
