"""Run a command with a umask and on some cores: ``runner.py UMASK CORES COMMAND...``."""

from __future__ import annotations

import os
import subprocess
import sys


def main(arguments: list[str]) -> int:
    """Restrict this process, then run the command; CORES of 0 means all."""
    umask, cores, *command = arguments
    os.umask(int(umask, 8))
    if int(cores) and hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, set(allowed[: int(cores)]))
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
