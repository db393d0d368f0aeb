"""The bars of all assets on one axis, with their adjustments: what history is read from."""

# ruff: noqa: ANN401 - readers, finders and calendars are any object with Zipline's methods

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rustybt._protocol import AssetBars, Axis
from rustybt.assets import Equity, Future
from rustybt.data.market_schedule import minutes_between, session_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

DEFAULT_ASSET_PRICE_DECIMALS = 3

# Of those that take effect on one day, in the order they are applied.
ADJUSTMENT_TABLES = ("mergers", "dividends", "splits")

Breakpoints = tuple["NDArray[np.intp]", "NDArray[np.float64]", "NDArray[np.float64]", bool]


class HistoryLoader(ABC):
    """Bars of assets on an axis, and adjusted windows of them.

    Parameters
    ----------
    trading_calendar : exchange_calendars.ExchangeCalendar
    reader : BarReader, or mapping of type to BarReader
        Where bars come from, one for each kind of asset. Bars of a reader with `columns`, a
        :class:`~rustybt.data._equities.BarColumns`, are used where they lie; others are read
        asset by asset.
    equity_adjustment_reader : SQLiteAdjustmentReader or None
        Splits, mergers and dividends of equities.
    asset_finder : AssetFinder
        Finds the contracts of continuous futures.
    roll_finders : mapping of str to RollFinder, optional
        By the roll style of continuous futures.
    sid_cache_size, prefetch_length : int, optional
        For those who call it as Zipline's; there is nothing to tune.
    axis : Axis, optional
        The times of the bars; those of the calendar that the reader covers where left out.
    """

    def __init__(
        self,
        trading_calendar: Any,
        reader: Any,
        equity_adjustment_reader: Any,
        asset_finder: Any,
        roll_finders: Mapping[str, Any] | None = None,
        sid_cache_size: int = 1000,  # noqa: ARG002 - Zipline's signature
        prefetch_length: int = 0,  # noqa: ARG002
        *,
        axis: Axis | None = None,
    ) -> None:
        self.trading_calendar = trading_calendar
        self._reader = reader
        self._adjustment_reader = equity_adjustment_reader
        self._asset_finder = asset_finder
        self._roll_finders = roll_finders or {}
        self.axis = self._default_axis() if axis is None else axis
        self._bars: dict[Any, AssetBars] = {}
        self._shifts: dict[int, int | None] = {}

    def bars(self, asset: Any) -> AssetBars:
        """Return the bars of an asset; it has none where no reader is for its kind."""
        found = self._bars.get(asset)
        if found is None:
            found = self._bars[asset] = AssetBars(asset, self.axis, self, self._alive(asset))
        return found

    def history(
        self, assets: Iterable[Any], dts: pd.DatetimeIndex, field: str, is_perspective_after: bool
    ) -> NDArray[Any]:
        """Return adjusted values.

        Parameters
        ----------
        assets : iterable of Asset or ContinuousFuture
        dts : DatetimeIndex
            Consecutive times of the axis.
        field : {"open", "high", "low", "close", "volume", "sid"}
        is_perspective_after : bool
            Whether the values are seen from the bar after the last, rather than from the last: an
            action that takes effect then changes them.

        Returns
        -------
        numpy.ndarray of float64, shape (dts, assets)
            Of int64 for the field "sid", the contracts of continuous futures.
        """
        if field == "sid":
            return self.contract_sids(list(assets), dts[0], dts[-1])
        start = self.axis.ordinal_at_or_after(dts[0].value)
        stop = self.axis.ordinal_at_or_after(dts[-1].value) + 1
        seen_from = stop if is_perspective_after else stop - 1
        columns = [self.bars(asset).values(field, start, stop, seen_from) for asset in assets]
        return np.column_stack(columns) if columns else np.empty((stop - start, 0))

    def contract_sids(self, assets: list[Any], start: Any, end: Any) -> NDArray[np.int64]:
        """Return the contract of continuous futures at each bar, shape (bars, assets)."""
        rows = [
            self._reader_of(asset).load_raw_arrays(["sid"], start, end, [asset])[0][:, 0]
            for asset in assets
        ]
        return np.column_stack(rows).astype(np.int64)

    def range(self, asset: Any) -> tuple[int, int]:
        """Return the ordinals of an asset's first and last bar; the last is less if it has none."""
        reader = self._reader_of(asset)
        if reader is None:
            return 0, -1
        shift = self._shift(reader)
        if shift is None:
            return self._foreign_range(reader, asset)
        columns = reader.columns
        position = columns.position(asset.sid)
        if position < 0:
            return 0, -1
        return int(columns.first[position]) + shift, int(columns.last[position]) + shift

    def column(self, asset: Any, field: str) -> NDArray[np.float64]:
        """Return one field of all bars of an asset."""
        reader = self._reader_of(asset)
        first, last = self.range(asset)
        if self._shift(reader) is not None:
            columns = reader.columns
            offset = int(columns.offset[columns.position(asset.sid)])
            return columns.column(field)[offset : offset + last - first + 1]  # type: ignore[no-any-return]
        return self._foreign_column(reader, asset, field, first, last)

    def adjustments(self, asset: Any) -> Breakpoints | None:
        """Return what changes the bars before an ordinal, as :class:`AssetBars` wants it."""
        if isinstance(asset, Equity):
            return self._actions(asset)
        if isinstance(asset, Future) or asset.adjustment is None:
            return None
        return self._rolls(asset)

    def decimals(self, asset: Any) -> int:
        """Return the number of decimal places that history of an asset is rounded to."""
        if isinstance(asset, Equity):
            return DEFAULT_ASSET_PRICE_DECIMALS
        contract = asset
        if not isinstance(asset, Future):  # all contracts of a series have one tick size
            contracts = self._asset_finder.get_ordered_contracts(asset.root_symbol)
            sid = contracts.contract_before_auto_close(asset.start_date.value)
            contract = self._asset_finder.retrieve_asset(sid)
        if not contract.tick_size:
            return DEFAULT_ASSET_PRICE_DECIMALS
        exponent = Decimal(str(contract.tick_size)).as_tuple().exponent
        return max(-int(exponent), 0)

    @abstractmethod
    def _default_axis(self) -> Axis:
        """Return the axis of all bars."""

    @abstractmethod
    def _ordinal_of_session(self, session: pd.Timestamp) -> int:
        """Return the ordinal of the first bar of a session."""

    @abstractmethod
    def _end_of_session(self, session: pd.Timestamp) -> int:
        """Return the ordinal of the last bar of a session."""

    @abstractmethod
    def _session_of(self, ordinal: int) -> pd.Timestamp:
        """Return the label of the session of a bar."""

    def _reader_of(self, asset: Any) -> Any:
        if not isinstance(self._reader, Mapping):
            return self._reader
        kinds = (kind for kind in type(asset).__mro__ if kind in self._reader)
        kind = next(kinds, None)
        return None if kind is None else self._reader[kind]

    def _alive(self, asset: Any) -> tuple[int, int]:
        """Return the ordinals of the first and last bar of an asset's life."""
        start, end = asset.start_date, asset.end_date
        first = 0 if start is None or start is pd.NaT else self._ordinal_of_session(start)
        last = len(self.axis) - 1
        return first, last if end is None or end is pd.NaT else self._end_of_session(end)

    def _shift(self, reader: Any) -> int | None:
        """Return the ordinal of the first bar of a reader's columns, None if it has none."""
        key = id(reader)
        if key not in self._shifts:
            columns = getattr(reader, "columns", None)
            shift = None
            if columns is not None and len(columns.axis):
                at = self.axis.ordinal_at_or_after(int(columns.axis[0]))
                covered = self.axis.nanos[at : at + len(columns.axis)]
                shift = at if np.array_equal(covered, columns.axis) else None
            self._shifts[key] = shift
        return self._shifts[key]

    def _foreign_range(self, reader: Any, asset: Any) -> tuple[int, int]:
        first, last = self._alive(asset)
        if reader.first_trading_day is None or reader.first_trading_day is pd.NaT:
            return 0, -1
        first = max(first, self._ordinal_of_session(reader.first_trading_day))
        end = reader.last_available_dt
        return first, min(last, self.axis.ordinal_at_or_before(end.value))

    def _foreign_column(
        self, reader: Any, asset: Any, field: str, first: int, last: int
    ) -> NDArray[np.float64]:
        start, end = self.axis.index[first], self.axis.index[last]
        values = reader.load_raw_arrays([field], start, end, [asset])[0][:, 0]
        if len(values) != last - first + 1:
            raise ValueError(
                f"{type(reader).__name__} returned {len(values)} bars of {asset} from {start} to "
                f"{end}, the calendar {self.trading_calendar.name} has {last - first + 1}"
            )
        return np.ascontiguousarray(values, dtype=np.float64)

    def _actions(self, asset: Any) -> Breakpoints | None:
        """Return the breakpoints of an equity: its mergers, dividends and splits."""
        if self._adjustment_reader is None:
            return None
        found: list[tuple[int, float, float]] = []
        for table in ADJUSTMENT_TABLES:
            for date, ratio in self._adjustment_reader.get_adjustments_for_sid(table, asset.sid):
                volume = 1.0 / ratio if table == "splits" else 1.0
                found.append((self.axis.ordinal_at_or_after(date.value), ratio, volume))
        found.sort(key=lambda action: action[0])
        return _breakpoints(found, additive=False)

    def _rolls(self, continuous_future: Any) -> Breakpoints | None:
        """Return the breakpoints of a continuous future: the gaps between its contracts.

        A gap is that between the last closes of both contracts before the session of the roll.
        """
        first, last = self.range(continuous_future)
        if first > last:
            return None
        finder = self._roll_finders[continuous_future.roll_style]
        rolls = finder.get_rolls(
            continuous_future.root_symbol,
            self._session_of(first),
            self._session_of(last),
            continuous_future.offset,
        )
        additive = continuous_future.adjustment == "add"
        found: list[tuple[int, float, float]] = []
        for (front, session), (back, _) in pairwise(rolls):
            at = self._ordinal_of_session(session)
            closes = [self._last_close(sid, at - 1) for sid in (front, back)]
            if None in closes:
                continue
            front_close, back_close = closes
            gap = back_close - front_close
            found.append((at, gap, 0.0) if additive else (at, 1.0 + gap / front_close, 1.0))
        return _breakpoints(found, additive=additive)

    def _last_close(self, sid: int, ordinal: int) -> Any:
        """Return the close of a contract's last trade up to an ordinal, None if it had none."""
        bars = self.bars(self._asset_finder.retrieve_asset(sid))
        at = bars.last_traded_ordinal(ordinal)
        return None if at < 0 else bars.raw("close", at)


