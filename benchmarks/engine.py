"""Time backtests and their import against zipline-reloaded, each engine in its own process.

Run as ``python -P benchmarks/engine.py [--json] [--select JOB] [--rounds N]`` by the interpreter
that rustybt is installed for. The first run installs zipline-reloaded into a virtual environment of
its own, which needs a Python package index and a C compiler; later runs find it in the user's
cache. A time counts only if both engines' portfolios have the same value, to the cent,
at the end of every session.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from measures import Measure, Report
from progress import Step
from timed import BenchmarkError, timed

ZIPLINE = "zipline-reloaded==3.2.1"
AGAINST = "zipline-reloaded 3.2.1"
WORKER = Path(__file__).with_name("engine_worker.py")
ENGINES = ("zipline", "rustybt")  # in the order in which they take turns
ROUNDS = 5
IMPORT = "import"
IMPORT_CODE = "import {root}; from {root}.api import order"


@dataclass(frozen=True)
class Target:
    """What a job is, and what part of Zipline's time and memory it may take."""

    title: str
    seconds: float
    megabytes: float | None = None


TARGETS = {
    "daily-nothing": Target("2,520 daily bars, no-op", 1 / 30),
    "daily-cross": Target("2,520 daily bars, 50/200 cross", 1 / 25),
    "rebalance-100": Target("100 assets, monthly rebalance", 1 / 25),
    "rebalance-500": Target("500 assets, monthly rebalance", 1 / 40, 1 / 3),
    "minute-nothing": Target("97,740 minute bars, no-op", 1 / 5),
    "minute-cross": Target("97,740 minute bars, 30/120 cross", 1 / 25),
    IMPORT: Target("import, and one name of api", 1 / 10),
}


@dataclass
class Runs:
    """What the rounds of one job in one engine gave."""

    seconds: list[float] = field(default_factory=list)
    with_import: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    result: Any = None


