"""Daily bars from frames in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rustybt.data._equities import BarColumns
from rustybt.data.bar_files import BarTable
from rustybt.data.bar_reader import OHLCV
from rustybt.data.column_bars import ColumnSessionBarReader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray


class InMemoryDailyBarReader(ColumnSessionBarReader):
    """Reader of daily bars that come as one frame a field.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Under "open", "high", "low", "close" and "volume": a row for each session, a column for
        each sid. All of them have the same index and columns.
    calendar : ExchangeCalendar
    currency_codes : Series
        Currency by sid.
    verify_indices : bool, default True
        Whether the rows must be the calendar's sessions without a gap.

    Raises
    ------
    ValueError
        If a field is missing, indexes differ, or rows are no sessions.
    """

    def __init__(
        self,
        frames: Mapping[str, pd.DataFrame],
        calendar: ExchangeCalendar,
        currency_codes: pd.Series,
        verify_indices: bool = True,
    ) -> None:
        missing = [name for name in OHLCV if name not in frames]
        if missing:
            raise ValueError(f"frames must have every field, {', '.join(missing)} is missing")
        close = frames["close"]
        for name in OHLCV:
            same = frames[name].index.equals(close.index)
            if not (same and frames[name].columns.equals(close.columns)):
                raise ValueError(f"the index and columns of {name!r} must be those of 'close'")
        sessions = pd.DatetimeIndex(close.index)
        if sessions.tz is not None:
            sessions = sessions.tz_convert("UTC").tz_localize(None)
        if verify_indices:
            expected = calendar.sessions_in_range(sessions[0], sessions[-1])
            if not sessions.equals(expected):
                raise ValueError(
                    f"the rows must be all sessions of {calendar.name} from {sessions[0]} to "
                    f"{sessions[-1]}"
                )
        order = np.argsort(close.columns.to_numpy(dtype=np.int64), kind="stable")
        count, sids = len(sessions), close.columns.to_numpy(dtype=np.int64)[order]
        columns = {
            name: np.ascontiguousarray(frames[name].to_numpy(dtype=np.float64)[:, order].T).ravel()
            for name in OHLCV
        }
        columns["volume"] = np.nan_to_num(columns["volume"])
        labels = np.array(sessions.as_unit("ns").asi8)
        bars = BarColumns(
            sids,
            labels,
            np.zeros(sids.size, dtype=np.intp),
            np.full(sids.size, count - 1, dtype=np.intp),
            **columns,
        )
        super().__init__(
            BarTable(
                bars, "session", calendar.name, int(labels[0]), int(labels[-1]), labels, labels
            )
        )
        self._calendar = calendar
        self._currency_codes = currency_codes

    @classmethod
    def from_dfs(
        cls,
        dfs: Mapping[str, pd.DataFrame],
        calendar: ExchangeCalendar,
        currency_codes: pd.Series,
    ) -> Self:
        """Return a reader of frames."""
        return cls(dfs, calendar, currency_codes)

    @property
    def trading_calendar(self) -> ExchangeCalendar:
        """The calendar that was given."""
        return self._calendar

    def currency_codes(self, sids: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the currency of each asset, None where it is unknown."""
        return (
            self._currency_codes.reindex(sids)
            .astype(object)
            .where(lambda codes: codes.notna(), None)
            .to_numpy(dtype=object)
        )
