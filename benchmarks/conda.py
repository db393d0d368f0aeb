"""Time the conda package's build, the externals channel, an environment and a repeated smoke.

Run as ``python -P benchmarks/conda.py [--json] [--select NAME]``, by ``./pixiw run bench-conda``
in the environment that build-conda has. It works in a fresh clone, in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from artefacts.errors import ArtefactError  # noqa: E402
from conda.errors import CondaError  # noqa: E402
from externals import interpreters, machine  # noqa: E402
from externals.channel import Assembler  # noqa: E402
from externals.failure import ExternalsError  # noqa: E402
from measures import Measure, Report  # noqa: E402
from pixiw.errors import PixiwError  # noqa: E402
from pixiw.manifest import read_manifest  # noqa: E402
from pixiw.workspace import WorkspaceOn  # noqa: E402
from progress import Step  # noqa: E402
from timed import BenchmarkError, timed  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from externals.interpreters import Interpreter
    from pixiw.workspace import Environment

BUILD_LIMIT = 2.5
PYTHONS = 2
CHANNEL_LIMIT_S = 20
ENVIRONMENT_LIMIT_S = 20
SMOKE_LIMIT_S = 5
ROUNDS = 5
WHEELS = ".pixi/externals/cache/wheels"
FAILURES = (BenchmarkError, ArtefactError, CondaError, ExternalsError, PixiwError)


class Workshop:
    """A fresh clone in a temporary folder, its packages made of what this machine has.

    Parameters
    ----------
    folder
        The temporary folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clone = folder / "rustybt"
        ours = ("PIXI_", "PIXIW_", "CONDA_", "RATTLER_", "CARGO_TARGET", "CARGO_BUILD_TARGET")
        dropped = {"RUSTC_WRAPPER", "PYTHONPATH"}
        self.variables = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(ours) and name not in dropped
        }
        self.variables["CCACHE_DISABLE"] = "1"
        self.variables["PIXIW_CHANNEL"] = "externals"

    @property
    def prefix(self) -> Path:
        """The clone's default environment."""
        return self.clone / ".pixi/externals/envs/default"

    @property
    def cache(self) -> Path:
        """The clone's cache of wheels and packages."""
        return self.clone / ".pixi/externals/cache"

    @cached_property
    def environment(self) -> Environment:
        """The default environment in the manifest."""
        manifest = read_manifest(self.clone / "pixi.toml")
        return WorkspaceOn(manifest, machine.subdir()).environment("default")

    @cached_property
    def python(self) -> Interpreter:
        """The interpreter that the default environment is made of."""
        record = next((self.prefix / "conda-meta").glob("python-3*.json"))
        version = json.loads(record.read_text(encoding="utf-8"))["version"]
        found = interpreters.best_of_each_minor(interpreters.find())
        return next(python for python in found if python.full == version)

    @cached_property
    def activated(self) -> dict[str, str]:
        """The variables that tasks of the default environment see."""
        code = "import json, os; print(json.dumps(dict(os.environ)))"
        run = subprocess.run(
            ["./pixiw", "run", "python", "-c", code],
            cwd=self.clone,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if run.returncode != 0:
            raise BenchmarkError("the clone's default environment does not start its Python")
        return {str(name): str(value) for name, value in json.loads(run.stdout).items()}

    def pixiw(self, title: str, *arguments: str) -> float:
        """Run ./pixiw in the clone; return the seconds it took."""
        return timed(title, ["./pixiw", *arguments], self.clone, self.variables)

    def make(self) -> None:
        """Clone the checkout, and have all downloaded that its default environment needs.

        Raises
        ------
        BenchmarkError
            There is no git checkout, or no index that the downloads could come from.
        """
        self._clone(self.clone)
        held = ROOT / WHEELS
        if held.is_dir():
            shutil.copytree(held, self.clone / WHEELS, copy_function=_link)
        self.pixiw("preparing the clone's environment, with downloads", "install")

    def source(self) -> Path:
        """Return another clone, to build in."""
        place = self.folder / "source"
        self._clone(place)
        return place

    def _clone(self, place: Path) -> None:
        if not (ROOT / ".git").exists():
            raise BenchmarkError(f"{ROOT} is no git checkout, and a fresh clone is measured")
        git = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(place)]
        timed(f"cloning into {place.name}", git, self.folder, self.variables)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def measure_channel(shop: Workshop) -> Report:
    """Assemble the default environment's channel with nothing packed, and once more."""
    shutil.rmtree(shop.cache / "packages", ignore_errors=True)
    seconds = []
    for title in ("the channel from nothing", "the channel, all packed"):
        with Step(title):
            started = time.perf_counter()
            Assembler(shop.cache).assemble(
                shop.clone / ".pixi/externals/channel/default",
                shop.environment.specs,
                [shop.python],
                Step,
            )
            seconds.append(time.perf_counter() - started)
    cold, again = seconds
    return Report(
        "conda",
        [
            Measure(
                "channel from nothing",
                cold,
                "s",
                "channel, all packed before",
                again,
                limit=CHANNEL_LIMIT_S,
                limit_on="value",
            )
        ],
    )


