"""Benchmark returns are the ratios of adjusted prices, on data that a few lines hold."""

from __future__ import annotations

import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

from rustybt.assets import Equity, ExchangeInfo
from rustybt.data._equities import BarColumns
from rustybt.data.data_portal import DataPortal
from rustybt.errors import (
    BenchmarkAssetNotAvailableTooEarly,
    BenchmarkAssetNotAvailableTooLate,
    InvalidBenchmarkAsset,
)
from rustybt.sources.benchmark_source import BenchmarkSource

pytestmark = pytest.mark.filterwarnings("ignore:.*drops timezone information:DeprecationWarning")

NYSE = ExchangeInfo("XNYS", "XNYS", "US")
CLOSES = [100.0, 110.0, 55.0, 44.0, 66.0]
SPLIT = pd.Timestamp("2020-11-30")  # the third session


@cache
def calendar() -> Any:
    with warnings.catch_warnings():  # exchange_calendars 4.13 with pandas 3.1
        warnings.simplefilter("ignore")
        return exchange_calendars.get_calendar("XNYS", side="right", start="2020-01-02")


def sessions() -> Any:
    return calendar().sessions_in_range("2020-11-25", "2020-12-02")  # the second is a half day


def reader(axis: pd.DatetimeIndex, closes: np.ndarray, opens: np.ndarray) -> Any:
    columns = BarColumns(
        np.array([1]),
        axis.as_unit("ns").asi8,
        np.array([0]),
        np.array([len(axis) - 1]),
        open=opens,
        high=closes,
        low=closes,
        close=closes,
        volume=np.ones(len(axis)),
    )
    return SimpleNamespace(
        columns=columns,
        trading_calendar=calendar(),
        first_trading_day=sessions()[0],
        last_available_dt=axis[-1],
        data_frequency="daily" if axis.tz is None else "minute",
    )


def portal(payouts: list[Any] | None = None) -> DataPortal:
    days = sessions()
    minutes = calendar().sessions_minutes(days[0], days[-1])
    at = days.get_indexer(calendar().minutes_to_sessions(minutes))
    closes = np.array(CLOSES)
    rising = closes[at] + np.arange(len(minutes)) / 64.0

    class Rows(list[Any]):
        description = (("ex_date",), ("sid",))

    adjustments = SimpleNamespace(
        get_adjustments_for_sid=lambda table, _: [[SPLIT, 0.5]] if table == "splits" else [],
        conn=SimpleNamespace(execute=lambda *_: Rows(payouts or [])),
    )
    return DataPortal(
        None,
        calendar(),
        days[0],
        equity_daily_reader=reader(days, closes, closes * 0.8),
        equity_minute_reader=reader(minutes, rising, rising),
        adjustment_reader=adjustments,
    )


def asset(start: pd.Timestamp | None = None, end: pd.Timestamp | None = None) -> Equity:
    return Equity(
        1, NYSE, "B", start_date=start or pd.Timestamp("2020-01-02"), end_date=end or sessions()[-1]
    )


def source(benchmark: Equity, days: pd.DatetimeIndex, rate: str = "daily") -> BenchmarkSource:
    return BenchmarkSource(benchmark, calendar(), days, portal(), rate)


def test_daily_returns_compare_adjusted_closes() -> None:
    days = sessions()[1:]
    benchmark = source(asset(), days)
    expected = [1.1 - 1, 0.0, 0.8 - 1, 0.5]
    np.testing.assert_allclose(benchmark.daily_returns(days[0], days[-1]), expected, atol=1e-15)
    assert benchmark.get_range(days[1], days[2]).index.equals(days[1:3])
    assert benchmark.get_value(days[3]) == benchmark.daily_returns(days[3])
    with pytest.raises(KeyError):
        benchmark.get_value(sessions()[0])


def test_an_asset_that_starts_with_the_simulation_returns_from_its_open() -> None:
    days = sessions()
    benchmark = source(asset(start=days[0]), days)
    assert benchmark.get_value(days[0]) == pytest.approx(0.25)
    assert len(benchmark.daily_returns(days[0], days[-1])) == 5


def test_minute_returns_and_their_sessions() -> None:
    days = sessions()[1:]
    benchmark = source(asset(), days, "minute")
    minutes = calendar().sessions_minutes(days[0], days[-1])
    returns = benchmark.get_range(minutes[0], minutes[-1])
    assert returns.index.equals(minutes)
    prices = (np.array(CLOSES)[[0] + [1] * 210] + np.arange(389, 600) / 64.0) * 0.5
    np.testing.assert_allclose(
        returns.to_numpy()[:210], np.round(prices, 3)[1:] / np.round(prices, 3)[:-1] - 1
    )
    ends = calendar().closes.loc[sessions()]
    whole = (1 + returns).groupby(calendar().minutes_to_sessions(minutes)).prod() - 1
    daily = benchmark.daily_returns(days[0], days[-1])
    np.testing.assert_allclose(daily, whole)
    assert len(ends) == len(daily) + 1


@pytest.mark.parametrize("rate", ["daily", "minute"])
def test_given_returns_count_as_zero_where_they_are_missing(rate: str) -> None:
    days = sessions()
    given = pd.Series([0.1, 0.2], index=days[[1, 3]])
    benchmark = BenchmarkSource(None, calendar(), days, None, rate, given)
    assert benchmark.daily_returns(days[0], days[-1]).tolist() == [0, 0.1, 0, 0.2, 0]
    bars = days if rate == "daily" else calendar().closes.loc[days]
    assert [benchmark.get_value(bar) for bar in bars] == [0, 0.1, 0, 0.2, 0]


def test_no_sessions_have_no_returns() -> None:
    none = sessions()[:0]
    benchmark = BenchmarkSource(None, calendar(), none, None)
    assert benchmark.get_range(*sessions()[:2]).empty


def test_an_asset_must_trade_throughout() -> None:
    days = sessions()
    with pytest.raises(BenchmarkAssetNotAvailableTooEarly, match="started trading on 2020-11-27"):
        source(asset(start=days[1]), days)
    with pytest.raises(BenchmarkAssetNotAvailableTooLate, match="stopped trading on 2020-12-01"):
        source(asset(end=days[3]), days)


def test_an_asset_must_not_pay_in_shares() -> None:
    paid = portal([(days_in_seconds("2020-11-27"), 1)])
    with pytest.raises(InvalidBenchmarkAsset, match="stock dividend on 2020-11-27"):
        BenchmarkSource(asset(), calendar(), sessions()[1:], paid)


def days_in_seconds(day: str) -> int:
    return pd.Timestamp(day).value // 10**9


def test_a_benchmark_is_an_asset_or_returns() -> None:
    with pytest.raises(ValueError, match="set_benchmark"):
        BenchmarkSource(None, calendar(), sessions(), None)
