"""What the package route of this machine can provide."""

from __future__ import annotations

import json
import subprocess
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ci.errors import CiError

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = "tools/externals/names.toml"


@dataclass(frozen=True)
class Offer:
    """What can be made here.

    Parameters
    ----------
    pythons
        Versions such as "3.12" of the Pythons at hand; None where any can be had.
    refusals
        Environments that cannot be made, each with the reason.
    """

    pythons: frozenset[str] | None = None
    refusals: dict[str, str] = field(default_factory=dict)


def offer(root: Path) -> Offer:
    """Ask pixiw which route it takes, and what that lacks.

    Only the externals route lacks packages; pixi itself, and pixiw over conda-forge, have all.

    Raises
    ------
    CiError
        If pixiw cannot say it.
    """
    command = [str(root / "pixiw"), "info", "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    try:
        info = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip() or "no output").splitlines()[-1]
        raise CiError(f"pixiw info --json does not work: {said}") from None
    if not str(info.get("channel", "")).startswith("externals"):
        return Offer()
    refused = tomllib.loads((root / _NAMES).read_text(encoding="utf-8"))["refused"]
    return Offer(_pythons(info), _refusals(info, refused))


def _pythons(info: dict[str, Any]) -> frozenset[str]:
    usable = [python["version"] for python in info["interpreters"] if not python["refusal"]]
    return frozenset(".".join(str(version).split(".")[:2]) for version in usable)


def _refusals(info: dict[str, Any], refused: dict[str, str]) -> dict[str, str]:
    found = {}
    for environment in info["environments"]:
        names = [str(spec).split()[0] for spec in environment["specs"]]
        missing = [name for name in names if name in refused]
        if missing:
            found[str(environment["name"])] = f"only conda-forge has {' and '.join(missing)}"
    return found
