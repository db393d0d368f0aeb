"""Command line: `python tools/release wheels | compare FOLDER FOLDER | check-tag TAG`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from artefacts.errors import ArtefactError
from release import comparison, tag, wheels
from release.errors import ReleaseError

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python tools/release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("wheels", help="build wheels of every Python from the sdist")
    building.add_argument("--sdist", type=Path, default=ROOT / "dist/sdist", metavar="DIR")
    building.add_argument("--outdir", type=Path, default=ROOT / "dist/wheels", metavar="DIR")
    comparing = commands.add_parser("compare", help="hold two builds against each other")
    comparing.add_argument("first", type=Path)
    comparing.add_argument("again", type=Path)
    checking = commands.add_parser("check-tag", help="whether a tag fits the files")
    checking.add_argument("tag")
    options = parser.parse_args(argv)
    try:
        match options.command:
            case "wheels":
                for wheel in wheels.build(ROOT, options.sdist, options.outdir):
                    print(wheel)
            case "compare":
                for name, digest in comparison.compare(options.first, options.again).items():
                    print(f"{digest}  {name}")
            case _:
                print(f"version {tag.check(ROOT, options.tag)}")
    except (ReleaseError, ArtefactError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("release: interrupted", file=sys.stderr)
        return 130
    return 0
