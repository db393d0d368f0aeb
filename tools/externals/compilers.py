"""The machine's gcc and rustc as conda-forge's compiler packages, at their real versions."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from externals.archive import Entry, Package
from externals.failure import ExternalsError
from externals.machine import install_command, subdir, triplet, which
from externals.scripts import activation
from externals.toolchain import Tool, gcc, gxx, output, rustc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# conda-forge's number of the set of compilers whose activation these packages follow.
_COMPILERS_VERSION = "2.0.0"

_COMPILER_NAME = re.compile(
    r"c-compiler|cxx-compiler|gcc|gxx|libgcc|libstdcxx|rust"
    r"|(?:binutils|clang|clangxx|gcc|gxx|rust|sysroot|vs\d+)_[a-z]+-\w+"
)

_BINUTILS = [
    "addr2line",
    "ar",
    "as",
    "c++filt",
    "elfedit",
    "gprof",
    "ld",
    "ld.bfd",
    "ld.gold",
    "nm",
    "objcopy",
    "objdump",
    "ranlib",
    "readelf",
    "size",
    "strings",
    "strip",
]
_GCC_TOOLS = ("gcc", "cc", "cpp", "gcc-ar", "gcc-nm", "gcc-ranlib", "gcov")
_RUST_TOOLS = [
    "cargo",
    "cargo-clippy",
    "cargo-fmt",
    "clippy-driver",
    "rustc",
    "rustdoc",
    "rustfmt",
    "rust-gdb",
    "rust-lldb",
]
_C_LIBRARIES = [
    "libc.so.6",
    "libm.so.6",
    "libmvec.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libanl.so.1",
    "libnsl.so.1",
    "libBrokenLocale.so.1",
    "libthread_db.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
]

_TUNED = {"linux-64": "-march=nocona -mtune=haswell "}
_CFLAGS = "-ftree-vectorize -fPIC -fstack-protector-strong -fno-plt -O2 -ffunction-sections -pipe"
_CXXFLAGS = f"-fvisibility-inlines-hidden -fmessage-length=0 {_CFLAGS}"
_CPPFLAGS = "-DNDEBUG -D_FORTIFY_SOURCE=2 -O2"
_LDFLAGS = (
    "-Wl,-O2 -Wl,--sort-common -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,--disable-new-dtags "
    "-Wl,--gc-sections"
)

_WRAPPER = '#!/bin/sh\nexec {program} "$@"\n'


def _wrapper(path: str, program: Path) -> Entry:
    text = _WRAPPER.format(program=shlex.quote(str(program)))
    return Entry(path, text.encode(), executable=True)


def _binutils() -> Package:
    ld = which("ld")
    if ld is None:
        raise ExternalsError(f"no linker: ld is not on PATH; run: {install_command('cc')}")
    version = re.search(r"(\d+(?:\.\d+)+)", output(ld, "--version").split("\n", 1)[0])
    if version is None:
        raise ExternalsError(f"{ld} does not state its version; install binutils again")
    found = {tool: which(tool) for tool in _BINUTILS}
    files = [
        _wrapper(f"bin/{triplet()}-{tool}", program) for tool, program in found.items() if program
    ]
    variables = {
        tool.upper().replace("+", "X"): f"{triplet()}-{tool}"
        for tool in ("ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "strip")
        if found[tool]
    }
    files += activation(f"activate-binutils_{subdir()}", variables, {})
    return _package(f"binutils_{subdir()}", version[1], files)


def _gcc_package() -> Package:
    tool = gcc()
    folder = tool.program.parent
    files = [_wrapper(f"bin/{triplet()}-cc", tool.program)]
    files += [
        _wrapper(f"bin/{triplet()}-{name}", folder / name)
        for name in _GCC_TOOLS
        if name != "cc" and (folder / name).exists()
    ]
    variables = {
        "HOST": triplet(),
        "CONDA_TOOLCHAIN_HOST": triplet(),
        "CONDA_TOOLCHAIN_BUILD": triplet(),
        "CC": f"{triplet()}-cc",
        "GCC": f"{triplet()}-gcc",
        "CPP": f"{triplet()}-cpp",
        "CC_FOR_BUILD": f"{triplet()}-cc",
        "CFLAGS": f"{_TUNED.get(subdir(), '')}{_CFLAGS}",
        "CPPFLAGS": _CPPFLAGS,
        "LDFLAGS": _LDFLAGS,
    }
    building = {
        "CFLAGS": "-isystem $PREFIX/include "
        "-fdebug-prefix-map=$SRC_DIR=/usr/local/src/conda/$PKG_NAME-$PKG_VERSION "
        "-fdebug-prefix-map=$PREFIX=/usr/local/src/conda-prefix",
        "CPPFLAGS": "-isystem $PREFIX/include",
        "LDFLAGS": "-Wl,-rpath,$PREFIX/lib -Wl,-rpath-link,$PREFIX/lib -L$PREFIX/lib",
    }
    files += activation(f"activate-gcc_{subdir()}", variables, building)
    major = tool.version.split(".", 1)[0]
    return _package(
        f"gcc_{subdir()}",
        tool.version,
        files,
        depends=(f"binutils_{subdir()}", f"sysroot_{subdir()}", f"libgcc =={tool.version}"),
        run_exports={"strong": (f"libgcc >={major}",)},
    )


def _gxx_package() -> Package:
    tool = gxx()
    files = [
        _wrapper(f"bin/{triplet()}-g++", tool.program),
        _wrapper(f"bin/{triplet()}-c++", tool.program),
    ]
    variables = {
        "CXX": f"{triplet()}-c++",
        "GXX": f"{triplet()}-g++",
        "CXX_FOR_BUILD": f"{triplet()}-c++",
        "CXXFLAGS": f"{_TUNED.get(subdir(), '')}{_CXXFLAGS}",
    }
    building = {"CXXFLAGS": "-isystem $PREFIX/include"}
    files += activation(f"activate-gxx_{subdir()}", variables, building)
    major = tool.version.split(".", 1)[0]
    return _package(
        f"gxx_{subdir()}",
        tool.version,
        files,
        depends=(f"gcc_{subdir()}", f"libstdcxx =={tool.version}"),
        run_exports={"strong": (f"libstdcxx >={major}", f"libgcc >={major}")},
    )


def _library_of(compiler: Tool, name: str) -> Path | None:
    """Where a compiler finds a shared object; it echoes the name where it finds none."""
    path = Path(output(compiler.program, f"-print-file-name={name}"))
    return path.resolve() if path.is_absolute() and path.is_file() else None


def _run_time(name: str, compiler: Tool, library: str, depends: tuple[str, ...]) -> Package:
    found = _library_of(compiler, library)
    if found is None:
        raise ExternalsError(
            f"{compiler.program} has no {library}; install the compiler again with: "
            f"{install_command('cxx')}"
        )
    files = [Entry(f"lib/{library}", found.read_bytes(), executable=True)]
    return _package(name, compiler.version, files, depends=depends)


def _sysroot() -> Package:
    compiler = gcc()
    folder = f"{triplet()}/sysroot/lib64"
    found = {name: _library_of(compiler, name) for name in _C_LIBRARIES}
    c_library = found["libc.so.6"]
    version = re.search(r"(\d+\.\d+)\s*$", output("ldd", "--version").split("\n", 1)[0])
    if c_library is None or version is None:
        raise ExternalsError("the C library of this machine is not glibc; use conda-forge here")
    files = [
        Entry(f"{folder}/{name}", path.read_bytes(), executable=True)
        for name, path in found.items()
        if path is not None
    ]
    return _package(
        f"sysroot_{subdir()}",
        version[1],
        files,
        depends=(f"__glibc >={version[1]}",),
        run_exports={"strong": (f"__glibc >={version[1]},<3.0.a0",)},
    )


def _rust() -> Package:
    tool = rustc()
    folder = tool.program.parent
    files = [
        _wrapper(f"bin/{name}", folder / name) for name in _RUST_TOOLS if (folder / name).is_file()
    ]
    return _package("rust", tool.version, files)


def _rust_target() -> Package:
    version = rustc().version
    machine = triplet().split("-", 1)[0]
    target = f"{machine}-unknown-linux-gnu"
    shell = target.replace("-", "_")
    variables = {
        "CARGO_BUILD_TARGET": target,
        f"CARGO_TARGET_{shell.upper()}_LINKER": f"{triplet()}-cc",
        f"CC_{shell}": f"{triplet()}-cc",
    }
    files = activation(f"activate-rust_{subdir()}", variables, {})
    depends = (f"rust =={version}", f"gcc_{subdir()}", f"sysroot_{subdir()}")
    return _package(f"rust_{subdir()}", version, files, depends=depends)


def _package(
    name: str,
    version: str,
    files: list[Entry],
    depends: tuple[str, ...] = (),
    run_exports: dict[str, tuple[str, ...]] | None = None,
) -> Package:
    package = Package(
        name=name,
        version=version,
        build="",
        subdir=subdir(),
        depends=depends,
        license="LicenseRef-Machine",
        summary="Adopted from this machine",
        files=tuple(files),
        run_exports=run_exports or {},
    )
    return replace(package, build=f"h{_content(package)[:7]}_0")


def _content(package: Package) -> str:
    digest = hashlib.sha256(repr((package.name, package.version, package.depends)).encode())
    digest.update(repr(sorted(package.run_exports.items())).encode())
    for entry in sorted(package.files, key=lambda entry: entry.path):
        digest.update(f"{entry.path}\0{entry.executable}\0{entry.link}\0".encode())
        digest.update(hashlib.sha256(entry.data).digest())
    return digest.hexdigest()


def _meta(name: str, version: str, depends: tuple[str, ...]) -> Package:
    return _package(name, version, [], depends)


def _makers() -> dict[str, Callable[[], Package]]:
    """Every package that stands for a compiler of the machine, with what makes it."""
    here = subdir()

    def c() -> Package:
        return _meta("c-compiler", _COMPILERS_VERSION, (f"gcc_{here} =={gcc().version}",))

    def cxx() -> Package:
        needs = ("c-compiler", f"gxx_{here} =={gxx().version}")
        return _meta("cxx-compiler", _COMPILERS_VERSION, needs)

    return {
        "c-compiler": c,
        "cxx-compiler": cxx,
        "gcc": lambda: _meta("gcc", gcc().version, (f"gcc_{here} =={gcc().version}",)),
        "gxx": lambda: _meta("gxx", gxx().version, (f"gxx_{here} =={gxx().version}",)),
        "libgcc": lambda: _run_time("libgcc", gcc(), "libgcc_s.so.1", ()),
        "libstdcxx": lambda: _run_time(
            "libstdcxx", gxx(), "libstdc++.so.6", (f"libgcc =={gcc().version}",)
        ),
        "rust": _rust,
        f"binutils_{here}": _binutils,
        f"gcc_{here}": _gcc_package,
        f"gxx_{here}": _gxx_package,
        f"rust_{here}": _rust_target,
        f"sysroot_{here}": _sysroot,
    }


def is_compiler(name: str) -> bool:
    """Whether a conda package of this name is a compiler's on any platform, and so no wheel."""
    return _COMPILER_NAME.fullmatch(name) is not None


def provides(name: str) -> bool:
    """Whether a conda package of this name is adopted from the machine's compilers."""
    return name in _makers()


def programs(names: Iterable[str]) -> tuple[Path, ...]:
    """Programs of the machine that the packages of some names stand for.

    Raises
    ------
    ExternalsError
        The machine lacks one of them.
    """
    asked = [name for name in names if provides(name)]
    found = []
    if any(not name.startswith("rust") or "_" in name for name in asked):
        found.append(gcc().program)
    if any(name.startswith(("cxx", "gxx", "libstdcxx")) for name in asked):
        found.append(gxx().program)
    if any(name.startswith("rust") for name in asked):
        found.append(rustc().program)
    return tuple(found)


def closure(names: set[str]) -> dict[str, Package]:
    """Make the packages of some names and of all that they depend on, by name.

    Raises
    ------
    ExternalsError
        The machine lacks a compiler that is asked for.
    """
    makers = _makers()
    made: dict[str, Package] = {}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name in made:
            continue
        made[name] = makers[name]()
        waiting += [
            needed
            for depend in made[name].depends
            if provides(needed := depend.split(" ", 1)[0]) and needed not in made
        ]
    return made
