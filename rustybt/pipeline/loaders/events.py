"""The loader of events: what was announced when, and for which day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rustybt.lib.adjusted_array import AdjustedArray
from rustybt.pipeline.common import EVENT_DATE_FIELD_NAME, SID_FIELD_NAME, TS_FIELD_NAME
from rustybt.pipeline.dtypes import OBJECT
from rustybt.pipeline.loaders.base import PipelineLoader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rustybt.pipeline.data import BoundColumn
    from rustybt.pipeline.domain import Domain

NONE = -1


class EventsLoader(PipelineLoader):
    """Loads columns of the next and of the previous event of each asset.

    Parameters
    ----------
    events : pandas.DataFrame
        A row for each event: `sid`; `timestamp`, when it became known (UTC); `event_date`, the day
        that it happens; and the values of the columns. Events without a date are left out.
    next_value_columns : mapping of BoundColumn to str
        Columns, and the names in `events` of what they have of the next event: the first one that
        is known and not past.
    previous_value_columns : mapping of BoundColumn to str
        Columns, and the names in `events` of what they have of the previous event: the last one
        that is known and has happened.

    Raises
    ------
    ValueError
        If `events` lacks a column.
    """

    def __init__(
        self,
        events: pd.DataFrame,
        next_value_columns: Mapping[BoundColumn, str],
        previous_value_columns: Mapping[BoundColumn, str],
    ) -> None:
        required = {
            TS_FIELD_NAME,
            SID_FIELD_NAME,
            EVENT_DATE_FIELD_NAME,
            *next_value_columns.values(),
            *previous_value_columns.values(),
        }
        missing = sorted(required - set(events.columns))
        if missing:
            raise ValueError(f"the events lack the columns {', '.join(missing)}")
        dated = events[events[EVENT_DATE_FIELD_NAME].notna()]
        self.events = dated.sort_values(EVENT_DATE_FIELD_NAME, kind="stable")
        self.next_value_columns = dict(next_value_columns)
        self.previous_value_columns = dict(previous_value_columns)

    def load_adjusted_array(
        self,
        domain: Domain,
        columns: list[Any],
        dates: pd.DatetimeIndex,
        sids: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> dict[Any, AdjustedArray]:
        """Return the values of some columns; see `PipelineLoader.load_adjusted_array`.

        Raises
        ------
        ValueError
            If it is asked for another column.
        """
        cutoffs = domain.data_query_cutoff_for_sessions(dates)
        found: dict[Any, AdjustedArray] = {}
        of_next = self.next_event_indexer(dates, cutoffs, sids)
        of_previous = self.previous_event_indexer(cutoffs, sids)
        for column in columns:
            for names, places in (
                (self.next_value_columns, of_next),
                (self.previous_value_columns, of_previous),
            ):
                name = names.get(column) or names.get(column.unspecialize())
                if name is not None:
                    found[column] = self._values(column, name, np.where(mask, places, NONE))
                    break
            else:
                raise ValueError(f"this loader has no events of the column {column.qualname}")
        return found

    def next_event_indexer(
        self, dates: pd.DatetimeIndex, data_query_cutoff: pd.DatetimeIndex, sids: pd.Index[int]
    ) -> NDArray[np.int64]:
        """Return which event is the next one.

        Parameters
        ----------
        dates : pandas.DatetimeIndex
        data_query_cutoff : pandas.DatetimeIndex
            Until when an event must be known to count, of each date.
        sids : pandas.Index of int64

        Returns
        -------
        ndarray of int64, shape (dates, sids)
            Positions in `events`, -1 for none.
        """
        out = np.full((len(dates), len(sids)), NONE, dtype=np.int64)
        begins = data_query_cutoff.searchsorted(self._known(), side="right")
        ends = dates.searchsorted(self._happens(), side="right")
        places = sids.get_indexer(pd.Index(self.events[SID_FIELD_NAME]))
        # From the last one on, so that nearer ones take the place of farther ones.
        for event in np.flatnonzero((places >= 0) & (begins < ends))[::-1]:
            out[begins[event] : ends[event], places[event]] = event
        return out

    def previous_event_indexer(
        self, data_query_cutoff: pd.DatetimeIndex, sids: pd.Index[int]
    ) -> NDArray[np.int64]:
        """Return which event is the previous one.

        Parameters
        ----------
        data_query_cutoff : pandas.DatetimeIndex
            Until when an event must have happened and be known to count, of each date.
        sids : pandas.Index of int64

        Returns
        -------
        ndarray of int64, shape (dates, sids)
            Positions in `events`, -1 for none.
        """
        out = np.full((len(data_query_cutoff), len(sids)), NONE, dtype=np.int64)
        happened = self._happens().tz_localize("UTC")
        known = self._known()
        since = data_query_cutoff.searchsorted(happened.where(happened > known, known), "right")
        places = sids.get_indexer(pd.Index(self.events[SID_FIELD_NAME]))
        shown = np.flatnonzero((places >= 0) & (since < len(out)))
        # Events are in order: a later one is greater.
        np.maximum.at(out, (since[shown], places[shown]), shown)
        return np.maximum.accumulate(out, axis=0)

    def _happens(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.events[EVENT_DATE_FIELD_NAME]).tz_localize(None)

    def _known(self) -> pd.DatetimeIndex:
        times = pd.DatetimeIndex(self.events[TS_FIELD_NAME])
        return times.tz_localize("UTC") if times.tz is None else times.tz_convert("UTC")

    def _values(self, column: Any, name: str, places: NDArray[np.int64]) -> AdjustedArray:
        series = self.events[name]
        if column.dtype == OBJECT:
            strings = series.astype(object)
            values = strings.where(series.notna(), column.missing_value).to_numpy()
        else:
            values = series.to_numpy().astype(column.dtype)
        # One value more stands for none: it is what -1 finds.
        every = np.append(values, np.array([column.missing_value], dtype=column.dtype))
        return AdjustedArray(every[places], {}, column.missing_value)
