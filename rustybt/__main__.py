"""The command ``rustybt``, also as ``python -m rustybt``."""

from __future__ import annotations

import argparse
import sys

from rustybt.smoke import cli


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` and return its exit status."""
    parser = argparse.ArgumentParser(prog="rustybt", description="Backtesting engine.")
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    smoke = commands.add_parser("smoke", help=cli.DESCRIPTION, description=cli.DESCRIPTION)
    cli.add_arguments(smoke)
    what = "Print what was built and what it runs with."
    show = commands.add_parser("show-versions", help=what, description=what)
    show.add_argument("--json", action="store_true", help="print JSON (version 1), no table")
    arguments = parser.parse_args(argv)
    if arguments.version:
        from rustybt._versions import version

        print(version())
        return 0
    match arguments.command:
        case "smoke":
            return cli.run(arguments, smoke)
        case "show-versions":
            from rustybt._versions import show_versions

            show_versions(as_json=arguments.json)
            return 0
        case _:
            parser.print_help()
            return 0


if __name__ == "__main__":
    sys.exit(main())
