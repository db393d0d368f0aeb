"""The side of the engine's benchmark that runs in each engine's own process.

Run as ``python -P engine_worker.py ROOT HOME ingest|run JOB`` where ROOT is "rustybt" or "zipline"
and HOME the folder of its bundles. `run` prints a JSON object with the seconds of importing the
engine whole, those of run_algorithm after that, the process's peak memory and the portfolio's daily
values in cents.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import logging
import os
import sys
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

# What run_algorithm uses, as far as the engine has it; zipline imports all of it with its name,
# rustybt when it is needed.
MODULES = (
    "algorithm",
    "assets.assets",
    "data.adjustments",
    "data.bundles",
    "data.column_bars",
    "data.data_portal",
    "sources.benchmark_source",
    "utils.run_algo",
)
FIELDS = ["open", "high", "low", "close", "volume"]
SESSIONS = 2_520

# The same source in both engines: unchanged Zipline code but for the package's name.
NOTHING = """
def initialize(context):
    pass

def handle_data(context, data):
    pass
"""
CROSS = """
from zipline.api import order_target, symbol

def initialize(context):
    context.asset = symbol("S000")
    context.bars = 0

def handle_data(context, data):
    context.bars += 1
    if context.bars < {slow}:
        return
    fast = data.history(context.asset, "close", {fast}, "{frequency}").mean()
    slow = data.history(context.asset, "close", {slow}, "{frequency}").mean()
    order_target(context.asset, 100 if fast > slow else 0)
"""
REBALANCE = """
from zipline.api import date_rules, order_target_percent, schedule_function, symbol, time_rules

def initialize(context):
    context.assets = [symbol(f"S{{number:03d}}") for number in range({assets})]
    schedule_function(rebalance, date_rules.month_start(), time_rules.market_open())

def rebalance(context, data):
    for asset in context.assets:
        order_target_percent(asset, 1 / {assets})
