"""A folder of CSV files becomes a bundle."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from rustybt.data import bundles
from rustybt.data.bar_checks import InvalidBarsError
from rustybt.data.bundles.csvdir import csvdir_equities

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "date,open,high,low,close,volume,dividend,split\n"
DAILY = HEADER + (
    "2020-01-02,8,9,7,8,100,0,1\n2020-01-03,4,5,3,4,200,0,2\n2020-01-06,4,5,3,4,300,0.5,1\n"
)
MINUTE = "date,open,high,low,close,volume\n2020-01-07 14:31:00,1,1,1,1,5\n"
DAYS = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"])


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Make files of two assets; the second has minutes, too."""
    for frame in ("daily", "minute"):
        (tmp_path / "csv" / frame).mkdir(parents=True)
    with gzip.open(tmp_path / "csv" / "daily" / "BBB.csv.gz", "wt", encoding="ascii") as file:
        file.write(DAILY)
    (tmp_path / "csv" / "daily" / "AAA.csv").write_text(DAILY[: DAILY.index("2020-01-06")])
    (tmp_path / "csv" / "minute" / "BBB.csv").write_text(MINUTE)
    yield {"RUSTYBT_ROOT": str(tmp_path / "root"), "CSVDIR": str(tmp_path / "csv")}
    if "mine" in bundles.bundles:
        bundles.unregister("mine")


def test_assets_bars_and_actions(environ: dict[str, str]) -> None:
    bundles.ingest("csvdir", environ)
    with bundles.load("csvdir", environ) as data:
        first, second = data.asset_finder.retrieve_all([0, 1])
        assert [asset.symbol for asset in (first, second)] == ["AAA", "BBB"]
        assert [asset.exchange for asset in (first, second)] == ["CSVDIR", "CSVDIR"]
        assert (first.start_date, first.end_date) == (DAYS[0], DAYS[1])
        # The minutes reach further than the days.
        assert (second.start_date, second.end_date) == (DAYS[0], DAYS[3])
        assert second.auto_close_date == DAYS[3] + pd.Timedelta(days=1)
        reader: Any = data.equity_daily_bar_reader
        (close,) = reader.load_raw_arrays(["close"], DAYS[0], DAYS[2], [first, second])
        np.testing.assert_array_equal(close, [[8, 8], [4, 4], [np.nan, 4]])
        minutes: Any = data.equity_minute_bar_reader
        minute = pd.Timestamp("2020-01-07 14:31", tz="UTC")
        assert minutes.get_value(second, minute, "volume") == 5
        actions = data.adjustment_reader
        for sid in (0, 1):
            assert actions.get_adjustments_for_sid("splits", sid) == [[DAYS[1], 0.5]]
        assert actions.get_adjustments_for_sid("dividends", 1) == [[DAYS[2], 1 - 0.5 / 4]]
        (owed,) = actions.get_dividends_with_ex_date([second], DAYS[2], data.asset_finder)
        assert (owed.asset, owed.amount) == (second, 0.5)
        assert pd.isna(owed.pay_date)


def test_a_folder_and_frames_of_ones_own(environ: dict[str, str]) -> None:
    folder = environ.pop("CSVDIR")
    bundles.register("mine", csvdir_equities(["daily"], folder), calendar_name="NYSE")
    bundles.ingest("mine", environ)
    with bundles.load("mine", environ) as data:
        minutes: Any = data.equity_minute_bar_reader
        assert len(minutes.columns) == 0
        assert data.asset_finder.retrieve_asset(1).end_date == DAYS[2]


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        (["weekly"], "must have a folder `daily` or `minute`"),
        (["minute"], r"minute is not a directory: csvdir reads <symbol>\.csv"),
    ],
)
def test_frames_that_are_not_there(
    environ: dict[str, str], frames: list[str], sentence: str
) -> None:
    folder = Path(environ["CSVDIR"])
    (folder / "minute" / "BBB.csv").unlink()
    (folder / "minute").rmdir()
    bundles.register("mine", csvdir_equities(frames, folder))
    with pytest.raises(bundles.BundleError, match=sentence):
        bundles.ingest("mine", environ)


def test_a_folder_without_files(environ: dict[str, str]) -> None:
    for path in Path(environ["CSVDIR"], "daily").iterdir():
        path.unlink()
    with pytest.raises(bundles.BundleError, match=r"no <symbol>\.csv files found in"):
        bundles.ingest("csvdir", environ)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("200,0,2", "200,0,-2"), r"AAA\.csv, line 3: the split must be positive, got -2"),
        (("200,0,2", "200,-1,1"), r"AAA\.csv, line 3: the dividend must be positive, got -1"),
        (("close", "price"), r"AAA\.csv: the column close must be there, found open, high"),
        ((DAILY[len(HEADER) : DAILY.index("2020-01-06")], ""), r"AAA\.csv has no bars"),
    ],
)
def test_a_file_that_cannot_be_is_refused(
    environ: dict[str, str], change: tuple[str, str], sentence: str
) -> None:
    path = Path(environ["CSVDIR"], "daily", "AAA.csv")
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(InvalidBarsError, match=sentence):
        bundles.ingest("csvdir", environ)
    assert bundles.ingestions_for_bundle("csvdir", environ) == []
