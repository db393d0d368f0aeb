"""The wheel, installed into the running interpreter's environment."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import subprocess
import sys
import sysconfig
import zipfile
import zlib
from pathlib import Path

from artefacts.errors import ArtefactError
from pixiw.lock import FileLock
from progress import Step


def install(dist: Path) -> bool:
    """Install the one wheel in `dist`, unless its very files are in place already.

    Returns
    -------
    bool
        False when nothing had to be done.
    """
    wheel = _only_wheel(dist)
    lock = Path(sys.prefix) / ".rustybt-install.lock"
    with FileLock(lock, waiting=f"another run installs rustybt into {sys.prefix}"):
        if _in_place(wheel):
            return False
        _pip_install(wheel)
    return True


def _pip_install(wheel: Path) -> None:
    command = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    quiet = ["--force-reinstall", "--disable-pip-version-check", "--no-warn-script-location"]
    with Step(f"installing {wheel.name}"):
        run = subprocess.run(
            [*command, *quiet, "--root-user-action=ignore", str(wheel)],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            reason = (run.stderr or run.stdout).strip()
            raise ArtefactError(f"pip could not install {wheel}: {reason}")


def _only_wheel(dist: Path) -> Path:
    wheels = sorted(dist.glob("*.whl"))
    if len(wheels) != 1:
        found = ", ".join(wheel.name for wheel in wheels) or "none"
        raise ArtefactError(f"{dist} must hold exactly one wheel, found {found}: build again")
    return wheels[0]


def _in_place(wheel: Path) -> bool:
    folder = Path(sysconfig.get_path("platlib"))
    try:
        with zipfile.ZipFile(wheel) as archive:
            (record,) = (n for n in archive.namelist() if n.endswith(".dist-info/RECORD"))
            rows = list(csv.reader(io.StringIO(archive.read(record).decode("utf-8"))))
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError) as error:
        raise ArtefactError(f"{wheel} is not a readable wheel ({error}): build again") from None
    expected = {name: digest for name, digest, _ in rows if digest}
    present = {path for path in (folder / "rustybt").rglob("*") if path.suffix != ".pyc"}
    files = {path.relative_to(folder).as_posix() for path in present if path.is_file()}
    declared = {name for name in expected if name.startswith("rustybt/")}
    return files == declared and all(
        _hash(folder / name) == digest for name, digest in expected.items()
    )


def _hash(path: Path) -> str | None:
    if not path.is_file():
        return None
    digest = hashlib.sha256(path.read_bytes()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
