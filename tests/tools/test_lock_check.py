"""`lock check`: the project's own lock passes, and each fault put into a copy is named."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lock.checker import check
from lock.cli import main
from lock.errors import LockError
from lock.listing import read_listing
from lock.platforms import LockedPlatform, VirtualPackage, locked_platforms
from pixiw.errors import PixiwError
from pixiw.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Callable

    Edit = Callable[[str], str]

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "pixi.lock").read_text(encoding="utf-8")
MANIFEST = (ROOT / "pixi.toml").read_text(encoding="utf-8")
LISTING = read_listing(LOCK)
ALIAS = {"linux-64": "p1", "linux-aarch64": "p2", "win-64": "win-64"}


def url_of(package: str, environment: str = "py313", subdir: str = "linux-64") -> str:
    """Return the address of the record of a package."""
    return next(
        entry.url
        for entry in LISTING.listed[environment, ALIAS[subdir]]
        if re.match(rf"{re.escape(package)}-\d", entry.file_name)
    )


def file_of(package: str, environment: str = "py313", subdir: str = "linux-64") -> str:
    """Return the file name of the record of a package."""
    return url_of(package, environment, subdir).rpartition("/")[2]


def described(url: str) -> str:
    """Return the lines that describe a record."""
    found = re.search(rf"^- conda: {re.escape(url)}\n(?:  .*\n)*", LOCK, re.MULTILINE)
    assert found
    return found[0]


def without(*urls: str) -> Edit:
    """Take records out of the lock altogether."""

    def edit(text: str) -> str:
        for url in urls:
            text = text.replace(described(url), "").replace(f"      - conda: {url}\n", "")
        return text

    return edit


def redescribed(url: str, old: str, new: str) -> Edit:
    """Replace something in the lines that describe a record."""
    lines = described(url)
    changed = re.sub(old, new, lines, count=1)
    assert changed != lines
    return lambda text: text.replace(lines, changed)


def listed_too(url: str, environment: str, subdir: str = "linux-64") -> Edit:
    """List a record in one more environment."""

    def edit(text: str) -> str:
        start = re.search(
            rf"^  {environment}:\n(?:    .*\n)*?      {ALIAS[subdir]}:\n", text, re.MULTILINE
        )
        assert start
        return f"{text[: start.end()]}      - conda: {url}\n{text[start.end() :]}"

    return edit


def replaced(old: str, new: str, count: int = 1) -> Edit:
    """Replace what is there once or more often."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return edit


def without_environment(name: str) -> Edit:
    """Take an environment out of the lock."""
    return lambda text: re.sub(rf"^  {name}:\n(?:    .*\n)*", "", text, flags=re.MULTILINE)


def same(text: str) -> str:
    return text


def copies(folder: Path, manifest: Edit = same, lock: Edit = same) -> tuple[Path, Path]:
    """Write changed copies of the manifest and the lock."""
    folder.mkdir(exist_ok=True)
    manifest_path, lock_path = folder / "pixi.toml", folder / "pixi.lock"
    manifest_path.write_text(manifest(MANIFEST), encoding="utf-8")
    lock_path.write_text(lock(LOCK), encoding="utf-8")
    return manifest_path, lock_path


NUMPY, EXPAT, CYTHON = url_of("numpy"), url_of("libexpat"), url_of("cython")
RUFF = url_of("ruff", "lint")
ABI = url_of("python_abi")
PYPI = "- pypi: https://example.org/x-1.0-py3-none-any.whl\n  name: x\n  version: '1.0'\n"

