"""`python tools/documents`: the folder is made importable as the package `documents`, then run."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from documents.cli import main  # noqa: E402 - the path had to be set first

if __name__ == "__main__":
    sys.exit(main())
