# Builds the extensions and writes down what was built; all metadata is in pyproject.toml.
# Why this file exists beside pyproject.toml: docs/adr/0001-build-system.md.

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import setuptools
from setuptools import Command, Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import SetupError
from setuptools_rust import Binding, RustExtension

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))  # the sdist carries this one module of tools/
import sources  # noqa: E402

# pip sees to this where it isolates the build; without isolation nobody else does.
if int(setuptools.__version__.partition(".")[0]) < 77:
    sys.exit(f"rustybt is built with setuptools>=77, found {setuptools.__version__}: upgrade it")

# The one switch for debugging the core: bounds checks, no C-level wrap-around, line tracing.
DEBUG_CORE = os.environ.get("RUSTYBT_DEBUG_CORE", "") not in {"", "0"}

DIRECTIVES = {
    "language_level": 3,
    "embedsignature": True,  # help() and the stub test see the signatures
    "binding": True,
    "autotestdict": False,  # no __test__ in the modules, which no stub declares
    "cdivision": True,
    "boundscheck": DEBUG_CORE,
    "wraparound": DEBUG_CORE,
    "initializedcheck": DEBUG_CORE,
    "linetrace": DEBUG_CORE,
}

# What Cython generates for memoryviews and functions, once for all modules and not in each of them:
# it is more than half of what the C compiler would have to read.
SHARED = f"{sources.PACKAGE}._cyutility"

RECORD = f"{sources.PACKAGE}/_build_record.json"
REVISION = "SOURCE_REVISION"
SHARED_OBJECTS = ("*.so", "*.pyd", "*.dylib", "*.dll")


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def settings() -> str:
    """Return a digest of how modules are compiled.

    It is part of every generated file, so that another setting compiles everything again.
    """
    shared = any(module.name == SHARED for module in CYTHON)
    settings = (sorted(DIRECTIVES.items()), c_flags(), version("Cython"), shared)
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:16]


def translated_from(extension: Extension) -> list[str]:
    """Return the sources that Cython is given.

    It writes the C of the shared module itself and wants the name of that file. The .pyx of that
    name declares the module to everybody else.
    """
    if extension.name != SHARED:
        return list(extension.sources)
    return [str(Path(source).with_suffix(".c")) for source in extension.sources]


def fingerprint_source(module: sources.CompiledSource) -> str:
    """Write the C file whose only content is the module's marker; return its path."""
    path = Path("build", "fingerprint", f"{module.name}.c")
    mark = sources.marker(module.name, sources.fingerprint(ROOT, module)).decode()
    text = (
        f"/* {settings()} */\n"
        "#if defined(_MSC_VER)\n"
        "__declspec(dllexport)\n"
        "#else\n"
        '__attribute__((used, visibility("default")))\n'
        "#endif\n"
        f'const char rustybt_source[] = "{mark}";\n'
    )
    if not path.is_file() or path.read_text(encoding="ascii") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return str(path)


def c_flags() -> list[str]:
    """Return the flags of the C compiler: full optimisation, no debug information."""
    if sys.platform == "win32":
        return ["/O2"]
    if DEBUG_CORE:
        return ["-O1", "-g", "-DCYTHON_TRACE=1"]
    return ["-O3", "-g0"]


def path_flags() -> list[str]:
    """Return flags that keep the build path out of the object."""
    return [] if sys.platform == "win32" else [f"-ffile-prefix-map={ROOT}=."]


def rust_environment(module: sources.CompiledSource) -> dict[str, str]:
    """Return the environment cargo runs in: fingerprint in, build paths out."""
    cargo_home = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    encoded = os.environ.get("CARGO_ENCODED_RUSTFLAGS")
    given = encoded.split("\x1f") if encoded else os.environ.get("RUSTFLAGS", "").split()
    remap = [f"--remap-path-prefix={ROOT}=.", f"--remap-path-prefix={cargo_home}=/cargo"]
    return {
        **os.environ,
        "RUSTYBT_FINGERPRINT": sources.fingerprint(ROOT, module),
        # Cargo splits RUSTFLAGS at spaces, which a path may have; this form it does not.
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join([*given, *remap]),
    }


MODULES = sources.find(ROOT)
CYTHON = [module for module in MODULES if module.language == "cython"]
RUST = [module for module in MODULES if module.language == "rust"]