MANIFEST_FAULTS: dict[str, tuple[Edit, str]] = {
    "spec changed": (
        replaced('numpy = ">=2,<3"', 'numpy = ">=99"'),
        r"default on linux-64: numpy-\S+: pixi\.toml asks for numpy >=99, which",
    ),
    "spec added": (
        replaced('numpy = ">=2,<3"', 'numpy = ">=2,<3"\nzlib-ng = "*"'),
        r"default on linux-64: pixi\.toml asks for zlib-ng, and the lock has no such package",
    ),
    "platform added": (
        replaced('  "win-64",\n', '  "win-64",\n  "win-arm64",\n'),
        r"pixi\.toml has the platform win-arm64 with __win=10\.0, \S+ pixi\.lock has not",
    ),
    "platform removed": (
        replaced('  "win-64",\n', ""),
        r"pixi\.lock has the platform win-64 .* \(win-64\), pixi\.toml has not",
    ),
    "promise changed": (
        replaced('glibc = "2.17"', 'glibc = "2.34"'),
        r"pixi\.toml has the platform linux-64 with __glibc=2\.34, .* pixi\.lock has not",
    ),
    "environment added": (
        replaced("[environments.lint]", "[environments.extra]\nfeatures = []\n[environments.lint]"),
        r"extra: the environment is in pixi\.toml and not in pixi\.lock",
    ),
    "environment removed": (
        replaced('[environments.bench]\nfeatures = ["build", "bench"]\n', ""),
        r"bench: the environment is in pixi\.lock and not in pixi\.toml",
    ),
    "kept off a platform": (
        replaced(
            'platforms = ["linux-64", "osx-arm64", "osx-64", "win-64"]', 'platforms = ["win-64"]'
        ),
        r"bench on linux-64: the lock has records here, and pixi\.toml keeps",
    ),
    "no longer kept off": (
        replaced('platforms = ["linux-64", "osx-arm64", "osx-64", "win-64"]\n', ""),
        r"bench on linux-aarch64: the lock has no records here",
    ),
    "channel added": (
        replaced('channels = ["conda-forge"]', 'channels = ["conda-forge", "bioconda"]'),
        r"default: pixi\.toml names the channels conda-forge, bioconda, not conda-forge alone",
    ),
    "task in no environment": (
        replaced(
            'description = "ruff check"', 'description = "ruff check"\ndefault-environment = "lynt"'
        ),
        r'the task "lint-python" of pixi\.toml names the environment "lynt"',
    ),
}

LOCK_FAULTS: dict[str, tuple[Edit, str]] = {
    "direct record dropped": (
        without(NUMPY),
        r"\w+ on linux-64: pixi\.toml asks for numpy >=2,<3, and the lock has no such package",
    ),
    "needed record dropped": (
        without(EXPAT),
        r"default on linux-64: python-3\S+: it depends on libexpat \S+, and there is none",
    ),
    "description dropped": (
        lambda text: text.replace(described(NUMPY), ""),
        r"pixi\.lock is no lock that can be read: .* does not exist: \S+numpy",
    ),
    "hash of another record": (
        redescribed(NUMPY, r"sha256: \w+", "sha256: " + LISTING.hashes[CYTHON]),
        r"(numpy|cython)-\S+: the record has the SHA-256 hash of (numpy|cython)-",
    ),
    "hash removed": (
        redescribed(NUMPY, r"  sha256: \w+\n", ""),
        rf"{file_of('numpy')}: the record has no SHA-256 hash",
    ),
    "second hash removed": (
        redescribed(NUMPY, r"  md5: \w+\n", ""),
        rf"{file_of('numpy')}: the record has no MD5 hash",
    ),
    "hash cut short": (
        redescribed(NUMPY, r"sha256: \w{4}", "sha256: "),
        r"pixi\.lock is no lock that can be read: failed to parse digest",
    ),
    "unreachable record": (
        listed_too(RUFF, "py313"),
        rf"py313 on linux-64: {file_of('ruff', 'lint')}: nothing that pixi\.toml asks for",
    ),
    "record of another platform": (
        listed_too(url_of("ucrt", "py313", "win-64"), "py313"),
        r"py313 on linux-64: ucrt-\S+: the record is one for win-64",
    ),
    "record listed twice": (
        listed_too(NUMPY, "py313"),
        rf"py313 on linux-64: {file_of('numpy')}: the record is listed twice",
    ),
    "record described twice": (
        lambda text: text + described(NUMPY),
        rf"{file_of('numpy')}: the record is described twice",
    ),
    "record described for nothing": (
        lambda text: text.replace(f"      - conda: {RUFF}\n", ""),
        rf"{file_of('ruff', 'lint')}: the record is described, but no environment lists it",
    ),
    "two records of a package": (
        listed_too(url_of("numpy", "py312"), "py313"),
        r"py313 on linux-64: numpy-\S+: numpy-\S+ is a record of the same package",
    ),
    "package of another kind": (
        lambda text: listed_too(NUMPY, "py313")(text + PYPI).replace(
            f"      - conda: {NUMPY}\n",
            "      - pypi: https://example.org/x-1.0-py3-none-any.whl\n",
            1,
        ),
        r"x-1\.0-py3-none-any\.whl: this is a pypi package",
    ),
    "channel of an environment": (
        replaced("- url: https://conda.anaconda.org/conda-forge/", "- url: https://example.org/x/"),
        r"bench: the lock names the channels https://example\.org/x/",
    ),
    "channel of a record": (
        replaced(NUMPY, NUMPY.replace("conda-forge", "bioconda"), -1),
        rf"{file_of('numpy')}: \S+/bioconda/linux-64/numpy\S+ is not a file of conda-forge",
    ),
    "another version than its file": (
        redescribed(NUMPY, r"\n", "\n  version: 2.9.9\n"),
        rf"{file_of('numpy')}: the record is one of numpy-2\.9\.9-\S+, which is not what the file",
    ),
    "environment missing": (
        without_environment("py312"),
        r"py312: the environment is in pixi\.toml and not in pixi\.lock",
    ),
    "dependency on another version": (
        redescribed(CYTHON, r"- python >=\S+", "- python >=3.99"),
        rf"{file_of('cython')}: it depends on python >=3\.99, and there is python 3\.13\.",
    ),
    "constraint broken": (
        redescribed(ABI, r"- python 3\.13\.\*", "- python 3.12.*"),
        r"python_abi-\S+: it goes only with python 3\.12\.\* \S+, and there is python 3\.13\.",
    ),
    "dependency on a newer machine": (
        redescribed(CYTHON, r"- __glibc >=\S+", "- __glibc >=2.99"),
        rf"{file_of('cython')}: it depends on __glibc >=2\.99, and there is __glibc 2\.17",
    ),
    "dependency on an unpromised machine": (
        redescribed(CYTHON, r"- __glibc >=\S+", "- __cuda >=12"),
        rf"{file_of('cython')}: it depends on __cuda >=12, and the platform promises none",
    ),
    "dependency that is no spec": (
        redescribed(CYTHON, r"- __glibc >=\S+", "- python >=>3"),
        r"'python >=>3', which is no match spec",
    ),
    "no virtual package": (
        replaced("  - __glibc=2.17\n", "  - glibc 2.17\n"),
        r"pixi\.lock names a virtual package 'glibc 2\.17'",
    ),
    "broken YAML": (
        replaced("platforms:\n", "platforms: [\n"),
        r"pixi\.lock is no lock that can be read: did not find expected node content",
    ),
    "newer version": (
        replaced("version: 7", "version: 8"),
        r"pixi\.lock states version 8, and pixi 0\.77 writes version 7",
    ),
    "older version": (replaced("version: 7", "version: 6"), r"pixi\.lock states version 6"),
    "empty": (lambda _: "", r"pixi\.lock states no version"),
}


