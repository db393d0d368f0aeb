"""Copies of the installed rustybt in environments of their own, to be broken by a test."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

INSTALLED = Path(next(iter(find_spec("rustybt").submodule_search_locations)))  # type: ignore[union-attr,arg-type]


@dataclass(frozen=True)
class Result:
    """How a run of smoke ended, and its report."""

    status: int
    report: dict[str, Any]

    @property
    def found(self) -> set[tuple[str, str]]:
        """Return (code, subject) of every finding."""
        return {(finding["code"], finding["subject"]) for finding in self.report["findings"]}

    def finding(self, code: str) -> dict[str, Any]:
        """Return the only finding with `code`."""
        (finding,) = (item for item in self.report["findings"] if item["code"] == code)
        return dict(finding)

    def statuses(self) -> dict[str, str]:
        """Return the status of each module."""
        return {module["name"]: module["status"] for module in self.report["modules"]}


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds a copy of rustybt and links to everything else."""

    python: Path
    site: Path
    package: Path

    def smoke(
        self,
        *arguments: str,
        python: Iterable[str] = ("-P",),
        target: Iterable[str] = ("-m", "rustybt.smoke"),
        cwd: Path | None = None,
        **environ: str,
    ) -> Result:
        """Run smoke with `target` and read its JSON."""
        done = self.run(*python, *target, "--json", *arguments, cwd=cwd, **environ)
        assert done.stderr == ""
        return Result(done.returncode, json.loads(done.stdout))

    def run(
        self, *arguments: str, cwd: Path | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run this environment's Python, without the variables of the one that tests."""
        inherited = {key: value for key, value in os.environ.items() if key[:6] != "PYTHON"}
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd or self.site.parent,
            env={**inherited, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @property
    def metadata(self) -> Path:
        """Return the folder of rustybt's metadata."""
        (path,) = self.site.glob("rustybt-*.dist-info")
        return path

    def record(self) -> dict[str, Any]:
        """Read the build record."""
        return dict(json.loads((self.package / "_build_record.json").read_text()))

    def write_record(self, record: dict[str, Any]) -> None:
        """Replace the build record."""
        (self.package / "_build_record.json").write_text(json.dumps(record))

    def module(self, language: str = "cython") -> dict[str, Any]:
        """Return a module of `language` in the build record that no other one needs."""
        modules = [item for item in self.record()["modules"] if item["language"] == language]
        return next((item for item in modules if item["name"] == "rustybt.lib.rank"), modules[0])

    def shared_object(self, module: dict[str, Any]) -> Path:
        """Return where the shared object of `module` lies."""
        return self.package.parent / str(module["file"])

    def probe(self, module: dict[str, Any]) -> Path:
        """Return where the probe of `module` lies."""
        *packages, stem = module["name"].split(".")[1:]
        return self.package.joinpath(*packages, "_probes", f"{stem}.py")


def marker(name: str, fingerprint: str) -> bytes:
    return f"rustybt-source:{name}={fingerprint};".encode()


def patch_marker(path: Path, name: str, fingerprint: str) -> None:
    """Make the shared object `path` say that it was built from `fingerprint`."""
    pattern = re.compile(re.escape(f"rustybt-source:{name}=".encode()) + rb"[0-9a-f]{64};")
    data, count = pattern.subn(marker(name, fingerprint), path.read_bytes())
    assert count >= 1
    path.write_bytes(data)


def _site_folders() -> list[Path]:
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    places.add(str(metadata.distribution("numpy").locate_file("")))
    return [Path(place) for place in sorted(places)]


@pytest.fixture
def make_environment(tmp_path: Path) -> Callable[..., Environment]:
    """Return a function that makes an environment without the distributions in `without`."""

    def make(*, without: tuple[str, ...] = ()) -> Environment:
        folder = tmp_path / "environment"
        venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
        scheme = {"base": str(folder), "platbase": str(folder)}
        site = Path(sysconfig.get_path("purelib", "venv", scheme))
        for place in _site_folders():
            for entry in place.iterdir():
                head = re.split(r"[-.]", entry.name)[0].lower()
                is_left_out = head in {"rustybt", "__editable__", "__pycache__", *without}
                if not is_left_out and entry.suffix != ".pth" and not (site / entry.name).exists():
                    (site / entry.name).symlink_to(entry)
        shutil.copytree(INSTALLED, site / "rustybt", ignore=shutil.ignore_patterns("__pycache__"))
        info = Path(str(metadata.distribution("rustybt").locate_file("")))
        (source,) = info.glob("rustybt-*.dist-info")
        shutil.copytree(source, site / source.name)
        # Where a local build was installed from is no part of what is tested.
        (site / source.name / "direct_url.json").unlink(missing_ok=True)
        python = Path(sysconfig.get_path("scripts", "venv", scheme), Path(sys.executable).name)
        if not python.exists():
            python = python.with_name("python")
        return Environment(python, site, site / "rustybt")

    return make


@pytest.fixture
def environment(make_environment: Callable[..., Environment]) -> Environment:
    """Return an environment with a healthy copy of the installed rustybt."""
    return make_environment()
