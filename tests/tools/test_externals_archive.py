"""Archives: the same bytes for the same content, readable by conda's own tools."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest
import rattler
import zstandard

from externals.archive import PLACEHOLDER, Entry, Package, pack, write_aside
from externals.failure import ExternalsError

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    Entry("bin/tool", b"#!/bin/sh\n", executable=True),
    Entry("lib/b.txt", b"b"),
    Entry("lib/a.txt", f"{PLACEHOLDER}/lib".encode()),
    Entry("lib/link", link="a.txt"),
)


def package(files: tuple[Entry, ...] = FILES) -> Package:
    return Package(
        name="thing",
        version="1.2",
        build="h0_0",
        subdir="linux-64",
        depends=("other >=1",),
        license="MIT",
        files=files,
        run_exports={"weak": ("thing >=1.2,<2",)},
    )


def members(archive: Path, part: str) -> dict[str, tarfile.TarInfo]:
    with zipfile.ZipFile(archive) as outer:
        name = next(name for name in outer.namelist() if name.startswith(part))
        data = zstandard.ZstdDecompressor().decompress(outer.read(name), 1 << 24)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_same_content_gives_same_bytes_whatever_the_order(tmp_path: Path) -> None:
    first = pack(package(), tmp_path / "one")
    second = pack(package(tuple(reversed(FILES))), tmp_path / "two")
    assert first == second
    name = package().filename
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_record_describes_the_archive(tmp_path: Path) -> None:
    record = pack(package(), tmp_path)
    data = (tmp_path / "thing-1.2-h0_0.conda").read_bytes()
    assert record["sha256"] == hashlib.sha256(data).hexdigest()
    assert record["size"] == len(data)
    assert (record["arch"], record["platform"]) == ("x86_64", "linux")


def test_members_have_fixed_owner_time_and_mode(tmp_path: Path) -> None:
    pack(package(), tmp_path)
    found = members(tmp_path / package().filename, "pkg-")
    assert list(found) == ["bin/tool", "lib/a.txt", "lib/b.txt", "lib/link"]
    assert {(m.uid, m.gid, m.uname, m.mtime) for m in found.values()} == {(0, 0, "", 315_532_800)}
    assert found["bin/tool"].mode == 0o755
    assert found["lib/b.txt"].mode == 0o644
    assert found["lib/link"].linkname == "a.txt"


def test_rattler_reads_what_was_packed(tmp_path: Path) -> None:
    pack(package(), tmp_path)
    archive = tmp_path / package().filename
    index = rattler.IndexJson.from_package_archive(archive)
    assert index.name.normalized == "thing"
    assert [str(spec) for spec in index.depends] == ["other >=1"]
    exports = rattler.RunExportsJson.from_package_archive(archive)
    assert [str(spec) for spec in exports.weak] == ["thing >=1.2,<2"]
    paths = rattler.PathsJson.from_package_archive(archive)
    placed = {path.relative_path: path.prefix_placeholder for path in paths.paths}
    with_prefix = {path for path, placeholder in placed.items() if placeholder is not None}
    assert with_prefix == {PurePath("lib/a.txt")}


def test_noarch_python_carries_its_entry_points(tmp_path: Path) -> None:
    made = Package("tool", "1", "py_0", "noarch", noarch="python", entry_points=("a = b:c",))
    pack(made, tmp_path)
    with zipfile.ZipFile(tmp_path / made.filename) as outer:
        name = next(name for name in outer.namelist() if name.startswith("info-"))
        data = zstandard.ZstdDecompressor().decompress(outer.read(name), 1 << 24)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = tar.extractfile("info/link.json")
        assert member is not None
        link = json.loads(member.read())
    assert link["noarch"] == {"type": "python", "entry_points": ["a = b:c"]}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission is denied"),
    ],
)
def test_failed_write_is_one_sentence_and_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def fail(self: Path, data: bytes) -> int:
        assert data == b"new"
        self.touch()
        raise OSError(number, "no", str(self))

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    with pytest.raises(ExternalsError, match=words):
        write_aside(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
