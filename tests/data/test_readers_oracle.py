"""Readers answer what zipline-reloaded 3.2.1 answers to the same questions about the same bars."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rustybt.assets import AssetDBWriter, AssetFinder, Equity, Future
from rustybt.assets.roll_finder import CalendarRollFinder, VolumeRollFinder
from rustybt.data import continuous_future_reader, dispatch_bar_reader, resample
from rustybt.data.adjustments import SQLiteAdjustmentReader, SQLiteAdjustmentWriter
from rustybt.data.bar_writers import DailyBarWriter, MinuteBarWriter
from rustybt.data.column_bars import ColumnMinuteBarReader, ColumnSessionBarReader
from rustybt.utils.calendar_utils import get_calendar

if TYPE_CHECKING:
    from collections.abc import Iterator

ORACLE = Path(__file__).with_name("oracle")


@pytest.fixture(scope="module")
def modules() -> Iterator[tuple[Any, Any]]:
    """Return the market and the questions that the oracle's script uses, too."""
    sys.path.insert(0, str(ORACLE))
    try:
        import readers_market  # type: ignore[import-not-found]
        import readers_questions  # type: ignore[import-not-found]

        yield readers_market, readers_questions
    finally:
        sys.path.remove(str(ORACLE))


@pytest.fixture(scope="module")
def answers(
    modules: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    market, questions = modules
    folder = tmp_path_factory.mktemp("readers")
    calendar = get_calendar(market.CALENDAR)
    first, last = market.SESSIONS[0], market.SESSIONS[-1]

    def daily(name: str, sids: tuple[int, ...]) -> ColumnSessionBarReader:
        writer = DailyBarWriter(folder / name, calendar, first, last)
        writer.write((sid, market.daily(sid)) for sid in sids)
        return ColumnSessionBarReader(folder / name)

    def minute(name: str, sids: tuple[int, ...]) -> ColumnMinuteBarReader:
        with MinuteBarWriter(folder / name, calendar, first, last) as writer:
            for sid in sids:
                writer.write_sid(sid, market.minutes(sid))
        return ColumnMinuteBarReader(folder / name)

    asset_writer = AssetDBWriter(":memory:")
    asset_writer.write(**market.assets())
    finder = AssetFinder(asset_writer.engine)
    bars, future_daily = daily("daily", market.EQUITIES), daily("futures", market.FUTURES)
    database = sqlite3.connect(":memory:")
    SQLiteAdjustmentWriter(database, bars).write(
        market.splits(), market.mergers(), market.dividends(), market.stock_dividends()
    )
    yield questions.ask(
        SimpleNamespace(
            calendar=calendar,
            every_day=get_calendar("24/7"),
            finder=finder,
            daily=bars,
            minute=minute("minute", market.EQUITIES),
            future_daily=future_daily,
            future_minute=minute("future minutes", market.FUTURES),
            adjustments=SQLiteAdjustmentReader(database),
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
    finder.close()
    asset_writer.engine.dispose()
    database.close()


def leaves(answer: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number and name of an answer with its place in it."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from leaves(value, f"{path}/{key}")
    elif isinstance(answer, (list, tuple)):
        yield f"{path}/length", len(answer)
        for place, value in enumerate(answer):
            yield from leaves(value, f"{path}/{place}")
    else:
        yield path, answer


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return abs(ours - theirs) <= 1e-9 * abs(theirs)
    return bool(ours == theirs)


THEIRS = json.loads((ORACLE / "readers_answers.json").read_text(encoding="ascii"))


@pytest.mark.parametrize("topic", THEIRS)
def test_the_answers_are_ziplines(answers: dict[str, Any], topic: str) -> None:
    ours, theirs = dict(leaves(answers[topic])), dict(leaves(THEIRS[topic]))
    differences = {
        place: (ours.get(place, "missing"), theirs.get(place, "missing"))
        for place in ours.keys() | theirs.keys()
        if not same(ours.get(place, "missing"), theirs.get(place, "missing"))
    }
    assert not differences
