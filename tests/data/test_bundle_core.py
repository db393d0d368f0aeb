"""Bundles are ingested whole or not at all, and loaded as they were written."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from rustybt.data import bundles
from rustybt.data.bar_checks import DroppedBarsWarning, InvalidBarsError
from rustybt.data.bundles.core import DAILY
from rustybt.errors import RustybtError

if TYPE_CHECKING:
    from collections.abc import Callable

SESSIONS = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06"])
GOOD = "date,open,high,low,close,volume\n2020-01-02,1,3,1,2,100\n2020-01-03,2,4,2,3,200\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "csv" / "daily"
    folder.mkdir(parents=True)
    (folder / "AAA.csv").write_text(GOOD, encoding="ascii")
    return {"RUSTYBT_ROOT": str(tmp_path / "root"), "CSVDIR": str(tmp_path / "csv")}


def write(environ: dict[str, str], text: str) -> Path:
    path = Path(environ["CSVDIR"], "daily", "AAA.csv")
    path.write_text(text, encoding="ascii")
    return path


def test_what_was_ingested_is_loaded(environ: dict[str, str]) -> None:
    bundles.ingest("csvdir", environ)
    with bundles.load("csvdir", environ) as data:
        reader: Any = data.equity_daily_bar_reader
        window = reader.load_raw_arrays(["close", "volume"], SESSIONS[0], SESSIONS[2], [0])
        np.testing.assert_array_equal(window[0][:, 0], [2, 3, np.nan])
        np.testing.assert_array_equal(window[1][:, 0], [100, 200, 0])
        assert reader.get_last_traded_dt(0, SESSIONS[2]) == SESSIONS[1]
        assert data.asset_finder.retrieve_asset(0).symbol == "AAA"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2020-01-03,2,4,2,3,200", "there twice"),
        ("2020-01-02,2,4,2,3,200", "earlier"),
        ("2020-01-05,2,4,2,3,200", "no session"),
        ("2020-01-06,2,4,2,inf,200", "infinite"),
        ("2020-01-06,2,4,2,,200", "price is missing"),
        ("2020-01-06,2,4,2,3,", "volume is missing"),
        ("2020-01-06,2,4,-2,3,200", "negative"),
        ("2020-01-06,2,1,2,2,200", "high is below the low"),
        ("2020-01-06,5,4,2,3,200", "open is above"),
        ("2020-01-06,2,4,2,5,200", "close is above"),
        ("2020-01-06,2,4,2,3,-1", "volume is negative"),
        ("2020-01-06,2,4,2,3,1e17", "2\\*\\*53"),
    ],
)
def test_a_bad_row_is_refused_or_dropped(environ: dict[str, str], row: str, reason: str) -> None:
    path = write(environ, GOOD + row + "\n")
    with pytest.raises(InvalidBarsError, match=rf"AAA.csv, line 4 .*{reason}") as error:
        bundles.ingest("csvdir", environ)
    assert str(path) in str(error.value)
    with pytest.raises(ValueError, match="has not been ingested"):
        bundles.load("csvdir", environ)
    with pytest.warns(DroppedBarsWarning, match=reason):
        bundles.ingest("csvdir", environ, lenient=True)
    with bundles.load("csvdir", environ) as data:
        assert data.equity_daily_bar_reader.get_value(0, SESSIONS[1], "close") == 3


def test_a_truncated_file_is_not_trusted(environ: dict[str, str]) -> None:
    bundles.ingest("csvdir", environ)
    (file,) = Path(environ["RUSTYBT_ROOT"]).rglob(DAILY)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ValueError, match="is damaged"):
        bundles.load("csvdir", environ)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_ingest_leaves_nothing_to_load(environ: dict[str, str]) -> None:
    code = (
        "import os, signal\n"
        "from rustybt.data import bundles\n"
        "def kill(e, a, m, daily, *rest):\n"
        "    daily.write(())\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "bundles.register('killed', kill)\n"
        "bundles.ingest('killed')\n"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", code], check=False, env={**os.environ, **environ}
    )
    assert run.returncode == -signal.SIGKILL
    assert bundles.ingestions_for_bundle("killed", environ) == []


def test_unknown_bundle() -> None:
    with pytest.raises(bundles.UnknownBundle, match="nosuch"):
        bundles.load("nosuch")


def test_before_the_first_ingestion(environ: dict[str, str]) -> None:
    bundles.ingest("csvdir", environ)
    with pytest.raises(ValueError, match="on or before 1999"):
        bundles.load("csvdir", environ, pd.Timestamp("1999-01-01"))


def test_the_sample_needs_no_ingest(environ: dict[str, str]) -> None:
    with bundles.load("sample", environ) as data:
        price = data.equity_daily_bar_reader.get_value(7, pd.Timestamp("2004-01-05"), "close")
        assert price == 22.17
        assert data.adjustment_reader.get_adjustments_for_sid("splits", 7) == [
            [pd.Timestamp("2005-02-28"), 0.5],
            [pd.Timestamp("2014-06-09"), 1 / 7],
        ]
    assert not Path(environ["RUSTYBT_ROOT"]).exists()


def bad_bars(environ: dict[str, str]) -> None:
    write(environ, GOOD + "2020-01-06,2,1,2,2,200\n")
    bundles.ingest("csvdir", environ)


def damaged_adjustments(environ: dict[str, str]) -> None:
    bundles.ingest("csvdir", environ)
    (file,) = Path(environ["RUSTYBT_ROOT"]).rglob("adjustments.sqlite")
    file.unlink()
    bundles.load("csvdir", environ)


def unknown_calendar(environ: dict[str, str]) -> None:
    bundles.register("elsewhere", lambda *_: None, calendar_name="NOWHERE")
    try:
        bundles.ingest("elsewhere", environ)
    finally:
        bundles.unregister("elsewhere")


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (lambda environ: bundles.load("nosuch", environ), "No bundle registered .* 'nosuch'"),
        (lambda _: bundles.unregister("nosuch"), "No bundle registered .* 'nosuch'"),
        (lambda environ: bundles.load("csvdir", environ), "not been ingested: run `rustybt ingest"),
        (lambda environ: bundles.clean("csvdir", environ=environ), "No bundle|Cannot pass"),
        (bad_bars, "AAA.csv, line 4 .*high is below"),
        (damaged_adjustments, "is damaged, .*adjustments.sqlite is missing"),
        (unknown_calendar, "'elsewhere' .* the calendar 'NOWHERE', which does not exist"),
        (
            lambda environ: bundles.ingest("csvdir", {**environ, "CSVDIR": "/no/such/place"}),
            "place is not a directory",
        ),
        (
            lambda environ: bundles.ingest("csvdir", {"RUSTYBT_ROOT": environ["RUSTYBT_ROOT"]}),
            "set the environment variable CSVDIR",
        ),
    ],
)
def test_a_mistake_is_one_sentence_of_rustybt(
    environ: dict[str, str], mistake: Callable[[dict[str, str]], None], sentence: str
) -> None:
    with pytest.raises(RustybtError, match=sentence) as error:
        mistake(environ)
    assert "\n" not in str(error.value)
    again = copy.copy(error.value)  # as pickle makes it
    assert (type(again), str(again)) == (type(error.value), str(error.value))


DESCENDING = "date,open,high,low,close,volume\n2020-01-06,3,3,3,3,9\n2020-01-03,2,2,2,2,8\n"


def test_a_descending_file_is_refused_or_put_in_order(environ: dict[str, str]) -> None:
    write(environ, DESCENDING + "2020-01-02,1,1,1,1,7\n")
    with pytest.raises(InvalidBarsError, match=r"AAA.csv: the dates descend: sort them"):
        bundles.ingest("csvdir", environ)
    with pytest.warns(DroppedBarsWarning, match=r"put in order: .*AAA.csv: the dates descend"):
        bundles.ingest("csvdir", environ, lenient=True)
    with bundles.load("csvdir", environ) as data:
        reader = data.equity_daily_bar_reader
        assert [reader.get_value(0, day, "close") for day in SESSIONS] == [1, 2, 3]


def test_rows_out_of_order_are_put_in_order_and_told(environ: dict[str, str]) -> None:
    write(environ, GOOD + "2020-01-07,4,4,4,4,9\n2020-01-06,3,3,3,3,9\n2020-01-06,5,5,5,5,9\n")
    with pytest.warns(DroppedBarsWarning) as told:
        bundles.ingest("csvdir", environ, lenient=True)
    (sentence,) = [str(warning.message) for warning in told]
    assert sentence.startswith("dropped 1 bars, 2 rows put in order: ")
    assert "line 5 (2020-01-06 00:00:00): the date is earlier than the one before it" in sentence
    assert "line 6 (2020-01-06 00:00:00): the date is there twice" in sentence
    with bundles.load("csvdir", environ) as data:
        assert data.equity_daily_bar_reader.get_value(0, SESSIONS[2], "close") == 3


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("\n2020-01-06,2,1,2,2,200\n\n", "line 5 .*high is below"),
        ("2020-13-06,2,1,2,2,200\n", "line 4: the date '2020-13-06' cannot be read"),
        ("2020-01-06,2,1,2,2,200,5,5\n", "AAA.csv cannot be read as CSV: .*line 4"),
        ("2020-01-06,2,many,2,2,200\n", "column high must consist of numbers"),
    ],
)
def test_a_line_is_named_as_an_editor_counts(
    environ: dict[str, str], rows: str, sentence: str
) -> None:
    write(environ, GOOD + rows)
    with pytest.raises(InvalidBarsError, match=sentence) as error:
        bundles.ingest("csvdir", environ)
    assert "\n" not in str(error.value)


def test_a_dropped_row_does_not_stretch_the_asset(environ: dict[str, str]) -> None:
    write(environ, GOOD + "2199-01-06,2,4,2,3,200\n")
    with pytest.warns(DroppedBarsWarning, match="no session"):
        bundles.ingest("csvdir", environ, lenient=True)
    with bundles.load("csvdir", environ) as data:
        assert data.asset_finder.retrieve_asset(0).end_date == SESSIONS[1]
