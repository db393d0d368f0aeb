"""`lock make`: locks made of a handful of records, as pixi writes them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from lock.checker import check
from lock.cli import main

HEAD = """\
[workspace]
name = "w"
channels = [{channels}]
platforms = [{platforms}]
"""
PLATFORMS = '{ platform = "linux-64", glibc = "2.17" }, "win-64"'


def manifest(rest: str, platforms: str = PLATFORMS, channels: str = '"conda-forge"') -> str:
    return HEAD.format(platforms=platforms, channels=channels) + rest


def record(
    name: str,
    version: str = "1.0",
    subdir: str = "linux-64",
    **more: Any,
) -> dict[str, Any]:
    """Return a package record; its hashes are made of its address."""
    build = more.pop("build", "h1_0")
    url = f"https://conda.anaconda.org/conda-forge/{subdir}/{name}-{version}-{build}.conda"
    return {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "subdir": subdir,
        "url": url,
        "sha256": hashlib.sha256(url.encode()).hexdigest(),
        "md5": hashlib.md5(url.encode(), usedforsecurity=False).hexdigest(),
        "size": 10,
        "timestamp": 1_780_000_000_000,
        "license": "MIT",
        "depends": [],
        "constrains": [],
        **more,
    }


def partial(name: str, version: str, build: str, **more: Any) -> dict[str, Any]:
    """Return a noarch record whose hashes nobody knows."""
    whole = record(name, version, "noarch", build=build, noarch="python", **more)
    return {key: value for key, value in whole.items() if key not in {"sha256", "md5", "size"}}


TOOL = record("tool", "2.0", depends=["__glibc >=2.28", "base >=1"])
OLD_TOOL = record("tool", "1.0", depends=["__glibc >=2.17", "base >=1"], constrains=["other <2"])
BASE = record("base", "1.5", "noarch", noarch="generic")
OTHER = record("other", "3.0")
WIN_TOOL = record("tool", "1.0", "win-64", depends=["base"])
WIN_OTHER = record("other", "1.0", "win-64")
RECORDS = (TOOL, OLD_TOOL, BASE, OTHER, WIN_TOOL, WIN_OTHER)
DEPENDENCIES = '[dependencies]\ntool = "*"\n'


class Place:
    """A folder with a manifest, a lock to be made and records to make it of."""

    def __init__(self, folder: Path) -> None:
        self.manifest = folder / "pixi.toml"
        self.lock = folder / "pixi.lock"
        self.records = folder / "records"

    def fill(self, text: str, records: tuple[dict[str, Any], ...] = RECORDS) -> None:
        """Write the manifest and the record files."""
        self.manifest.write_text(text, encoding="utf-8")
        self.records.mkdir(exist_ok=True)
        files: dict[str, list[str]] = {"linux-64": [], "win-64": [], "noarch": []}
        for item in records:
            prefix = "" if "sha256" in item else "partial-"
            files.setdefault(f"{prefix}{item['subdir']}", []).append(json.dumps(item))
        for name, lines in files.items():
            text = "".join(f"{line}\n" for line in lines)
            (self.records / f"{name}.jsonl").write_text(text, encoding="utf-8")

    def make(self) -> int:
        """Make the lock and return the exit code."""
        where = ("--manifest", str(self.manifest), "--lock", str(self.lock))
        return main(["make", "--records", str(self.records), *where])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


LOCKED = f"""\
version: 7
platforms:
- name: p1
  subdir: linux-64
  virtual-packages:
  - __glibc=2.17
  - __unix=0=0
  - __linux=4.18
  - __archspec=0=x86_64
- name: win-64
  virtual-packages:
  - __win=10.0
  - __archspec=0=x86_64
environments:
  default:
    channels:
    - url: https://conda.anaconda.org/conda-forge/
    packages:
      p1:
      - conda: https://conda.anaconda.org/conda-forge/linux-64/tool-1.0-h1_0.conda
      - conda: https://conda.anaconda.org/conda-forge/noarch/base-1.5-h1_0.conda
      win-64:
      - conda: https://conda.anaconda.org/conda-forge/noarch/base-1.5-h1_0.conda
      - conda: https://conda.anaconda.org/conda-forge/win-64/tool-1.0-h1_0.conda
packages:
- conda: https://conda.anaconda.org/conda-forge/linux-64/tool-1.0-h1_0.conda
  sha256: {OLD_TOOL["sha256"]}
  md5: {OLD_TOOL["md5"]}
  depends:
  - __glibc >=2.17
  - base >=1
  constrains:
  - other <2
  license: MIT
  size: 10
  timestamp: 1780000000000
- conda: https://conda.anaconda.org/conda-forge/noarch/base-1.5-h1_0.conda
  sha256: {BASE["sha256"]}
  md5: {BASE["md5"]}
  license: MIT
  size: 10
  timestamp: 1780000000000
- conda: https://conda.anaconda.org/conda-forge/win-64/tool-1.0-h1_0.conda
  sha256: {WIN_TOOL["sha256"]}
  md5: {WIN_TOOL["md5"]}
  depends:
  - base
  license: MIT
  size: 10
  timestamp: 1780000000000
