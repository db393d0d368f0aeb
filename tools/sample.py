"""Make the Parquet files of the bundle inside the package: `python tools/sample.py SOURCE`.

SOURCE is the folder with the CSV files of the nine stocks. The package must be installed: its
own writers check the bars.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rustybt.data.bar_files import read_bars, write_parquet
from rustybt.data.bar_writers import DailyBarWriter
from rustybt.data.bundles.csvdir import EXACT_FLOATS
from rustybt.utils.calendar_utils import get_calendar

TARGET = Path(__file__).resolve().parent.parent / "rustybt" / "data" / "sample"
NAMES = {
    "AMD": "Advanced Micro Devices Inc",
    "CERN": "Cerner Corp",
    "COST": "Costco Wholesale Corp",
    "DELL": "Dell Inc",
    "GPS": "Gap Inc",
    "INTC": "Intel Corp",
    "MMM": "3M Co",
    "AAPL": "Apple Inc",
    "MSFT": "Microsoft Corp",
}
DATES = ["ex_date", "declared_date", "record_date", "pay_date"]


def main(source: Path) -> None:
    """Write the files of bars, assets, splits and dividends."""
    frames = {
        symbol: pd.read_csv(
            source / f"{symbol}.csv",
            index_col="date",
            parse_dates=["date"],
            **EXACT_FLOATS,
        )
        for symbol in NAMES
    }
    sessions = sorted(set().union(*(frame.index for frame in frames.values())))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "bars.arrow")
        writer = DailyBarWriter(path, get_calendar("XNYS"), sessions[0], sessions[-1])
        writer.write(enumerate(frames.values()))
        write_parquet(TARGET / "bars.parquet", read_bars(path))
    ends = [frame.index[-1] for frame in frames.values()]
    assets = pd.DataFrame(
        {
            "sid": range(len(NAMES)),
            "symbol": list(NAMES),
            "asset_name": list(NAMES.values()),
            "start_date": [frame.index[0] for frame in frames.values()],
            "end_date": ends,
            "auto_close_date": [end + pd.Timedelta(days=1) for end in ends],
            "exchange": "XNYS",
            "country_code": "US",
        }
    )
    splits = pd.read_csv(source / "_splits.csv", parse_dates=["effective_date"], **EXACT_FLOATS)
    dividends = pd.read_csv(source / "_dividend_payouts.csv", parse_dates=DATES, **EXACT_FLOATS)
    dividends[DATES] = dividends[DATES].astype("M8[ns]")
    for name, frame in (
        ("assets", assets),
        ("splits", splits[["sid", "effective_date", "ratio"]]),
        ("dividends", dividends[["sid", *DATES, "amount"]]),
    ):
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, TARGET / f"{name}.parquet", compression="zstd")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
