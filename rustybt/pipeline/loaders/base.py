"""What a loader has to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from rustybt.lib.adjusted_array import AdjustedArray
    from rustybt.pipeline.data import BoundColumn
    from rustybt.pipeline.domain import Domain


class PipelineLoader(ABC):
    """Gets the values of columns."""

    @abstractmethod
    def load_adjusted_array(
        self,
        domain: Domain,
        columns: list[Any],
        dates: pd.DatetimeIndex,
        sids: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> dict[BoundColumn, AdjustedArray]:
        """Return the values of some columns.

        Parameters
        ----------
        domain : Domain
        columns : list of BoundColumn
        dates : pandas.DatetimeIndex
            Rows; a row has what was known on the morning of its date.
        sids : pandas.Index of int64
            Columns.
        mask : ndarray of bool, shape (dates, sids)
            Where assets exist.

        Returns
        -------
        dict of BoundColumn to AdjustedArray
            Of each column an array of shape (dates, sids).
        """

    @property
    def currency_aware(self) -> bool:
        """Whether amounts of money can be converted to other currencies."""
        return False