def verdict_on(manifest: Path, lock: Path) -> str:
    try:
        return str(check(manifest, lock).problem)
    except (LockError, PixiwError) as error:
        return str(error)


@pytest.mark.parametrize("fault", MANIFEST_FAULTS)
def test_fault_in_the_manifest_is_named(fault: str, tmp_path: Path) -> None:
    edit, sentence = MANIFEST_FAULTS[fault]
    assert re.search(sentence, verdict_on(*copies(tmp_path, manifest=edit)))


@pytest.mark.parametrize("fault", LOCK_FAULTS)
def test_fault_in_the_lock_is_named(fault: str, tmp_path: Path) -> None:
    edit, sentence = LOCK_FAULTS[fault]
    said = verdict_on(*copies(tmp_path, lock=edit))
    assert re.search(sentence, said)
    assert "\n" not in said


def test_the_lock_satisfies_the_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    header, *rows = said.out.splitlines()
    assert header.split() == ["linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"]
    count = len(LISTING.listed["py313", "p1"])
    python = file_of("python").split("-")[1]
    row = next(row for row in rows if row.startswith("py313 "))
    assert row.split()[1:3] == [str(count), f"({python})"]
    assert next(row for row in rows if row.startswith("bench ")).split()[3] == "-"


def test_copies_pass_as_they_are(tmp_path: Path) -> None:
    assert check(*copies(tmp_path)).problem is None


