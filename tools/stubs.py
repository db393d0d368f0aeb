"""Hold every compiled module's stub against the module that is installed (mypy.stubtest)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import sources  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run stubtest away from the checkout; return its exit code."""
    modules = [module.name for module in sources.find(ROOT)]
    missing = [name for name in modules if not (ROOT / _stub(name)).is_file()]
    if missing:
        print(f"no stub for {', '.join(missing)}: write {_stub(missing[0])}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as neutral:
        command = [sys.executable, "-P", "-m", "mypy.stubtest", "--concise", *modules]
        environment = {**os.environ, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "stubs")}
        return subprocess.run(command, cwd=neutral, env=environment, check=False).returncode


def _stub(name: str) -> str:
    return f"{name.replace('.', '/')}.pyi"


if __name__ == "__main__":
    sys.exit(main())
