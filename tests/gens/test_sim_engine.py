"""The simulation clock emits its events as a plain model of it does."""

from __future__ import annotations

import gc
import pickle
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.gens.sim_engine import (
    BAR,
    BEFORE_TRADING_START_BAR,
    MINUTE_END,
    NANOS_IN_MINUTE,
    SESSION_END,
    SESSION_START,
    MinuteSimulationClock,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Event = tuple[pd.Timestamp, int]
MINUTE = pd.Timedelta(minutes=1)
PARAMETERS = ["sessions", "market_opens", "market_closes", "before_trading_start_minutes"]


def utc(*times: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(list(times), tz="UTC")


def two_days() -> dict[str, Any]:
    return {
        "sessions": pd.DatetimeIndex(["2020-01-02", "2020-01-03"]),
        "market_opens": utc("2020-01-02 14:31", "2020-01-03 14:31"),
        "market_closes": utc("2020-01-02 14:33", "2020-01-03 14:32"),
        "before_trading_start_minutes": utc("2020-01-02 13:45", "2020-01-03 13:45"),
    }


def short(events: Sequence[Event]) -> list[str]:
    return [f"{time:%d %H:%M:%S} {event}" for time, event in events]


def model(
    sessions: pd.DatetimeIndex,
    market_opens: pd.DatetimeIndex,
    market_closes: pd.DatetimeIndex,
    before_trading_start_minutes: pd.DatetimeIndex,
    minute_emission: bool,
) -> list[Event]:
    """Return the events of a clock, sorted by the rules rather than generated in order."""
    events: list[Event] = []
    rows = zip(sessions, market_opens, market_closes, before_trading_start_minutes, strict=True)
    for label, market_open, market_close, before in rows:
        minutes = pd.date_range(market_open, market_close, freq=MINUTE)
        timed = [(minute, 1, BAR) for minute in minutes]
        if minute_emission:
            timed += [(minute, 2, MINUTE_END) for minute in minutes]
        if before <= market_close:
            timed.append((before, 0, BEFORE_TRADING_START_BAR))
        events.append((label, SESSION_START))
        events += [(time, event) for time, _, event in sorted(timed)]
        events.append((market_close, SESSION_END))
    return events


@st.composite
def clocks(draw: st.DrawFn) -> tuple[Any, ...]:
    """Draw the times of up to five sessions, of unequal length, in any unit that holds them."""
    count = draw(st.integers(0, 5))
    days = draw(st.lists(st.integers(0, 20_000), min_size=count, max_size=count, unique=True))
    labels = np.array(sorted(days), dtype=np.int64) * 1440
    offsets = draw(st.lists(st.integers(0, 1439), min_size=count, max_size=count))
    lengths = draw(st.lists(st.integers(0, 12), min_size=count, max_size=count))
    seconds = draw(st.lists(st.integers(-1800, 1800), min_size=count, max_size=count))
    opens = labels + np.array(offsets, dtype=np.int64)
    closes = opens + np.array(lengths, dtype=np.int64)
    befores = opens * 60 + np.array(seconds, dtype=np.int64)
    unit: Literal["s", "ms", "us", "ns"] = draw(st.sampled_from(["s", "ms", "us", "ns"]))
    times = [
        pd.DatetimeIndex((nanos * 1_000_000_000).view("M8[ns]"), tz="UTC").as_unit(unit)
        for nanos in (labels * 60, opens * 60, closes * 60, befores)
    ]
    return (*times, draw(st.booleans()))


@given(clocks())
def test_events_are_those_of_the_model(arguments: tuple[Any, ...]) -> None:
    events = list(MinuteSimulationClock(*arguments))
    assert events == model(*arguments)
    assert all(type(time) is pd.Timestamp and time.unit == "ns" for time, _ in events)
    assert all(str(time.tz) == "UTC" for time, _ in events)


def test_constants_are_ziplines() -> None:
    constants = [BAR, SESSION_START, SESSION_END, MINUTE_END, BEFORE_TRADING_START_BAR]
    assert constants == [0, 1, 2, 3, 4]
    assert MINUTE.value == NANOS_IN_MINUTE


def test_minute_emission_and_a_half_day() -> None:
    assert short(list(MinuteSimulationClock(**two_days(), minute_emission=True))) == [
        "02 00:00:00 1",
        "02 13:45:00 4",
        "02 14:31:00 0",
        "02 14:31:00 3",
        "02 14:32:00 0",
        "02 14:32:00 3",
        "02 14:33:00 0",
        "02 14:33:00 3",
        "02 14:33:00 2",
        "03 00:00:00 1",
        "03 13:45:00 4",
        "03 14:31:00 0",
        "03 14:31:00 3",
        "03 14:32:00 0",
        "03 14:32:00 3",
        "03 14:32:00 2",
    ]


def test_daily_data_has_one_bar_at_the_close() -> None:
    times = two_days()
    times["market_opens"] = times["market_closes"]
    assert short(list(MinuteSimulationClock(**times))) == [
        "02 00:00:00 1",
        "02 13:45:00 4",
        "02 14:33:00 0",
        "02 14:33:00 2",
        "03 00:00:00 1",
        "03 13:45:00 4",
        "03 14:32:00 0",
        "03 14:32:00 2",
    ]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("2020-01-01 20:00", ["01 20:00:00 4", "02 14:31:00 0", "02 14:32:00 0", "02 14:33:00 0"]),
        ("2020-01-02 14:31", ["02 14:31:00 4", "02 14:31:00 0", "02 14:32:00 0", "02 14:33:00 0"]),
        ("2020-01-02 14:32", ["02 14:31:00 0", "02 14:32:00 4", "02 14:32:00 0", "02 14:33:00 0"]),
        (
            "2020-01-02 14:32:30",
            ["02 14:31:00 0", "02 14:32:00 0", "02 14:32:30 4", "02 14:33:00 0"],
        ),
        ("2020-01-02 14:33", ["02 14:31:00 0", "02 14:32:00 0", "02 14:33:00 4", "02 14:33:00 0"]),
        ("2020-01-02 14:33:01", ["02 14:31:00 0", "02 14:32:00 0", "02 14:33:00 0"]),
        ("2020-01-05 14:33", ["02 14:31:00 0", "02 14:32:00 0", "02 14:33:00 0"]),
    ],
)
def test_before_trading_start(before: str, expected: list[str]) -> None:
    times = {name: value[:1] for name, value in two_days().items()}
    times["before_trading_start_minutes"] = utc(before)
    events = short(list(MinuteSimulationClock(**times)))
    assert events == ["02 00:00:00 1", *expected, "02 14:33:00 2"]


