"""Adjusted windows of an axis: as seen from the bar and after it, of equities and of futures."""

from __future__ import annotations

import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

from rustybt.assets import Equity, ExchangeInfo, Future
from rustybt.assets.continuous_futures import ContinuousFuture
from rustybt.data.history_loader import DailyHistoryLoader, MinuteHistoryLoader, minute_axis

# What exchange_calendars 4.13 does with pandas 3.1; ours would be seen on any other line.
pytestmark = pytest.mark.filterwarnings("ignore:.*drops timezone information:DeprecationWarning")

CME = ExchangeInfo("CMES", "CMES", "US")


@cache
def calendar(name: str = "XNYS") -> Any:
    with warnings.catch_warnings():  # exchange_calendars 4.13 with pandas 3.1
        warnings.simplefilter("ignore")
        return exchange_calendars.get_calendar(name, side="right", start="2020-01-02")


def sessions() -> Any:
    return calendar().sessions_in_range("2020-11-16", "2020-12-04")


def reader(prices: dict[int, list[float]], times: Any = None) -> Any:
    """Return a reader of bars whose every price is the same, from the first session on."""
    times = sessions() if times is None else times

    def load_raw_arrays(fields: list[str], start: Any, end: Any, assets: list[Any]) -> list[Any]:
        span = times.slice_indexer(start, end)
        values = np.array([prices[asset.sid][span] for asset in assets], dtype=float).T
        volume = np.where(np.isnan(values), 0.0, 100.0)
        return [volume if field == "volume" else values for field in fields]

    return SimpleNamespace(
        load_raw_arrays=load_raw_arrays,
        first_trading_day=sessions()[0],
        last_available_dt=times[-1],
        trading_calendar=calendar(),
        data_frequency="daily" if times.tz is None else "minute",
    )


def equity() -> Equity:
    return Equity(1, CME, start_date=sessions()[0], end_date=sessions()[-1])


def splitting(day: str, ratio: float) -> Any:
    return SimpleNamespace(
        get_adjustments_for_sid=lambda table, _: (
            [[pd.Timestamp(day), ratio]] if table == "splits" else []
        )
    )


def test_an_action_counts_for_those_who_look_from_after_it() -> None:
    days = sessions()
    prices = [10.1, 10.2, 10.3, 10.4, 5.25] + [5.0] * (len(days) - 5)
    loader = DailyHistoryLoader(calendar(), reader({1: prices}), splitting("2020-11-20", 0.5), None)
    before = loader.history([equity()], days[:4], "close", False)
    after = loader.history([equity()], days[:4], "close", True)
    on_the_day = loader.history([equity()], days[:5], "close", False)
    assert before[:, 0].tolist() == [10.1, 10.2, 10.3, 10.4]
    assert after[:, 0].tolist() == [5.05, 5.1, 5.15, 5.2]
    assert on_the_day[:, 0].tolist() == [5.05, 5.1, 5.15, 5.2, 5.25]
    assert loader.history([equity()], days[:4], "volume", True)[:, 0].tolist() == [200.0] * 4
    assert loader.history([], days[:4], "close", False).shape == (4, 0)


def test_an_action_on_no_session_counts_from_the_next() -> None:
    days = sessions()
    loader = DailyHistoryLoader(
        calendar(), reader({1: [8.0] * len(days)}), splitting("2020-11-21", 0.5), None
    )
    window = loader.history([equity()], days[3:6], "close", False)
    assert window[:, 0].tolist() == [4.0, 4.0, 8.0]  # Thursday, Friday, Monday


def contracts() -> dict[int, Future]:
    last = [sessions()[5], sessions()[10], sessions()[-1]]
    return {
        sid: Future(
            sid,
            CME,
            f"F{sid}",
            "F",
            start_date=sessions()[0],
            end_date=end,
            expiration_date=end,
            auto_close_date=end,
            tick_size=0.25,
        )
        for sid, end in enumerate(last, start=1)
    }


def continuous(adjustment: str | None) -> ContinuousFuture:
    days = sessions()
    return ContinuousFuture(99, "F", 0, "calendar", days[0], days[-1], CME, adjustment)


ROLLS = [5, 10]  # ordinals of the sessions from which the next contract is the one


