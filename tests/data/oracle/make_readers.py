"""Ask zipline-reloaded 3.2.1 what its readers answer, and store it beside this file.

Run it with an interpreter that has zipline-reloaded, which rustybt's environments have not:

    python make_readers.py
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import readers_market as market  # type: ignore[import-not-found]
from readers_questions import ask  # type: ignore[import-not-found]
from zipline.assets import AssetDBWriter, AssetFinder, Equity, Future
from zipline.assets.roll_finder import CalendarRollFinder, VolumeRollFinder
from zipline.data import continuous_future_reader, dispatch_bar_reader, resample
from zipline.data.adjustments import SQLiteAdjustmentReader, SQLiteAdjustmentWriter
from zipline.data.bcolz_daily_bars import BcolzDailyBarReader, BcolzDailyBarWriter
from zipline.data.bcolz_minute_bars import BcolzMinuteBarReader, BcolzMinuteBarWriter
from zipline.utils.calendar_utils import get_calendar

HERE = Path(__file__).resolve().parent
FIRST, LAST = market.SESSIONS[0], market.SESSIONS[-1]


def daily(folder: Path, sids: tuple[int, ...]) -> BcolzDailyBarReader:
    """Write daily bars and open them."""
    folder.mkdir()
    writer = BcolzDailyBarWriter(str(folder), get_calendar(market.CALENDAR), FIRST, LAST)
    writer.write((sid, market.daily(sid)) for sid in sids)
    return BcolzDailyBarReader(str(folder))


def minute(folder: Path, sids: tuple[int, ...]) -> BcolzMinuteBarReader:
    """Write minute bars and open them."""
    folder.mkdir()
    calendar = get_calendar(market.CALENDAR)
    writer = BcolzMinuteBarWriter(str(folder), calendar, FIRST, LAST, 390)
    for sid in sids:
        writer.write_sid(sid, market.minutes(sid))
    return BcolzMinuteBarReader(str(folder))


def main() -> None:
    """Write `readers_answers.json`."""
    calendar = get_calendar(market.CALENDAR)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        AssetDBWriter(f"{name}/assets.sqlite").write(**market.assets())
        finder = AssetFinder(f"{name}/assets.sqlite")
        bars = daily(folder / "daily", market.EQUITIES)
        future_daily = daily(folder / "futures", market.FUTURES)
        with SQLiteAdjustmentWriter(f"{name}/adjustments.sqlite", bars) as writer:
            writer.write(
                market.splits(), market.mergers(), market.dividends(), market.stock_dividends()
            )
        answers = ask(
            SimpleNamespace(
                calendar=calendar,
                every_day=get_calendar("24/7"),
                finder=finder,
                daily=bars,
                minute=minute(folder / "minute", market.EQUITIES),
                future_daily=future_daily,
                future_minute=minute(folder / "future minutes", market.FUTURES),
                adjustments=SQLiteAdjustmentReader(f"{name}/adjustments.sqlite"),
                adjustment_sessions=market.SESSIONS,
                resample=resample,
                dispatch=dispatch_bar_reader,
                continuous=continuous_future_reader,
                roll_finders={
                    "calendar": CalendarRollFinder(calendar, finder),
                    "volume": VolumeRollFinder(calendar, finder, future_daily),
                },
                Equity=Equity,
                Future=Future,
            )
        )
    text = json.dumps(answers, separators=(",", ":"), sort_keys=True)
    (HERE / "readers_answers.json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
