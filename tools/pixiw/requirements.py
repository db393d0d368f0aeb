"""Pins pixiw's own requirements: a maintainer's command, not needed to use pixiw."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pixiw.bootstrap import PACKAGE, REQUIREMENTS
from pixiw.errors import PixiwError

LOWEST_PYTHON = "3.11"


def lock_requirements() -> None:
    """Resolve ``requirements.in`` for every platform and Python, and write the hashes.

    Raises
    ------
    PixiwError
        When uv cannot be installed or cannot resolve; the old file stays.
    """
    with tempfile.TemporaryDirectory(prefix="pixiw-lock-") as folder:
        environment = Path(folder) / "env"
        scripts = environment / ("Scripts" if os.name == "nt" else "bin")
        _run([sys.executable, "-I", "-m", "venv", str(environment)])
        _run([str(scripts / "python"), "-I", "-m", "pip", "install", "--quiet", "uv"])
        aside = Path(folder) / REQUIREMENTS.name
        _run(
            [
                str(scripts / "uv"),
                "pip",
                "compile",
                "--quiet",
                "--universal",
                "--generate-hashes",
                "--no-emit-index-url",
                "--no-header",
                "--no-annotate",
                f"--python-version={LOWEST_PYTHON}",
                f"--output-file={aside}",
                str(PACKAGE / "requirements.in"),
            ]
        )
        text = aside.read_text(encoding="utf-8")
        written = REQUIREMENTS.with_suffix(".tmp")
        written.write_text(text, encoding="utf-8")
        written.replace(REQUIREMENTS)


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        message = f"{Path(command[0]).name} could not lock the requirements: {last}"
        raise PixiwError(message)