class Contest:
    """The two engines' interpreters and bundles."""

    def __init__(self, zipline_python: str, folder: Path) -> None:
        self.pythons = {"zipline": zipline_python, "rustybt": sys.executable}
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def home(self, root: str) -> str:
        """Return the folder of an engine's bundles."""
        return str(self.folder / root)

    def ingest(self, job: str) -> None:
        """Write a job's bundle in both engines."""
        for root, python in self.pythons.items():
            command = [python, "-P", str(WORKER), root, self.home(root), "ingest", job]
            timed(f"{root}: ingesting for {job}", command, self.folder, self.environment)

    def race(self, job: str, rounds: int) -> dict[str, Runs]:
        """Let the engines run a job in turns; return what each gave."""
        runs = {root: Runs() for root in ENGINES}
        with Step(f"{job}: {rounds} rounds") as step:
            for _ in range(rounds):
                for root, taken in runs.items():
                    self._turn(root, job, taken)
                step.advance(job)
        return runs

    def _turn(self, root: str, job: str, taken: Runs) -> None:
        if job == IMPORT:
            command = [
                self.pythons[root],
                "-I",
                "-W",
                "ignore",
                "-c",
                IMPORT_CODE.format(root=root),
            ]
            started = time.perf_counter()
            self._output(root, job, command)
            taken.seconds.append(time.perf_counter() - started)
            return
        command = [self.pythons[root], "-P", str(WORKER), root, self.home(root), "run", job]
        given = json.loads(self._output(root, job, command))
        taken.seconds.append(given["seconds"])
        taken.with_import.append(given["import_seconds"] + given["seconds"])
        taken.megabytes.append(given["megabytes"])
        taken.result = (given["cents"], given["transactions"])

    def _output(self, root: str, job: str, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BenchmarkError(f"{job} failed in {root}:\n  " + done.stderr.strip()[-600:])
        return done.stdout


def zipline_python() -> str:
    """Return the interpreter of an environment with zipline-reloaded, which is made once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    major, minor = sys.version_info[:2]
    place = cache / "rustybt" / f"{ZIPLINE.replace('==', '-')}-python{major}.{minor}"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = place / "complete"
    if complete.exists():
        return str(python)
    place.parent.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    make = [sys.executable, "-m", "venv", "--clear", str(place)]
    timed("making an environment for zipline", make, place.parent, variables)
    install = [str(python), "-m", "pip", "install", "--prefer-binary", ZIPLINE]
    try:
        timed("installing zipline-reloaded", install, place.parent, variables)
    except BenchmarkError as error:
        raise BenchmarkError(
            f"{error}\nThis step needs a Python package index and a C compiler; --zipline-python "
            f"names an interpreter that has {ZIPLINE} already."
        ) from None
    complete.touch()
    return str(python)


def differing(left: Runs, right: Runs) -> str:
    """Return where the results of two engines differ, empty if they do not."""
    if left.result == right.result:
        return ""
    (cents, count), (other_cents, other_count) = left.result, right.result
    if len(cents) != len(other_cents):
        return f"{len(cents)} sessions in zipline, {len(other_cents)} in rustybt"
    for session, (value, other) in enumerate(zip(cents, other_cents, strict=True)):
        if value != other:
            return (
                f"after session {session} the portfolio is worth {value / 100:.2f} in zipline, "
                f"{other / 100:.2f} in rustybt"
            )
    return f"{count} transactions in zipline, {other_count} in rustybt"


def measure(contest: Contest, jobs: list[str], rounds: int) -> Report:
    """Take the measures of the jobs; one whose results differ is reported as missing."""
    report = Report("engine")
    for job in jobs:
        target = TARGETS[job]
        try:
            if job != IMPORT:
                contest.ingest(job)
            runs = contest.race(job, rounds)
        except BenchmarkError as error:
            report.missing[target.title] = str(error)
            continue
        theirs, ours = runs["zipline"], runs["rustybt"]
        differs = differing(theirs, ours)
        if differs:
            report.missing[target.title] = f"the results differ: {differs}"
            continue
        report.measures += list(measures_of(target, theirs, ours))
    return report


def measures_of(target: Target, theirs: Runs, ours: Runs) -> list[Measure]:
    """Return the best and the median time, that with the engine's import, and the memory."""
    best, median = min(ours.seconds), statistics.median(ours.seconds)
    found = [
        Measure(target.title, best, "s", AGAINST, min(theirs.seconds), limit=target.seconds),
        Measure(f"{target.title}, median", median, "s", AGAINST, statistics.median(theirs.seconds)),
    ]
    if ours.with_import:
        whole = min(ours.with_import), min(theirs.with_import)
        title = f"{target.title}, engine's import included"
        found.append(Measure(title, whole[0], "s", AGAINST, whole[1]))
    if ours.megabytes:
        peaks = max(ours.megabytes), max(theirs.megabytes)
        title = f"{target.title}, peak memory"
        found.append(Measure(title, peaks[0], "MB", AGAINST, peaks[1], limit=target.megabytes))
    return found


def main() -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--select", action="append", choices=list(TARGETS), help="only this job")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each job runs")
    parser.add_argument("--zipline-python", help="an interpreter that has zipline-reloaded 3.2.1")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {options.rounds}")
    try:
        with tempfile.TemporaryDirectory(prefix="rustybt-benchmark-") as folder:
            # Not resolved: a virtual environment's interpreter is a link that must stay one.
            given = options.zipline_python
            python = str(Path(given).absolute()) if given else zipline_python()
            contest = Contest(python, Path(folder))
            report = measure(contest, options.select or list(TARGETS), options.rounds)
    except BenchmarkError as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("engine: interrupted", file=sys.stderr)
        return 130
    print(report.as_json() if options.json else report.as_table())
    return 1 if report.missing else 0


if __name__ == "__main__":
    sys.exit(main())
