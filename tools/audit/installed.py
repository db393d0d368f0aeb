"""Read an installation, through the interpreter it belongs to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from audit import tags
from audit.contents import Contents
from audit.errors import AuditError
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.policy import Policy

_SECONDS = 60

# Runs in the inspected interpreter, isolated (-I): neither the current directory nor PYTHONPATH
# has a say, and nothing of the package is imported.
_QUESTION = """
import importlib.metadata, json, sys, sysconfig
name = sys.argv[1]
found = {}
for dist in importlib.metadata.distributions(name=name):
    files = dist.files
    described = dist.read_text("METADATA") or dist.read_text("PKG-INFO")
    found.setdefault(str(dist.locate_file("")), {
        "version": dist.version if described else None,
        "direct_url": dist.read_text("direct_url.json"),
        "record": None if files is None else [
            [str(file).replace("\\\\", "/"), file.hash and [file.hash.mode, file.hash.value]]
            for file in files
        ],
    })
print(json.dumps({
    "prefix": sys.prefix,
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:3]),
    "threads": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "platform": sysconfig.get_platform(),
    "distributions": found,
}))
"""


@dataclass(frozen=True)
class Installation(Contents):
    """An installed package: contents, RECORD, and where it comes from.

    ``record`` maps a path to its (algorithm, digest), or to None where RECORD has no hash; it is
    None where the installation has no RECORD. ``places`` are all folders that have the
    distribution; ``editable`` is the checkout that an editable install points to.
    """

    interpreter: str = ""
    record: Mapping[str, tuple[str, str] | None] | None = None
    places: tuple[str, ...] = ()
    editable: Path | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Tell whether the distribution is installed at all."""
        return bool(self.places)


def find_interpreter(wanted: str) -> Path:
    """Return the interpreter that a prefix, a path or a command name stands for.

    Raises
    ------
    AuditError
        If there is none.
    """
    path = Path(wanted)
    if path.is_dir():
        inside = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")
        for candidate in inside:
            if (path / candidate).is_file():
                return path / candidate
        raise AuditError(f"{wanted} has no Python: looked for {', '.join(inside)}")
    found = shutil.which(wanted)
    if found is None:
        raise AuditError(f"{wanted} is neither an environment's folder nor a Python to run")
    return Path(found).absolute()


def read(interpreter: Path, policy: Policy) -> Installation:
    """Return what `interpreter` has installed of the distribution.

    Raises
    ------
    AuditError
        If the interpreter does not run or is too old.
    """
    answer = _ask(interpreter, policy.distribution)
    major, minor, micro = answer["version"]
    label = f"{answer['prefix']} ({answer['implementation']} {major}.{minor}.{micro})"
    target = tags.Target(
        abis=frozenset({f"cp{major}{minor}{'t' if answer['threads'] else ''}", "abi3"}),
        platform=tags.parse_platform(answer["platform"]),
        name=f"{answer['implementation']} {major}.{minor} on {answer['platform']}",
    )
    found = answer["distributions"]
    places = tuple(sorted(found))
    if not found:
        return Installation(Stage.INSTALLED, label, {}, target=target, interpreter=str(interpreter))
    # The first on sys.path is the one that imports find.
    place, distribution = next(iter(found.items()))
    editable = _editable(distribution["direct_url"])
    return Installation(
        Stage.INSTALLED,
        label,
        _files(editable or Path(place), policy),
        name=policy.distribution,
        version=distribution["version"],
        target=target,
        interpreter=str(interpreter),
        record=_record(distribution["record"]),
        places=places,
        editable=editable,
    )


def _ask(interpreter: Path, distribution: str) -> dict[str, Any]:
    try:
        run = subprocess.run(
            [str(interpreter), "-I", "-c", _QUESTION, distribution],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AuditError(f"{interpreter} did not answer within {_SECONDS} s") from error
    except OSError as error:
        raise AuditError(f"{interpreter} cannot be run: {error.strerror}") from error
    if run.returncode != 0:
        said = run.stderr.strip().rpartition("\n")[2]
        raise AuditError(f"{interpreter} could not list what is installed: {said}")
    try:
        answer = json.loads(run.stdout)
    except json.JSONDecodeError as error:
        raise AuditError(f"{interpreter} is no Python: it answered {run.stdout[:60]!r}") from error
    return dict(answer)


def _editable(direct_url: str | None) -> Path | None:
    try:
        origin = json.loads(direct_url or "{}")
    except json.JSONDecodeError:
        return None
    if not origin.get("dir_info", {}).get("editable", False):
        return None
    return Path(url2pathname(urlsplit(origin.get("url", "")).path))


def _record(
    listed: list[tuple[str, tuple[str, str] | None]] | None,
) -> Mapping[str, tuple[str, str] | None] | None:
    if listed is None:
        return None
    return {path: None if hashed is None else (hashed[0], hashed[1]) for path, hashed in listed}


def _files(place: Path, policy: Policy) -> dict[str, bytes]:
    files = {}
    for folder, folders, names in os.walk(place / policy.package):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = Path(folder, name)
            files[path.relative_to(place).as_posix()] = path.read_bytes()
    return files


def running() -> Path:
    """Return the interpreter that runs the audit."""
    return Path(sys.executable)
