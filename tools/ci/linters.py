"""The linters of the workflows: our own rules, zizmor, and actionlint where there is one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from ci import rules
from ci.errors import CiError

if TYPE_CHECKING:
    from pathlib import Path

ZIZMOR = ("zizmor", "--quiet", "--offline", "--no-progress", "--persona", "pedantic", ".github")
ACTIONLINT = "actionlint"
_ABSENT = (
    "actionlint: not run, it is not on PATH; CI runs it as `pixi run -e checks lint-actions`, "
    "which needs conda-forge"
)


def run(root: Path) -> int:
    """Run what there is over the workflows, and return 1 if something was found.

    zizmor is part of the environment. actionlint is not, because the Python index has no wheel of
    it: where the machine has none, a line says so, and CI's own step is the one that must pass.

    Raises
    ------
    CiError
        zizmor is missing, or a workflow cannot be read.
    """
    if shutil.which(ZIZMOR[0]) is None:
        message = "zizmor is not installed here: run ./pixiw run lint-workflows"
        raise CiError(message)
    breaches = rules.breaches(rules.read(root))
    for breach in breaches:
        print(breach)
    codes = [len(breaches), subprocess.run(ZIZMOR, cwd=root, check=False).returncode]
    if shutil.which(ACTIONLINT) is None:
        print(_ABSENT, file=sys.stderr)
    else:
        codes.append(subprocess.run([ACTIONLINT], cwd=root, check=False).returncode)
    return int(any(codes))