@pytest.mark.parametrize(
    ("arguments", "ok"), [(["check", "--json"], True), (["check", "--json", "--lock", "x"], False)]
)
def test_json(arguments: list[str], ok: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == (0 if ok else 1)
    said = json.loads(capsys.readouterr().out)
    assert said["version"] == 1
    assert said["ok"] is ok
    assert (said["problem"] is None) is ok
    if not ok:
        assert said["problem"]["reason"].startswith("cannot read x: No such file")
        assert said["environments"] == []
        return
    held = {(row["environment"], row["platform"]): row for row in said["environments"]}
    assert held["py313", "linux-64"]["records"] == len(LISTING.listed["py313", "p1"])
    assert held["py313", "linux-64"]["python"].startswith("3.13.")


def test_json_names_the_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest, lock = copies(tmp_path, lock=listed_too(RUFF, "py313"))
    assert main(["check", "--json", "--manifest", str(manifest), "--lock", str(lock)]) == 1
    problem = json.loads(capsys.readouterr().out)["problem"]
    assert problem["environment"] == "py313"
    assert problem["platform"] == "linux-64"
    assert problem["record"] == file_of("ruff", "lint")


def test_no_text_is_named(tmp_path: Path) -> None:
    manifest, lock = copies(tmp_path)
    lock.write_bytes(b"version: 7\n\xff")
    assert verdict_on(manifest, lock) == "pixi.lock is no lock: byte 11 is not UTF-8"


def test_run_as_a_program(tmp_path: Path) -> None:
    manifest, lock = copies(tmp_path, lock=replaced("version: 7", "version: 8"))
    done = subprocess.run(
        [
            *(sys.executable, "-P", str(ROOT / "tools" / "lock"), "check"),
            *("--manifest", str(manifest), "--lock", str(lock)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "lock: pixi.lock states version 8, and pixi 0.77 writes version 7 (see docs/lock.md)\n"
    )


def exchanged_hashes(text: str) -> str:
    """Give each of two records the hash of the other one."""
    first, second = LISTING.hashes[NUMPY], LISTING.hashes[CYTHON]
    return text.replace(first, "#").replace(second, first).replace("#", second)


@pytest.mark.skipif(shutil.which("git") is None, reason="the earlier versions are git's")
@pytest.mark.parametrize("committed", [False, True])
def test_exchanged_hashes_differ_from_an_earlier_version(tmp_path: Path, committed: bool) -> None:
    manifest, lock = copies(tmp_path)

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "core.hooksPath=")
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    git("init", "--quiet")
    git("add", "pixi.lock")
    git("commit", "--quiet", "--message", "Lock")
    healthy = check(manifest, lock)
    assert healthy.problem is None
    assert healthy.versions == 1
    lock.write_text(exchanged_hashes(LOCK), encoding="utf-8")
    if committed:
        git("commit", "--all", "--quiet", "--message", "Lock again")
    problem = check(manifest, lock).problem
    assert problem is not None
    assert problem.record in {file_of("numpy"), file_of("cython")}
    assert "a published file never changes" in problem.reason


def test_pixi_names_platforms_otherwise(tmp_path: Path) -> None:
    def renamed(text: str) -> str:
        text = text.replace("- name: p1\n", "- name: linux-64-system\n")
        text = text.replace("      p1:\n", "      linux-64-system:\n")
        return text.replace("  - __glibc=2.17\n  - __unix=0=0\n", "  - __glibc=2.17\n", 1)

    assert check(*copies(tmp_path, lock=renamed)).problem is None


@pytest.mark.parametrize(
    ("platform", "name", "promised"),
    [
        (Platform("win-64", "win-64"), "win-64", "__win=10.0 __archspec=0=x86_64"),
        (
            Platform("x", "linux-aarch64", glibc="2.17"),
            "p1",
            "__glibc=2.17 __unix=0=0 __linux=4.18 __archspec=0=aarch64",
        ),
        (
            Platform("x", "osx-arm64", macos="11.0"),
            "p1",
            "__osx=11.0 __unix=0=0 __archspec=0=m1",
        ),
        (
            Platform("x", "linux-64", archspec="x86_64_v3", cuda="12"),
            "p1",
            "__cuda=12 __archspec=0=x86_64_v3 __unix=0=0 __linux=4.18 __glibc=2.28",
        ),
        # What pixi takes for granted anyway does not make a platform a special one.
        (
            Platform("x", "linux-64", glibc="2.28"),
            "linux-64",
            "__unix=0=0 __linux=4.18 __glibc=2.28 __archspec=0=x86_64",
        ),
    ],
)
def test_platforms_as_pixi_writes_them(platform: Platform, name: str, promised: str) -> None:
    (locked,) = locked_platforms([platform]).values()
    assert locked.name == name
    assert " ".join(map(str, locked.virtual_packages)) == promised
    assert [VirtualPackage.parse(text) for text in promised.split()] == [*locked.virtual_packages]
    bare = LockedPlatform("other", platform.subdir, ())
    assert locked.same_machine(bare) is (name == platform.subdir)
