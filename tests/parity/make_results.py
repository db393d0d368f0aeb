"""Run every case in zipline-reloaded 3.2.1 and store what it gives, for rustybt to be held to.

Run as ``python -P tests/parity/make_results.py STOCKS [--case NAME]`` by an interpreter that has
zipline-reloaded 3.2.1; STOCKS is the folder with the CSV files of the nine stocks.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

import parity_cases
import parity_data
import parity_results
from parity_engine import Engine, condense

if TYPE_CHECKING:
    from parity_data import DataSet

ORACLE = "3.2.1"
PUBLISHED = {
    "buy_and_hold": ("2008", "2013"),
    "buyapple": ("2014-01-01", "2014-11-01"),
    "dual_moving_average": ("2011", "2013"),
}


def check_lossless(engine: Engine, data: DataSet) -> None:
    """Refuse data that the oracle's readers do not give back as it was written."""
    bundle = engine.module("data.bundles").load(data.name, engine.environ)
    readers = [(data.daily, bundle.equity_daily_bar_reader)]
    if data.minute:
        readers.append((data.minute, bundle.equity_minute_bar_reader))
    for frames, reader in readers:
        for sid, frame in frames.items():
            first, last = frame.index[0], frame.index[-1]
            columns = reader.load_raw_arrays(parity_data.FIELDS, first, last, [sid])
            for name, column in zip(parity_data.FIELDS, columns, strict=True):
                read = column[:, 0][column[:, 0] > 0]
                written = frame[name].to_numpy(dtype=np.float64)
                if not np.array_equal(read, written[written > 0]):
                    raise SystemExit(f"{data.name}: {name} of asset {sid} changes when it is read")


def check_published(engine: Engine) -> None:
    """Refuse an oracle whose published examples do not give the contract's results here."""
    for name, (start, end) in PUBLISHED.items():
        example = import_module(f"zipline.examples.{name}")
        perf = engine.module("utils.run_algo").run_algorithm(
            start=pd.Timestamp(start),
            end=pd.Timestamp(end),
            initialize=example.initialize,
            handle_data=example.handle_data,
            capital_base=10_000_000.0,
            bundle="sample",
            default_extension=False,
            environ=engine.environ,
        )
        found, wanted = perf["portfolio_value"].iloc[-1], parity_cases.BY_NAME[name].final_value
        if wanted is None or round(found, 2) != wanted:
            raise SystemExit(f"zipline's example {name} gives {found:.2f}, not {wanted}")


def main() -> None:
    """Store the results of all cases, or of those named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stocks", type=Path, help="folder with the CSV files of the nine stocks")
    parser.add_argument("--case", action="append", choices=list(parity_cases.BY_NAME))
    options = parser.parse_args()
    if version("zipline-reloaded") != ORACLE:
        raise SystemExit(f"this needs zipline-reloaded {ORACLE}")
    warnings.simplefilter("ignore")
    logging.disable()
    names = options.case or list(parity_cases.BY_NAME)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine("zipline", Path(folder))
        sets: dict[str, Any] = {
            **parity_cases.DATA,
            "sample": lambda: parity_data.stocks(options.stocks),
        }
        for bundle in {parity_cases.BY_NAME[name].bundle for name in names}:
            engine.ingest(sets[bundle]())
            check_lossless(engine, sets[bundle]())
            if bundle == "sample":
                check_published(engine)
        for name in names:
            case = parity_cases.BY_NAME[name]
            began = time.perf_counter()
            columns = condense(engine.run(case))
            columns["data_version"] = np.array([parity_data.VERSION])
            path = parity_results.save(name, columns)
            final = columns["perf/portfolio_value"][-1]
            counts = " ".join(
                f"{kind} {len(columns.get(f'{kind}/session', ()))}"
                for kind in ("transactions", "orders", "positions")
            )
            print(
                f"{name}: {len(columns['sessions'])} sessions, {final:.2f}, {counts}, "
                f"{path.stat().st_size / 1000:.0f} kB, {time.perf_counter() - began:.1f} s"
            )


if __name__ == "__main__":
    main()
