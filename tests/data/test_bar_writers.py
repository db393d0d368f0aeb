"""What writers of bars take, refuse, drop and leave behind."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from rustybt.data.bar_checks import DroppedBarsWarning, InvalidBarsError
from rustybt.data.bar_files import read_bars, write_parquet
from rustybt.data.bar_reader import OHLCV, NoDataForSid, NoDataOnDate
from rustybt.data.bar_writers import DailyBarWriter, MinuteBarWriter
from rustybt.data.column_bars import ColumnMinuteBarReader, ColumnSessionBarReader
from rustybt.data.in_memory_daily_bars import InMemoryDailyBarReader
from rustybt.data.market_schedule import minutes_between, session_of
from rustybt.utils.calendar_utils import get_calendar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAYS = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"])
NEW_YORK = get_calendar("XNYS")
HONG_KONG = get_calendar("XHKG")


def flat(index: Any, price: float = 1.0, volume: float = 10.0) -> pd.DataFrame:
    """Return bars at one price."""
    frame = pd.DataFrame(price, index=pd.DatetimeIndex(index), columns=list(OHLCV))
    frame["volume"] = volume
    return frame


def market_minutes(calendar: Any, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    start = calendar.session_first_minute(first)
    return minutes_between(calendar, start, calendar.session_last_minute(last))


def daily(path: Path, *frames: pd.DataFrame, **options: Any) -> ColumnSessionBarReader:
    writer = DailyBarWriter(path, NEW_YORK, DAYS[0], DAYS[-1])
    writer.write(enumerate(frames), **options)
    return ColumnSessionBarReader(path)


def test_a_session_that_is_missing_has_no_trade(tmp_path: Path) -> None:
    reader = daily(tmp_path / "bars", flat(DAYS[[0, 3]]))
    close, volume = reader.load_raw_arrays(["close", "volume"], DAYS[0], DAYS[3], [0])
    np.testing.assert_array_equal(close[:, 0], [1, np.nan, np.nan, 1])
    np.testing.assert_array_equal(volume[:, 0], [10, 0, 0, 10])
    assert reader.get_last_traded_dt(0, DAYS[2]) == DAYS[0]
    assert np.isnan(reader.get_value(0, DAYS[1], "open"))


@pytest.mark.parametrize("empty", [0.0, np.nan])
def test_a_bar_of_zeros_or_nan_is_no_trade(tmp_path: Path, empty: float) -> None:
    frame = flat(DAYS)
    frame.iloc[2] = empty
    reader = daily(tmp_path / "bars", frame)
    assert np.isnan(reader.get_value(0, DAYS[2], "close"))
    assert reader.get_value(0, DAYS[2], "volume") == 0
    assert reader.get_last_traded_dt(0, DAYS[2]) == DAYS[1]


def test_a_part_of_a_share_is_cut_off(tmp_path: Path) -> None:
    assert daily(tmp_path / "bars", flat(DAYS, volume=3.9)).get_value(0, DAYS[0], "volume") == 3


@pytest.mark.parametrize(
    ("behavior", "left"), [("raise", None), ("warn", 3), ("ignore", 3), (None, None)]
)
def test_what_happens_to_invalid_data(tmp_path: Path, behavior: Any, left: int | None) -> None:
    frame = flat(DAYS)
    frame.loc[DAYS[3], "high"] = 0.5
    path = tmp_path / "bars"
    if left is None:
        daily(path, flat(DAYS))
        with pytest.raises(InvalidBarsError, match=r"the bars of sid 0, row 3 .*high is below"):
            daily(path, frame, invalid_data_behavior=behavior)
        left = 4  # what was written before stays
    elif behavior == "warn":
        with pytest.warns(DroppedBarsWarning, match="dropped 1 bars: .*row 3 .*high is below"):
            daily(path, frame, invalid_data_behavior=behavior)
    else:
        daily(path, frame, invalid_data_behavior=behavior)
    assert read_bars(path).columns.column("close").size == left
    assert [file.name for file in tmp_path.iterdir()] == ["bars"]


def test_a_behavior_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidBarsError, match="one of raise, warn, ignore, got 'drop'"):
        daily(tmp_path / "bars", flat(DAYS), invalid_data_behavior="drop")


def test_an_asset_that_is_none_of_the_assets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidBarsError, match="sid 1 has bars but is none of the assets"):
        daily(tmp_path / "bars", flat(DAYS), flat(DAYS), assets={0})


def test_a_column_or_an_index_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidBarsError, match="the columns low, volume must be there"):
        daily(tmp_path / "bars", flat(DAYS).drop(columns=["low", "volume"]))
    with pytest.raises(InvalidBarsError, match="the index must consist of dates"):
        daily(tmp_path / "bars", flat(DAYS).set_index(pd.Index(list("abcd"))))
    with pytest.raises(InvalidBarsError, match="has no session from 2020-01-04"):
        DailyBarWriter(
            tmp_path / "bars", NEW_YORK, pd.Timestamp("2020-01-04"), pd.Timestamp("2020-01-05")
        )


def test_minutes_come_in_pieces_and_in_any_order_of_assets(tmp_path: Path) -> None:
    minutes = market_minutes(NEW_YORK, DAYS[0], DAYS[1])
    path = tmp_path / "bars"
    with MinuteBarWriter(path, NEW_YORK, DAYS[0], DAYS[1]) as writer:
        writer.write([(7, flat(minutes[3:5], 7.0)), (2, flat(minutes[10:12], 2.0))])
        writer.write_sid(7, flat(minutes[400:401], 8.0))
        assert not path.exists()
        with pytest.raises(InvalidBarsError, match="sid 7 has bars already"):
            writer.write_sid(7, flat(minutes[400:402]))
    reader = ColumnMinuteBarReader(path)
    (close,) = reader.load_raw_arrays(["close"], minutes[0], minutes[-1], [2, 7, 9])
    expected = np.full((780, 3), np.nan)
    expected[10:12, 0], expected[3:5, 1], expected[400, 1] = 2, 7, 8
    np.testing.assert_array_equal(close, expected)
    assert reader.get_last_traded_dt(7, minutes[399]) == minutes[4]
    assert reader.get_last_traded_dt(7, DAYS[1].tz_localize("UTC")) == minutes[4]
    assert pd.isna(reader.get_last_traded_dt(2, minutes[9]))
    with pytest.raises(NoDataForSid, match="no minute bars of sid 9"):
        reader.get_value(9, minutes[0], "close")
    with pytest.raises(NoDataOnDate, match="is no minute of the market"):
        reader.get_value(7, minutes[0] - pd.Timedelta(minutes=1), "close")
    assert [file.name for file in tmp_path.iterdir()] == ["bars"]


def test_an_error_while_minutes_are_written_leaves_nothing(tmp_path: Path) -> None:
    minutes = market_minutes(NEW_YORK, DAYS[0], DAYS[0])

    def source() -> Iterator[tuple[int, pd.DataFrame]]:
        yield 1, flat(minutes)
        raise KeyError

    writer = MinuteBarWriter(tmp_path / "bars", NEW_YORK, DAYS[0], DAYS[1])
    with pytest.raises(KeyError), writer:
        writer.write(source())
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_dies_while_minutes_are_written_leaves_no_file(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib, pandas as pd\n"
        "from rustybt.data.bar_writers import MinuteBarWriter\n"
        "from rustybt.utils.calendar_utils import get_calendar\n"
        "day = pd.Timestamp('2020-01-02')\n"
        "index = pd.DatetimeIndex(['2020-01-02 15:00'], tz='UTC')\n"
        "bars = pd.DataFrame(1.0, index=index, columns='open high low close volume'.split())\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "writer = MinuteBarWriter(path, get_calendar('XNYS'), day, day)\n"
        "writer.write_sid(1, bars)\n"
        "os._exit(3)\n"
    )
    command = [sys.executable, "-P", "-c", code, str(tmp_path / "bars")]
    assert subprocess.run(command, check=False).returncode == 3
    assert all(path.name.startswith(".") for path in tmp_path.iterdir())


def test_a_break_is_no_part_of_the_minutes(tmp_path: Path) -> None:
    day = pd.Timestamp("2020-01-03")
    minutes = market_minutes(HONG_KONG, day, day)
    morning = pd.Timestamp("2020-01-03 04:00", tz="UTC")
    afternoon = pd.Timestamp("2020-01-03 05:01", tz="UTC")
    assert len(minutes) == 330
    assert minutes[150] == afternoon
    with MinuteBarWriter(tmp_path / "bars", HONG_KONG, day, day) as writer:
        with pytest.raises(InvalidBarsError, match="no minute of the calendar"):
            writer.write_sid(1, flat([pd.Timestamp("2020-01-03 04:30", tz="UTC")]))
        writer.write_sid(1, flat([morning, afternoon]))
    reader = ColumnMinuteBarReader(tmp_path / "bars")
    (close,) = reader.load_raw_arrays(["close"], minutes[148], minutes[151], [1])
    np.testing.assert_array_equal(close[:, 0], [np.nan, 1, 1, np.nan])
    lunch = pd.Timestamp("2020-01-03 04:30", tz="UTC")
    assert reader.get_last_traded_dt(1, lunch) == morning
    assert session_of(HONG_KONG, lunch) == day


def test_the_session_of_a_closed_market_is_the_next_one() -> None:
    evening = pd.Timestamp("2020-01-03 22:00", tz="UTC")
    assert session_of(NEW_YORK, evening) == DAYS[2]
    assert minutes_between(NEW_YORK, evening, evening).empty
    with pytest.raises(ValueError, match="after the last session of the calendar XNYS"):
        session_of(NEW_YORK, pd.Timestamp("2100-01-01", tz="UTC"))


def test_parquet_keeps_what_arrow_keeps(tmp_path: Path) -> None:
    daily(tmp_path / "bars", flat(DAYS[1:3], 1 / 3), flat(DAYS))
    table = read_bars(tmp_path / "bars")
    write_parquet(tmp_path / "bars.parquet", table)
    again = read_bars(tmp_path / "bars.parquet")
    for name in OHLCV:
        np.testing.assert_array_equal(again.columns.column(name), table.columns.column(name))
    for name in ("sids", "axis", "first", "last"):
        np.testing.assert_array_equal(getattr(again.columns, name), getattr(table.columns, name))
    assert again[1:5] == table[1:5]


def frames() -> dict[str, pd.DataFrame]:
    values = np.array([[1.0, 2.0], [np.nan, 3.0]])
    wide = pd.DataFrame(values, index=DAYS[:2], columns=[9, 4])
    return {name: wide * 10 if name == "volume" else wide for name in OHLCV}


def test_frames_in_memory_are_read_as_written_bars() -> None:
    codes = pd.Series({4: "USD", 9: "CAD"})
    reader = InMemoryDailyBarReader.from_dfs(frames(), NEW_YORK, codes)
    close, volume = reader.load_raw_arrays(["close", "volume"], DAYS[0], DAYS[1], [9, 4])
    np.testing.assert_array_equal(close, [[1, 2], [np.nan, 3]])
    np.testing.assert_array_equal(volume, [[10, 20], [0, 30]])
    assert reader.get_last_traded_dt(9, DAYS[1]) == DAYS[0]
    assert reader.last_available_dt == DAYS[1]
    assert reader.currency_codes(np.array([9, 5, 4])).tolist() == ["CAD", None, "USD"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda given: given.pop("low"), "every field, low is missing"),
        (lambda given: given.update(low=given["low"][[4, 9]]), "columns of 'low' must be those"),
        (
            lambda given: given.update(
                {name: frame.set_index(DAYS[[0, 2]]) for name, frame in given.items()}
            ),
            "the rows must be all sessions of XNYS",
        ),
    ],
)
def test_frames_in_memory_that_do_not_fit_are_refused(change: Any, sentence: str) -> None:
    given = frames()
    change(given)
    with pytest.raises(ValueError, match=sentence):
        InMemoryDailyBarReader(given, NEW_YORK, pd.Series(dtype=object))
