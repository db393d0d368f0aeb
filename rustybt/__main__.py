"""The command ``rustybt``, also as ``python -m rustybt``.

What proves an installation (``smoke``, ``show-versions``, ``--version``) needs nothing but Python,
so that it can speak of a broken one. Every other command is in :mod:`rustybt.cli`.
"""

from __future__ import annotations

import argparse
import sys

from rustybt.smoke import cli as smoke


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` and return its exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    match arguments[:1]:
        case ["smoke"]:
            parser = argparse.ArgumentParser(prog="rustybt smoke", description=smoke.DESCRIPTION)
            smoke.add_arguments(parser)
            return smoke.run(parser.parse_args(arguments[1:]), parser)
        case ["show-versions"]:
            return _show_versions(arguments[1:])
        case ["--version"]:
            from rustybt._versions import version

            print(version())
            return 0
        case _:
            return _engine(arguments or ["--help"])


def _show_versions(arguments: list[str]) -> int:
    from rustybt._versions import show_versions

    what = "Print what was built and what it runs with."
    parser = argparse.ArgumentParser(prog="rustybt show-versions", description=what)
    parser.add_argument("--json", action="store_true", help="print JSON (version 1), no table")
    show_versions(as_json=parser.parse_args(arguments).json)
    return 0


def _engine(arguments: list[str]) -> int:
    try:
        from rustybt.cli.main import main as engine
    except ImportError as error:
        remedy = "`rustybt smoke` shows what else is amiss"
        print(f"rustybt: its commands cannot be loaded: {error}; {remedy}", file=sys.stderr)
        return 1
    return engine(arguments)


if __name__ == "__main__":
    sys.exit(main())