def test_many_sessions_come_in_several_batches() -> None:
    sessions = pd.date_range("2019-01-01", periods=40, freq="D", tz="UTC")
    opens = sessions + pd.Timedelta("14h31min")
    closes = opens + pd.to_timedelta(np.where(np.arange(40) % 7, 389, 209), unit="min")
    arguments = (sessions, opens, closes, opens - 46 * MINUTE, True)
    assert list(MinuteSimulationClock(*arguments)) == model(*arguments)


@pytest.mark.parametrize("kind", ["index", "series", "array", "zoned", "naive"])
def test_every_kind_of_times(kind: str) -> None:
    converters: dict[str, Callable[[pd.DatetimeIndex], Any]] = {
        "index": lambda times: times,
        "series": pd.Series,
        "array": lambda times: times.to_numpy(dtype="M8[s]"),
        "zoned": lambda times: times.tz_convert("America/New_York"),
        "naive": lambda times: times.tz_localize(None),
    }
    times = two_days()
    times["sessions"] = times["sessions"].tz_localize("UTC")
    plain = list(MinuteSimulationClock(**two_days()))
    converted = {name: converters[kind](value) for name, value in times.items()}
    assert list(MinuteSimulationClock(**converted)) == plain


def test_iterating_again_starts_anew() -> None:
    clock = MinuteSimulationClock(**two_days())
    first = iter(clock)
    head = [next(first) for _ in range(3)]
    events = list(clock)
    assert head == events[:3]
    assert [*head, *first] == events == list(clock)


def test_later_changes_of_the_input_do_not_show() -> None:
    times = {name: value.to_numpy(dtype="M8[ns]").copy() for name, value in two_days().items()}
    clock = MinuteSimulationClock(**times)
    events = list(clock)
    for name in times:
        times[name] += np.timedelta64(7, "D")
    assert list(clock) == events


def test_no_sessions() -> None:
    times = {name: value[:0] for name, value in two_days().items()}
    assert list(MinuteSimulationClock(**times)) == []


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol: int) -> None:
    clock = MinuteSimulationClock(**two_days(), minute_emission=True)
    assert list(pickle.loads(pickle.dumps(clock, protocol))) == list(clock)  # noqa: S301


def test_iterating_leaves_no_objects_behind() -> None:
    clock = MinuteSimulationClock(**two_days())
    list(clock)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        list(clock)
    gc.collect()
    assert len(gc.get_objects()) - before < 20


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (["2020-01-02", "2020-01-03"], TypeError, "an array of datetimes, got list"),
        (None, TypeError, "an array of datetimes, got NoneType"),
        (np.array([1, 2]), TypeError, "an array of datetimes, got ndarray"),
        (np.zeros((2, 1), "M8[ns]"), ValueError, r"must be one-dimensional, got shape \(2, 1\)"),
        (np.array(["2020-01-02", "NaT"], "M8[ns]"), ValueError, "no missing time, got NaT at 1"),
        (np.array(["2020", "9999"], "M8[s]"), ValueError, "must lie within the years 1678 to 2261"),
        (
            pd.DatetimeIndex(["2020-01-02"]),
            ValueError,
            "one time a session from each parameter: .*{name} has 1",
        ),
    ],
)
def test_bad_times_are_named(
    name: str, value: object, error: type[Exception], sentence: str
) -> None:
    times = two_days()
    times[name] = value
    with pytest.raises(error, match=sentence.replace("{name}", name)) as caught:
        MinuteSimulationClock(**times)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"sessions": pd.DatetimeIndex(["2020-01-03", "2020-01-02"])},
            "sessions must strictly increase, got 2020-01-02 00:00:00 at 1 after 2020-01-03",
        ),
        (
            {"sessions": pd.DatetimeIndex(["2020-01-02", "2020-01-02"])},
            "sessions must strictly increase",
        ),
        (
            {"market_closes": utc("2020-01-02 14:33", "2020-01-03 14:30")},
            "must not lie before market_opens, got the open 2020-01-03 14:31:00.* 14:30:00",
        ),
        (
            {"market_closes": utc("2020-01-02 14:33:30", "2020-01-03 14:32")},
            "market_closes must be whole minutes after market_opens, got .* 2020-01-02 14:33:30",
        ),
    ],
)
def test_bad_order_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        MinuteSimulationClock(**(two_days() | changes))


@pytest.mark.parametrize("emission", ["minute", 1, None])
def test_minute_emission_is_a_bool(emission: object) -> None:
    with pytest.raises(TypeError, match="minute_emission must be True or False, got"):
        MinuteSimulationClock(**two_days(), minute_emission=emission)  # type: ignore[arg-type]