class BuildExtensions(build_ext):
    """Cythonize late, so that metadata and sdist commands never compile anything."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel: int = self.parallel or cores()

    def run(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            crates = pool.submit(self.compile_crates)
            super().run()
            crates.result()

    def compile_crates(self) -> None:
        """Have cargo compile beside the C compiler: neither keeps all cores busy to its end.

        setuptools-rust runs the same command afterwards, finds it done and installs its product.
        """
        build_rust = self.get_finalized_command("build_rust")
        for extension in self.distribution.rust_extensions:
            build_rust.build_extension(extension)

    def build_extensions(self) -> None:
        from Cython.Build import cythonize

        by_name = {module.name: module for module in CYTHON}
        translated = cythonize(
            [Extension(ext.name, translated_from(ext)) for ext in self.extensions],
            build_dir=str(Path("build", f"cython-{settings()}")),
            compiler_directives=DIRECTIVES,
            nthreads=cores(),
            annotate=False,
            quiet=not self.verbose,
            shared_utility_qualified_name=SHARED if SHARED in by_name else None,
        )
        for extension, generated in zip(self.extensions, translated, strict=True):
            module = by_name[extension.name]
            extension.sources = [*generated.sources, fingerprint_source(module)]
            extension.depends = [*generated.depends, *module.inputs]
        super().build_extensions()


class BuildRecord(Command):
    """Check that every declared module was built, and write down what was built."""

    description = "write the build record into the package"
    user_options: list[tuple[str, str | None, str]] = []  # noqa: RUF012
    editable_mode = False

    def initialize_options(self) -> None:
        self.build_lib: str | None = None

    def finalize_options(self) -> None:
        self.set_undefined_options("build", ("build_lib", "build_lib"))

    def get_source_files(self) -> list[str]:
        return []

    def get_outputs(self) -> list[str]:
        return [str(self._target() / RECORD)]

    def get_output_mapping(self) -> dict[str, str]:
        return {}

    def run(self) -> None:
        target = self._target()
        if not self.editable_mode:
            self._prune(target)
        record = {
            "version": 1,
            "package": self.distribution.get_version(),
            "source": {"revision": revision(), "digest": sources.digest(ROOT)},
            "build": self._build(),
            "modules": [self._module(target, module) for module in MODULES],
        }
        path = target / RECORD
        aside = path.with_suffix(".tmp")
        aside.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        aside.replace(path)

    def _target(self) -> Path:
        return ROOT if self.editable_mode else Path(str(self.build_lib))

    def _prune(self, target: Path) -> None:
        # bdist_wheel packs whatever lies in build_lib: what an earlier build left there, a
        # module since renamed for one, must not come along.
        wanted = {Path(name) for name in self.get_finalized_command("build_py").get_outputs()}
        wanted |= {self._built(target, module) for module in MODULES}
        for path in sorted((target / sources.PACKAGE).rglob("*")):
            if path.is_file() and path not in wanted:
                path.unlink()

    def _built(self, target: Path, module: sources.CompiledSource) -> Path:
        stem = target / module.name.replace(".", "/")
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        if module.language == "rust":
            suffix = ".pyd" if sys.platform == "win32" else ".abi3.so"
        return stem.with_name(stem.name + str(suffix))

    def _module(self, target: Path, module: sources.CompiledSource) -> dict[str, str]:
        path = self._built(target, module)
        if not path.is_file():
            raise SetupError(f"{module.name} was declared by {module.source} but not built")
        fingerprint = sources.fingerprint(ROOT, module)
        if sources.read_marker(path.read_bytes()) != (module.name, fingerprint):
            raise SetupError(
                f"{path} was not built from the present {module.source}: "
                "remove the build directory and build again"
            )
        return {
            "name": module.name,
            "language": module.language,
            "source": module.source,
            "file": path.relative_to(target).as_posix(),
            "abi": "abi3" if module.language == "rust" else abi(),
            "fingerprint": fingerprint,
        }

    def _build(self) -> dict[str, Any]:
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        time = datetime.fromtimestamp(int(epoch), UTC) if epoch else None
        return {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None,
            "python": sys.version.split()[0],
            "implementation": sys.implementation.name,
            "platform": sysconfig.get_platform(),
            "abi": abi(),
            "ext_suffix": sysconfig.get_config_var("EXT_SUFFIX"),
            "cython": version("Cython"),
            "setuptools": version("setuptools"),
            "setuptools_rust": version("setuptools-rust"),
            "compiler": compiler(self.get_finalized_command("build_ext").compiler),
            "rustc": rustc(),
            "numpy": version("numpy"),
            "debug": DEBUG_CORE,
        }


class SourceDistribution(sdist):
    """Let the sdist remember the revision it was made from."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        known = revision()
        if known is not None:
            target = Path(base_dir, REVISION)
            target.unlink(missing_ok=True)  # it may be a hard link to the checkout's
            target.write_text(f"{known}\n", encoding="ascii")


def abi() -> str:
    """Return the interpreter's ABI tag, such as ``cp313``."""
    threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"cp{sys.version_info.major}{sys.version_info.minor}{threads}"


def version(distribution: str) -> str | None:
    """Return the installed version of a distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def first_line(command: list[str]) -> str | None:
    """Return the first line that a command prints, or None when it cannot run."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.partition("\n")[0].strip() or None


def compiler(used: object) -> str | None:
    """Return the C compiler's own name and version."""
    command = getattr(used, "compiler_so", None)
    if command:
        return first_line([command[0], "--version"])
    return getattr(used, "compiler_type", None)


def rustc() -> str | None:
    """Return the version of the Rust compiler."""
    line = first_line(["rustc", "--version"])
    return line.split()[1] if line else None


def revision() -> str | None:
    """Return the commit the sources are at, or None where nothing says so."""
    if (ROOT / ".git").exists():
        describe = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return first_line(describe)
    written = ROOT / REVISION
    text = written.read_text(encoding="ascii").strip() if written.is_file() else ""
    return text if text and not text.startswith("$") else None


if __name__ == "__main__":  # translation on several cores may import this file again
    build.sub_commands = [*build.sub_commands, ("build_record", None)]

    setup(
        cmdclass={
            "build_ext": BuildExtensions,
            "build_record": BuildRecord,
            "sdist": SourceDistribution,
        },
        ext_modules=[
            Extension(module.name, [module.source], extra_compile_args=[*c_flags(), *path_flags()])
            for module in CYTHON
        ],
        rust_extensions=[
            RustExtension(
                module.name,
                path=f"{sources.CRATE}/Cargo.toml",
                binding=Binding.PyO3,
                args=["--locked"],
                debug=False,
                py_limited_api=True,
                env=rust_environment(module),
            )
            for module in RUST
        ],
    )
