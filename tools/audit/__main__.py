"""``python tools/audit``: the folder is made importable as the package ``audit``, then run."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from audit.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