def measure_environment(shop: Workshop) -> Report:
    """Install the default environment from its ready channel, nothing unpacked before."""
    shutil.rmtree(shop.prefix)
    shutil.rmtree(shop.cache / "conda", ignore_errors=True)
    made = shop.pixiw("the environment from a ready channel", "install")
    again = shop.pixiw("the environment, there already", "install")
    return Report(
        "conda",
        [
            Measure(
                "environment from a ready channel",
                made,
                "s",
                "environment there already",
                again,
                limit=ENVIRONMENT_LIMIT_S,
                limit_on="value",
            )
        ],
    )


def measure_smoke(shop: Workshop) -> Report:
    """Run smoke again in a clone where it has run, and its commands without pixiw."""
    shop.pixiw("./pixiw run smoke, the first time", "run", "smoke")
    tasks = shop.environment.tasks
    # `build` is not among them: where nothing changed, pixiw leaves it out.
    commands = " && ".join(str(tasks[name].command) for name in ("install", "smoke"))
    whole, alone = [], []
    for number in range(1, ROUNDS + 1):
        whole.append(shop.pixiw(f"./pixiw run smoke, again ({number}/{ROUNDS})", "run", "smoke"))
        title = f"its commands without pixiw ({number}/{ROUNDS})"
        alone.append(timed(title, ["sh", "-c", commands], shop.clone, shop.activated))
    second, bare = whole[0], min(alone)
    return Report(
        "conda",
        [
            Measure(
                "second ./pixiw run smoke",
                second,
                "s",
                "its commands without pixiw",
                alone[0],
                limit=SMOKE_LIMIT_S,
                limit_on="value",
            ),
            Measure(
                "pixiw's own part in it",
                (min(whole) - bare) * 1000,
                "ms",
                "its commands without pixiw",
                bare * 1000,
            ),
        ],
    )


def measure_build(shop: Workshop) -> Report:
    """Build the conda package for two Pythons from nothing, and the wheel for one."""
    from conda import channels, staging, variants

    here = machine.subdir()
    platforms = variants.Platforms(here, here)
    with Step("laying the source out, with its crates"):
        recipe = staging.lay_out(shop.clone, shop.clone / "build/conda/source")
    pins = variants.read(recipe.with_name("variants.yaml"), platforms)
    usable = channels.pythons(pins, (), interpreters.find())
    chosen = [python.minor for python in usable[-PYTHONS:]]
    channels.externals(shop.clone, recipe, platforms, chosen)
    python = str(shop.prefix / "bin/python")
    wheel = [python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
    wheel += ["--wheel-dir", str(shop.folder / "wheel"), str(shop.source())]
    # `cargo vendor` has fetched the crates.
    offline = {**shop.activated, "CARGO_NET_OFFLINE": "true"}
    reference = timed("cold wheel build", wheel, shop.folder, offline)
    arguments = [word for name in chosen for word in ("--python", name)]
    title = f"cold build-conda for Python {' and '.join(chosen)}"
    built = shop.pixiw(title, "run", "build-conda", *arguments)
    report = Report("conda")
    name, limit = f"cold build-conda, {PYTHONS} Pythons", BUILD_LIMIT
    if len(chosen) < PYTHONS:
        report.missing[name] = (
            f"this machine has one Python to build for ({chosen[0]}); install another with its "
            "headers"
        )
        measured = Measure("cold build-conda, 1 Python", built, "s", "cold wheel build", reference)
    else:
        measured = Measure(name, built, "s", "cold wheel build", reference, limit=limit)
    report.measures.append(measured)
    return report


MEASURES: dict[str, Callable[[Workshop], Report]] = {
    "channel": measure_channel,
    "environment": measure_environment,
    "smoke": measure_smoke,
    "build": measure_build,
}


def measure(shop: Workshop, names: list[str]) -> Report:
    """Take the measures chosen; one that fails is reported missing, the others are taken."""
    shop.make()
    report = Report("conda")
    for name in names:
        try:
            part = MEASURES[name](shop)
        except FAILURES as error:
            print(f"conda: {error}", file=sys.stderr)
            report.missing[name] = str(error).partition("\n")[0]
        else:
            report.measures += part.measures
            report.missing |= part.missing
    return report


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _warn_of_changes() -> None:
    """Say that what is not committed is not in a clone."""
    status = ["git", "status", "--porcelain"]
    run = subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.stdout.strip():
        print("conda: what is not committed is not measured", file=sys.stderr)


def main() -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--select",
        action="append",
        choices=MEASURES,
        help="take this measure alone (may be repeated; default: all)",
    )
    options = parser.parse_args()
    # A build that is ended by its caller leaves no temporary folder behind either.
    signal.signal(signal.SIGTERM, _interrupt)
    names = [name for name in MEASURES if name in (options.select or MEASURES)]
    try:
        machine.subdir()
        if "build" in names and shutil.which("cargo") is None:
            raise BenchmarkError("cargo is not on PATH: run this by ./pixiw run bench-conda")
        _warn_of_changes()
        with tempfile.TemporaryDirectory(prefix="rustybt-benchmark-") as folder:
            report = measure(Workshop(Path(folder)), names)
    except FAILURES as error:
        print(f"conda: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("conda: interrupted", file=sys.stderr)
        return 130
    print(report.as_json() if options.json else report.as_table())
    return 1 if report.missing else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # As in tools/conda: the solver's library now and then crashes while Python shuts down.
    os._exit(code)
