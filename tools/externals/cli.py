"""Command line: `python tools/externals lock | check | interpreters`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from externals import interpreters, pins
from externals.failure import ExternalsError

ROOT = Path(__file__).resolve().parents[2]


def _lock() -> int:
    from externals import relock

    counts = {
        pins.LOCK: relock.lock(ROOT / "pixi.toml"),
        pins.LOWEST: relock.lock_lowest(ROOT / "pyproject.toml"),
    }
    for path, count in counts.items():
        print(f"{path.relative_to(ROOT).as_posix()}: {count} pins")
    return 0


def _check() -> int:
    from externals import relock

    lowest = relock.outdated_lowest(ROOT / "pyproject.toml")
    unmet = [
        *(f"{requirement} in wheels.txt" for requirement in relock.outdated(ROOT / "pixi.toml")),
        *(f"{requirement} in wheels-lowest.txt" for requirement in lowest),
    ]
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
        "lock": "write wheels.txt and wheels-lowest.txt anew, from pixi.toml and pyproject.toml",
        "check": "whether both have all that pixi.toml and pyproject.toml ask for",
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
