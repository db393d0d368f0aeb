"""Prices and history are those of zipline-reloaded 3.2.1, whatever reader they come from.

The market and the answers in `oracle/` were made by the script that lies beside them.
"""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

from rustybt._protocol import BarData
from rustybt.assets import AssetDBWriter, AssetFinder, Equity, ExchangeInfo
from rustybt.data._equities import BarColumns
from rustybt.data.data_portal import DataPortal
from rustybt.errors import HistoryWindowStartsBeforeData

ORACLE = Path(__file__).parent / "oracle"
FIELDS = ["open", "high", "low", "close", "volume"]
# What exchange_calendars 4.13 does with pandas 3.1; ours would be seen on any other line.
pytestmark = pytest.mark.filterwarnings("ignore:.*drops timezone information:DeprecationWarning")

NYSE = ExchangeInfo("XNYS", "XNYS", "US")


@cache
def calendar() -> Any:
    with warnings.catch_warnings():  # exchange_calendars 4.13 with pandas 3.1
        warnings.simplefilter("ignore")
        return exchange_calendars.get_calendar("XNYS", side="right", start="2010-01-04")


@cache
def stored(name: str) -> Any:
    return json.loads((ORACLE / f"portal_{name}.json").read_text(encoding="ascii"))


class Reader:
    """A reader of bars in memory, with Zipline's methods for those that do not know columns."""

    trading_calendar = calendar()

    def __init__(self, axis: pd.DatetimeIndex, frames: dict[int, pd.DataFrame]) -> None:
        self.axis = axis
        self.frames = frames
        self.data_frequency = "daily" if axis.tz is None else "minute"
        self.first_trading_day = axis[0].tz_localize(None).normalize()
        self.last_available_dt = axis[-1]

    def load_raw_arrays(
        self, columns: list[str], start: pd.Timestamp, end: pd.Timestamp, assets: list[Any]
    ) -> list[Any]:
        """Return an array of times by assets for each column."""
        times = self.axis[self.axis.slice_indexer(start, end)]
        found = [self.frames[asset.sid].reindex(times) for asset in assets]
        return [
            np.column_stack(
                [frame[name].fillna(0) if name == "volume" else frame[name] for frame in found]
            )
            for name in columns
        ]


class ColumnReader(Reader):
    """A reader that has its bars as columns."""

    def __init__(self, axis: pd.DatetimeIndex, frames: dict[int, pd.DataFrame]) -> None:
        super().__init__(axis, frames)
        spans = {sid: axis.get_indexer(frame.index[[0, -1]]) for sid, frame in frames.items()}
        filled = [
            frame.reindex(axis[spans[sid][0] : spans[sid][1] + 1]).fillna({"volume": 0.0})
            for sid, frame in frames.items()
        ]
        self.columns = BarColumns(
            np.array(list(frames), dtype=np.int64),
            axis.as_unit("ns").asi8,
            np.array([span[0] for span in spans.values()], dtype=np.intp),
            np.array([span[1] for span in spans.values()], dtype=np.intp),
            **{
                name: np.concatenate([frame[name].to_numpy(np.float64) for frame in filled])
                for name in FIELDS
            },
        )


def frames(rows: dict[str, list[Any]], *, utc: bool) -> dict[int, pd.DataFrame]:
    return {
        int(sid): pd.DataFrame(
            [row[1:] for row in bars],
            columns=FIELDS,
            index=pd.to_datetime([row[0] for row in bars], utc=utc).as_unit("ns"),
        )
        for sid, bars in rows.items()
    }


@cache
def market(bars_of: str) -> tuple[DataPortal, list[Equity]]:
    bars = stored("market")
    reader = ColumnReader if bars_of == "columns" else Reader
    sessions = calendar().sessions_in_range("2011-03-01", "2011-12-30")
    minutes = calendar().sessions_minutes("2011-11-21", "2011-11-30")
    lives = {int(sid): map(pd.Timestamp, life) for sid, life in bars["lives"].items()}
    equities = []
    for sid, (first, last) in lives.items():
        closed = last + calendar().day
        equities.append(
            Equity(sid, NYSE, f"S{sid}", "", first, last, first, auto_close_date=closed)
        )
    adjustments = SimpleNamespace(
        get_adjustments_for_sid=lambda table, sid: [
            [pd.Timestamp(date), ratio] for owner, date, ratio in bars[table] if owner == sid
        ]
    )
    portal = DataPortal(
        None,
        calendar(),
        sessions[0],
        equity_daily_reader=reader(sessions, frames(bars["daily"], utc=False)),
        equity_minute_reader=reader(minutes, frames(bars["minute"], utc=True)),
        adjustment_reader=adjustments,
    )
    return portal, equities


