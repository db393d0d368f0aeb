"""Run the proof of reproducibility: ``python tools/reproduce [--json]``."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from reproduce.cli import main  # noqa: E402

sys.exit(main())
