"""Packages without the place and the time of their build."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

zstandard = pytest.importorskip("zstandard")
pytest.importorskip("rattler", reason="py-rattler is in the environment default only")

from conda import normalised  # noqa: E402
from conda.errors import CondaError  # noqa: E402
from reproduce.archives import read  # noqa: E402
from reproduce.compare import differences  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

NAME = "toy-1-h0_0.conda"
EPOCH = 1_700_000_000
SITE = "lib/python3.13/site-packages"
LENGTH = 255


def host_prefix(build: str) -> str:
    return f"{build}/host_env{'_placehold' * 30}"[:LENGTH]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def packed(members: dict[str, bytes], time: int, mode: int, links: dict[str, str]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode, info.uid = len(data), time, mode, 1000
            tar.addfile(info, io.BytesIO(data))
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mtime = tarfile.SYMTYPE, target, time
            tar.addfile(info)
    return bytes(zstandard.ZstdCompressor().compress(plain.getvalue()))


def write(
    folder: Path, build: str = "/home/me/build", time: int = 1_600_000_000, **changed: bytes
) -> Path:
    """Write a package as a build in the folder `build` at `time` leaves it."""
    prefix = host_prefix(build)
    scripts = {"bin/toy": f"#!{prefix}/bin/python\n".encode()}
    files = {
        f"{SITE}/toy.py": changed.get("module", b"one = 1\n"),
        f"{SITE}/__pycache__/toy.cpython-313.pyc": b"\xf3\0" + prefix.encode() + b"/toy.py\xda",
        f"{SITE}/toy-1.dist-info/direct_url.json": f'{{"url": "file://{build}/work"}}'.encode(),
    }
    rows = [("../../../bin/toy", "sha256=old", "9")]
    rows += [(name.removeprefix(f"{SITE}/"), "sha256=old", "9") for name in files]
    rows[2] = (rows[2][0], "", "")
    record = "".join(f"{','.join(row)}\n" for row in [*rows, ("toy-1.dist-info/RECORD", "", "")])
    files[f"{SITE}/toy-1.dist-info/RECORD"] = record.encode()
    links = {"bin/again": "toy"}
    paths: list[dict[str, Any]] = [
        {"_path": "bin/again", "path_type": "softlink", "sha256": "?", "size_in_bytes": 0},
        {
            "_path": "bin/toy",
            "path_type": "hardlink",
            "file_mode": "text",
            "prefix_placeholder": prefix,
            "sha256": "?",
            "size_in_bytes": 0,
        },
    ]
    plain = {"path_type": "hardlink", "sha256": "?", "size_in_bytes": 0}
    paths += [{"_path": name, **plain} for name in files]
    depends = ["python", "numpy >=2"] if time % 2 else ["numpy >=2", "python"]
    index = {"name": "toy", "version": "1", "depends": depends, "timestamp": time * 1000}
    info = {
        "index.json": json.dumps(index).encode(),
        "about.json": json.dumps({"channels": [f"file://{build}", "conda-forge"]}).encode(),
        "paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "recipe/rendered_recipe.yaml": f"  directories:\n    host_prefix: {prefix}\n".encode(),
        "recipe/recipe.yaml": b"package: {name: toy}\n",
    }
    mode = 0o600 if time % 2 else 0o644
    described = {f"info/{name}": data for name, data in info.items()}
    path = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    stem = NAME.removesuffix(".conda")
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("metadata.json", b'{"conda_pkg_format_version":2}')
        everything = dict(sorted((scripts | files).items(), reverse=bool(time % 2)))
        container.writestr(f"pkg-{stem}.tar.zst", packed(everything, time, mode, links))
        container.writestr(f"info-{stem}.tar.zst", packed(described, time, mode, {}))
    return path


def contents(path: Path) -> dict[str, bytes]:
    found = {}
    for member in read(path.name, path.read_bytes()) or []:
        for inner in read(member.name, member.content) or []:
            found[inner.name] = inner.content
    return found


def test_the_place_and_the_time_of_a_build_do_not_show(tmp_path: Path) -> None:
    one = write(tmp_path / "one")
    other = write(tmp_path / "other", "/somewhere/else entirely", 1_650_000_001)
    assert one.read_bytes() != other.read_bytes()
    for path in (one, other):
        normalised.normalise(path, EPOCH)
    assert one.read_bytes() == other.read_bytes()
    assert b"/home/me" not in b"".join(contents(one).values())


def test_normalising_again_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path)
    normalised.normalise(path, EPOCH)
    before = path.read_bytes()
    normalised.normalise(path, EPOCH)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]


def test_contents_stay_and_what_is_said_of_them_is_true(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = contents(path)
    normalised.normalise(path, EPOCH)
    after = contents(path)
    gone = {f"{SITE}/toy-1.dist-info/direct_url.json", "info/recipe/rendered_recipe.yaml"}
    assert before.keys() - after.keys() == gone
    for name in (f"{SITE}/toy.py", "info/recipe/recipe.yaml"):
        assert after[name] == before[name]
    bytecode = f"{SITE}/__pycache__/toy.cpython-313.pyc"
    assert len(after[bytecode]) == len(before[bytecode])
    assert after[bytecode].endswith(b"/toy.py\xda")

    paths = {entry["_path"]: entry for entry in json.loads(after["info/paths.json"])["paths"]}
    assert paths.keys() == {name for name in after if not name.startswith("info/")}
    for name, entry in paths.items():
        data = after["bin/toy"] if entry["path_type"] == "softlink" else after[name]
        assert (entry["sha256"], entry["size_in_bytes"]) == (digest(data), len(data))
    placeholder = paths["bin/toy"]["prefix_placeholder"]
    assert len(placeholder) == LENGTH
    assert after["bin/toy"] == f"#!{placeholder}/bin/python\n".encode()

    record = after[f"{SITE}/toy-1.dist-info/RECORD"].decode()
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(record))}
    assert rows["toy.py"][1] == str(len(after[f"{SITE}/toy.py"]))
    assert rows["../../../bin/toy"] == ["", ""]
    assert "toy-1.dist-info/direct_url.json" not in rows

    index = json.loads(after["info/index.json"])
    assert index["timestamp"] == EPOCH * 1000
    assert index["depends"] == ["numpy >=2", "python"]
    assert json.loads(after["info/about.json"])["channels"] == ["local", "conda-forge"]


def test_a_difference_that_matters_is_named(tmp_path: Path) -> None:
    one = write(tmp_path / "one")
    other = write(tmp_path / "other", "/elsewhere", module=b"one = 2\n")
    for path in (one, other):
        normalised.normalise(path, EPOCH)
    found = differences(NAME, one.read_bytes(), other.read_bytes())
    named = {(found.where.rpartition("!/")[2], found.kind) for found in found}
    assert (f"{SITE}/toy.py", "content") in named
    assert {where for where, _ in named} == {
        f"{SITE}/toy.py",
        f"{SITE}/toy-1.dist-info/RECORD",
        "info/paths.json",
    }


def elf(build_id: bytes, code: bytes = b"code") -> bytes:
    """Return a 64-bit shared object of two sections beside the table of names."""
    names = b"\0.note.gnu.build-id\0.text\0.shstrtab\0"
    note = struct.pack("<III", 4, len(build_id), 3) + b"GNU\0" + build_id
    head = 64
    starts = [head, head + len(note), head + len(note) + len(code)]
    table = starts[2] + len(names)
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + bytes(24) + struct.pack("<Q", table)
    header = header.ljust(0x3A, b"\0") + struct.pack("<HHH", 64, 4, 3)
    rows = [bytes(64)]
    for name, kind, start, data in zip(
        (1, 20, 26), (7, 1, 3), starts, (note, code, names), strict=True
    ):
        rows.append(struct.pack("<IIQQQQ", name, kind, 0, 0, start, len(data)).ljust(64, b"\0"))
    return header + note + code + names + b"".join(rows)


def test_a_build_id_is_of_what_is_packed(tmp_path: Path) -> None:
    found = []
    objects = [elf(b"a" * 20), elf(b"b" * 20), elf(b"a" * 20, b"edoc")]
    for number, content in enumerate(objects):
        path = write(tmp_path / str(number), module=content)
        normalised.normalise(path, EPOCH)
        found.append(contents(path)[f"{SITE}/toy.py"])
    assert found[0] == found[1]
    assert found[0] != found[2]
    start = objects[0].index(b"a" * 20)
    identified = found[0][start : start + 20]
    assert identified not in {b"a" * 20, bytes(20), found[2][start : start + 20]}
    assert found[0].replace(identified, b"a" * 20) == objects[0]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("/a/b/host_env_placehold_plac", "/build/host_env_placehold_pl"),
        ("C:\\bld\\h_env", "C:\\bld\\h_env"),
    ],
)
def test_the_stand_in_is_as_long_as_the_prefix(prefix: str, expected: str) -> None:
    assert normalised.stand_in(prefix) == expected
    assert len(expected) == len(prefix)


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"no zip")
    with pytest.raises(CondaError, match="cannot be read as a conda package"):
        normalised.normalise(path, EPOCH)
    assert path.read_bytes() == b"no zip"


def test_a_folder_in_the_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        folder = tarfile.TarInfo("share/empty")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    stem = NAME.removesuffix(".conda")
    with zipfile.ZipFile(path, "w") as container:
        for part in ("pkg", "info"):
            compressed = zstandard.ZstdCompressor().compress(plain.getvalue())
            container.writestr(f"{part}-{stem}.tar.zst", compressed)
    with pytest.raises(CondaError, match="holds share/empty, which is neither a file nor"):
        normalised.normalise(path, EPOCH)