def plain(value: Any) -> Any:
    if value is pd.NaT or value != value:
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def bar_data(portal: DataPortal, answer: dict[str, Any]) -> BarData:
    now = pd.Timestamp(answer["now"])
    data = BarData(portal, lambda: now, answer["mode"], calendar())
    data._handle_non_market_minutes = answer["before"]
    return data


READERS = pytest.mark.parametrize("bars_of", ["columns", "a foreign reader"])
ANSWERS = pytest.mark.parametrize(
    "answer",
    stored("answers"),
    ids=lambda answer: f"{answer['mode']}-{answer['now'][:16]}{'-before' * answer['before']}",
)


@READERS
@ANSWERS
def test_history_is_the_oracles(bars_of: str, answer: dict[str, Any]) -> None:
    portal, equities = market(bars_of)
    data = bar_data(portal, answer)
    for question, expected in answer["history"].items():
        field, count, frequency = question.split()
        if isinstance(expected, str):  # the oracle's error is a LookupError without a word
            with pytest.raises(HistoryWindowStartsBeforeData, match="2011-11-2"):
                data.history(equities, field, int(count), frequency)
            continue
        frame = data.history(equities, field, int(count), frequency)
        values = np.array(expected["values"], dtype=np.float64).T
        assert frame.index[0].isoformat() == expected["first"], question
        assert list(frame.columns) == equities
        np.testing.assert_allclose(frame.to_numpy(), values, rtol=1e-14, err_msg=question)
        for position, equity in enumerate(equities):
            series = data.history(equity, field, int(count), frequency)
            np.testing.assert_array_equal(series.to_numpy(), frame.to_numpy()[:, position])
            assert series.index.equals(frame.index)


@READERS
@ANSWERS
def test_present_values_are_the_oracles(bars_of: str, answer: dict[str, Any]) -> None:
    portal, equities = market(bars_of)
    data = bar_data(portal, answer)
    for field, expected in answer["current"].items():
        values = [plain(data.current(equity, field)) for equity in equities]
        if field != "last_traded":
            np.testing.assert_allclose(
                np.array(values, float), np.array(expected, float), rtol=1e-15
            )
        else:
            assert values == expected
    assert data.can_trade(equities).tolist() == answer["can_trade"]
    assert data.is_stale(equities).tolist() == answer["is_stale"]


