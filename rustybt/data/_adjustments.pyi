from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Any, SupportsInt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rustybt.lib.adjustment import Float64Multiply

def load_adjustments_from_sqlite(
    adjustments_db: Connection,
    dates: pd.DatetimeIndex,
    assets: Iterable[SupportsInt],
    should_include_splits: bool,
    should_include_mergers: bool,
    should_include_dividends: bool,
    adjustment_type: str,
) -> dict[str, dict[int, list[Float64Multiply]]]: ...
def _rows(
    database: Connection, table: str, seconds: NDArray[np.int64], columns: dict[int, int]
) -> Sequence[tuple[Any, ...]]: ...
