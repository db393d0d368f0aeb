"""Rules of scheduled functions against zipline-reloaded's answers, and against being asked."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.utils import events
from rustybt.utils.calendar_utils import get_calendar
from rustybt.utils.events import calendars

# Mistakes are made on purpose below, which the types would forbid.
date_rules: Any = events.date_rules
time_rules: Any = events.time_rules
make_eventrule: Any = events.make_eventrule

ORACLE = Path(__file__).with_name("oracle") / "schedules.json.gz"
SPANS = {"daily": ("1995-01-03", "2025-06-30"), "minute": ("2012-11-12", "2012-12-31")}
XNYS = get_calendar("XNYS")


def bars(frequency: str, start: str, end: str, calendar: Any = XNYS) -> Any:
    sessions = calendar.sessions_in_range(start, end)
    if frequency == "daily":
        return pd.DatetimeIndex(calendar.closes.loc[sessions]).as_unit("ns").asi8
    return calendar.sessions_minutes(sessions[0], sessions[-1]).as_unit("ns").asi8


def rule_of(day: str, offset: int | None, time: str, minutes: int | None) -> tuple[Any, Any]:
    date_rule = getattr(date_rules, day)(*(() if offset is None else (offset,)))
    span = () if minutes is None else (dt.timedelta(minutes=minutes),)
    return date_rule, getattr(time_rules, time)(*span)


def asked(rule: events.EventRule, times: Any) -> list[int]:
    return [time for time in times if rule.should_trigger(pd.Timestamp(time, tz="UTC"))]


@pytest.mark.parametrize("frequency", list(SPANS))
def test_rules_hold_where_ziplines_do(frequency: str) -> None:
    answers = json.loads(gzip.decompress(ORACLE.read_bytes()))
    times = bars(frequency, *SPANS[frequency])
    count = 0
    for asked_frequency, day, offset, time, minutes, half_days, steps in answers:
        if asked_frequency != frequency:
            continue
        rule = make_eventrule(*rule_of(day, offset, time, minutes), XNYS, half_days)
        found = rule.times(times)
        expected = times[np.cumsum(np.array(steps, dtype=np.intp))]
        np.testing.assert_array_equal(found, expected, err_msg=f"{day} {offset} {time} {minutes}")
        count += found.size
    assert count > 2_000


RULES = st.one_of(
    st.just(date_rules.every_day),
    st.integers(0, 22).map(lambda n: lambda: date_rules.month_start(n)),
    st.integers(0, 22).map(lambda n: lambda: date_rules.month_end(n)),
    st.integers(0, 4).map(lambda n: lambda: date_rules.week_start(n)),
    st.integers(0, 4).map(lambda n: lambda: date_rules.week_end(n)),
)
TIMES = st.one_of(
    st.just(time_rules.every_minute),
    st.integers(1, 400).map(lambda n: lambda: time_rules.market_open(minutes=n)),
    st.integers(1, 400).map(lambda n: lambda: time_rules.market_close(minutes=n)),
    st.just(events.Never),
)
STARTS = st.sampled_from(["2012-07-02", "2012-11-21", "2013-12-23", "2014-03-07"])


@given(RULES, TIMES, STARTS, st.booleans(), st.sampled_from(["daily", "minute"]))
def test_known_times_are_those_of_asking(
    date_rule: Any, time_rule: Any, start: str, half_days: bool, frequency: str
) -> None:
    end = pd.Timestamp(start) + pd.Timedelta(days=45 if frequency == "daily" else 4)
    times = bars(frequency, start, str(end.date()))
    known = make_eventrule(date_rule(), time_rule(), XNYS, half_days).times(times)
    rule = make_eventrule(date_rule(), time_rule(), XNYS, half_days)
    if frequency == "minute":  # one in seven is enough, and what holds
        times = np.unique(np.concatenate([times[::7], known]))
        known = make_eventrule(date_rule(), time_rule(), XNYS, half_days).times(times)
    assert known.tolist() == asked(rule, times)


class OnTheHour(events.StatelessRule):
    """A user's rule: at full hours."""

    def should_trigger(self, dt: pd.Timestamp) -> bool:
        """Tell whether it is a full hour."""
        return dt.minute == 0


