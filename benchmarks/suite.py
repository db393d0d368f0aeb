"""Small benchmarks of everything that is fast here, for `compare.py`.

Run as ``python -P benchmarks/suite.py [--package FOLDER]``, which prints the milliseconds of each
as JSON. A benchmark is a function that prepares its data and returns what is timed; to add one,
write it and put ``@benchmark("what it does")`` above it. Names must stay: one that base has and
head lacks fails the comparison.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Run = Callable[[], Any]

VERSION = 1
REPETITIONS = 5
# A run is repeated until it takes so long, far above what the clock can tell apart.
LEAST_SECONDS = 0.004
ROWS, COLUMNS = 504, 200
WINDOW = 20
BENCHMARKS: dict[str, Callable[[], Run]] = {}


def benchmark(name: str) -> Callable[[Callable[[], Run]], Callable[[], Run]]:
    """Enter a function into the suite."""

    def enter(prepare: Callable[[], Run]) -> Callable[[], Run]:
        if name in BENCHMARKS:
            raise ValueError(f"two benchmarks are called {name!r}")
        BENCHMARKS[name] = prepare
        return prepare

    return enter


def prices() -> NDArray[np.float64]:
    """Return the same walk of prices each time, one column an asset."""
    import numpy as np

    steps = np.random.default_rng(7).standard_normal((ROWS, COLUMNS))
    return 100 + 0.1 * steps.cumsum(axis=0)


@benchmark("indicators: rolling mean")
def rolling_mean() -> Run:
    """Time the mean of each window."""
    from rustybt import indicators

    data = prices()
    return lambda: indicators.rolling_mean(data, WINDOW)


@benchmark("indicators: rolling median")
def rolling_median() -> Run:
    """Time the median of each window."""
    from rustybt import indicators

    data = prices()
    return lambda: indicators.rolling_median(data, WINDOW)


@benchmark("indicators: rolling maximum")
def rolling_maximum() -> Run:
    """Time the maximum of each window."""
    from rustybt import indicators

    data = prices()
    return lambda: indicators.rolling_max(data, WINDOW)


@benchmark("indicators: rolling deviation")
def rolling_deviation() -> Run:
    """Time the standard deviation of each window."""
    from rustybt import indicators

    data = prices()
    return lambda: indicators.rolling_std(data, WINDOW)


@benchmark("indicators: exponential mean")
def exponential_mean() -> Run:
    """Time a recursive kernel."""
    from rustybt import indicators

    data = prices()
    return lambda: indicators.ewm_mean(data, span=WINDOW)


@benchmark("indicators: relative strength")
def relative_strength() -> Run:
    """Time a recursive kernel of two passes."""
    from rustybt import indicators

    data = prices()
    return lambda: indicators.rsi(data, 14)


@benchmark("rank: ordinal")
def rank_ordinal() -> Run:
    """Time ranks that break ties by position."""
    from rustybt.lib import rank

    data = prices()
    return lambda: rank.rankdata_2d_f64(data, "ordinal")


@benchmark("rank: average, masked")
def rank_average() -> Run:
    """Time ranks that share ties, with values left out."""
    from rustybt.lib import rank

    data = prices().round()
    mask = data % 7 != 0
    return lambda: rank.rankdata_2d_f64(data, "average", mask=mask)


@benchmark("factorize: strings")
def factorize() -> Run:
    """Time the codes of strings."""
    import numpy as np

    from rustybt.lib import _factorize

    names = np.array([f"asset {number % 500}" for number in range(20_000)], dtype=object)
    return lambda: _factorize.factorize_strings(names, None, True)


@benchmark("windows: 20 rows without adjustments")
def plain_windows() -> Run:
    """Time the walk of a window over an array."""
    return _windows(adjusted=False)


@benchmark("windows: 20 rows with adjustments")
def adjusted_windows() -> Run:
    """Time the walk of a window whose rows change underway."""
    return _windows(adjusted=True)


def _windows(*, adjusted: bool) -> Run:
    from rustybt.lib._float64window import AdjustedArrayWindow
    from rustybt.lib.adjustment import Float64Multiply

    data = prices()
    changes: dict[int, list[Any]] = {}
    if adjusted:
        changes = {
            row: [
                Float64Multiply(0, row - 1, column, column, 0.5) for column in range(0, COLUMNS, 9)
            ]
            for row in range(WINDOW, ROWS, 21)
        }

    def walk() -> int:
        # It adjusts its array in place.
        windows = AdjustedArrayWindow(data.copy(), {}, changes, 0, WINDOW, 0, None)
        return sum(1 for _ in windows)

    return walk


@benchmark("quantiles: five bins")
def quantiles() -> Run:
    """Time the bins of each row."""
    from rustybt.lib.quantiles import quantiles as bins

    data = prices()
    return lambda: bins(data, 5)


@benchmark("clock: minutes of 20 sessions")
def clock() -> Run:
    """Time the events of a simulation by minutes."""
    import numpy as np

    from rustybt.gens import sim_engine

    sessions = np.arange("2020-01-06", "2020-01-26", dtype="M8[D]")
    minutes = sessions.astype("M8[m]").astype("int64")
    opens, closes, before = (
        (minutes + offset).astype("M8[m]") for offset in (14 * 60 + 31, 21 * 60, 13 * 60 + 46)
    )

    def run() -> int:
        events = sim_engine.MinuteSimulationClock(
            sessions, opens, closes, before, minute_emission=False
        )
        return sum(1 for _ in events)

    return run


def measure(repetitions: int = REPETITIONS) -> tuple[dict[str, float], dict[str, str]]:
    """Return the least milliseconds of each benchmark, and why others could not be run."""
    taken, failed = {}, {}
    for name, prepare in BENCHMARKS.items():
        try:
            run = prepare()
            run()
            loops = max(1, round(LEAST_SECONDS / max(_seconds(run, 1), 1e-9)))
            best = min(_seconds(run, loops) for _ in range(repetitions))
        except Exception as error:  # noqa: BLE001 - whatever an older package raises
            failed[name] = f"{type(error).__name__}: {error}"
        else:
            taken[name] = best * 1000
    return taken, failed


def _seconds(run: Run, loops: int) -> float:
    started = time.perf_counter()
    for _ in range(loops):
        run()
    return (time.perf_counter() - started) / loops


def main() -> int:
    """Print the results of a package."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--package", type=Path, help="folder that rustybt is installed into")
    parser.add_argument("--list", action="store_true", help="print the names and time nothing")
    options = parser.parse_args()
    taken: dict[str, float] = {}
    failed: dict[str, str] = {}
    if not options.list:
        if options.package is not None:
            sys.path.insert(0, str(options.package.resolve()))
        import rustybt

        found = Path(rustybt.__file__).resolve()
        if options.package is not None and not found.is_relative_to(options.package.resolve()):
            print(f"suite: rustybt comes from {found.parent}", file=sys.stderr)
            return 1
        taken, failed = measure()
    document = {"version": VERSION, "names": list(BENCHMARKS), "ms": taken, "failed": failed}
    print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