class DailyHistoryLoader(HistoryLoader):
    """Bars of sessions; parameters as for :class:`HistoryLoader`."""

    def _default_axis(self) -> Axis:
        return session_axis(self.trading_calendar)

    def _ordinal_of_session(self, session: pd.Timestamp) -> int:
        return self.axis.ordinal_at_or_after(session.value)

    def _end_of_session(self, session: pd.Timestamp) -> int:
        return self.axis.ordinal_at_or_before(session.value)

    def _session_of(self, ordinal: int) -> pd.Timestamp:
        session: pd.Timestamp = self.axis.index[ordinal]
        return session


class MinuteHistoryLoader(HistoryLoader):
    """Bars of minutes; parameters as for :class:`HistoryLoader`."""

    def _default_axis(self) -> Axis:
        reader = self._reader
        return minute_axis(
            self.trading_calendar, reader.first_trading_day, reader.last_available_dt
        )

    def _ordinal_of_session(self, session: pd.Timestamp) -> int:
        calendar = self.trading_calendar
        at = calendar.sessions.searchsorted(session)
        if at == len(calendar.sessions):
            return len(self.axis)
        return self.axis.ordinal_at_or_after(int(calendar.first_minutes_nanos[at]))

    def _end_of_session(self, session: pd.Timestamp) -> int:
        calendar = self.trading_calendar
        at = calendar.sessions.searchsorted(session, side="right") - 1
        if at < 0:
            return -1
        return self.axis.ordinal_at_or_before(int(calendar.last_minutes_nanos[at]))

    def _session_of(self, ordinal: int) -> pd.Timestamp:
        return session_of(self.trading_calendar, self.axis.index[ordinal])


