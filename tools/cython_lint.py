"""Run cython-lint at the version pinned, by hash, in ``tools/requirements/cython-lint.txt``.

conda-forge's records do not have it for every platform of the manifest, so the lint environment
cannot: it is installed from the configured Python index into a folder of its own under ``build/``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "tools" / "requirements" / "cython-lint.txt"


def main() -> int:
    """Install the pinned linter where that has not been done, and run it."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = ROOT / "build" / "cython-lint" / f"{python}-{digest}"
    if not folder.is_dir() and not _install(folder):
        return 1
    sources = [str(path) for name in sys.argv[1:] for path in _sources(Path(name))]
    if not sources:
        print(f"cython-lint: no Cython source under {' '.join(sys.argv[1:])}", file=sys.stderr)
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


def _install(folder: Path) -> bool:
    aside = folder.with_name(f"{folder.name}.{os.getpid()}")
    command = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--require-hashes"]
    options = ["--no-deps", "--only-binary=:all:", "--root-user-action=ignore"]
    run = subprocess.run(
        [*command, *options, "--target", str(aside), "--requirement", str(REQUIREMENTS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        shutil.rmtree(aside, ignore_errors=True)
        reason = run.stderr.strip().rpartition("\n")[2]
        print(f"cython-lint could not be installed from {REQUIREMENTS}: {reason}", file=sys.stderr)
        return False
    aside.rename(folder)
    return True


if __name__ == "__main__":
    sys.exit(main())
