"""`python tools/externals`: see `cli`."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# The folder of the packages in the place of this one, whose modules would shadow others.
sys.path[:] = [str(FOLDER.parent), *(entry for entry in sys.path if entry != str(FOLDER))]

from pixiw.bootstrap import Bootstrap  # noqa: E402 - the path had to be set first
from pixiw.errors import PixiwError  # noqa: E402


def main() -> int:
    """Run one command in pixiw's own environment, whatever Python this was called with."""
    try:
        Bootstrap(script=FOLDER / "__main__.py").enter(sys.argv[1:])
    except PixiwError as error:
        print(f"externals: {error}", file=sys.stderr)
        return 1
    from externals import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
