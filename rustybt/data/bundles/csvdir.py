"""Bundles of CSV files: one file an asset, in folders `daily` and `minute`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rustybt.data.bar_checks import InvalidBarsError, place
from rustybt.data.bundles.core import BundleError
from rustybt.utils.progress import maybe_show_progress

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rustybt.assets import AssetDBWriter
    from rustybt.data.adjustments import SQLiteAdjustmentWriter
    from rustybt.data.bar_writers import DailyBarWriter, MinuteBarWriter

FRAMES = ("daily", "minute")
# Before pandas 3.1 read_csv by default misses the last bit of some floats; since then asking for
# exact ones is deprecated.
EXACT_FLOATS: dict[str, Any] = (
    {}
    if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
    else {"float_precision": "round_trip"}
)
_SUFFIXES = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip")


def csvdir_equities(
    tframes: Iterable[str] | None = None, csvdir: str | os.PathLike[str] | None = None
) -> Callable[..., None]:
    """Return a function that ingests equities from CSV files, to be passed to `register`.

    Parameters
    ----------
    tframes : iterable of {"daily", "minute"}, optional
        By default those of which `csvdir` has a folder.
    csvdir : str or path, optional
        The folder with `daily/<symbol>.csv` and `minute/<symbol>.csv`; by default that of the
        environment variable CSVDIR. The first column of a file is the date; `open`, `high`,
        `low`, `close` and `volume` must be there, `split` (2.0 is two for one) and `dividend`
        (cash per share) may.
    """
    frames = None if tframes is None else tuple(tframes)

    return partial(csvdir_bundle, tframes=frames, csvdir=csvdir)


def csvdir_bundle(
    environ: Mapping[str, str],
    asset_db_writer: AssetDBWriter,
    minute_bar_writer: MinuteBarWriter,
    daily_bar_writer: DailyBarWriter,
    adjustment_writer: SQLiteAdjustmentWriter,
    calendar: Any,  # noqa: ANN401, ARG001 - the signature of ingest functions
    start_session: pd.Timestamp,
    end_session: pd.Timestamp,
    cache: Any,  # noqa: ANN401, ARG001
    show_progress: bool,
    output_dir: str,  # noqa: ARG001
    tframes: Iterable[str] | None = None,
    csvdir: str | os.PathLike[str] | None = None,
) -> None:
    """Ingest equities from CSV files; see `csvdir_equities`."""
    folder = _folder(environ, csvdir)
    frames = tuple(tframes or (name for name in FRAMES if (folder / name).is_dir()))
    if not frames or not set(frames) <= set(FRAMES):
        raise BundleError(msg=f"{folder} must have a folder `daily` or `minute` with CSV files")
    files = {frame: _files(folder / frame) for frame in frames}
    symbols = sorted(set().union(*files.values()))
    actions = Actions(symbols, start_session, end_session)
    for frame in frames:
        bars = _bars(files[frame], actions, show_progress)
        if frame == "daily":
            daily_bar_writer.write(bars)
        else:
            minute_bar_writer.write(bars)
    asset_db_writer.write(equities=actions.equities())
    adjustment_writer.write(splits=actions.splits(), dividends=actions.dividends())


class Actions:
    """What the files tell about their assets beside bars, from one session to another."""

    def __init__(self, symbols: list[str], start: pd.Timestamp, end: pd.Timestamp) -> None:
        self._start, self._end = start, end
        self.sids = {symbol: sid for sid, symbol in enumerate(symbols)}
        self._ranges: dict[str, tuple[pd.Timestamp, pd.Timestamp]] = {}
        self._splits: dict[tuple[int, pd.Timestamp], float] = {}
        self._dividends: dict[tuple[int, pd.Timestamp], float] = {}

    def add(self, symbol: str, frame: pd.DataFrame) -> None:
        """Take note of an asset's range, splits and dividends."""
        dates = pd.DatetimeIndex(frame.index)
        if dates.tz is not None:
            dates = dates.tz_convert("UTC").tz_localize(None)
        days = dates.normalize()
        inside = (days >= self._start) & (days <= self._end)
        if not inside.any():
            return
        begin, end = days[inside].min(), days[inside].max()
        first, last = self._ranges.get(symbol, (begin, end))
        self._ranges[symbol] = (min(first, begin), max(last, end))
        sid = self.sids[symbol]
        for name, neutral, found in (
            ("split", 1.0, self._splits),
            ("dividend", 0.0, self._dividends),
        ):
            if name not in frame.columns:
                continue
            values = frame[name].to_numpy(dtype=np.float64)
            for row in np.flatnonzero(inside & (values != neutral) & ~np.isnan(values)).tolist():
                if not values[row] > 0:
                    raise InvalidBarsError(
                        msg=f"{frame.attrs['source']}, {place(frame, row)}: the {name} must be "
                        f"positive, got {values[row]}"
                    )
                found[sid, days[row]] = float(values[row])

    def equities(self) -> pd.DataFrame:
        """Return the assets, each closed automatically the day after its last bar."""
        symbols = [symbol for symbol in self.sids if symbol in self._ranges]
        ends = pd.DatetimeIndex([self._ranges[symbol][1] for symbol in symbols])
        return pd.DataFrame(
            {
                "symbol": symbols,
                "start_date": pd.DatetimeIndex([self._ranges[symbol][0] for symbol in symbols]),
                "end_date": ends,
                "auto_close_date": ends + pd.Timedelta(days=1),
                "exchange": "CSVDIR",
            },
            index=pd.Index([self.sids[symbol] for symbol in symbols], name="sid"),
        )

    def splits(self) -> pd.DataFrame:
        """Return the splits; the ratio is that of prices."""
        return pd.DataFrame(
            {
                "sid": np.array([sid for sid, _ in self._splits], dtype=np.int64),
                "effective_date": np.array([day for _, day in self._splits], dtype="M8[ns]"),
                "ratio": 1.0 / np.array(list(self._splits.values()), dtype=np.float64),
            }
        )

    def dividends(self) -> pd.DataFrame:
        """Return the dividends, of which the files tell the ex-date only."""
        count = len(self._dividends)
        unknown = np.full(count, np.datetime64("NaT", "ns"))
        return pd.DataFrame(
            {
                "sid": np.array([sid for sid, _ in self._dividends], dtype=np.int64),
                "ex_date": np.array([day for _, day in self._dividends], dtype="M8[ns]"),
                "declared_date": unknown,
                "record_date": unknown,
                "pay_date": unknown,
                "amount": np.array(list(self._dividends.values()), dtype=np.float64),
            }
        )


