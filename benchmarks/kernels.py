"""Time the kernels of rustybt.indicators against bottleneck, TA-Lib, polars and pandas.

Run as ``python -P benchmarks/kernels.py [--json] [--rounds N]`` by the interpreter that rustybt is
installed for. Peers that are not installed are named as missing; no peer's time counts unless its
result equals ours.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import pinned
from measures import Measure, Report
from progress import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

WINDOW = 20
RSI_WINDOW = 14
ROWS = 1_000_000
SESSIONS, ASSETS = 2_520, 500
ROUNDS = 15
# Recursions that start differently agree to all digits after this many rows.
WARM_UP = 800
PEERS = ("bottleneck", "talib", "polars", "pandas")
OURS = "rustybt"


class BenchmarkError(Exception):
    """A sentence on what could not be measured and what to do."""


def peers() -> tuple[dict[str, Any], dict[str, str]]:
    """Import the peers; return those there are, and why the others are missing."""
    found, missing = {}, {}
    try:
        sys.path.append(str(pinned.folder("ta-lib")))  # last: the environment's numpy serves it
    except pinned.PinnedError as error:
        missing["talib"] = str(error)
    for name in PEERS:
        try:
            found[name] = importlib.import_module(name)
        except ImportError as error:
            missing.setdefault(name, f"it cannot be imported ({error})")
    return found, missing


def on_bottleneck(bn: Any, x: np.ndarray) -> dict[str, Callable[[], Any]]:  # noqa: ANN401
    """Return bottleneck's functions over the rows of `x`, which lie in C order."""
    return {
        "mean": lambda: bn.move_mean(x, WINDOW, axis=0),
        "std": lambda: bn.move_std(x, WINDOW, axis=0),
        "min": lambda: bn.move_min(x, WINDOW, axis=0),
        "max": lambda: bn.move_max(x, WINDOW, axis=0),
        "median": lambda: bn.move_median(x, WINDOW, axis=0),
    }


def on_talib(ta: Any, x: np.ndarray) -> dict[str, Callable[[], Any]]:  # noqa: ANN401
    """Return TA-Lib's functions, which take one contiguous series at a time."""
    import numpy as np

    columns = [x] if x.ndim == 1 else [np.ascontiguousarray(column) for column in x.T]

    def each(function: Callable[..., Any], window: int) -> Callable[[], Any]:
        if x.ndim == 1:
            return lambda: function(x, window)
        return lambda: [function(column, window) for column in columns]

    return {
        "mean": each(ta.SMA, WINDOW),
        "std": each(ta.STDDEV, WINDOW),
        "min": each(ta.MIN, WINDOW),
        "max": each(ta.MAX, WINDOW),
        "EMA": each(ta.EMA, WINDOW),
        "RSI": each(ta.RSI, RSI_WINDOW),
    }


def on_polars(pl: Any, x: np.ndarray) -> dict[str, Callable[[], Any]]:  # noqa: ANN401
    """Return expressions over a polars frame with one column an asset."""
    frame = pl.DataFrame(
        {str(index): column for index, column in enumerate(x.reshape(len(x), -1).T)}
    )
    every, change = pl.all(), pl.all().diff()

    def wilder(expression: Any) -> Any:  # noqa: ANN401
        return expression.ewm_mean(alpha=1 / RSI_WINDOW, adjust=False)

    gains, losses = wilder(change.clip(lower_bound=0)), wilder((-change).clip(lower_bound=0))
    expressions = {
        "mean": every.rolling_mean(WINDOW),
        "std": every.rolling_std(WINDOW, ddof=0),
        "min": every.rolling_min(WINDOW),
        "max": every.rolling_max(WINDOW),
        "median": every.rolling_median(WINDOW),
        "EMA": every.ewm_mean(span=WINDOW, adjust=False),
        "RSI": gains * 100 / (gains + losses),
    }
    return {
        name: lambda expression=expression: frame.select(expression)  # type: ignore[misc]
        for name, expression in expressions.items()
    }


def on_pandas(pd: Any, x: np.ndarray) -> dict[str, Callable[[], Any]]:  # noqa: ANN401
    """Return the methods of a pandas Series or DataFrame."""
    data = pd.Series(x) if x.ndim == 1 else pd.DataFrame(x)

    def relative_strength() -> Any:  # noqa: ANN401
        change = data.diff()
        gains = change.clip(lower=0).ewm(alpha=1 / RSI_WINDOW, adjust=False).mean()
        losses = (-change).clip(lower=0).ewm(alpha=1 / RSI_WINDOW, adjust=False).mean()
        return 100 * gains / (gains + losses)

    return {
        "mean": lambda: data.rolling(WINDOW).mean(),
        "std": lambda: data.rolling(WINDOW).std(ddof=0),
        "min": lambda: data.rolling(WINDOW).min(),
        "max": lambda: data.rolling(WINDOW).max(),
        "median": lambda: data.rolling(WINDOW).median(),
        "EMA": lambda: data.ewm(span=WINDOW, adjust=False).mean(),
        "RSI": relative_strength,
    }