def futures_loader(*, minutes: bool = False) -> tuple[Any, np.ndarray, Any]:
    """Return a loader, the closes of three contracts and the times; a roll between each."""
    days = sessions()
    times = calendar().sessions_minutes(days[0], days[-1]) if minutes else days
    of_session = days.get_indexer(calendar().minutes_to_sessions(times)) if minutes else None
    at = np.arange(len(days)) if of_session is None else of_session
    rng = np.random.default_rng(3)
    closes = np.round(rng.integers(400, 480, (3, len(times))) / 4, 2)
    closes[1, np.flatnonzero(at == 4)[-1]] = np.nan  # no trade in the last bar before the roll
    stitched = np.choose(np.searchsorted(ROLLS, at, side="right"), closes)
    prices = {sid: list(closes[sid - 1]) for sid in (1, 2, 3)}
    chain = contracts()

    def get_rolls(root: str, start: Any, end: Any, offset: int) -> list[Any]:
        assert (root, start, end, offset) == ("F", days[0], days[-1], 0)
        return [(1, days[ROLLS[0]]), (2, days[ROLLS[1]]), (3, None)]

    finder = SimpleNamespace(
        retrieve_asset=chain.__getitem__,
        get_ordered_contracts=lambda _: SimpleNamespace(contract_before_auto_close=lambda _: 1),
    )
    readers = {
        Future: reader(prices, times),
        ContinuousFuture: reader({99: list(stitched)}, times),
    }
    kind = MinuteHistoryLoader if minutes else DailyHistoryLoader
    loader = kind(
        calendar(),
        readers,
        None,
        finder,
        {"calendar": SimpleNamespace(get_rolls=get_rolls)},
        axis=minute_axis(calendar(), days[0], days[-1]) if minutes else None,
    )
    return loader, closes, times


@pytest.mark.parametrize("minutes", [False, True])
@pytest.mark.parametrize("adjustment", ["mul", "add", None])
def test_continuous_futures_close_the_gaps_of_rolls(adjustment: str | None, minutes: bool) -> None:
    loader, closes, times = futures_loader(minutes=minutes)
    days = sessions()
    at = (
        days.get_indexer(calendar().minutes_to_sessions(times)) if minutes else np.arange(len(days))
    )
    expected = np.choose(np.searchsorted(ROLLS, at, side="right"), closes)
    for number, roll in enumerate(ROLLS):
        first = np.flatnonzero(at == roll)[0]
        front, back = (pd.Series(closes[number + i][:first]).ffill().iloc[-1] for i in (0, 1))
        if adjustment == "mul":
            expected[:first] *= 1 + (back - front) / front
        elif adjustment == "add":
            expected[:first] += back - front
    future = continuous(adjustment)
    window = loader.history([future], times, "close", False)[:, 0]
    np.testing.assert_allclose(window, np.round(expected, 2), rtol=1e-12)
    volumes = loader.history([future], times, "volume", False)[:, 0]
    assert set(volumes) == {100.0}
    first = np.flatnonzero(at == ROLLS[0])[0]
    known = loader.history([future], times[:first], "close", False)[:, 0]
    np.testing.assert_array_equal(known, closes[0][:first])  # no roll has been seen yet


@pytest.mark.parametrize(("tick", "places"), [(0.25, 2), (0.001, 3), (1.0, 1), (None, 3)])
def test_history_of_futures_is_rounded_to_their_ticks(tick: float | None, places: int) -> None:
    future = Future(1, CME, start_date=sessions()[0], end_date=sessions()[-1], tick_size=tick)
    values = np.linspace(1, 2, len(sessions()))
    loader = DailyHistoryLoader(calendar(), reader({1: list(values)}), None, None)
    window = loader.history([future], sessions(), "close", False)[:, 0]
    np.testing.assert_array_equal(window, np.round(values, places))


def test_an_asset_without_a_reader_has_no_bars() -> None:
    loader = DailyHistoryLoader(calendar(), {}, None, None)
    window = loader.history([equity()], sessions()[:2], "close", False)
    assert np.isnan(window).all()


def test_a_reader_must_keep_to_the_calendar() -> None:
    days = sessions()
    loader = DailyHistoryLoader(calendar(), reader({1: [1.0] * 9}, days[:9]), None, None)
    loader.history([equity()], days[:2], "close", False)
    broken = reader({1: [1.0] * len(days)}, days.delete(3))
    loader = DailyHistoryLoader(calendar(), broken, None, None)
    with pytest.raises(ValueError, match=r"returned 13 bars .* the calendar XNYS has 14"):
        loader.history([equity()], days[:2], "close", False)


def test_minutes_of_a_calendar_with_a_break() -> None:
    hong_kong = calendar("XHKG")
    start, end = pd.Timestamp("2020-12-23"), pd.Timestamp("2020-12-28")
    expected = hong_kong.sessions_minutes(start, end)
    axis = minute_axis(hong_kong, start, end)
    np.testing.assert_array_equal(axis.nanos, expected.as_unit("ns").asi8)
    assert axis.index.equals(expected)
