"""What the data layer leans on: calendars, places, caches and progress."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rustybt.data.market_schedule import market_minutes, minutes_between, session_of
from rustybt.utils.cache import dataframe_cache
from rustybt.utils.calendar_utils import get_calendar
from rustybt.utils.paths import cache_path, data_path, default_extension, ensure_directory, hidden
from rustybt.utils.progress import maybe_show_progress

FRAME = pd.DataFrame({"close": [1.0, np.nan]}, index=pd.DatetimeIndex(["2020-01-02", "2020-01-03"]))


@pytest.mark.parametrize("name", ["XNYS", "us_futures", "XHKG", "24/7"])
def test_minutes_and_sessions_are_those_of_the_calendar(name: str) -> None:
    """The calendar's own ways are the reference; they use what pandas deprecates."""
    calendar = get_calendar(name)
    begin = calendar.sessions.searchsorted(pd.Timestamp("2020-11-20"))
    sessions = calendar.sessions[begin : begin + 9].as_unit("ns")
    first, last = sessions[0], sessions[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        start = calendar.session_first_minute(first)
        end = calendar.session_last_minute(last)
        minutes = calendar.minutes_in_range(start, end)
        times = pd.date_range(start, end, freq="47min")
        labels = [calendar.minute_to_session(time) for time in times]
    pd.testing.assert_index_equal(minutes_between(calendar, start, end), minutes.as_unit("ns"))
    assert [session_of(calendar, time) for time in times] == labels
    opens, closes = market_minutes(calendar, first.value, last.value)
    assert (opens.size > len(sessions)) == calendar.has_break
    assert (opens[0], closes[-1]) == (start.value, end.value)


def test_calendars_start_where_ziplines_do() -> None:
    calendar = get_calendar("NYSE")
    assert calendar is get_calendar("XNYS")
    assert calendar.first_session == pd.Timestamp("1990-01-02")
    assert calendar.side == "right"
    with pytest.raises(TypeError, match="must be 'right', got 'left'"):
        get_calendar("XNYS", side="left")  # type: ignore[arg-type]


def test_places() -> None:
    environ = {"RUSTYBT_ROOT": str(Path("/r"))}
    assert data_path(["a", "b"], environ) == str(Path("/r/data/a/b"))
    assert cache_path(["a"], environ) == str(Path("/r/cache/a"))
    assert default_extension(environ) == str(Path("/r/extension.py"))
    assert [hidden(path) for path in ("a/.b", ".a/b")] == [True, False]


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    for _ in range(2):
        ensure_directory(str(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b").is_dir()


def test_a_cache_keeps_frames_until_it_is_left(tmp_path: Path) -> None:
    with dataframe_cache(tmp_path / "cache") as cache:
        cache["daily/AAA"] = FRAME
        cache["b"] = FRAME[:1]
        assert list(cache) == ["b", "daily/AAA"]
        assert len(cache) == 2
        pd.testing.assert_frame_equal(cache["daily/AAA"], FRAME)
        del cache["b"]
        for question in (cache.__getitem__, cache.__delitem__):
            with pytest.raises(KeyError, match="b"):
                question("b")
        with pytest.raises(ValueError, match="name of a cached frame is too long"):
            cache["x" * 201] = FRAME
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("clean", [True, False])
def test_a_failure_leaves_the_cache_for_the_next_attempt(tmp_path: Path, clean: bool) -> None:
    cache = dataframe_cache(tmp_path / "cache", clean_on_failure=clean)
    cache["a"] = FRAME
    with pytest.raises(ZeroDivisionError), cache:
        _ = 1 // 0
    assert list(dataframe_cache(tmp_path / "cache")) == ([] if clean else ["a"])


@pytest.mark.parametrize("shown", [True, False])
def test_progress_goes_to_stderr(shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with maybe_show_progress(iter("abc"), shown, "Reading", 3) as items:
        assert list(items) == ["a", "b", "c"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("Reading" in printed.err) == shown
