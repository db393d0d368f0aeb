"""Daily bars of an ingest under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rustybt.data.column_bars import ColumnSessionBarReader

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


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

    def load_raw_arrays(self, *arguments: Any) -> list[Any]:
        """Return values as the file has them now; see `BarReader`."""
        return list(ColumnSessionBarReader(self._path).load_raw_arrays(*arguments))
