"""Run cython-lint, at its pinned version, over the Cython sources below the given folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pinned


def main() -> int:
    """Return cython-lint's exit code, or 1 where it cannot run."""
    sources = [str(path) for name in sys.argv[1:] for path in _sources(Path(name))]
    if not sources:
        print(f"cython-lint: no Cython source under {' '.join(sys.argv[1:])}", file=sys.stderr)
        return 1
    try:
        folder = pinned.folder("cython-lint")
    except pinned.PinnedError as error:
        print(f"cython-lint: {error}", file=sys.stderr)
        return 1
    command = [sys.executable, "-P", "-m", "cython_lint.cython_lint", *sources]
    # It runs pycodestyle by name.
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")])
    environment = {**os.environ, "PYTHONPATH": str(folder), "PATH": path}
    return subprocess.run(command, env=environment, check=False).returncode


def _sources(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(found for ending in ("pyx", "pxd") for found in path.rglob(f"*.{ending}"))


if __name__ == "__main__":
    sys.exit(main())
