"""The command line of the artefact builder."""

from __future__ import annotations

import argparse
import errno
import shutil
import sys
from pathlib import Path

from artefacts.builder import build
from artefacts.errors import ArtefactError
from artefacts.installer import install
from pixiw.errors import PixiwError

ROOT = Path(__file__).resolve().parents[2]
_LEFTOVERS = ("build", "dist", "rust/target", "rustybt.egg-info", "rustybt/_build_record.json")


def main() -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="artefacts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build the sdist, and the wheel from it")
    building.add_argument("--outdir", type=Path, required=True, help="where both are put")
    installing = commands.add_parser("install", help="install the built wheel here")
    installing.add_argument("--from", dest="dist", type=Path, required=True, help="its folder")
    commands.add_parser("clean", help="remove what builds left in the checkout")
    options = parser.parse_args()
    try:
        if options.command == "build":
            for artefact in build(ROOT, options.outdir.resolve()):
                print(f"{artefact}  {artefact.stat().st_size / 1e6:.2f} MB")
        elif options.command == "install":
            done = install(options.dist.resolve())
            print("installed" if done else "already installed, every file verified")
        else:
            _clean()
    except (ArtefactError, PixiwError) as error:
        print(f"artefacts: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EROFS, errno.EACCES}:
            raise
        print(f"artefacts: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("artefacts: interrupted", file=sys.stderr)
        return 130
    return 0


def _clean() -> None:
    for name in _LEFTOVERS:
        path = ROOT / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in (ROOT / "rustybt").rglob("*"):
        if path.suffix in {".so", ".pyd"} and path.is_file():
            path.unlink()
