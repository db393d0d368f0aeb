"""`python tools/conda`: see `cli`."""

import os
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from conda.cli import main  # noqa: E402 - the path had to be set first

if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The solver's library now and then crashes while the interpreter shuts down, its work done.
    os._exit(code)