def on_rustybt(indicators: Any, x: np.ndarray) -> dict[str, Callable[[], Any]]:  # noqa: ANN401
    """Return our functions over the same rows that bottleneck gets."""
    return {
        "mean": lambda: indicators.rolling_mean(x, WINDOW),
        "std": lambda: indicators.rolling_std(x, WINDOW, ddof=0),
        "EMA": lambda: indicators.ewm_mean(x, span=WINDOW, adjust=False),
        "RSI": lambda: indicators.rsi(x, RSI_WINDOW),
        "min": lambda: indicators.rolling_min(x, WINDOW),
        "max": lambda: indicators.rolling_max(x, WINDOW),
        "median": lambda: indicators.rolling_median(x, WINDOW),
    }


ADAPTERS = {
    "bottleneck": on_bottleneck,
    "talib": on_talib,
    "polars": on_polars,
    "pandas": on_pandas,
}
# The measures that have a target; the others are reported.
TARGETS = ("mean", "std", "EMA", "RSI")


def equal(ours: np.ndarray, theirs: object) -> bool:
    """Return whether a peer's result, in whatever form it has, is ours."""
    import numpy as np

    if isinstance(theirs, list):
        theirs = np.column_stack(theirs)
    elif hasattr(theirs, "to_numpy"):
        theirs = theirs.to_numpy()
    other = np.asarray(theirs, dtype=np.float64).reshape(ours.shape)
    return bool(np.allclose(ours[WARM_UP:], other[WARM_UP:], rtol=1e-6, atol=1e-6))


def times(runs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each run; the runs take turns.

    Each timed run comes right after an untimed one of the same kind: it finds the memory that its
    result needs as its own kind leaves it, not as the neighbour in the row happened to.
    """
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            run()
            started = time.perf_counter()
            run()
            taken[name].append((time.perf_counter() - started) * 1000)
    return taken


def compare(
    title: str,
    x: np.ndarray,
    modules: dict[str, Any],
    indicators: Any,  # noqa: ANN401
    rounds: int,
    report: Report,
) -> None:
    """Add the measures of all kernels on one array."""
    contenders = {name: ADAPTERS[name](module, x) for name, module in modules.items()}
    for kernel, ours in on_rustybt(indicators, x).items():
        result = ours()
        runs = {OURS: ours}
        for name, functions in contenders.items():
            if kernel not in functions:
                continue
            if equal(result, functions[kernel]()):
                runs[name] = functions[kernel]
            else:
                report.missing[f"{kernel} of {title} by {name}"] = "its result differs from ours"
        with Step(f"{kernel} of {title}"):
            taken = times(runs, rounds)
        others = sorted((name for name in runs if name != OURS), key=lambda name: min(taken[name]))
        for rank, name in enumerate(others):
            fastest = rank == 0
            limit = 1.0 if fastest and kernel in TARGETS else None
            best, theirs = min(taken[OURS]), min(taken[name])
            report.measures.append(Measure(f"{kernel}, {title}", best, "ms", name, theirs, limit))
            if fastest:
                middle = statistics.median(taken[OURS])
                against = statistics.median(taken[name])
                label = f"{kernel}, {title}, median run"
                report.measures.append(Measure(label, middle, "ms", name, against))


def measure(rounds: int) -> Report:
    """Take all measures."""
    try:
        import numpy as np

        from rustybt import indicators
    except ImportError as error:
        raise BenchmarkError(
            f"rustybt cannot be imported by {sys.executable} ({error}): run "
            "./pixiw run bench-kernels, which installs it first"
        ) from None
    modules, missing = peers()
    if not modules:
        raise BenchmarkError(
            f"none of {', '.join(PEERS)} is installed for {sys.executable}: run "
            "./pixiw run bench-kernels, whose environment has them"
        )
    report = Report("kernels", missing=missing)
    generator = np.random.default_rng(20)
    series = 100 + 0.01 * generator.standard_normal(ROWS).cumsum()
    matrix = 100 + 0.01 * generator.standard_normal((SESSIONS, ASSETS)).cumsum(axis=0)
    for title, x in ((f"{ROWS:,} rows", series), (f"{SESSIONS:,} x {ASSETS}", matrix)):
        compare(title, x, modules, indicators, rounds, report)
    return report


def main() -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each (default 15)")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {options.rounds}")
    try:
        report = measure(options.rounds)
    except BenchmarkError as error:
        print(f"kernels: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("kernels: interrupted", file=sys.stderr)
        return 130
    print(report.as_json() if options.json else report.as_table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
