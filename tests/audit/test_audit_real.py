"""The same faults in the project's own artefacts, where the test task has built them.

``RUSTYBT_DIST`` names the folder; the artefacts were built from this checkout.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sources
from audit import binaries
from audit.policy import load
from audit.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import Case, Report

    Audit = Callable[..., set[tuple[str, str]]]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = os.environ.get("RUSTYBT_DIST")
NAMES = [source.name for source in sources.find(ROOT)]

built = pytest.mark.skipif(FOLDER is None, reason="RUSTYBT_DIST names no built artefacts")


@pytest.fixture(scope="module")
def wheel() -> Path:
    """Return the wheel that was built."""
    (path,) = Path(str(FOLDER)).glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist() -> Path:
    """Return the sdist that was built."""
    (path,) = Path(str(FOLDER)).glob("*.tar.gz")
    return path


@pytest.fixture
def causes(command_line: Callable[[list[str]], Report]) -> Audit:
    """Return the audit of this checkout's artefacts as a function to (code, module)."""

    def audit_artefacts(*artefacts: Path) -> set[tuple[str, str]]:
        # The rewritten wheels are not compressed, so their size says nothing.
        words = ["--select", "AU3,AU4", "--ignore", "AU404", "--installed", "none"]
        report = command_line(["--root", str(ROOT), "--json", *words, *map(str, artefacts)])
        assert report.status in {0, 1}, report.err
        return report.causes

    return audit_artefacts


def _rewritten(wheel: Path, folder: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write the wheel with other contents and a RECORD that fits them."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    (record,) = (name for name in files if name.endswith(".dist-info/RECORD"))
    del files[record]
    change(files)
    lines = [f"{record},,"]
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        lines.append(f"{name},sha256={digest.decode()},{len(content)}")
    target = folder / wheel.name
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in {**files, record: "\n".join(lines).encode()}.items():
            archive.writestr(name, content)
    return target


def _path_of(files: dict[str, bytes], module: str) -> str:
    stem = module.replace(".", "/") + "."
    (path,) = (name for name in files if name.startswith(stem) and name.endswith((".so", ".pyd")))
    return path


def test_this_checkout_has_no_setting_that_loses_modules(
    case: Case, command_line: Callable[[list[str]], Report]
) -> None:
    words = ["--root", str(ROOT), "--select", "AU1", "--installed", "none", str(case.sdist())]
    report = command_line(words)
    assert (report.status, report.err) == (0, ""), report.out


@built
def test_the_artefacts_are_healthy(causes: Audit, sdist: Path, wheel: Path) -> None:
    assert causes(sdist, wheel) == set()


@built
@pytest.mark.parametrize("module", NAMES)
def test_every_compiled_module_is_missed(
    causes: Audit, wheel: Path, tmp_path: Path, module: str
) -> None:
    def change(files: dict[str, bytes]) -> None:
        del files[_path_of(files, module)]

    assert causes(_rewritten(wheel, tmp_path, change)) == {("AU401", module)}


@built
def test_f5_a_subpackage_without_its_files(causes: Audit, wheel: Path, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith("rustybt/smoke/")]:
            del files[name]

    found = causes(_rewritten(wheel, tmp_path, change))
    assert {code for code, _ in found} == {"AU405"}
    assert ("AU405", "rustybt.smoke") in found


@built
def test_f6_a_shared_object_of_another_python(causes: Audit, wheel: Path, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        path = _path_of(files, "rustybt.lib.rank")
        files["rustybt/lib/rank.cpython-38-x86_64-linux-gnu.so"] = files.pop(path)

    assert causes(_rewritten(wheel, tmp_path, change)) == {("AU411", "rustybt.lib.rank")}


@built
@pytest.mark.parametrize("module", ["rustybt._rustybt", "rustybt.lib.rank"])
def test_f7_f14_a_stale_shared_object(
    causes: Audit, wheel: Path, tmp_path: Path, module: str
) -> None:
    def change(files: dict[str, bytes]) -> None:
        path = _path_of(files, module)
        mark = sources.read_marker(files[path])
        assert mark is not None
        old, new = sources.marker(*mark), sources.marker(module, "0" * 64)
        assert len(old) == len(new)
        files[path] = files[path].replace(old, new)

    assert causes(_rewritten(wheel, tmp_path, change)) == {("AU417", module)}


@built
def test_f15_a_wheel_without_shared_objects(causes: Audit, wheel: Path, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.endswith((".so", ".pyd"))]:
            del files[name]

    assert causes(_rewritten(wheel, tmp_path, change)) == {("AU419", name) for name in NAMES}


@built
@pytest.mark.parametrize("suffix", [".pyx", ".pxd", ".pxi", ".rs", "/Cargo.lock"])
def test_f4_sources_that_are_not_in_the_sdist(
    causes: Audit, sdist: Path, tmp_path: Path, suffix: str
) -> None:
    bad = tmp_path / sdist.name
    with tarfile.open(sdist) as good, tarfile.open(bad, "w:gz", compresslevel=1) as archive:
        for member in good.getmembers():
            stream = good.extractfile(member)
            if stream is not None and not member.name.endswith(suffix):
                archive.addfile(member, io.BytesIO(stream.read()))
    lost = {
        module.name
        for module in Project(ROOT, load()).modules.values()
        if any(path.endswith(suffix) for path in module.files)
    }
    assert lost
    assert causes(bad) == {("AU301", name) for name in lost}


@built
def test_shared_objects_are_of_this_machine(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith((".so", ".pyd"))]
        images = {binaries.read_image(archive.read(name)) for name in names}
    assert len(names) == len(NAMES)
    assert len(images) == 1
    assert None not in images
