"""The comparer of tools/reproduce: every kind of difference, injected into small archives."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reproduce import archives, clues, elf
from reproduce.clues import Needle
from reproduce.compare import differences, leaks
from reproduce.kinds import Kind
from reproduce.proof import judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """A file to pack."""

    name: str
    content: bytes = b"x = 1\n"
    time: int = 1_700_000_000
    mode: int = 0o644
    owner: str = "nobody"
    kind: bytes = tarfile.REGTYPE
    target: str = ""


ENTRIES = [Entry("toy/a.py"), Entry("toy/b.py", b"y = 2\n"), Entry("toy/c.so", b"\0\1\2\3" * 9)]


def _tar(entries: list[Entry]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.mtime, info.mode, info.uname = entry.time, entry.mode, entry.owner
            info.type, info.linkname = entry.kind, entry.target
            info.size = len(entry.content) if entry.kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(entry.content))
    return buffer.getvalue()


def _tar_gz(entries: list[Entry], *, head: int = 0, level: int = 9) -> bytes:
    return gzip.compress(_tar(entries), compresslevel=level, mtime=head)


def _zip(entries: list[Entry], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry in entries:
            # A zip archive writes dates in steps of two seconds.
            date = (2023, 11, 14, 22, 13, entry.time % 30 * 2)
            info = zipfile.ZipInfo(entry.name, date)
            info.external_attr = (0o100000 | entry.mode) << 16
            archive.writestr(info, entry.content)
        archive.comment = comment
    return buffer.getvalue()


PACKERS: dict[str, Callable[[list[Entry]], bytes]] = {"toy.tar.gz": _tar_gz, "toy.whl": _zip}


def _changed(**change: object) -> list[Entry]:
    return [ENTRIES[0], replace(ENTRIES[1], **change), ENTRIES[2]]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PACKERS)
def test_the_same_files_do_not_differ(name: str) -> None:
    assert differences(name, PACKERS[name](ENTRIES), PACKERS[name](list(ENTRIES))) == []


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize(
    ("other", "kind", "where", "detail"),
    [
        (ENTRIES[:2], "missing", "!/toy/c.so", "only the first build has it"),
        ([*ENTRIES, Entry("toy/d")], "missing", "!/toy/d", "only the second build has it"),
        (ENTRIES[::-1], "order", "", "toy/a.py and toy/c.so come at the same place"),
        (_changed(time=1_700_000_001), "time", "!/toy/b.py", ".* and .*"),
        (_changed(mode=0o600), "mode", "!/toy/b.py", "0644 and 0600"),
        (_changed(content=b"y = 3\n"), "content", "!/toy/b.py", "first at offset 4"),
        (_changed(content=b"y"), "content", "!/toy/b.py", "first at offset 1, 6 and 1 bytes long"),
    ],
)
def test_each_kind_of_difference_is_named(
    name: str, other: list[Entry], kind: str, where: str, detail: str
) -> None:
    (found,) = differences(name, PACKERS[name](ENTRIES), PACKERS[name](other))
    assert (found.kind, found.where) == (kind, f"{name}{where}")
    assert re.fullmatch(detail, found.detail)


@pytest.mark.parametrize(
    ("change", "kind", "detail"),
    [
        ({"owner": "maker"}, "owner", "0:0 nobody: and 0:0 maker:"),
        ({"kind": tarfile.SYMTYPE, "target": "a.py"}, "type", "file and symbolic link a.py"),
    ],
)
def test_what_only_tar_knows_is_named(change: dict[str, object], kind: str, detail: str) -> None:
    one, other = _tar_gz(ENTRIES), _tar_gz(_changed(**change))
    found = {item.kind: item for item in differences("toy.tar.gz", one, other)}
    assert found[kind].where == "toy.tar.gz!/toy/b.py"  # type: ignore[index]
    assert found[kind].detail == detail  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "one", "other", "hint"),
    [
        ("toy.tar.gz", _tar_gz(ENTRIES), _tar_gz(ENTRIES, head=9), "gzip writes the time"),
        (
            "toy.tar.gz",
            _tar_gz(ENTRIES * 9),
            _tar_gz(ENTRIES * 9, level=1),
            "packed otherwise|gzip",
        ),
        ("toy.whl", _zip(ENTRIES), _zip(ENTRIES, b"made by hand"), "packed otherwise"),
    ],
)
def test_a_difference_outside_all_files_is_named(
    name: str, one: bytes, other: bytes, hint: str
) -> None:
    (found,) = differences(name, one, other)
    assert (found.kind, found.where) == ("container", name)
    assert re.search(hint, found.hint)


def test_archives_in_archives_are_opened() -> None:
    one, other = (
        _zip([Entry("info.tar", _tar(entries))]) for entries in (ENTRIES, _changed(mode=0o600))
    )
    (found,) = differences("toy.conda", one, other)
    assert found.where == "toy.conda!/info.tar!/toy/b.py"
    assert found.kind == "mode"


def test_zstandard_is_opened() -> None:
    zstandard = pytest.importorskip("zstandard", reason="only .conda files are packed with it")
    pack = zstandard.ZstdCompressor().compress
    one, other = (
        _zip([Entry("pkg-toy.tar.zst", pack(_tar(entries)))])
        for entries in (ENTRIES, _changed(time=5))
    )
    (found,) = differences("toy.conda", one, other)
    assert (found.kind, found.where) == ("time", "toy.conda!/pkg-toy.tar.zst!/toy/b.py")
    assert found.detail == "1700000000 and 5"


@pytest.mark.parametrize("name", ["toy.tar.gz", "toy.whl", "toy.tar.zst", "toy.conda", "toy.txt"])
def test_what_is_no_archive_is_compared_as_one_file(name: str) -> None:
    assert archives.read(name, b"neither") is None
    (found,) = differences(name, b"neither", b"nothing")
    assert (found.kind, found.where, found.detail) == ("content", name, "first at offset 1")


@pytest.mark.parametrize(
    ("one", "other", "hint"),
    [
        (b"f = '/home/one/x.py'", b"f = '/home/two/x.py'", "holds the build path /home/one"),
        (b"by alice", b"by mallory", "holds the user name alice"),
        (b"at 12:00:01.", b"at 12:00:07.", "a time: 12:00:01 and 12:00:07"),
        (b"Nov 23 2026", b"Nov 24 2026", "a time: Nov 23 2026 and Nov 24 2026"),
        (b"t = 1700000000", b"t = 1700000009", "a time: 1700000000 and 1700000009"),
        (b"a\nb\nc\n", b"a\nc\nb\n", "the same lines in another order"),
        (b"\1\2\3", b"\1\3\2", "the same bytes in another order"),
        (b"abc", b"abd", ""),
    ],
)
def test_hints(one: bytes, other: bytes, hint: str) -> None:
    needles = (
        (Needle("build path", "/home/one"), Needle("user name", "alice")),
        (Needle("build path", "/home/two"), Needle("user name", "bob")),
    )
    found = clues.hint(one, other, clues.first_difference(one, other), needles)
    assert found.startswith(hint)
    assert bool(found) is bool(hint)


@pytest.mark.parametrize(
    ("text", "data", "offset"),
    [
        ("/home/one", b"panicked/home/one/lib.rs", 8),
        ("/home/one", b"/home/one\0", 0),
        ("/home/one", b"/home/one-more and /home/one.d", -1),
        ("alice", b"malice in alice's", 10),
        ("alice", b"alices", -1),
    ],
)
def test_a_needle_is_a_whole_name(text: str, data: bytes, offset: int) -> None:
    assert Needle("text", text).find(data) == offset


def test_a_leak_is_found_though_both_builds_have_it() -> None:
    needle = Needle("home", "/home/alice")
    inner = _tar([Entry("toy/d.so", b"\0/home/alice/.cargo\0")])
    (found,) = leaks("toy.whl", _zip([*ENTRIES, Entry("in.tar", inner)]), (needle,))
    assert found.where == "toy.whl!/in.tar!/toy/d.so"
    assert (found.what, found.text, found.offset) == ("home", "/home/alice", 1)
    assert leaks("toy.whl", _zip(ENTRIES), (needle,)) == []


def test_an_owner_is_a_leak() -> None:
    entries = [replace(entry, owner="alice") for entry in ENTRIES[:1]]
    (found,) = leaks("toy.tar.gz", _tar_gz(entries), (Needle("user name", "alice"),))
    assert found.where == "toy.tar.gz!/toy/a.py"


@given(prefix=st.binary(max_size=40), one=st.binary(max_size=9), other=st.binary(max_size=9))
def test_the_first_difference_is_the_first(prefix: bytes, one: bytes, other: bytes) -> None:
    offset = clues.first_difference(prefix + one, prefix + other)
    assert (prefix + one)[:offset] == (prefix + other)[:offset]
    assert (prefix + one)[offset : offset + 1] != (prefix + other)[offset : offset + 1] or (
        one == other and offset == len(prefix + one)
    )


@given(order=st.permutations(ENTRIES))
def test_order_alone_is_one_difference(order: list[Entry]) -> None:
    found = differences("toy.whl", _zip(ENTRIES), _zip(order))
    assert [item.kind for item in found] == (["order"] if order != ENTRIES else [])


def test_what_must_vary_is_listed_with_its_reason() -> None:
    kind = Kind("toys", lambda _checkout, _out: [], ("*.whl",), {"*!/toy/b.py": "it has a clock"})
    contents = _zip(ENTRIES), _zip(_changed(content=b"y = 3\n"))
    verdict = judge("toy.whl", contents, kind, ((), ()))
    assert verdict.same
    assert [(item.where, item.reason) for item in verdict.varying] == [
        ("toy.whl!/toy/b.py", "it has a clock")
    ]
    strict = replace(kind, may_vary={})
    assert not judge("toy.whl", contents, strict, ((), ())).same


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="shared objects are ELF on Linux")
def test_a_difference_in_a_shared_object_names_its_section(tmp_path: Path) -> None:
    compiler = shutil.which(os.environ.get("CC", "cc").split()[0])
    assert compiler, "the tests need the C compiler that the build needs"
    objects = []
    for number, text in enumerate(["one", "two"]):
        source = tmp_path / "toy.c"
        source.write_text(f'__attribute__((used)) static const char toy[] = "{text}";\n')
        out = tmp_path / f"{number}.so"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-nostdlib", str(source), "-Wl,--build-id", "-o", out],
            check=True,
        )
        objects.append(out.read_bytes())
    (found,) = differences("toy.so", objects[0], objects[1])
    assert found.kind == "content"
    assert re.fullmatch(r"first at offset \d+ in section \.rodata", found.detail)
    named = {section.name for section in elf.sections(objects[0])}
    assert {".rodata", ".dynsym", elf.BUILD_ID} <= named


@pytest.mark.parametrize("size", [0, 4, 16, 60, 64])
def test_a_broken_shared_object_has_no_sections(size: int) -> None:
    data = random.Random(size).randbytes(64)  # noqa: S311
    assert elf.sections((b"\x7fELF\x02\x01" + data)[:size]) == []
