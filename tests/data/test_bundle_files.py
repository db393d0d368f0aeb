"""What goes wrong with the files of a bundle is told, and leaves nothing open or half done."""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from rustybt.data import bundles
from rustybt.data.bar_files import DamagedBarsError
from rustybt.data.bundles.core import DAILY, MANIFEST, MINUTE, STALE_AFTER
from rustybt.errors import RustybtError
from rustybt.utils.paths import rustybt_root

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = pd.Timestamp("2020-01-02")
BARS = pd.DataFrame(
    {"open": 1.0, "high": 2.0, "low": 1.0, "close": 2.0, "volume": 10.0}, index=[DAY]
)
ASSETS = pd.DataFrame(
    {"symbol": ["A"], "start_date": [DAY], "end_date": [DAY], "exchange": ["NYSE"]}
)


def write_one_bar(
    _environ: object, assets: Any, _minute: object, daily: Any, adjustments: Any, *_: object
) -> None:
    daily.write([(0, BARS)])
    assets.write(equities=ASSETS)
    adjustments.write()


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    bundles.register("one", write_one_bar)
    yield {"RUSTYBT_ROOT": str(tmp_path / "root")}
    bundles.unregister("one")


def ingest_at(environ: dict[str, str], *times: str) -> None:
    for time in times:
        bundles.ingest("one", environ, pd.Timestamp(time))


def folder(environ: dict[str, str]) -> Path:
    return Path(environ["RUSTYBT_ROOT"], "data", "one")


def times(environ: dict[str, str]) -> list[str]:
    return [f"{time:%Y-%m-%d}" for time in bundles.ingestions_for_bundle("one", environ)]


@pytest.mark.parametrize("name", ["one", "sample"])
def test_closing_a_bundle_closes_its_databases(environ: dict[str, str], name: str) -> None:
    """An open SQLite connection would warn when collected, and warnings are errors here."""
    bundles.ingest(name, environ)
    data = bundles.load(name, environ)
    reader: Any = data.equity_daily_bar_reader
    (asset,) = data.asset_finder.retrieve_all([0])
    reader.load_raw_arrays(["close"], reader.sessions[0], reader.sessions[-1], [asset])
    data.adjustment_reader.asset_adjustments(0)
    data.close()
    data.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        data.adjustment_reader.get_adjustments_for_sid("splits", 0)
    del data, reader, asset
    gc.collect()


@pytest.mark.parametrize("name", [DAILY, MINUTE])
def test_a_file_of_another_kind_is_refused(environ: dict[str, str], name: str) -> None:
    bundles.ingest("one", environ)
    (path,) = folder(environ).rglob(name)
    path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.raises(DamagedBarsError, match=rf"{name} is damaged or no file of bars"):
        bundles.load("one", environ)
    gc.collect()


@pytest.mark.parametrize(("left", "right"), [(DAILY, MINUTE), (MINUTE, DAILY)])
def test_bars_of_the_other_frequency_are_refused(
    environ: dict[str, str], left: str, right: str
) -> None:
    bundles.ingest("one", environ)
    ((one,), (other,)) = (list(folder(environ).rglob(name)) for name in (left, right))
    other.write_bytes(one.read_bytes())
    (manifest,) = folder(environ).rglob(MANIFEST)
    manifest.write_text('{"files": {}}', encoding="ascii")
    with pytest.raises(DamagedBarsError, match=rf"{right} holds .* bars, not"):
        bundles.load("one", environ)


def test_a_damaged_asset_database_leaves_nothing_open(environ: dict[str, str]) -> None:
    bundles.ingest("one", environ)
    (path,) = folder(environ).rglob("assets-*.sqlite")
    path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.raises(RustybtError, match=r"'one' is damaged, .*sqlite: file is not a database"):
        bundles.load("one", environ)
    gc.collect()


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="folders can be written to by everybody on Windows, and by root",
)
def test_a_read_only_folder_is_named(environ: dict[str, str]) -> None:
    root = Path(environ["RUSTYBT_ROOT"])
    root.mkdir()
    root.chmod(0o555)
    try:
        with pytest.raises(PermissionError, match=rf"'one' cannot be ingested into {root}"):
            bundles.ingest("one", environ)
    finally:
        root.chmod(0o755)


