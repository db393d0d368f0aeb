"""The machine's compilers as packages: their wrappers work, their scripts set and restore."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from externals import compilers, machine, toolchain
from externals.archive import Package
from externals.failure import ExternalsError

HAS_GCC = sys.platform == "linux" and bool(shutil.which("gcc")) and bool(shutil.which("g++"))
HAS_RUST = sys.platform == "linux" and bool(shutil.which("rustc")) and bool(shutil.which("cargo"))
needs_gcc = pytest.mark.skipif(not HAS_GCC, reason="no gcc and g++ on this Linux machine")
needs_rust = pytest.mark.skipif(not HAS_RUST, reason="no rustc and cargo on this Linux machine")


def lay_out(packages: dict[str, Package], prefix: Path) -> dict[str, str]:
    """Put packages into a prefix, and return the variables of a process with it on PATH."""
    for package in packages.values():
        for entry in package.files:
            path = prefix / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(entry.data)
            path.chmod(0o755 if entry.executable else 0o644)
    return {
        "PATH": f"{prefix / 'bin'}:/usr/bin:/bin",
        "CONDA_PREFIX": str(prefix),
        "HOME": str(prefix / "no home"),
    }


def shell(text: str, variables: dict[str, str]) -> str:
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", text], env=variables, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@needs_gcc
def test_closure_of_a_compiler() -> None:
    here = machine.subdir()
    c = compilers.closure({"c-compiler"})
    names = {"c-compiler", f"gcc_{here}", f"binutils_{here}", f"sysroot_{here}", "libgcc"}
    assert set(c) == names
    cxx = compilers.closure({"cxx-compiler"})
    assert set(cxx) == names | {"cxx-compiler", f"gxx_{here}", "libstdcxx"}
    assert c[f"gcc_{here}"].version == toolchain.gcc().version
    major = toolchain.gcc().version.split(".")[0]
    assert c[f"gcc_{here}"].run_exports == {"strong": (f"libgcc >={major}",)}


@needs_gcc
def test_compiles_and_links(tmp_path: Path) -> None:
    prefix = tmp_path / "a prefix"
    variables = lay_out(compilers.closure({"cxx-compiler"}), prefix)
    source = tmp_path / "hello.cpp"
    source.write_text('#include <iostream>\nint main() { std::cout << "hello"; }\n')
    said = shell(
        'for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do . "$script"; done\n'
        f"$CXX $CXXFLAGS $LDFLAGS {source} -o {tmp_path}/hello\n"
        f"{tmp_path}/hello",
        variables,
    )
    assert said == "hello"


@needs_gcc
def test_flags_of_a_recipe_build(tmp_path: Path) -> None:
    variables = lay_out(compilers.closure({"c-compiler"}), tmp_path)
    script = f"{tmp_path}/etc/conda/activate.d/activate-gcc_{machine.subdir()}.sh"
    building = variables | {"CONDA_BUILD": "1", "PREFIX": "/host", "SRC_DIR": "/src"}
    building |= {"PKG_NAME": "thing", "PKG_VERSION": "1"}
    assert "/host" not in shell(f'. {script}; echo "$CFLAGS $LDFLAGS"', variables)
    built = shell(f'. {script}; echo "$CFLAGS $LDFLAGS"', building)
    assert "-isystem /host/include" in built
    assert "-Wl,-rpath,/host/lib" in built
    assert "-fdebug-prefix-map=/src=/usr/local/src/conda/thing-1" in built


@needs_gcc
def test_deactivation_restores(tmp_path: Path) -> None:
    variables = lay_out(compilers.closure({"c-compiler"}), tmp_path) | {"CC": "mine"}
    name = f"activate-gcc_{machine.subdir()}.sh"
    folder = tmp_path / "etc/conda"
    said = shell(
        f'. {folder}/activate.d/{name}; echo "$CC"; . {folder}/deactivate.d/{name}\n'
        'echo "$CC ${CFLAGS-none} ${CONDA_BACKUP_CC-none}"',
        variables,
    )
    assert said.splitlines() == [f"{machine.triplet()}-cc", "mine none none"]


@needs_gcc
def test_libraries_that_an_overlinking_check_looks_for() -> None:
    made = compilers.closure({f"sysroot_{machine.subdir()}", "libstdcxx", "libgcc"})
    sysroot = {Path(entry.path).name for entry in made[f"sysroot_{machine.subdir()}"].files}
    assert {"libc.so.6", "libm.so.6"} <= sysroot
    assert any(name.startswith("ld-linux") for name in sysroot)
    for name, library in {"libgcc": "libgcc_s.so.1", "libstdcxx": "libstdc++.so.6"}.items():
        (entry,) = made[name].files
        assert entry.path == f"lib/{library}"
        assert entry.data.startswith(b"\x7fELF")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("c-compiler", True),
        ("gxx_linux-aarch64", True),
        ("clang_osx-arm64", True),
        ("vs2022_win-64", True),
        ("rust", True),
        ("setuptools-rust", False),
        ("semantic_version", False),
        ("numpy", False),
    ],
)
def test_names_of_compilers(name: str, expected: bool) -> None:
    assert compilers.is_compiler(name) is expected


@pytest.mark.skipif(sys.platform != "linux", reason="compilers are adopted on Linux only")
def test_every_package_made_is_named_like_a_compiler() -> None:
    assert all(map(compilers.is_compiler, compilers._makers()))


@needs_rust
def test_rust_runs_without_rustup(tmp_path: Path) -> None:
    made = compilers.closure({"rust"})
    variables = lay_out(made, tmp_path)
    assert made["rust"].version in shell("rustc --version", variables)
    assert "cargo" in shell("cargo --version", variables)


@needs_gcc
@needs_rust
def test_rust_for_recipes() -> None:
    here = machine.subdir()
    made = compilers.closure({f"rust_{here}"})
    assert {"rust", f"gcc_{here}", f"sysroot_{here}"} <= set(made)
    activation = "\n".join(entry.data.decode() for entry in made[f"rust_{here}"].files)
    assert "CARGO_BUILD_TARGET" in activation
    assert "CARGO_HOME" not in activation


@needs_rust
def test_proxy_of_another_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "owner"
    real = home / ".rustup/toolchains/stable/bin"
    for folder in (home / ".cargo/bin", real):
        folder.mkdir(parents=True)
    for path, text in {
        home / ".cargo/bin/rustc": f'[ "$RUSTUP_HOME" = {home}/.rustup ] && echo {real.parent}\n',
        home / ".cargo/bin/cargo": "exit 1\n",
        real / "rustc": "echo 'rustc 1.99.0-nightly (abc 2026-01-01)'\n",
        real / "cargo": "exit 0\n",
    }.items():
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(home / ".cargo/bin"))
    monkeypatch.delenv("RUSTUP_HOME", raising=False)
    toolchain.rustc.cache_clear()
    try:
        assert toolchain.rustc() == toolchain.Tool(real / "rustc", "1.99.0.nightly")
    finally:
        toolchain.rustc.cache_clear()


def test_program_that_fails_is_quoted_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "gcc"
    broken.write_text("#!/bin/sh\necho 'cannot start' >&2\necho more >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(ExternalsError, match=r"gcc --version does not work: cannot start$"):
        toolchain.output(broken, "--version")


def test_wrappers_of_an_environment_are_not_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("env", "system"):
        program = tmp_path / name / "bin/tool"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    (tmp_path / "env/conda-meta").mkdir()
    monkeypatch.setenv(
        "PATH", os.pathsep.join(str(tmp_path / n / "bin") for n in ("env", "system"))
    )
    assert machine.which("tool") == tmp_path / "system/bin/tool"
    assert machine.which("no such tool") is None
