"""The compilers of this machine: where they are and which versions."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from externals.failure import ExternalsError
from externals.machine import install_command, which

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tool:
    """A compiler of this machine: its program and its version."""

    program: Path
    version: str


def output(*command: str | Path, settings: Mapping[str, str] | None = None) -> str:
    """Run a program and return what it prints.

    Parameters
    ----------
    command
        The program and its arguments.
    settings
        Variables to set for it.

    Raises
    ------
    ExternalsError
        It does not work.
    """
    said = "no answer within a minute"
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd="/",
            env=os.environ | dict(settings or {}),
        )
        if done.returncode == 0:
            return done.stdout.strip()
        said = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
    except OSError as error:
        said = error.strerror or str(error)
    except subprocess.TimeoutExpired:
        pass
    raise ExternalsError(f"{shlex.join(map(str, command))} does not work: {said}")


@cache
def gnu(program: str, language: str, mend: str) -> Tool:
    """Find a compiler of GNU's.

    Parameters
    ----------
    program
        Its name on PATH.
    language
        What it compiles.
    mend
        What `machine.install_command` calls it.

    Raises
    ------
    ExternalsError
        There is none; the message has the command that installs it.
    """
    found = which(program)
    if found is None:
        raise ExternalsError(
            f"no {language} compiler: {program} is not on PATH; run: {install_command(mend)}"
        )
    return Tool(found, output(found, "-dumpfullversion"))


def gcc() -> Tool:
    """Find the machine's C compiler.

    Raises
    ------
    ExternalsError
        There is none; the message has the command that installs it.
    """
    return gnu("gcc", "C", "cc")


def gxx() -> Tool:
    """Find the machine's C++ compiler.

    Raises
    ------
    ExternalsError
        There is none; the message has the command that installs it.
    """
    return gnu("g++", "C++", "cxx")


def _sysroot(rustc: Path) -> Path:
    """Folder of the toolchain that a compiler, or rustup's proxy for it, belongs to."""
    command = (rustc, "--print", "sysroot")
    try:
        return Path(output(*command))
    except ExternalsError:
        # The proxy looks below HOME, which need not be the one that rustup was installed in.
        beside = rustc.parent.parent.with_name(".rustup")
        if "RUSTUP_HOME" in os.environ or not beside.is_dir():
            raise
        return Path(output(*command, settings={"RUSTUP_HOME": str(beside)}))


@cache
def rustc() -> Tool:
    """Find the machine's Rust compiler, as the real program behind rustup's proxy.

    Raises
    ------
    ExternalsError
        There is none, or it lacks cargo; the message has the command that installs it.
    """
    found = which("rustc")
    if found is None or which("cargo") is None:
        lacking = "cargo" if found else "rustc"
        raise ExternalsError(
            f"no Rust compiler: {lacking} is not on PATH; install rustup and run: "
            "rustup toolchain install stable"
        )
    program = _sysroot(found) / "bin/rustc"
    if not program.with_name("cargo").is_file():
        program = found
    said = re.match(r"rustc (\d+\.\d+\.\d+)(-\w+)?", output(program, "--version"))
    if said is None:
        raise ExternalsError(f"{program} does not state its version; install Rust again")
    # A nightly goes before the release it is named after, in conda's order too.
    return Tool(program, said[1] + (said[2] or "").replace("-", "."))


def mend(name: str) -> str:
    """Say what a user does to get another version of a compiler package."""
    if name.startswith("rust"):
        return "run: rustup update stable"
    return "install another gcc, or use conda-forge (--channel conda-forge)"
