"""Which rustybt this is: what was built, from which sources, and what it runs with."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from rustybt.smoke import record
from rustybt.smoke.dependencies import read_requirements

FOLDER = Path(__file__).parent
VERSION = 1
UNKNOWN = "0+unknown"


def version() -> str:
    """Return the version of this rustybt.

    It is the build record's; an unbuilt checkout has none, and there pyproject.toml tells.
    """
    built = _record()
    if built is not None:
        return built.package
    project = FOLDER.parent / "pyproject.toml"
    if project.is_file():
        import tomllib

        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return metadata.version("rustybt")
    except metadata.PackageNotFoundError:
        return UNKNOWN


def versions() -> dict[str, Any]:
    """Return what :func:`show_versions` prints, as plain values."""
    built = _record()
    raw = {} if built is None else built.raw
    return {
        "version": VERSION,
        "rustybt": version(),
        "folder": str(FOLDER),
        "python": {
            "version": platform.python_version(),
            "implementation": sys.implementation.name,
            "executable": sys.executable,
            "platform": platform.platform(),
        },
        "source": raw.get("source"),
        "build": raw.get("build"),
        "modules": raw.get("modules", []),
        "dependencies": [
            {"name": name, "requires": spec, "version": _installed(name)}
            for name, spec in _requirements()
        ],
    }


def show_versions(*, as_json: bool = False) -> None:
    """Print what was built into this rustybt, and the run-time dependencies' versions.

    Parameters
    ----------
    as_json
        Print JSON (``"version": 1``) in place of the table.
    """
    found = versions()
    if as_json:
        print(json.dumps(found, indent=2))
        return
    rows = [("rustybt", found["rustybt"]), ("folder", found["folder"])]
    rows += [(f"python.{key}", value) for key, value in found["python"].items()]
    if found["build"] is None:
        rows.append(("build", "none: this folder holds no build record"))
    for part in ("source", "build"):
        rows += [(f"{part}.{key}", value) for key, value in (found[part] or {}).items()]
    rows += [
        (f"module {module['name']}", f"{module['abi']} {module['fingerprint'][:12]}")
        for module in found["modules"]
    ]
    rows += [
        (f"needs {item['name']}{item['requires']}", item["version"] or "not installed")
        for item in found["dependencies"]
    ]
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        print(f"{label.ljust(width)}  {'-' if value is None else value}")


def _record() -> record.Record | None:
    try:
        return record.read(FOLDER)
    except (FileNotFoundError, record.RecordError):
        return None


def _requirements() -> list[tuple[str, str]]:
    try:
        texts = metadata.requires("rustybt") or []
    except metadata.PackageNotFoundError:
        return []
    return [(item.name, item.spec) for item in read_requirements(texts)[0]]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
