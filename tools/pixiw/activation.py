"""What activating an environment changes in a process's variables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHOW = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
# Set by the shell itself, never by an activation script.
_SHELLS_OWN = {"PATH", "PWD", "OLDPWD", "SHLVL", "_", "PROMPT", "PS1", "BASH_FUNC"}


@dataclass(frozen=True)
class Activation:
    """Changes of an activation.

    Parameters
    ----------
    paths
        Folders to put in front of PATH.
    variables
        Variables to set.
    """

    paths: tuple[str, ...]
    variables: Mapping[str, str]

    def onto(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Variables to set in a process that has those of `environment`."""
        before = environment.get("PATH", os.defpath).split(os.pathsep)
        kept = [folder for folder in before if folder not in self.paths]
        return dict(self.variables) | {"PATH": os.pathsep.join([*self.paths, *kept])}


def _base() -> dict[str, str]:
    """Few variables, so that the result does not depend on who runs it first."""
    kept = ("HOME", "USER", "LANG", "TMPDIR", "SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP")
    base = {name: os.environ[name] for name in kept if name in os.environ}
    return base | {"PATH": os.environ.get("PATH", "") if os.name == "nt" else "/usr/bin:/bin"}


def _posix(script: str, settings: Mapping[str, str], scripts: Sequence[Path]) -> str:
    lines = ["set -e"]
    for name, value in settings.items():
        # As pixi does, variables in a value are expanded by the shell.
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
        lines.append(f'export {name}="{quoted}"')
    lines.append(script)
    lines += [
        f". '{str(path).replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'" for path in scripts
    ]
    return "\n".join(lines) + "\n"


def _windows(script: str, settings: Mapping[str, str], scripts: Sequence[Path]) -> str:
    lines = ["@echo off"]
    lines += [f'@SET "{name}={value}"' for name, value in settings.items()]
    lines.append(script)
    lines += [f'@CALL "{path}"' for path in scripts]
    return "\r\n".join(lines) + "\r\n"


def _run(prefix: Path, text: str, base: Mapping[str, str], workspace: Path) -> dict[str, str]:
    """Variables of a process after a script."""
    with tempfile.TemporaryDirectory(prefix="pixiw-activation-") as folder:
        shown = Path(folder) / "variables.json"
        show = [sys.executable, "-I", "-c", _SHOW, str(shown)]
        if os.name == "nt":
            batch = Path(folder) / "activate.bat"
            batch.write_text(text + subprocess.list2cmdline(show) + "\r\n", encoding="utf-8")
            command = ["cmd", "/d", "/c", str(batch)]
        else:
            shell = shutil.which("bash") or "/bin/sh"
            command = [shell, "-c", text + 'exec "$@"\n', shell, *show]
        done = subprocess.run(
            command, env=dict(base), cwd=workspace, capture_output=True, text=True, check=False
        )
        if done.returncode or not shown.is_file():
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            message = f"the environment in {prefix} could not be activated: {last}"
            raise PixiwError(message)
        variables: dict[str, str] = json.loads(shown.read_text(encoding="utf-8"))
        return variables


def activate(
    prefix: Path, workspace: Path, settings: Mapping[str, str], scripts: Sequence[str]
) -> Activation:
    """Activate an environment aside and see what changes.

    Parameters
    ----------
    prefix
        The environment.
    workspace
        Folder of the manifest, which `scripts` are relative to.
    settings
        Variables that the manifest sets on activation.
    scripts
        Scripts that the manifest runs on activation.

    Raises
    ------
    PixiwError
        A script is missing or fails.
    """
    from rattler.shell import ActivationVariables, Shell
    from rattler.shell import activate as rattler_activate

    paths = [workspace / script for script in scripts]
    for path in paths:
        if not path.is_file():
            message = f"the manifest's activation script {path} is missing"
            raise PixiwError(message)
    base = _base() | {
        "CONDA_PREFIX": str(prefix),
        "PIXI_PROJECT_ROOT": str(workspace),
    }
    before = base["PATH"].split(os.pathsep)
    windows = os.name == "nt"
    script = rattler_activate(
        prefix,
        ActivationVariables(current_path=before),
        Shell.cmd_exe if windows else Shell.bash,
    ).script
    text = (_windows if windows else _posix)(script, settings, paths)
    after = _run(prefix, text, base, workspace)
    added = [
        folder
        for folder in after.pop("PATH", base["PATH"]).split(os.pathsep)
        if folder and folder not in before
    ]
    variables = {
        name: value
        for name, value in after.items()
        if name not in _SHELLS_OWN
        and (base.get(name) != value or name == "CONDA_PREFIX")
        and name != "PIXI_PROJECT_ROOT"
    }
    return Activation(tuple(added), variables)
