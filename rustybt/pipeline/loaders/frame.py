"""The loader of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rustybt.lib.adjusted_array import AdjustedArray
from rustybt.lib.adjustment import make_adjustment_from_labels
from rustybt.pipeline.dtypes import OBJECT
from rustybt.pipeline.loaders.base import PipelineLoader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustybt.pipeline.data import BoundColumn
    from rustybt.pipeline.domain import Domain

ADJUSTMENT_COLUMNS = ["sid", "value", "kind", "start_date", "end_date", "apply_date"]


class DataFrameLoader(PipelineLoader):
    """Loads one column of a frame in memory.

    Parameters
    ----------
    column : BoundColumn
        The column.
    baseline : pandas.DataFrame
        Values by date (rows, midnights without a time zone) and sid (columns).
    adjustments : pandas.DataFrame, optional
        Changes that become known later: `sid`; `value` and `kind` (of
        `rustybt.lib.adjustment.AdjustmentKind`); `start_date` and `end_date`, the dates whose
        values change; `apply_date`, from which on it is known.

    Raises
    ------
    ValueError
        If the adjustments lack columns, or labels of the frame come twice.
    """

    def __init__(
        self,
        column: BoundColumn,
        baseline: pd.DataFrame,
        adjustments: pd.DataFrame | None = None,
    ) -> None:
        self.column = column
        if column.dtype == OBJECT:
            # pandas has a missing value of its own among strings.
            strings = baseline.astype(object)
            values = strings.where(baseline.notna(), column.missing_value).to_numpy()
        else:
            values = baseline.to_numpy()
        self.baseline = values.astype(column.dtype)
        self.dates = pd.DatetimeIndex(baseline.index)
        self.assets = pd.Index(baseline.columns)
        if not (self.dates.is_unique and self.assets.is_unique):
            raise ValueError(f"the frame of {column.qualname} has dates or sids that come twice")
        if adjustments is None:
            adjustments = pd.DataFrame(columns=ADJUSTMENT_COLUMNS)
        missing = [name for name in ADJUSTMENT_COLUMNS if name not in adjustments.columns]
        if missing:
            raise ValueError(
                f"the adjustments of {column.qualname} lack the columns {', '.join(missing)}"
            )
        self.adjustments = adjustments[ADJUSTMENT_COLUMNS].sort_values(["apply_date", "sid"])

    def format_adjustments(
        self, dates: pd.DatetimeIndex, assets: pd.Index[int]
    ) -> dict[int, list[Any]]:
        """Return the adjustments of some dates and assets.

        Parameters
        ----------
        dates : pandas.DatetimeIndex
        assets : pandas.Index of int64

        Returns
        -------
        dict of int to list of Adjustment
            By the row from which on they are known.
        """
        if self.adjustments.empty:
            return {}
        table = self.adjustments
        applied = pd.DatetimeIndex(table["apply_date"])
        chosen = (
            (applied >= dates[0])
            & (applied <= dates[-1])
            & (pd.DatetimeIndex(table["end_date"]) >= dates[0])
            & table["sid"].isin(assets).to_numpy()
        )
        found: dict[int, list[Any]] = {}
        for sid, value, kind, start, end, apply in table[chosen].itertuples(index=False):
            row = int(dates.searchsorted(apply))
            made = make_adjustment_from_labels(dates, assets, start, end, sid, kind, value)
            found.setdefault(row, []).append(made)
        return found

    def load_adjusted_array(
        self,
        domain: Domain,
        columns: list[Any],
        dates: pd.DatetimeIndex,
        sids: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> dict[Any, AdjustedArray]:
        """Return the values of the column; see `PipelineLoader.load_adjusted_array`.

        Raises
        ------
        ValueError
            If another column is asked for.
        """
        if len(columns) != 1 or self.column not in {columns[0], columns[0].unspecialize()}:
            raise ValueError(f"this loader is of {self.column}, it was asked for {columns}")
        column = columns[0]
        rows, places = self.dates.get_indexer(dates), self.assets.get_indexer(sids)
        data = self.baseline[np.ix_(rows, places)]
        known = (rows >= 0)[:, np.newaxis] & (places >= 0) & mask
        data[~known] = column.missing_value
        adjustments = self.format_adjustments(dates, sids)
        return {column: AdjustedArray(data, adjustments, column.missing_value)}
