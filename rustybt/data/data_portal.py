"""The one place where a simulation asks for market data."""

# ruff: noqa: ANN401 - readers, finders and calendars are any object with Zipline's methods

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rustybt._protocol import FIELDS, AssetBars, Axis, PriceFeed
from rustybt.assets import Asset, Equity, Future
from rustybt.data.history_loader import (
    DailyHistoryLoader,
    HistoryLoader,
    MinuteHistoryLoader,
    minute_axis,
    session_axis,
)
from rustybt.data.market_schedule import session_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

BASE_FIELDS = frozenset({*FIELDS, "contract", "sid", "last_traded"})


class DataPortal:
    """Prices, history and corporate actions out of the readers of a bundle.

    Parameters
    ----------
    asset_finder : AssetFinder
    trading_calendar : exchange_calendars.ExchangeCalendar
        Of the simulation; readers of another calendar are aligned with it.
    first_trading_day : pandas.Timestamp or None
        First session with data: no window of history begins before it.
    equity_daily_reader, equity_minute_reader, future_daily_reader, future_minute_reader : BarReader
        Bars of each kind; optional. Sessions are aggregated from minutes where there are minutes
        only.
    adjustment_reader : SQLiteAdjustmentReader, optional
        Splits, mergers and dividends.
    last_available_session, last_available_minute : pandas.Timestamp, optional
        The last with data; those of the readers where left out.
    minute_history_prefetch_length, daily_history_prefetch_length : int, optional
        For those who call it as Zipline's; there is nothing to tune.
    """

    def __init__(
        self,
        asset_finder: Any,
        trading_calendar: Any,
        first_trading_day: pd.Timestamp | None,
        equity_daily_reader: Any = None,
        equity_minute_reader: Any = None,
        future_daily_reader: Any = None,
        future_minute_reader: Any = None,
        adjustment_reader: Any = None,
        last_available_session: pd.Timestamp | None = None,
        last_available_minute: pd.Timestamp | None = None,
        minute_history_prefetch_length: int = 1560,  # noqa: ARG002 - Zipline's signature
        daily_history_prefetch_length: int = 40,  # noqa: ARG002
    ) -> None:
        self.asset_finder = asset_finder
        self.trading_calendar = trading_calendar
        self.first_trading_day = first_trading_day
        self._adjustment_reader = adjustment_reader
        self._daily = _by_kind(equity_daily_reader, future_daily_reader)
        self._minute = _by_kind(equity_minute_reader, future_minute_reader)
        self._last_session = last_available_session
        self._last_minute = last_available_minute
        self._extra_values: dict[str, dict[Any, pd.DataFrame]] = {}
        self._extra_rows: pd.DataFrame | None = None
        self._actions: dict[tuple[str, int], list[Any]] = {}
        self._roll_finders: dict[str, Any] = {}

    @property
    def adjustment_reader(self) -> Any:
        """The reader of splits, mergers and dividends, or None."""
        return self._adjustment_reader

    @cached_property
    def session_axis(self) -> Axis:
        """All sessions of the calendar."""
        return session_axis(self.trading_calendar)

    @cached_property
    def minute_axis(self) -> Axis:
        """The minutes of the calendar that readers or simulations have had use for so far."""
        readers = [
            reader for reader in self._minute.values() if not pd.isna(reader.first_trading_day)
        ]
        if not readers:
            raise ValueError("the data portal has no minutes: give it a reader of minutes")
        start = min(reader.first_trading_day for reader in readers)
        ends = [reader.last_available_dt for reader in readers]
        end = max(ends, key=_value) if self._last_minute is None else self._last_minute
        return minute_axis(self.trading_calendar, start, end)

    @cached_property
    def _session_readers(self) -> dict[type, Any]:
        readers = {kind: self._aligned(reader) for kind, reader in self._daily.items()}
        for kind, reader in self._minute_readers.items():
            if kind not in readers:
                from rustybt.data.resample import MinuteResampleSessionBarReader

                readers[kind] = MinuteResampleSessionBarReader(self.trading_calendar, reader)
        return readers

    @cached_property
    def _minute_readers(self) -> dict[type, Any]:
        return {kind: self._aligned(reader) for kind, reader in self._minute.items()}

    @cached_property
    def _session_loader(self) -> HistoryLoader:
        return DailyHistoryLoader(
            self.trading_calendar,
            self._session_readers,
            self._adjustment_reader,
            self.asset_finder,
            self._roll_finders,
            axis=self.session_axis,
        )

    @cached_property
    def _minute_loader(self) -> HistoryLoader:
        return MinuteHistoryLoader(
            self.trading_calendar,
            self._minute_readers,
            self._adjustment_reader,
            self.asset_finder,
            self._roll_finders,
            axis=self.minute_axis,
        )

    @cached_property
    def _finders(self) -> dict[str, Any]:
        """Roll finders by the roll style of continuous futures, which are seldom wanted."""
        from rustybt.assets.roll_finder import CalendarRollFinder, VolumeRollFinder

        calendar, finder, finders = self.trading_calendar, self.asset_finder, self._roll_finders
        finders["calendar"] = CalendarRollFinder(calendar, finder)
        sessions = self._session_readers.get(Future)
        if sessions is not None:
            finders["volume"] = VolumeRollFinder(calendar, finder, sessions)
        return finders

    @cached_property
    def _continuous(self) -> type:
        """The kind of continuous futures, to whose bars the readers have been added."""
        from rustybt.assets.continuous_futures import ContinuousFuture
        from rustybt.data.continuous_future_reader import (
            ContinuousFutureMinuteBarReader,
            ContinuousFutureSessionBarReader,
        )

        for readers, kind in (
            (self._session_readers, ContinuousFutureSessionBarReader),
            (self._minute_readers, ContinuousFutureMinuteBarReader),
        ):
            if Future in readers:
                readers[ContinuousFuture] = kind(readers[Future], self._finders)
        return ContinuousFuture

    def _aligned(self, reader: Any) -> Any:
        """Return a reader of the portal's calendar."""
        if reader.trading_calendar.name == self.trading_calendar.name:
            return reader
        from rustybt.data.resample import ReindexMinuteBarReader, ReindexSessionBarReader

        daily = reader.data_frequency != "minute"
        kind = ReindexSessionBarReader if daily else ReindexMinuteBarReader
        first: Any = self.first_trading_day
        last = self._last_session or self._last_available_session()
        return kind(self.trading_calendar, reader, first, last)

    def _last_available_session(self) -> Any:
        readers = self._daily or self._minute
        return min((reader.last_available_dt for reader in readers.values()), key=_value)

    def asset_bars(self, asset: Any, daily: bool) -> AssetBars:
        """Return the bars of an asset, of sessions or of minutes."""
        return self._loader_of(asset, daily=daily).bars(asset)

    def _loader_of(self, asset: Any, *, daily: bool) -> HistoryLoader:
        if not isinstance(asset, Asset) and not isinstance(asset, self._continuous):
            raise TypeError(f"{asset!r} is no Asset and no ContinuousFuture")
        return self._session_loader if daily else self._minute_loader

    def feed(self, sessions: Any, data_frequency: str) -> PriceFeed:
        """Return prices at the bars of a simulation.

        Parameters
        ----------
        sessions : DatetimeIndex, or array of int64 nanoseconds or datetime64
            Labels of the sessions of the simulation, consecutive sessions of the calendar.
        data_frequency : {"daily", "minute"}
        """
        nanos = np.asarray(sessions, dtype="M8[ns]").view(np.int64)
        if data_frequency == "minute" and nanos.size:
            self._cover(int(nanos[0]), int(nanos[-1]))
        return PriceFeed(self, nanos, data_frequency)

    def _cover(self, first: int, last: int) -> None:
        """Have the minutes of the sessions from `first` to `last` on the axis."""
        axis, calendar = self.minute_axis, self.trading_calendar
        sessions = self.session_axis
        opens = int(calendar.first_minutes_nanos[sessions.ordinal_at_or_after(first)])
        closes = int(calendar.last_minutes_nanos[sessions.ordinal_at_or_before(last)])
        if len(axis) and axis.nanos[0] <= opens and closes <= axis.nanos[-1]:
            return
        start = min(opens, int(axis.nanos[0])) if len(axis) else opens
        end = max(closes, int(axis.nanos[-1])) if len(axis) else closes
        label = session_of(calendar, pd.Timestamp(start, tz="UTC"))
        self.minute_axis = minute_axis(calendar, label, pd.Timestamp(end, tz="UTC"))
        self.__dict__.pop("_minute_loader", None)
        self._cursors.pop("minute", None)

    @cached_property
    def _cursors(self) -> dict[str, PriceFeed]:
        return {}

    def _at(self, dt: pd.Timestamp, data_frequency: str) -> PriceFeed:
        """Return a feed that stands at a time."""
        feed = self._cursors.get(data_frequency)
        if feed is None:
            feed = self._cursors[data_frequency] = self.feed((), data_frequency)
        feed.seek(dt)
        return feed

    def get_spot_value(self, assets: Any, field: str, dt: pd.Timestamp, data_frequency: str) -> Any:
        """Return the value of a field at a time.

        Parameters
        ----------
        assets : Asset, ContinuousFuture or iterable of them
        field : {"open", "high", "low", "close", "volume", "price", "last_traded", "contract"}
            As :meth:`rustybt.protocol.BarData.current` describes them, or a column of an extra
            source.
        dt : pandas.Timestamp
            A session label or a market minute; the last bar before it is used outside of sessions.
        data_frequency : {"daily", "minute"}

        Returns
        -------
        float, int, pandas.Timestamp or Future
            For one asset; a list of them for several.
        """
        if isinstance(assets, Iterable) and not isinstance(assets, str):
            return [
                self.get_scalar_asset_spot_value(asset, field, dt, data_frequency)
                for asset in assets
            ]
        return self.get_scalar_asset_spot_value(assets, field, dt, data_frequency)

    def get_scalar_asset_spot_value(
        self, asset: Any, field: str, dt: pd.Timestamp, data_frequency: str
    ) -> Any:
        """Return the value of a field of one asset; parameters as for :meth:`get_spot_value`."""
        return self._at(dt, data_frequency).current(asset, field)

    def get_adjusted_value(
        self,
        asset: Any,
        field: str,
        dt: pd.Timestamp,
        perspective_dt: pd.Timestamp,
        data_frequency: str,
        spot_value: Any = None,
    ) -> Any:
        """Return the value of a field at `dt`, adjusted as it is seen from a later time.

        Parameters
        ----------
        asset, field, dt, data_frequency
            As for :meth:`get_spot_value`.
        perspective_dt : pandas.Timestamp
            What takes effect after `dt` and not after this is applied.
        spot_value : float, optional
            The value at `dt`, where it is known already.
        """
        if spot_value is None:
            at = perspective_dt if self._is_extra(asset, field) else dt
            spot_value = self.get_spot_value(asset, field, at, data_frequency)
        if isinstance(asset, Equity) and field in FIELDS:
            spot_value *= self.get_adjustments(asset, field, dt, perspective_dt)[0]
        return spot_value

    def get_adjustments(
        self, assets: Any, field: str, dt: pd.Timestamp, perspective_dt: pd.Timestamp
    ) -> list[float]:
        """Return by what values at `dt` are multiplied when they are seen from a later time.

        Parameters
        ----------
        assets : Asset or list of Asset
        field : str
            Volumes are divided by the ratio of splits; mergers and dividends leave them as they
            are.
        dt, perspective_dt : pandas.Timestamp

        Returns
        -------
        list of float
            One product for each asset.
        """
        start, end = dt.value, perspective_dt.value
        volume = field == "volume"
        tables = ("splits",) if volume else ("splits", "mergers", "dividends")
        return [
            prod(
                (1.0 / ratio if volume else ratio)
                for table in tables
                for date, ratio in self._actions_of(table, asset)
                if start < date.value <= end
            )
            for asset in ([assets] if isinstance(assets, Asset) else assets)
        ]

    def _actions_of(self, table: str, asset: Any) -> list[Any]:
        """Return the dates and ratios of one asset's corporate actions."""
        if self._adjustment_reader is None:
            return []
        key = (table, int(asset))
        if key not in self._actions:
            found = self._adjustment_reader.get_adjustments_for_sid(table, key[1])
            self._actions[key] = found
        return self._actions[key]

    def get_history_window(
        self,
        assets: Sequence[Any],
        end_dt: pd.Timestamp,
        bar_count: int,
        frequency: str,
        field: str,
        data_frequency: str,
        ffill: bool = True,
    ) -> pd.DataFrame:
        """Return adjusted bars of several assets up to a time.

        Parameters
        ----------
        assets : sequence of Asset or ContinuousFuture
        end_dt : pandas.Timestamp
            A session label or a market minute.
        bar_count : int
        frequency : {"1d", "1m"}
            Of the bars.
        field : {"open", "high", "low", "close", "volume", "price", "sid"}
        data_frequency : {"daily", "minute"}
            Of the simulation. In one on minutes a window of days ends with the session so far.
        ffill : bool, default True
            Whether the field "price" is forward-filled.

        Returns
        -------
        pandas.DataFrame
            Shape (bar_count, assets).

        Raises
        ------
        HistoryWindowStartsBeforeData
            If the window begins before the first session with data.
        """
        feed = self._at(end_dt, "minute" if frequency == "1m" else data_frequency)
        if field == "sid":
            return self._contract_window(list(assets), feed, bar_count, frequency)
        if field == "price" and not ffill:
            field = "close"
        return feed.frame(assets, field, bar_count, frequency)

    def _contract_window(
        self, assets: list[Any], feed: PriceFeed, bar_count: int, frequency: str
    ) -> pd.DataFrame:
        """Return the sids of the contracts of continuous futures at each bar."""
        times = feed.checked_times(bar_count, frequency)
        daily = frequency == "1d"
        columns = {
            asset: self._loader_of(asset, daily=daily).contract_sids([asset], times[0], times[-1])
            for asset in assets
        }
        values = np.column_stack(list(columns.values())) if columns else None
        return pd.DataFrame(values, index=times, columns=assets)

    def get_last_traded_dt(self, asset: Any, dt: pd.Timestamp, data_frequency: str) -> Any:
        """Return the last time up to `dt` at which an asset traded, NaT if it never did."""
        daily = data_frequency == "daily"
        bars = self.asset_bars(asset, daily)
        axis = self.session_axis if daily else self.minute_axis
        at = bars.last_traded_ordinal(axis.ordinal_at_or_before(dt.value))
        return pd.NaT if at < 0 else axis.index[at]

    def get_splits(self, assets: Collection[Any], dt: pd.Timestamp) -> list[tuple[Any, float]]:
        """Return the splits that take effect in a session.

        Parameters
        ----------
        assets : collection of Asset
            Whose splits are wanted.
        dt : pandas.Timestamp
            Label of the session.

        Returns
        -------
        list of (Asset, float)
            With the ratio of the price after the split to that before.
        """
        if not assets:
            return []
        found = self._splits_by_date.get(dt.value // 1_000_000_000, ())
        return [
            (self.asset_finder.retrieve_asset(sid), ratio) for sid, ratio in found if sid in assets
        ]

    @cached_property
    def split_sessions(self) -> frozenset[int]:
        """Sessions in which some asset is split, nanoseconds since 1970."""
        return frozenset(seconds * 1_000_000_000 for seconds in self._splits_by_date)

    @cached_property
    def ex_dates(self) -> frozenset[int]:
        """Sessions in which some asset goes ex a dividend, nanoseconds since 1970."""
        if self._adjustment_reader is None:
            return frozenset()
        rows = self._adjustment_reader.conn.execute(
            "SELECT ex_date FROM dividend_payouts UNION SELECT ex_date FROM stock_dividend_payouts"
        )
        return frozenset(seconds * 1_000_000_000 for (seconds,) in rows)

    @cached_property
    def _splits_by_date(self) -> dict[int, list[tuple[int, float]]]:
        """Pairs of sid and ratio by seconds since 1970."""
        splits: dict[int, list[tuple[int, float]]] = {}
        if self._adjustment_reader is not None:
            rows = self._adjustment_reader.conn.execute(
                "SELECT effective_date, sid, ratio FROM splits ORDER BY rowid"
            )
            for date, sid, ratio in rows:
                splits.setdefault(date, []).append((sid, ratio))
        return splits

    def get_stock_dividends(self, sid: Any, trading_days: pd.DatetimeIndex) -> list[dict[str, Any]]:
        """Return the dividends that an asset pays in shares of another within a range of sessions.

        Parameters
        ----------
        sid : int or Asset
        trading_days : DatetimeIndex
            Those that go ex after the first and pay before the last are returned.

        Returns
        -------
        list of dict
            Keys are declared_date, ex_date, pay_date, payment_sid, ratio, record_date, sid; dates
            are pandas.Timestamp.
        """
        if self._adjustment_reader is None or len(trading_days) == 0:
            return []
        rows = self._adjustment_reader.conn.execute(
            "SELECT declared_date, ex_date, pay_date, payment_sid, ratio, record_date, sid "
            "FROM stock_dividend_payouts WHERE sid = ? AND ex_date > ? AND pay_date < ?",
            (int(sid), trading_days[0].value / 1e9, trading_days[-1].value / 1e9),
        )
        names = [column[0] for column in rows.description]
        return [
            {
                name: pd.Timestamp(value, unit="s") if name.endswith("_date") else value
                for name, value in zip(names, row, strict=True)
            }
            for row in rows
        ]

    def get_current_future_chain(self, continuous_future: Any, dt: pd.Timestamp) -> list[Any]:
        """Return the contracts of a continuous future from the present one on.

        Parameters
        ----------
        continuous_future : ContinuousFuture
        dt : pandas.Timestamp
        """
        session = session_of(self.trading_calendar, dt)
        center = self.current_contract(continuous_future, session)
        if center is None:
            return []
        contracts = self.asset_finder.get_ordered_contracts(continuous_future.root_symbol)
        chain = contracts.active_chain(center.sid, session.value)
        return list(self.asset_finder.retrieve_all(chain))

    def current_contract(self, continuous_future: Any, session: pd.Timestamp) -> Any:
        """Return the contract that a continuous future stands for in a session, or None."""
        finder = self._finders[continuous_future.roll_style]
        return finder.get_contract_center(
            continuous_future.root_symbol, session, continuous_future.offset
        )

    def contains(self, asset: Any, field: str) -> bool:
        """Return whether there is such a field of the asset."""
        return field in BASE_FIELDS or asset in self._extra_values.get(field, {})

    def handle_extra_source(self, source_df: pd.DataFrame | None, sim_params: Any) -> None:
        """Take in values of other sources, forward-filled over the sessions of the simulation.

        Parameters
        ----------
        source_df : DataFrame or None
            By date; the column ``sid`` holds an asset, or any name for what is none; other columns
            are fields.
        sim_params : SimulationParameters
        """
        if source_df is None:
            return
        sessions = self.trading_calendar.sessions_in_range(
            sim_params.start_session, sim_params.end_session
        )
        days = pd.DatetimeIndex(source_df.index).normalize().tz_localize(None)
        dated = source_df.set_axis(days)
        parts = []
        for identifier, rows in dated.groupby("sid"):
            filled = rows.groupby(level=0).last().reindex(index=sessions, method="ffill")
            parts.append(filled)
            for field in filled.columns.difference(["sid"]):
                self._extra_values.setdefault(field, {})[identifier] = filled
        self._extra_rows = pd.concat(parts) if parts else None

    def _is_extra(self, asset: Any, field: str) -> bool:
        """Tell whether a value comes of an extra source; bars of an asset come first."""
        known = isinstance(asset, Asset) or hasattr(asset, "root_symbol")
        return not (known and field in BASE_FIELDS) and field in self._extra_values

    def get_extra_value(self, asset: Any, field: str, dt: pd.Timestamp) -> Any:
        """Return a value of an extra source on the day of `dt`, NaN if there is none."""
        values = self._extra_values.get(field, {}).get(asset)
        day = dt.normalize().tz_localize(None)
        if values is None or day not in values.index:
            return np.nan
        return values.loc[day, field]

    def get_fetcher_assets(self, dt: pd.Timestamp) -> list[Any]:
        """Return the assets that extra sources have on the day of `dt`."""
        day = dt.normalize().tz_localize(None)
        if self._extra_rows is None or day not in self._extra_rows.index:
            return []
        return [asset for asset in self._extra_rows.loc[[day], "sid"] if isinstance(asset, Asset)]


def _by_kind(equity_reader: Any, future_reader: Any) -> dict[type, Any]:
    """Return the readers that are there, by the kind of asset."""
    readers = {Equity: equity_reader, Future: future_reader}
    return {kind: reader for kind, reader in readers.items() if reader is not None}


def _value(time: pd.Timestamp) -> int:
    """Return nanoseconds since 1970, by which times with and without zone compare."""
    return time.value
