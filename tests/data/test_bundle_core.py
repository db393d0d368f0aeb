"""Bundles are ingested whole or not at all, and loaded as they were written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rustybt.data import bundles
from rustybt.data.bar_checks import DroppedBarsWarning, InvalidBarsError
from rustybt.data.bundles.core import DAILY

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
    run = subprocess.run([sys.executable, "-P", "-c", code], env={**os.environ, **environ})
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