def _folder(environ: Mapping[str, str], csvdir: str | os.PathLike[str] | None) -> Path:
    place = csvdir or environ.get("CSVDIR")
    if not place:
        raise BundleError(msg="csvdir needs a folder: set the environment variable CSVDIR")
    folder = Path(place)
    if not folder.is_dir():
        raise BundleError(msg=f"{folder} is not a directory: csvdir reads CSV files from it")
    return folder


def _files(folder: Path) -> dict[str, Path]:
    """Return the file of each symbol, in order of symbols."""
    if not folder.is_dir():
        raise BundleError(
            msg=f"{folder} is not a directory: csvdir reads <symbol>.csv files from it"
        )
    found = {
        path.name.split(".csv")[0]: path
        for path in sorted(folder.iterdir())
        if path.name.endswith(_SUFFIXES)
    }
    if not found:
        raise BundleError(msg=f"no <symbol>.csv files found in {folder}")
    return dict(sorted(found.items()))


def _bars(
    files: dict[str, Path], actions: Actions, show_progress: bool
) -> Iterator[tuple[int, pd.DataFrame]]:
    with maybe_show_progress(
        files.items(), show_progress, "Reading CSV files", len(files)
    ) as items:
        for symbol, path in items:
            frame = _read(path)
            actions.add(symbol, frame)
            yield actions.sids[symbol], frame


def _read(path: Path) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = pd.read_csv(path, index_col=0, skip_blank_lines=False, **EXACT_FLOATS)
    except (ValueError, OSError, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise InvalidBarsError(msg=f"{path} cannot be read as CSV: {reason}") from None
    blank = np.asarray(frame.index.isna()) & frame.isna().all(axis=1).to_numpy()
    frame = frame[~blank]
    if frame.empty:
        raise InvalidBarsError(msg=f"{path} has no bars")
    frame.attrs = {
        "source": str(path),
        "first_line": 2,
        "blank_lines": tuple((np.flatnonzero(blank) + 2).tolist()),
    }
    try:
        frame.index = pd.DatetimeIndex(pd.to_datetime(frame.index, format="ISO8601"))
    except (ValueError, TypeError):
        raise InvalidBarsError(msg=_unreadable_date(path, frame)) from None
    return frame


def _unreadable_date(path: Path, frame: pd.DataFrame) -> str:
    wrong = "the first column must be dates in one time zone"
    for row, text in enumerate(frame.index):
        if pd.isna(pd.to_datetime(str(text), format="ISO8601", errors="coerce")):
            wrong = f"{place(frame, row)}: the date {text!r} cannot be read, write it as 2020-12-31"
            break
    return f"{path}, {wrong}"
