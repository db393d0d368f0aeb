"""The bundle inside the package: nine US stocks, daily from 2004 to 2014."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from rustybt.data.bundles.core import BundleData


def load_sample() -> BundleData:
    """Load the nine stocks; databases are made in memory, nothing is written."""
    from rustybt.assets import AssetDBWriter, AssetFinder
    from rustybt.data.adjustments import SQLiteAdjustmentReader, SQLiteAdjustmentWriter
    from rustybt.data.bundles.core import BundleData
    from rustybt.data.column_bars import ColumnSessionBarReader

    with resources.as_file(resources.files("rustybt.data") / "sample") as place:
        folder = Path(place)
        daily = ColumnSessionBarReader(folder / "bars.parquet")
        assets, splits, dividends = (
            _frame(folder / f"{name}.parquet") for name in ("assets", "splits", "dividends")
        )
    asset_db_writer = AssetDBWriter(":memory:")
    exchanges = assets[["exchange", "country_code"]].drop_duplicates().set_index("exchange")
    asset_db_writer.write(
        equities=assets.drop(columns="country_code").set_index("sid"), exchanges=exchanges
    )
    database = sqlite3.connect(":memory:", check_same_thread=False)
    SQLiteAdjustmentWriter(database, daily).write(splits=splits, dividends=dividends)
    return BundleData(
        AssetFinder(asset_db_writer.engine), None, daily, SQLiteAdjustmentReader(database)
    )


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        table = file.read(use_threads=False)
    return pd.DataFrame({name: table.column(name).to_numpy() for name in table.column_names})
