"""Run the artefact builder: ``python tools/artefacts build|install|clean``."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from artefacts.cli import main  # noqa: E402

sys.exit(main())