def test_a_root_that_is_a_file_is_named(environ: dict[str, str]) -> None:
    Path(environ["RUSTYBT_ROOT"]).write_text("", encoding="ascii")
    with pytest.raises(OSError, match="'one' cannot be ingested into"):
        bundles.ingest("one", environ)


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"keep_last": 1}, ["2020-01-03"]),
        ({"keep_last": 0}, []),
        ({"keep_last": 9}, ["2020-01-03", "2020-01-02", "2020-01-01"]),
        ({"before": "2020-01-02"}, ["2020-01-03", "2020-01-02"]),
        ({"after": "2020-01-02"}, ["2020-01-02", "2020-01-01"]),
        ({"before": "2020-01-02", "after": "2020-01-02"}, ["2020-01-02"]),
    ],
)
def test_clean_removes_what_is_asked_for(
    environ: dict[str, str], wanted: dict[str, Any], left: list[str]
) -> None:
    ingest_at(environ, "2020-01-02", "2020-01-01", "2020-01-03")
    removed = bundles.clean("one", environ=environ, **wanted)
    assert times(environ) == left
    assert len(removed) == 3 - len(left)
    assert not any(Path(path).exists() for path in removed)


@pytest.mark.parametrize("wanted", [{}, {"keep_last": -1}, {"keep_last": 1, "after": DAY}])
def test_clean_refuses_contradictions(environ: dict[str, str], wanted: dict[str, Any]) -> None:
    ingest_at(environ, "2020-01-02")
    with pytest.raises(bundles.BadClean, match="keep_last") as error:
        bundles.clean("one", environ=environ, **wanted)
    assert isinstance(error.value, RustybtError)
    assert times(environ) == ["2020-01-02"]


def test_clean_of_a_bundle_without_data(environ: dict[str, str]) -> None:
    with pytest.raises(bundles.UnknownBundle):
        bundles.clean("one", keep_last=1, environ=environ)


def test_the_latest_ingestion_before_a_time_is_loaded(environ: dict[str, str]) -> None:
    ingest_at(environ, "2020-01-01", "2020-01-03")
    found = bundles.core.most_recent_data("one", pd.Timestamp("2020-01-02", tz="UTC"), environ)
    assert bundles.from_bundle_ingest_dirname(found) == pd.Timestamp("2020-01-01")


def test_two_ingests_at_once_do_not_meet(environ: dict[str, str]) -> None:
    """Both are under way at the same time, and both can be loaded."""
    barrier = threading.Barrier(2, timeout=60)

    def wait(*arguments: Any) -> None:
        barrier.wait()
        write_one_bar(*arguments)
        barrier.wait()

    bundles.register("two", wait)
    try:
        days = [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02")]
        threads = [
            threading.Thread(target=bundles.ingest, args=("two", environ, day)) for day in days
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert bundles.ingestions_for_bundle("two", environ) == days[::-1]
        for day in days:
            with bundles.load("two", environ, day) as data:
                assert data.equity_daily_bar_reader.get_value(0, DAY, "close") == 2
    finally:
        bundles.unregister("two")


def test_an_ingestion_is_not_overwritten(environ: dict[str, str]) -> None:
    ingest_at(environ, "2020-01-01")
    with pytest.raises(FileExistsError, match="'one' has an ingestion of 2020-01-01"):
        ingest_at(environ, "2020-01-01")


def test_what_a_killed_ingest_left_is_removed_a_day_later(environ: dict[str, str]) -> None:
    old, new = (folder(environ) / f".ingest-{name}" for name in ("old", "new"))
    for place in (old, new):
        place.mkdir(parents=True)
    past = old.stat().st_mtime - STALE_AFTER - 1
    os.utime(old, (past, past))
    ingest_at(environ, "2020-01-01")
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize(
    ("variables", "root"),
    [
        ({"RUSTYBT_ROOT": "/a", "ZIPLINE_ROOT": "/b"}, "/a"),
        ({"RUSTYBT_ROOT": "", "ZIPLINE_ROOT": "/b"}, "/b"),
        ({"ZIPLINE_ROOT": "/b"}, "/b"),
        ({}, str(Path("~/.rustybt").expanduser())),
    ],
)
def test_where_data_lives(variables: dict[str, str], root: str) -> None:
    assert rustybt_root(variables) == root