"""


@dataclass(frozen=True)
class Job:
    """A strategy and the size of its data."""

    source: str
    assets: int = 1
    minutes: bool = False

    @property
    def bundle(self) -> str:
        """The bundle it runs on, which jobs of one size share."""
        return f"benchmark-{'minutes' if self.minutes else 'days'}-{self.assets}"


JOBS = {
    "daily-nothing": Job(NOTHING),
    "daily-cross": Job(CROSS.format(fast=50, slow=200, frequency="1d")),
    "rebalance-100": Job(REBALANCE.format(assets=100), assets=100),
    "rebalance-500": Job(REBALANCE.format(assets=500), assets=500),
    "minute-nothing": Job(NOTHING, minutes=True),
    "minute-cross": Job(CROSS.format(fast=30, slow=120, frequency="1m"), minutes=True),
}


def draws(seed: int, count: int, stop: int) -> np.ndarray:
    """Return whole numbers in [0, stop), the same with every version of numpy: splitmix64."""
    x = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed << 32)
    x *= np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) % np.uint64(stop)).astype(np.int64)


def bars(seed: int, index: pd.DatetimeIndex, step: int) -> pd.DataFrame:
    """Return bars of a walk in whole thousandths of a dollar, with volume for any order."""
    count = len(index)
    close = 50_000 + np.cumsum(draws(seed, count, 2 * step + 1) - step)
    close = np.abs(close) + 1_000
    opened = np.concatenate((close[:1], close[:-1]))
    columns = {
        "open": opened * 0.001,
        "high": (np.maximum(opened, close) + 20) * 0.001,
        "low": (np.minimum(opened, close) - 20) * 0.001,
        "close": close * 0.001,
        "volume": (1_000_000 + draws(seed + 1, count, 1_000_000)).astype(np.float64),
    }
    return pd.DataFrame(columns, index=index)


class Bench:
    """An engine with its folder of bundles."""

    def __init__(self, root: str, home: str) -> None:
        self.root = root
        started = time.perf_counter()
        for name in MODULES:
            if importlib.util.find_spec(f"{root}.{name}") is not None:
                self.module(name)
        self.import_seconds = time.perf_counter() - started
        self.environ = {**os.environ, "ZIPLINE_ROOT": home, "RUSTYBT_ROOT": home}
        self.calendar = self.module("utils.calendar_utils").get_calendar("XNYS")

    def module(self, name: str) -> Any:  # noqa: ANN401
        """Import a module of the engine."""
        return importlib.import_module(f"{self.root}.{name}")

    def sessions(self, job: Job) -> Any:  # noqa: ANN401
        """Return the sessions of a job: 2,520, or the 252 with 97,740 minutes in all."""
        if job.minutes:
            return self.calendar.sessions_in_range("2019-01-02", "2019-12-31")
        return self.calendar.sessions_in_range("2008-01-02", "2018-12-31")[-SESSIONS:]

    def register(self, job: Job) -> None:
        """Make the bundle's name known, with the function that writes it."""
        sessions = self.sessions(job)

        def ingest(
            _environ: object,
            asset_db_writer: Any,  # noqa: ANN401
            minute_bar_writer: Any,  # noqa: ANN401
            daily_bar_writer: Any,  # noqa: ANN401
            adjustment_writer: Any,  # noqa: ANN401
            *_: object,
        ) -> None:
            sids = range(job.assets)
            equities = pd.DataFrame(
                {
                    "symbol": [f"S{sid:03d}" for sid in sids],
                    "start_date": sessions[0],
                    "end_date": sessions[-1],
                    "exchange": "XNYS",
                },
                index=pd.Index(sids, name="sid"),
            )
            exchanges = pd.DataFrame({"exchange": ["XNYS"], "country_code": ["US"]})
            asset_db_writer.write(equities=equities, exchanges=exchanges)
            if job.minutes:
                minutes = self.calendar.sessions_minutes(sessions[0], sessions[-1])
                minute_bar_writer.write([(0, bars(1, minutes, 15))])
            daily_bar_writer.write((sid, bars(10 + 2 * sid, sessions, 150)) for sid in sids)
            adjustment_writer.write()

        self.module("data.bundles").register(
            job.bundle,
            ingest,
            calendar_name="XNYS",
            start_session=sessions[0],
            end_session=sessions[-1],
        )

    def ingest(self, job: Job) -> None:
        """Write the job's bundle."""
        self.register(job)
        self.module("data.bundles").ingest(job.bundle, environ=self.environ)

    def run(self, job: Job) -> dict[str, Any]:
        """Run the job; return its seconds, its peak memory and the daily values in cents."""
        import resource

        self.register(job)
        sessions = self.sessions(job)
        namespace: dict[str, Any] = {}
        exec(job.source.replace("zipline", self.root), namespace)  # noqa: S102
        run_algorithm = importlib.import_module(self.root).run_algorithm
        gc.collect()
        started = time.perf_counter()
        perf = run_algorithm(
            start=sessions[0],
            end=sessions[-1],
            initialize=namespace["initialize"],
            handle_data=namespace.get("handle_data"),
            capital_base=10_000_000.0,
            data_frequency="minute" if job.minutes else "daily",
            bundle=job.bundle,
            trading_calendar=self.calendar,
            default_extension=False,
            environ=self.environ,
        )
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "import_seconds": self.import_seconds,
            "seconds": seconds,
            "megabytes": peak * (1 if sys.platform == "darwin" else 1024) / 1e6,
            "cents": np.rint(perf["portfolio_value"].to_numpy() * 100).astype(int).tolist(),
            "transactions": sum(map(len, perf["transactions"])),
        }


def main(root: str, home: str, verb: str, name: str) -> None:
    """Ingest or run a job."""
    warnings.simplefilter("ignore")
    logging.disable()
    bench = Bench(root, home)
    if verb == "ingest":
        bench.ingest(JOBS[name])
    else:
        print(json.dumps(bench.run(JOBS[name])))


if __name__ == "__main__":
    main(*sys.argv[1:])
