"""Factors of the dates of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rustybt.pipeline.dtypes import FLOAT64
from rustybt.pipeline.factors.factor import Factor
from rustybt.pipeline.mixins import SingleInputMixin

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def _business_days(begin: NDArray[Any], end: NDArray[Any]) -> NDArray[np.float64]:
    """Return the weekdays from one day to another, NaN where one of them is NaT."""
    begin, end = np.broadcast_arrays(begin, end)
    known = ~(np.isnat(begin) | np.isnat(end))
    out = np.full(begin.shape, np.nan)
    out[known] = np.busday_count(begin[known], end[known])
    return out


class _BusinessDays(SingleInputMixin, Factor):
    window_length: Any = 0
    dtype: Any = FLOAT64

    def _days(
        self, inputs: list[Any], dates: pd.DatetimeIndex, mask: NDArray[np.bool_]
    ) -> tuple[Any, Any]:
        events = np.where(mask, inputs[0], np.datetime64("NaT", "ns")).astype("datetime64[D]")
        return events, dates.to_numpy().astype("datetime64[D]")[:, np.newaxis]


class BusinessDaysSincePreviousEvent(_BusinessDays):
    """The number of weekdays since a date, which is the input; NaN where there is none."""

    def _compute(
        self,
        inputs: list[Any],
        dates: pd.DatetimeIndex,
        assets: Any,
        mask: NDArray[np.bool_],
    ) -> Any:
        events, today = self._days(inputs, dates, mask)
        return _business_days(events, today)


class BusinessDaysUntilNextEvent(_BusinessDays):
    """The number of weekdays until a date, which is the input; NaN where there is none."""

    def _compute(
        self,
        inputs: list[Any],
        dates: pd.DatetimeIndex,
        assets: Any,
        mask: NDArray[np.bool_],
    ) -> Any:
        events, today = self._days(inputs, dates, mask)
        return _business_days(today, events)
