"""`python tools/release`: the folder is made importable as the package `release`, then run."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from release.cli import main  # noqa: E402 - the path had to be set first

if __name__ == "__main__":
    sys.exit(main())
