"""The command line of the proof of reproducibility."""

from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from artefacts.errors import ArtefactError
from reproduce import report
from reproduce.errors import ReproduceError
from reproduce.kinds import KINDS
from reproduce.proof import prove

if TYPE_CHECKING:
    from reproduce.kinds import Kind

ROOT = Path(__file__).resolve().parents[2]


def chosen(names: list[str]) -> list[Kind]:
    """Return the kinds `names`, or all that can be built here."""
    if names:
        return [KINDS[name]() for name in names]
    kinds = [make() for make in KINDS.values()]
    for kind in kinds:
        if not kind.available():
            note = f"reproduce: {kind.title} is passed over: {kind.needs} is not installed here"
            print(note, file=sys.stderr)
    return [kind for kind in kinds if kind.available()]


def main() -> int:
    """Prove what is asked for; return 0 where it holds, 1 where not, 2 where it broke."""
    parser = argparse.ArgumentParser(prog="reproduce", description=__doc__)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to build")
    parser.add_argument("--keep", type=Path, help="build in this folder and leave it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    unknown = [name for name in options.kinds if name not in KINDS]
    if unknown:
        parser.error(f"no artefact is called {unknown[0]}: choose from {', '.join(KINDS)}")
    try:
        kinds = chosen(options.kinds)
        keep = None if options.keep is None else options.keep.resolve()
        proof = prove(options.root.resolve(), kinds, keep)
    except (ArtefactError, ReproduceError) as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EROFS, errno.EACCES}:
            raise
        print(f"reproduce: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("reproduce: interrupted", file=sys.stderr)
        return 130
    print(report.as_json(proof) if options.json else report.as_table(proof))
    return 0 if proof.holds else 1
