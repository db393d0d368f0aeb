"""Time `import rustybt` and `python -m rustybt.smoke` against a bare interpreter.

Run as ``python -P benchmarks/startup.py [--json] [--zipline-python PATH]`` by the interpreter that
rustybt is installed for.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from measures import Measure, Report
from progress import Step

ROUNDS = 15
LONG_ROUNDS = 5
IMPORT_LIMIT_MS = 40
SMOKE_LIMIT_S = 2


class BenchmarkError(Exception):
    """A sentence on what could not be measured and what to do."""


def seconds(command: list[str], folder: str) -> float:
    """Return the seconds that a command takes in `folder`."""
    started = time.perf_counter()
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - started
    if run.returncode != 0:
        last = (run.stderr.strip() or run.stdout.strip() or "no output").splitlines()[-1]
        raise BenchmarkError(f"{' '.join(command)} ended with exit code {run.returncode}: {last}")
    return elapsed


def best(commands: dict[str, list[str]], rounds: int, folder: str) -> dict[str, float]:
    """Return the least seconds of each command; their runs alternate, after one to warm up."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    with Step(" and ".join(commands), total=rounds) as step:
        for command in commands.values():
            seconds(command, folder)
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command, folder))
            step.advance()
    return {name: min(values) for name, values in times.items()}


def has(python: str, module: str, folder: str) -> bool:
    """Return whether an interpreter finds a module, without importing it."""
    code = f"import importlib.util, sys; sys.exit(not importlib.util.find_spec({module!r}))"
    try:
        run = subprocess.run(
            [python, "-I", "-c", code], cwd=folder, capture_output=True, check=False
        )
    except OSError as error:
        raise BenchmarkError(f"{python} cannot be run: {error.strerror}") from None
    return run.returncode == 0


def measure(zipline_python: str, folder: str) -> Report:
    """Take all measures in a folder that holds no source tree."""
    if not has(sys.executable, "rustybt", folder):
        raise BenchmarkError(
            f"rustybt is not installed for {sys.executable}: run ./pixiw run bench-startup, which "
            "installs it first"
        )
    report = Report("startup")
    import_ours = [sys.executable, "-I", "-c", "import rustybt"]
    short = best(
        {"bare interpreter": [sys.executable, "-I", "-c", "pass"], "import rustybt": import_ours},
        ROUNDS,
        folder,
    )
    alone, whole = short["bare interpreter"], short["import rustybt"]
    report.measures.append(
        Measure(
            "import rustybt, over the bare interpreter",
            (whole - alone) * 1000,
            "ms",
            "bare interpreter",
            alone * 1000,
            limit=IMPORT_LIMIT_MS,
            limit_on="value",
        )
    )
    longer = {"smoke": [sys.executable, "-I", "-m", "rustybt.smoke"]}
    if has(zipline_python, "zipline", folder):
        longer["import zipline"] = [zipline_python, "-I", "-W", "ignore", "-c", "import zipline"]
    else:
        report.missing["import zipline"] = (
            f"it is not installed for {zipline_python}; give --zipline-python another interpreter"
        )
    long = best(longer, LONG_ROUNDS, folder)
    if "import zipline" in long:
        report.measures.append(
            Measure("import rustybt", whole, "s", "import zipline", long["import zipline"])
        )
    report.measures.append(
        Measure(
            "python -m rustybt.smoke",
            long["smoke"],
            "s",
            "bare interpreter",
            alone,
            limit=SMOKE_LIMIT_S,
            limit_on="value",
        )
    )
    return report


def main() -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--zipline-python",
        default=sys.executable,
        help="path of an interpreter that has zipline, to compare with",
    )
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            # Not resolved: a virtual environment's interpreter is a link that must stay one.
            report = measure(str(Path(options.zipline_python).absolute()), folder)
    except BenchmarkError as error:
        print(f"startup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("startup: interrupted", file=sys.stderr)
        return 130
    print(report.as_json() if options.json else report.as_table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