def daily_portal(**options: Any) -> DataPortal:
    """Return the portal of the stored market, with its adjustments as the database has them."""
    portal, equities = market("columns")
    seconds = {day: pd.Timestamp(day).value // 10**9 for _, day, _ in stored("market")["splits"]}
    splits = [(seconds[day], sid, ratio) for sid, day, ratio in stored("market")["splits"]]
    shares = (
        ["declared_date", "ex_date", "pay_date", "payment_sid", "ratio", "record_date", "sid"],
        [(seconds["2011-06-27"],) * 3 + (2, 0.125, seconds["2011-06-27"], 1)],
    )

    def execute(statement: str, parameters: Any = ()) -> Any:
        if "splits" in statement:
            return iter(splits)
        rows = Rows(row for row in shares[1] if row[-1] == parameters[0])
        rows.description = [(name,) for name in shares[0]]
        return rows

    adjustments = SimpleNamespace(
        conn=SimpleNamespace(execute=execute),
        get_adjustments_for_sid=portal.adjustment_reader.get_adjustments_for_sid,
    )
    finder = SimpleNamespace(retrieve_asset={equity.sid: equity for equity in equities}.get)
    sessions = calendar().sessions_in_range("2011-03-01", "2011-12-30")
    bars = ColumnReader(sessions, frames(stored("market")["daily"], utc=False))
    settings = {"equity_daily_reader": bars, "adjustment_reader": adjustments, **options}
    return DataPortal(finder, calendar(), sessions[0], **settings)


class Rows(list[Any]):
    """What a cursor of SQLite returns."""

    description: Any


def test_spot_values_of_a_portal() -> None:
    portal, equities = daily_portal(), market("columns")[1]
    day = pd.Timestamp("2011-06-27")
    values = portal.get_spot_value(equities[:2], "close", day, "daily")
    answer = next(one for one in stored("answers") if one["now"].startswith("2011-06-27"))
    assert values == answer["current"]["close"][:2]
    minute = calendar().session_close(day)
    scalar = portal.get_scalar_asset_spot_value(equities[0], "volume", minute, "daily")
    assert scalar == answer["current"]["volume"][0]
    assert portal.get_last_traded_dt(equities[0], day, "daily") == day
    assert portal.get_last_traded_dt(equities[4], day, "daily") is pd.NaT


def test_values_adjusted_between_two_times() -> None:
    portal, equities = daily_portal(), market("columns")[1]
    cern = equities[0]
    before, after = pd.Timestamp("2011-06-24"), pd.Timestamp("2011-06-27")
    raw = portal.get_spot_value(cern, "close", before, "daily")
    assert portal.get_adjusted_value(cern, "close", before, after, "daily") == raw * 0.5
    assert portal.get_adjusted_value(cern, "close", after, after, "daily", 3.0) == 3.0
    volume = portal.get_spot_value(cern, "volume", before, "daily")
    assert portal.get_adjusted_value(cern, "volume", before, after, "daily") == volume * 2
    assert portal.get_adjustments(cern, "price", before, after) == [0.5]
    late = pd.Timestamp("2011-11-28")
    ratios = portal.get_adjustments(equities, "price", before, late)
    assert ratios[3] == 0.25 * 0.8
    assert portal.get_adjustments(equities, "volume", before, late)[3] == 1 / 0.25
    aware = [time.tz_localize("UTC") for time in (before, after)]
    assert portal.get_adjustments([cern], "price", *aware) == [0.5]


def test_history_window_of_a_portal() -> None:
    portal, equities = daily_portal(), market("columns")[1]
    day = pd.Timestamp("2011-06-28")
    filled = portal.get_history_window(equities[2:4], day, 4, "1d", "price", "daily")
    raw = portal.get_history_window(equities[2:4], day, 4, "1d", "price", "daily", ffill=False)
    close = portal.get_history_window(equities[2:4], day, 4, "1d", "close", "daily")
    pd.testing.assert_frame_equal(raw, close)
    pd.testing.assert_frame_equal(filled, close.ffill())
    assert close.isna().to_numpy().any()
    with pytest.raises(HistoryWindowStartsBeforeData, match="2011-03-01"):
        portal.get_history_window(equities, day, 400, "1d", "price", "daily")


def test_splits_and_stock_dividends() -> None:
    portal, equities = daily_portal(), market("columns")[1]
    day = pd.Timestamp("2011-11-25")
    assert portal.get_splits(equities, day) == [(equities[3], 0.25), (equities[4], 3.0)]
    assert portal.get_splits({equities[4]}, day) == [(equities[4], 3.0)]
    assert portal.get_splits([], day) == []
    assert portal.get_splits(equities, pd.Timestamp("2011-11-28")) == []
    days = calendar().sessions_in_range("2011-03-01", "2011-12-30")
    (dividend,) = portal.get_stock_dividends(equities[1], days)
    assert dividend["ex_date"] == pd.Timestamp("2011-06-27")
    assert (dividend["payment_sid"], dividend["ratio"]) == (2, 0.125)
    assert portal.get_stock_dividends(2, days) == []
    assert portal.get_stock_dividends(1, days[:0]) == []
    bare = daily_portal(adjustment_reader=None)
    assert bare.get_splits(equities, day) == []
    assert bare.get_stock_dividends(1, days) == []
    assert bare.get_adjustments(equities[0], "price", days[0], days[-1]) == [1.0]


def test_extra_sources() -> None:
    portal, equities = daily_portal(), market("columns")[1]
    rows = pd.DataFrame(
        {"sid": [equities[0], "palladium", "palladium"], "signal": [1.5, 2.5, 3.5]},
        index=pd.to_datetime(
            ["2011-06-22 10:00", "2011-06-23 10:00", "2011-06-28 10:00"], utc=True
        ),
    )
    period = SimpleNamespace(
        start_session=pd.Timestamp("2011-06-22"), end_session=pd.Timestamp("2011-06-28")
    )
    portal.handle_extra_source(None, period)
    assert not portal.contains(equities[0], "signal")
    portal.handle_extra_source(rows, period)
    assert portal.contains(equities[0], "signal")
    assert not portal.contains(equities[1], "signal")
    assert portal.contains(equities[1], "price")
    now = [calendar().session_close(pd.Timestamp("2011-06-24"))]
    data = BarData(portal, lambda: now[0], "daily", calendar())
    assert data.current(equities[0], "signal") == 1.5
    assert data.current("palladium", "signal") == 2.5
    assert data.current("palladium", ["signal"]).tolist() == [2.5]
    assert data.fetcher_assets == [equities[0]]
    now[0] = calendar().session_close(pd.Timestamp("2011-06-28"))
    assert data.current("palladium", "signal") == 3.5
    now[0] = calendar().session_close(pd.Timestamp("2011-06-29"))
    assert np.isnan(data.current("palladium", "signal"))
    assert data.fetcher_assets == []


def test_a_portal_without_minutes_says_so() -> None:
    with pytest.raises(ValueError, match="no minutes: give it a reader of minutes"):
        daily_portal().feed((), "minute")


def test_a_simulation_may_go_on_after_the_last_minute_with_data() -> None:
    portal, equities = market("columns")
    sessions = calendar().sessions_in_range("2011-11-29", "2011-12-02")
    feed = portal.feed(sessions, "minute")
    first, last = feed.session_minutes(3)
    assert last - first == 389
    feed.move(3, first)
    assert np.isnan(feed.bar(equities[0], 3))
    assert feed.price(equities[0]) > 0
    assert len(BarData(feed).history(equities[0], "price", 800, "1m")) == 800


def test_the_chain_of_a_continuous_future(tmp_path: Path) -> None:
    starts = pd.DatetimeIndex(["2011-01-03"] * 3)
    ends = pd.DatetimeIndex(["2011-06-17", "2011-09-16", "2011-12-16"])
    writer = AssetDBWriter(f"sqlite:///{tmp_path / 'assets.db'}")
    writer.write(
        futures=pd.DataFrame(
            {
                "symbol": ["FUM11", "FUU11", "FUZ11"],
                "root_symbol": "FU",
                "start_date": starts,
                "end_date": ends,
                "notice_date": ends,
                "expiration_date": ends,
                "auto_close_date": ends,
                "exchange": "XNYS",
                "multiplier": 10.0,
            },
            index=[11, 12, 13],
        ),
        root_symbols=pd.DataFrame({"root_symbol": ["FU"], "root_symbol_id": 1, "exchange": "XNYS"}),
        exchanges=pd.DataFrame({"exchange": ["XNYS"], "country_code": ["US"]}),
    )
    finder = AssetFinder(writer.engine)
    portal = DataPortal(finder, calendar(), calendar().sessions[0])
    now = calendar().session_close(pd.Timestamp("2011-06-16"))
    data = BarData(portal, lambda: now, "daily", calendar())
    front, second, third = finder.retrieve_all([11, 12, 13])
    assert data.current_chain(finder.create_continuous_future("FU", 0, "calendar", None)) == [
        front,
        second,
        third,
    ]
    assert data.current_chain(finder.create_continuous_future("FU", 1, "calendar", None)) == [
        second,
        third,
    ]
    assert data.current_chain(finder.create_continuous_future("FU", 3, "calendar", None)) == []
    later = finder.create_continuous_future("FU", 1, "calendar", None)
    assert data.current(later, "contract") == second
    now = calendar().session_close(pd.Timestamp("2011-06-20"))
    assert data.current(later, "contract") == third
    finder.close()
    writer.engine.dispose()
