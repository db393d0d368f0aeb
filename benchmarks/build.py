"""Time wheel builds, cold and incremental, against zipline-reloaded's; compare the wheels' sizes.

Run as ``python -P benchmarks/build.py [--json]``. Needs a Rust toolchain, a C compiler and a Python
package index; takes some minutes. Everything happens in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from artefacts.checkout import Checkout  # noqa: E402
from artefacts.errors import ArtefactError  # noqa: E402
from measures import Measure, Report  # noqa: E402
from timed import BenchmarkError, timed  # noqa: E402

ZIPLINE = "zipline-reloaded==3.2.1"
COLD_LIMIT = 0.6
UNCHANGED_LIMIT_S = 3
TOUCHED_LIMIT_S = 15
SIZE_LIMIT = 0.333


class Workshop:
    """A temporary folder in which commands run with nothing cached from outside but downloads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = dict(os.environ)
        for name in ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "RUSTC_WRAPPER", "PYTHONPATH"):
            self.environment.pop(name, None)
        self.environment["CCACHE_DISABLE"] = "1"
        self.environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"

    def run(self, title: str, command: list[str], **variables: str) -> float:
        """Run a command to its end; return the seconds it took."""
        return timed(title, command, self.folder, {**self.environment, **variables})

    def venv(self, name: str, requirements: list[str]) -> str:
        """Make a virtual environment with `requirements`; return its interpreter."""
        place = self.folder / name
        self.run(f"making the environment {name}", [sys.executable, "-m", "venv", str(place)])
        python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.index(
            f"installing what {name} builds with",
            [str(python), "-m", "pip", "install", *requirements],
        )
        return str(python)

    def index(self, title: str, command: list[str]) -> None:
        """Run a command that needs the package index."""
        try:
            self.run(title, command)
        except BenchmarkError as error:
            raise BenchmarkError(
                f"{error}\nThis step needs a reachable Python package index."
            ) from None

    def wheel(self, title: str, python: str, sdist: Path, **variables: str) -> tuple[float, Path]:
        """Build a wheel from an unpacked-anew sdist; return the seconds and the wheel."""
        made = self.folder / f"{sdist.name}.wheel"
        command = [python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
        command += ["--no-cache-dir", "--wheel-dir", str(made), str(sdist)]
        return self.run(title, command, **variables), only(made, "*.whl")


def only(folder: Path, pattern: str) -> Path:
    """Return the one file in `folder` that matches."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise BenchmarkError(f"{folder} should hold one {pattern}, it holds {len(found)}")
    return found[0]


def requirements(pyproject: str) -> list[str]:
    """Return what a project's pyproject.toml declares that it builds with."""
    return list(tomllib.loads(pyproject)["build-system"]["requires"])


def requirements_of(sdist: Path) -> list[str]:
    """Return what the pyproject.toml in an sdist declares."""
    name = f"{sdist.name.removesuffix('.tar.gz')}/pyproject.toml"
    with tarfile.open(sdist) as archive:
        content = archive.extractfile(name)
        if content is None:
            raise BenchmarkError(f"{sdist.name} has no {name}")
        return requirements(content.read().decode())


def copy_checkout(target: Path) -> None:
    """Write what an artefact may be made of to `target`, no build product with it."""
    for name, content in Checkout(ROOT).contents().items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def megabytes(path: Path) -> float:
    """Return the size of a file in 10**6 bytes."""
    return path.stat().st_size / 1e6


def measure_own(shop: Workshop) -> tuple[float, float, float, Path]:
    """Return the seconds of a cold, an unchanged and a touched build, and the wheel."""
    source = shop.folder / "source"
    copy_checkout(source)
    pyproject = (source / "pyproject.toml").read_text(encoding="utf-8")
    python = shop.venv("rustybt", [*requirements(pyproject), "build", "packaging", "numpy>=2,<3"])
    dist = source / "dist"
    build = [python, "-P", str(source / "tools/artefacts"), "build", "--outdir", str(dist)]
    shop.run("building rustybt's sdist, and its wheel a first time", build)
    offline = {"CARGO_NET_OFFLINE": "true"}  # the first build has fetched the crates
    sdist = only(dist, "*.tar.gz")
    cold, wheel = shop.wheel("rustybt: cold wheel build", python, sdist, **offline)
    # Variables count as a change, so the build to be repeated is one that is offline too.
    shop.run("rustybt: the build that is repeated", build, **offline)
    unchanged = shop.run("rustybt: nothing changed", build, **offline)
    modules = (source / "rustybt").rglob("*.pyx")
    largest = max(modules, key=lambda module: module.stat().st_size)
    with largest.open("a", encoding="utf-8") as module:
        module.write("\n# changed\n")
    touched = shop.run(f"rustybt: {largest.name} changed", build, **offline)
    return cold, unchanged, touched, wheel


def measure_zipline(shop: Workshop) -> tuple[float, Path]:
    """Return the seconds of zipline-reloaded's cold wheel build, and its published wheel."""
    downloads = shop.folder / "zipline-sdist"
    download = [sys.executable, "-m", "pip", "download", "--no-deps"]
    published = shop.folder / "zipline-wheel"
    shop.index(
        "fetching zipline-reloaded's wheel",
        [*download, "--only-binary", ":all:", "--dest", str(published), ZIPLINE],
    )
    shop.index(
        "fetching zipline-reloaded's sdist",
        [*download, "--no-binary", "zipline-reloaded", "--dest", str(downloads), ZIPLINE],
    )
    sdist = only(downloads, "*.tar.gz")
    python = shop.venv("zipline", requirements_of(sdist))
    cold, _ = shop.wheel("zipline-reloaded: cold wheel build", python, sdist)
    return cold, only(published, "*.whl")


def measure(shop: Workshop) -> Report:
    """Take all measures; what cannot be compared with zipline-reloaded is reported missing."""
    report = Report("build")
    cold, unchanged, touched, wheel = measure_own(shop)
    try:
        reference, published = measure_zipline(shop)
    except BenchmarkError as error:
        print(f"build: {error}", file=sys.stderr)
        why = "zipline-reloaded could not be fetched or built"
        report.missing = {"cold wheel build": why, "wheel size": why}
    else:
        against = "zipline-reloaded 3.2.1"
        report.measures = [
            Measure("cold wheel build", cold, "s", against, reference, limit=COLD_LIMIT),
            Measure(
                "wheel size",
                megabytes(wheel),
                "MB",
                against,
                megabytes(published),
                limit=SIZE_LIMIT,
            ),
        ]
    for name, value, limit in (
        ("rebuild, nothing changed", unchanged, UNCHANGED_LIMIT_S),
        ("rebuild, one .pyx changed", touched, TOUCHED_LIMIT_S),
    ):
        report.measures.append(
            Measure(name, value, "s", "cold wheel build", cold, limit=limit, limit_on="value")
        )
    return report


def main() -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="rustybt-benchmark-") as folder:
            report = measure(Workshop(Path(folder)))
    except (BenchmarkError, ArtefactError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("build: interrupted", file=sys.stderr)
        return 130
    print(report.as_json() if options.json else report.as_table())
    return 1 if report.missing else 0


if __name__ == "__main__":
    sys.exit(main())