def test_a_rule_of_a_users_own_is_asked() -> None:
    times = bars("minute", "2012-11-21", "2012-11-21")
    joined = date_rules.every_day() & OnTheHour()
    assert joined.times(times) is None
    rule = make_eventrule(date_rules.every_day(), OnTheHour(), XNYS)
    assert rule.times(times) is None
    assert asked(rule, times) == [pd.Timestamp("2012-11-21 15:00", tz="UTC").value]


def test_other_compositions_are_asked() -> None:
    def either(first: Any, second: Any, time: Any) -> bool:
        return bool(first(time) or second(time))

    rule = events.ComposedRule(time_rules.market_open(), time_rules.market_close(), either)
    rule.cal = XNYS
    times = bars("minute", "2012-11-23", "2012-11-23")
    assert rule.times(times) is None
    assert asked(rule, times) == [times[0], times[-2]]


def test_rules_go_by_their_own_calendar() -> None:
    futures = get_calendar(calendars.US_FUTURES.value)
    times = bars("minute", "2012-11-22", "2012-11-23", futures)
    rule = make_eventrule(date_rules.every_day(), time_rules.market_open(), XNYS)
    # Thanksgiving is no session of XNYS; on the day after it opens at 9:31 in New York.
    assert rule.times(times).tolist() == [pd.Timestamp("2012-11-23 14:31", tz="UTC").value]


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: date_rules.month_start(23), ValueError, "in between 0 and 22 inclusive"),
        (lambda: date_rules.week_end(5), ValueError, "in between 0 and 4 inclusive"),
        (lambda: date_rules.week_end(-1), ValueError, "in between 0 and 4 inclusive"),
        (lambda: date_rules.month_start(1.5), TypeError, "whole sessions, got 1.5"),
        (lambda: time_rules.market_open(minutes=0), ValueError, "1 minute and 12 hours"),
        (lambda: time_rules.market_open(hours=13), ValueError, "1 minute and 12 hours"),
        (lambda: time_rules.market_open(30), TypeError, "'hours' and/or 'minutes' as keywords"),
        (
            lambda: time_rules.market_close(dt.timedelta(hours=1), minutes=3),
            ValueError,
            "Cannot pass kwargs and an offset",
        ),
        (
            lambda: make_eventrule(date_rules.every_day, time_rules.market_open(), XNYS),
            TypeError,
            "did you mean every_day()",
        ),
        (
            lambda: make_eventrule(date_rules.every_day(), time_rules.market_open, XNYS),
            TypeError,
            "did you mean market_open()",
        ),
        (
            lambda: make_eventrule(date_rules.every_day(), events.NotHalfDay, XNYS),
            TypeError,
            "did you mean NotHalfDay()",
        ),
        (
            lambda: events.ComposedRule(events.OncePerDay(), events.Always(), min),
            ValueError,
            "Only two StatelessRules",
        ),
    ],
)
def test_mistakes_are_refused(make: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=re.escape(sentence)):
        make()


def test_a_whole_float_is_taken_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="expected an int"):
        rule = date_rules.month_start(2.0)
    assert rule.n == 2


def test_events_run_in_order_and_in_their_context() -> None:
    seen: list[str] = []

    class Around:
        """Notes when it is entered and left."""

        def __enter__(self) -> None:
            seen.append("in")

        def __exit__(self, *_: object) -> None:
            seen.append("out")

    def saying(name: str) -> Any:
        return lambda *_: seen.append(name)

    manager = events.EventManager(lambda _: Around())
    for name in "ab":
        manager.add_event(events.Event(events.Always(), saying(name)))
    manager.add_event(events.Event(events.Always(), saying("first")), prepend=True)
    manager.add_event(events.Event(events.Never(), saying("never")))
    manager.add_event(events.Event(events.Always()))
    manager.handle_data(None, None, pd.Timestamp("2012-11-21 15:00", tz="UTC"))
    assert seen == ["in", "first", "a", "b", "out"]
