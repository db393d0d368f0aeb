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
from rustybt.assets import Equity, ExchangeInfo
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
