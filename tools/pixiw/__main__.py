"""Entry point of ``python tools/pixiw``, also what the scripts beside the manifest start."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a user may start this file with any Python
    sys.exit("pixiw: Python 3.11 or newer is needed, not " + sys.version.split()[0])

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# `python tools/pixiw` puts this package's own folder on the path, where its modules would
# shadow others; what is wanted there is the folder that holds the package.
sys.path[:] = [str(FOLDER.parent), *(entry for entry in sys.path if entry != str(FOLDER))]

from pixiw.cli import main  # noqa: E402 - the path had to be set first

if __name__ == "__main__":
    main(sys.argv[1:])