def session_axis(calendar: Any) -> Axis:
    """Return the axis of all sessions of a calendar."""
    index = calendar.sessions
    if index.unit != "ns":
        index = index.as_unit("ns")
    return Axis(index.asi8, index)


def minute_axis(calendar: Any, start: pd.Timestamp, end: pd.Timestamp) -> Axis:
    """Return the axis of the minutes of a calendar.

    Parameters
    ----------
    calendar : exchange_calendars.ExchangeCalendar
    start : pandas.Timestamp
        Label of the first session.
    end : pandas.Timestamp
        Label of the last session or a minute of it.
    """
    firsts, lasts = calendar.first_minutes_nanos, calendar.last_minutes_nanos
    begin = int(calendar.sessions.searchsorted(start.tz_localize(None).normalize()))
    stop = int(np.searchsorted(lasts, end.value)) + 1
    if begin >= min(stop, len(lasts)):
        return Axis(np.empty(0, dtype=np.int64))
    first, last = (
        pd.Timestamp(nanos, tz="UTC") for nanos in (firsts[begin], lasts[min(stop, len(lasts)) - 1])
    )
    return Axis(np.ascontiguousarray(minutes_between(calendar, first, last).asi8))


def _breakpoints(found: list[tuple[int, float, float]], *, additive: bool) -> Breakpoints | None:
    if not found:
        return None
    ordinals, prices, volumes = zip(*found, strict=True)
    return np.array(ordinals, dtype=np.intp), np.array(prices), np.array(volumes), additive