"""


@pytest.mark.parametrize("turn", range(len(RECORDS)))
def test_lock_is_pixis_whatever_the_order_of_the_records(place: Place, turn: int) -> None:
    place.fill(manifest(DEPENDENCIES), RECORDS[turn:] + RECORDS[:turn])
    assert place.make() == 0
    assert place.lock.read_text(encoding="utf-8") == LOCKED


def test_the_promised_machine_decides(place: Place) -> None:
    place.fill(manifest(DEPENDENCIES, platforms='"linux-64"'))
    assert place.make() == 0
    text = place.lock.read_text(encoding="utf-8")
    assert "linux-64/tool-2.0-h1_0.conda" in text
    assert "tool-1.0" not in text
    assert check(place.manifest, place.lock).problem is None


def test_environments_and_channels(place: Place) -> None:
    place.fill(
        manifest(
            '[feature.more.dependencies]\nother = "*"\n[feature.more]\nplatforms = ["linux-64"]\n'
            '[environments]\nmore = { features = ["more"], no-default-feature = true }\n'
        )
    )
    assert place.make() == 0
    verdict = check(place.manifest, place.lock)
    assert verdict.problem is None
    held = {(held.environment, held.subdir): held.records for held in verdict.held}
    assert held["more", "linux-64"] == 1
    assert ("more", "win-64") not in held


def test_constrains_are_kept(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.fill(manifest('[dependencies]\ntool = "*"\nother = "*"\n'))
    assert place.make() == 1
    assert "lock: default on linux-64 cannot be solved: " in capsys.readouterr().err
    assert not place.lock.exists()


def test_holes_are_named_and_the_lock_is_left(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.fill(manifest('[dependencies]\ntool = "*"\nnowhere = ">=1"\n'))
    place.lock.write_text("as it was", encoding="utf-8")
    assert place.make() == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lock: ")]
    assert len(lines) == 2
    for line, subdir in zip(lines, ("linux-64", "win-64"), strict=True):
        assert line.startswith(f"lock: default on {subdir} cannot be solved: ")
        assert "nowhere >=1" in line
    assert place.lock.read_text(encoding="utf-8") == "as it was"
    assert {path.name for path in place.lock.parent.iterdir()} == {
        *("pixi.toml", "pixi.lock", "records")
    }


@pytest.mark.parametrize(
    ("name", "version", "build", "problem"),
    [
        ("setuptools-rust", "1.12.1", "pyhd8ed1ab_0", None),
        ("setuptools-rust", "1.12.2", "pyhd8ed1ab_0", "the record has no SHA-256 hash"),
        ("elsewhere", "1.0", "pyh_0", "the record has no SHA-256 hash"),
    ],
)
def test_only_named_records_may_lack_hashes(
    place: Place, name: str, version: str, build: str, problem: str | None
) -> None:
    place.fill(manifest(f'[dependencies]\n{name} = "*"\n'), (partial(name, version, build),))
    assert place.make() == 0
    verdict = check(place.manifest, place.lock)
    file_name = f"{name}-{version}-{build}.conda"
    assert verdict.unverified == (file_name,)
    if problem is None:
        assert verdict.problem is None
    else:
        assert verdict.problem is not None
        assert (verdict.problem.record, verdict.problem.reason) == (file_name, problem)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "win-64.jsonl:1 is no JSON: "),
        ("[]", 'win-64.jsonl:1 is no package record: it has no "url"'),
        (json.dumps({"url": "x"}), 'win-64.jsonl:1 is no package record: x has no "name"'),
        (
            json.dumps({**WIN_OTHER, "url": "https://example.org/win-64/other-1.0-h1_0.conda"}),
            "other-1.0-h1_0.conda is not a file of conda-forge's win-64",
        ),
        (
            json.dumps({key: WIN_OTHER[key] for key in WIN_OTHER if key != "sha256"}),
            'other-1.0-h1_0.conda has no "sha256"',
        ),
        (None, "has no win-64.jsonl, the package records of win-64"),
    ],
)
def test_unreadable_records_are_named(
    place: Place, line: str | None, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.fill(manifest(DEPENDENCIES))
    path = place.records / "win-64.jsonl"
    if line is None:
        path.unlink()
    else:
        path.write_text(f"{line}\n", encoding="utf-8")
    assert place.make() == 1
    assert sentence in capsys.readouterr().err
    assert not place.lock.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            manifest(DEPENDENCIES, channels='"conda-forge", "bioconda"'),
            "lock: the environment default has the channels conda-forge, bioconda, and the lock is",
        ),
        (
            manifest(DEPENDENCIES, platforms='"linux-64", { name = "x", platform = "linux-64" }'),
            "has several platforms for linux-64",
        ),
        ("[workspace", "pixi.toml"),
    ],
)
def test_manifests_that_cannot_be_locked(
    place: Place, text: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.fill(text)
    assert place.make() == 1
    assert sentence in capsys.readouterr().err


def test_a_lock_that_cannot_be_written(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.fill(manifest(DEPENDENCIES))
    place.lock.mkdir()
    assert place.make() == 1
    assert f"lock: cannot write {place.lock}: " in capsys.readouterr().err
    assert not list(place.lock.parent.glob(".pixi.lock*"))
