"""pixiw's own small environment: pinned, hashed packages that the standard library lacks."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import NoReturn

from pixiw.errors import PixiwError
from pixiw.lock import FileLock
from progress import Step

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
REQUIREMENTS = PACKAGE / "requirements.txt"
_TOO_LITTLE = 1_000_000
POINTER = "interpreter"
"""File that names the environment's Python for the scripts that start pixiw."""

_REASONS = (
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES|do not match the hash",
        "the index served a file whose hash is not the pinned one; check the index or its proxy",
    ),
    (
        r"NewConnectionError|Max retries|timed out|Temporary failure|ConnectionError",
        "the package index cannot be reached; check the network, or pip's index-url",
    ),
    (
        r"\(from versions: none\)",
        "the package index cannot be reached or is empty; check the network, or pip's index-url",
    ),
    (
        r"No matching distribution|Could not find a version",
        "the index has no fitting wheel of a pinned package; check pip's index-url",
    ),
)


class Bootstrap:
    """The environment under ``.pixi/pixiw`` that belongs to one Python and one set of pins.

    Parameters
    ----------
    state : Path
        The folder ``.pixi/pixiw`` of the checkout.
    requirements : Path
        The pinned, hashed requirements.
    script : Path
        The program that is to run in it.
    """

    def __init__(
        self,
        state: Path = ROOT / ".pixi" / "pixiw",
        requirements: Path = REQUIREMENTS,
        script: Path = PACKAGE / "__main__.py",
    ) -> None:
        self.state = state
        self.requirements = requirements
        self.script = script

    @property
    def prefix(self) -> Path:
        """Where the environment is; its name says what is in it."""
        digest = hashlib.sha256(self.requirements.read_bytes())
        digest.update(f"{sys.version_info[:2]} {sysconfig.get_platform()}".encode())
        return self.state / f"tools-{digest.hexdigest()[:16]}"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        if os.name == "nt":
            return self.prefix / "Scripts" / "python.exe"
        return self.prefix / "bin" / "python"

    def active(self) -> bool:
        """Tell whether this process runs in the environment."""
        return Path(sys.prefix) == self.prefix

    def enter(self, arguments: list[str]) -> None:
        """Make sure that this process runs in the environment, starting anew if it does not."""
        if self.active():
            return
        self.ensure()
        self._become(arguments)

    def _become(self, arguments: list[str]) -> NoReturn:
        sys.stdout.flush()
        sys.stderr.flush()
        call = [str(self.python), "-I", str(self.script), *arguments]
        if os.name == "nt":
            sys.exit(subprocess.run(call, check=False).returncode)
        os.execv(self.python, call)  # noqa: S606 - the same program without a shell

    def ensure(self) -> None:
        """Make the environment unless it is there.

        Raises
        ------
        PixiwError
            A sentence with the cause; nothing half-made stays.
        """
        if not self.python.exists():
            lock = FileLock(
                self.state / "locks" / "bootstrap.lock",
                waiting="another pixiw is setting up its tools",
            )
            with lock:
                # The holder that was waited for may have made it.
                if not self.python.exists():
                    self._clear_leftovers()
                    # One whose Python is gone from the machine is of no use any more.
                    shutil.rmtree(self.prefix, ignore_errors=True)
                    self._make()
        self._point()

    def _clear_leftovers(self) -> None:
        """Remove what killed runs and older pins left; the lock is held."""
        for leftover in self.state.glob("making-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _make(self) -> None:
        print(
            "pixiw: setting up its tools (once), from pinned and hashed packages", file=sys.stderr
        )
        try:
            aside = Path(tempfile.mkdtemp(prefix="making-", dir=self.state))
        except OSError as error:
            message = f"cannot write {self.state}: {error.strerror}"
            raise PixiwError(message) from error
        try:
            with Step("installing pixiw's tools", total=2) as step:
                self._fill(aside, step)
            (aside / "env").replace(self.prefix)
        except OSError as error:
            message = f"cannot set up pixiw's tools in {self.state}: {error.strerror}"
            raise PixiwError(message) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _fill(self, aside: Path, step: Step) -> None:
        self._run(aside, ["-I", "-m", "venv", str(aside / "env")], Path(_base_python()))
        step.advance("virtual environment")
        python = aside / "env" / self.python.relative_to(self.prefix)
        self._run(aside, [*_PIP, "-r", str(self.requirements)], python)
        step.advance("packages")

    def _run(self, aside: Path, arguments: list[str], python: Path) -> None:
        # Not straight into a file: on a full disk nothing would be left of what is said.
        done = subprocess.run(
            [python, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode:
            free = shutil.disk_usage(self.state).free
            said = done.stdout.decode("utf-8", errors="replace")
            reason = _explain(said, python, done.returncode, free)
            # The log needs the room that the failed attempt takes up.
            shutil.rmtree(aside, ignore_errors=True)
            log = self.state / "bootstrap.log"
            log.write_bytes(done.stdout)
            raise PixiwError(f"{reason} (the log is {log})")

    def _point(self) -> None:
        """Tell the scripts which interpreter to start next time."""
        pointer = self.state / POINTER
        wanted = f"{self.python}\n"
        if pointer.is_file() and pointer.read_text(encoding="utf-8") == wanted:
            return
        aside = self.state / f"{POINTER}.{os.getpid()}.tmp"
        try:
            aside.write_text(wanted, encoding="utf-8")
            aside.replace(pointer)
        except OSError as error:
            message = f"cannot write {pointer}: {error.strerror}"
            raise PixiwError(message) from error


_PIP = [
    "-I",
    "-m",
    "pip",
    "install",
    "--require-hashes",
    "--only-binary=:all:",
    "--no-deps",
    "--no-input",
    "--no-compile",
    "--disable-pip-version-check",
]


def _base_python() -> str:
    """Return the interpreter that made the environment of this one, or this one itself."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _explain(said: str, python: Path, code: int, free: int) -> str:
    """Say why a program failed, from its output and the bytes that the disk had left."""
    failed = "pixiw's tools could not be installed"
    # venv does not pass on what its own steps complain about.
    if free < _TOO_LITTLE or "No space left on device" in said:
        return f"{failed}: the disk is full; free some space and run it again"
    if "ensurepip" in said:
        return (
            f"{python} cannot make virtual environments; install what it lacks, as in: "
            "apt-get install python3-venv"
        )
    for pattern, reason in _REASONS:
        if re.search(pattern, said):
            return f"{failed}: {reason}"
    return f"{failed}: {python} ended with {code}"
