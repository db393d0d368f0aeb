"""What a release is held to: tag, wheels of every Python, and the same bytes twice."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

import pinned
from release import cli, comparison, tag, wheels
from release.errors import ReleaseError

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "index/a-1.tar.gz": b"one",
    "index/a-1-py3-none-any.whl": b"two",
    "conda/x/a-1-0.conda": b"3",
}


def folder(place: Path, files: dict[str, bytes]) -> Path:
    """Write artefacts."""
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def test_the_same_bytes_are_listed_with_their_hashes(tmp_path: Path) -> None:
    first, again = folder(tmp_path / "first", FILES), folder(tmp_path / "again", FILES)
    assert set(comparison.compare(first, again)) == set(FILES)
    lines = (first / comparison.SUMS).read_text(encoding="utf-8").splitlines()
    assert {line.split("  ")[1] for line in lines} == set(FILES)
    assert all(len(line.split("  ")[0]) == 64 for line in lines)


@pytest.mark.parametrize("name", FILES)
def test_other_bytes_and_missing_files_are_named(tmp_path: Path, name: str) -> None:
    first = folder(tmp_path / "first", FILES)
    other = folder(tmp_path / "other", {**FILES, name: b"other"})
    with pytest.raises(ReleaseError, match=f"{name} differs"):
        comparison.compare(first, other)
    (other / name).unlink()
    with pytest.raises(ReleaseError, match=f"{name} was built once only"):
        comparison.compare(first, other)
    assert not (first / comparison.SUMS).exists()


def test_nothing_is_not_the_same_as_nothing(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="a has no artefact"):
        comparison.compare(folder(tmp_path / "a", {"x.txt": b""}), tmp_path)
    with pytest.raises(ReleaseError, match="no-folder has no artefact"):
        comparison.compare(folder(tmp_path / "b", FILES), tmp_path / "no-folder")
    assert cli.main(["compare", str(tmp_path / "a"), str(tmp_path)]) == 1


def checkout(place: Path, changelog: str = "## 0.1.0 - 2026-12-01\n") -> Path:
    """Return a checkout that is ready to be released."""
    (place / "recipe").mkdir()
    for name in ("pyproject.toml", "recipe/recipe.yaml"):
        shutil.copy(ROOT / name, place / name)
    (place / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    return place


def test_a_tag_that_fits_is_a_version(tmp_path: Path) -> None:
    assert tag.check(checkout(tmp_path), "v0.1.0") == "0.1.0"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("0.1.0", "is not v and a version"),
        ("v0.1", "is not v and a version"),
        ("v0.2.0", r"pyproject.toml has 0\.1\.0 and recipe/recipe.yaml has 0\.1\.0"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(tmp_path: Path, given: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        tag.check(checkout(tmp_path), given)


def test_a_release_without_its_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"CHANGELOG\.md has no section 0\.1\.0"):
        tag.check(checkout(tmp_path, "## Unreleased\n"), "v0.1.0")


def cibuildwheel(
    place: Path, monkeypatch: pytest.MonkeyPatch, pythons: set[str], code: int = 0
) -> None:
    """Put a stand-in in the place of cibuildwheel: it writes a wheel for each Python."""
    text = (
        "import os, pathlib, sys, zipfile\n"
        "assert 'PYTHONPATH' not in os.environ\n"
        "assert os.environ['SOURCE_DATE_EPOCH']\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--output-dir') + 1])\n"
        "assert sys.argv[-1].endswith('rustybt-0.1.0.tar.gz'), sys.argv\n"
        "out.mkdir(parents=True)\n"
        f"for python in {sorted(pythons)}:\n"
        "    name = f'rustybt-0.1.0-{python}-{python}-any.whl'\n"
        "    with zipfile.ZipFile(out / name, 'w') as wheel:\n"
        "        wheel.writestr('rustybt/__init__.py', '')\n"
        "        wheel.writestr('rustybt-0.1.0.dist-info/RECORD', '')\n"
        f"sys.exit({code})\n"
    )
    folder(place, {"cibuildwheel/__init__.py": b"", "cibuildwheel/__main__.py": text.encode()})
    monkeypatch.setattr(pinned, "folder", lambda _: place)
    monkeypatch.delenv("PYTHONPATH", raising=False)


def engine(place: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a stand-in in the place of docker."""
    program = folder(place, {"docker": f"#!/bin/sh\n{text}\n".encode()}) / "docker"
    program.chmod(0o755)
    monkeypatch.setenv("CIBW_CONTAINER_ENGINE", f"{program}; create_args: --network=none")


@pytest.fixture
def sdist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with an sdist, where containers can be run."""
    engine(tmp_path / "engine", monkeypatch, "[ $# = 1 ] && [ $1 = version ]")
    return folder(tmp_path / "sdist", {"rustybt-0.1.0.tar.gz": b""})


def test_every_python_has_a_wheel_at_the_time_of_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sdist: Path
) -> None:
    cibuildwheel(tmp_path / "pinned", monkeypatch, wheels.pythons(ROOT))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    built = wheels.build(ROOT, sdist, tmp_path / "out")
    assert len(built) == len(wheels.pythons(ROOT)) == 4
    for wheel in built:
        with zipfile.ZipFile(wheel) as archive:
            assert {entry.date_time[:3] for entry in archive.infolist()} == {(2023, 11, 14)}


def test_a_python_without_a_wheel_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sdist: Path
) -> None:
    cibuildwheel(tmp_path / "pinned", monkeypatch, wheels.pythons(ROOT) - {"cp312"})
    with pytest.raises(ReleaseError, match="no wheel for cp312"):
        wheels.build(ROOT, sdist, tmp_path / "out")


def test_a_failed_build_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sdist: Path
) -> None:
    cibuildwheel(tmp_path / "pinned", monkeypatch, wheels.pythons(ROOT), code=5)
    with pytest.raises(ReleaseError, match="exit code 5"):
        wheels.build(ROOT, sdist, tmp_path / "out")


@pytest.mark.skipif(sys.platform != "linux", reason="containers are for Linux alone")
def test_without_containers_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sdist: Path
) -> None:
    cibuildwheel(tmp_path / "pinned", monkeypatch, wheels.pythons(ROOT))
    engine(tmp_path / "engine", monkeypatch, "echo one >&2; echo 'no daemon here' >&2; exit 1")
    with pytest.raises(ReleaseError, match="docker does not answer: no daemon here"):
        wheels.build(ROOT, sdist, tmp_path / "out")
    monkeypatch.setenv("CIBW_CONTAINER_ENGINE", str(tmp_path / "podman"))
    with pytest.raises(ReleaseError, match="podman cannot be run: No such file"):
        wheels.build(ROOT, sdist, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_wheels_come_from_one_sdist(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="must hold one sdist, found 0"):
        wheels.build(ROOT, tmp_path, tmp_path / "out")


def test_the_pythons_of_the_wheels_are_those_of_the_tests() -> None:
    from ci.matrix import ENVIRONMENTS

    assert wheels.pythons(ROOT) == {name.replace("py", "cp") for name in ENVIRONMENTS}
