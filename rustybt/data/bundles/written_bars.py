"""Daily bars of an ingest under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsInt

from rustybt.data.column_bars import ColumnSessionBarReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray


class WrittenDailyBars:
    """The daily bars that have been written when somebody asks, not when this was made.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def sessions(self) -> pd.DatetimeIndex:
        """The sessions of the file."""
        return ColumnSessionBarReader(self._path).sessions

    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[Any]]:
        """Return values as the file has them now; see `BarReader`."""
        reader = ColumnSessionBarReader(self._path)
        return list(reader.load_raw_arrays(columns, start_date, end_date, assets))
