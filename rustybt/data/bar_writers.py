"""Writers of daily and minute bars: every bar is checked, a file appears when it is whole."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from rustybt.data._equities import COLUMNS, BarColumns
from rustybt.data._minute_bar_internal import MarketMinutes
from rustybt.data.bar_checks import InvalidBarsError, check_bars
from rustybt.data.bar_files import BarTable, write_arrow
from rustybt.data.market_schedule import market_minutes, session_labels
from rustybt.utils.progress import maybe_show_progress

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from typing import Self

    import pandas as pd
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray

Behavior = Literal["raise", "warn", "ignore"]


class BarWriter:
    """Collects the bars of assets, and writes them to one file."""

    frequency: Literal["session", "minute"]

    def __init__(
        self,
        path: str | os.PathLike[str],
        calendar: ExchangeCalendar,
        start_session: pd.Timestamp,
        end_session: pd.Timestamp,
        *,
        lenient: bool = False,
    ) -> None:
        self._path = Path(path)
        self._calendar = calendar
        self._lenient = lenient
        labels = session_labels(calendar, start_session, end_session)
        if not labels.size:
            raise InvalidBarsError(
                msg=f"the calendar {calendar.name} has no session from "
                f"{start_session} to {end_session}"
            )
        self._start, self._end = int(labels[0]), int(labels[-1])
        if self.frequency == "session":
            self._opens = self._closes = self._axis = labels
        else:
            self._opens, self._closes = market_minutes(calendar, labels[0], labels[-1])
            self._axis = MarketMinutes(self._opens, self._closes).values()
        self._spool: Spool | None = None

    def _add(self, sid: int, frame: pd.DataFrame, behavior: Behavior | None) -> None:
        if behavior not in {*get_args(Behavior), None}:
            raise InvalidBarsError(
                msg=f"invalid_data_behavior must be one of {', '.join(get_args(Behavior))}, got "
                f"{behavior!r}"
            )
        bars = check_bars(
            frame,
            self._axis,
            sid=sid,
            noun=self.frequency,
            on_invalid=behavior or ("warn" if self._lenient else "raise"),
        )
        if bars is not None:
            if self._spool is None:
                self._spool = Spool(self._path.parent)
            self._spool.add(int(sid), bars.first, bars.columns)

    def _flush(self) -> None:
        spool = self._spool or Spool(self._path.parent)
        try:
            columns = spool.bars(self._axis)
            write_arrow(
                self._path,
                BarTable(
                    columns,
                    self.frequency,
                    self._calendar.name,
                    self._start,
                    self._end,
                    self._opens,
                    self._closes,
                ),
            )
            del columns
        finally:
            self._discard(spool)

    def _discard(self, spool: Spool | None) -> None:
        if spool is not None:
            spool.close()
        self._spool = None


class DailyBarWriter(BarWriter):
    """Writer of daily bars.

    Parameters
    ----------
    path : str or path
        The file to write.
    calendar : ExchangeCalendar
    start_session, end_session : Timestamp
        The range that bars may lie in.
    lenient : bool, default False
        Whether bars that break a rule are reported and dropped instead of refused.
    """

    frequency = "session"

    def write(
        self,
        data: Iterable[tuple[int, pd.DataFrame]],
        assets: Iterable[int] | None = None,
        show_progress: bool = False,
        invalid_data_behavior: Behavior | None = None,
    ) -> None:
        """Write the bars of all assets, in place of what was written before.

        Parameters
        ----------
        data : iterable of (int, DataFrame)
            The sid of each asset and its bars: columns open, high, low, close and volume, index
            of sessions in ascending order.
        assets : collection of int, optional
            The sids that `data` may have.
        show_progress : bool, default False
        invalid_data_behavior : {"raise", "warn", "ignore"}, optional
            Whether a bar that breaks a rule is refused, reported and dropped, or dropped. By
            default as the writer was made: "warn" if it is lenient, else "raise".

        Raises
        ------
        InvalidBarsError
            If a bar is refused; nothing has been written then.
        """
        known = None if assets is None else frozenset(int(sid) for sid in assets)
        length = None if known is None else len(known)
        self._discard(self._spool)
        try:
            with maybe_show_progress(data, show_progress, "Writing daily bars", length) as items:
                for sid, frame in items:
                    if known is not None and int(sid) not in known:
                        raise InvalidBarsError(msg=f"sid {sid} has bars but is none of the assets")
                    self._add(int(sid), frame, invalid_data_behavior)
            self._flush()
        finally:
            self._discard(self._spool)


class MinuteBarWriter(BarWriter):
    """Writer of minute bars; parameters as of `DailyBarWriter`.

    Bars may come in several calls, those of one asset in ascending order. The file is written
    by `close`, or on leaving the writer's ``with`` block without an error.
    """

    frequency = "minute"

    def write(
        self,
        data: Iterable[tuple[int, pd.DataFrame]],
        show_progress: bool = False,
        invalid_data_behavior: Behavior | None = None,
    ) -> None:
        """Add bars of assets, as `write_sid` does; `data` holds pairs of sid and frame."""
        with maybe_show_progress(data, show_progress, "Writing minute bars", None) as items:
            for sid, frame in items:
                self.write_sid(sid, frame, invalid_data_behavior)

    def write_sid(
        self, sid: int, df: pd.DataFrame, invalid_data_behavior: Behavior | None = None
    ) -> None:
        """Add bars of one asset.

        Parameters
        ----------
        sid : int
        df : DataFrame
            Columns open, high, low, close and volume; index of minutes in ascending order.
        invalid_data_behavior : {"raise", "warn", "ignore"}, optional
            As for `DailyBarWriter.write`.

        Raises
        ------
        InvalidBarsError
            If a bar is refused, or the asset already has bars at or after the first of these.
        """
        self._add(int(sid), df, invalid_data_behavior)

    def close(self) -> None:
        """Write the file."""
        self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._discard(self._spool)


class Spool:
    """Columns that grow on disk, so that bars need not fit in memory."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(prefix=".bars-", dir=folder)
        self._files: list[Any] = [self._path(name).open("wb") for name in COLUMNS]
        self._pieces: dict[int, list[tuple[int, int, int]]] = {}  # first, stop, row
        self._rows = 0

    def _path(self, name: str) -> Path:
        return Path(self._folder.name, name)

    def add(self, sid: int, first: int, columns: NDArray[np.float64]) -> None:
        """Append bars of an asset that begin at an ordinal."""
        stop = first + columns.shape[1]
        pieces = self._pieces.setdefault(sid, [])
        if pieces and first < pieces[-1][1]:
            raise InvalidBarsError(
                msg=f"sid {sid} has bars already that are not earlier than these: write each "
                "asset's bars once and in ascending order"
            )
        for file, column in zip(self._files, columns, strict=True):
            file.write(np.ascontiguousarray(column).data)
        pieces.append((first, stop, self._rows))
        self._rows += stop - first

    def bars(self, axis: NDArray[np.int64]) -> BarColumns:
        """Return all bars, mapped from disk."""
        for file in self._files:
            file.flush()
        sids = sorted(self._pieces)
        first = np.array([self._pieces[sid][0][0] for sid in sids], dtype=np.intp)
        last = np.array([self._pieces[sid][-1][1] - 1 for sid in sids], dtype=np.intp)
        in_order = sids == list(self._pieces)
        if in_order and all(len(pieces) == 1 for pieces in self._pieces.values()):
            columns = {name: self._mapped(name, self._rows, "r") for name in COLUMNS}
        else:
            columns = {name: self._gathered(name, sids, first, last) for name in COLUMNS}
        return BarColumns(np.array(sids, dtype=np.int64), axis, first, last, **columns)

    def _gathered(
        self, name: str, sids: list[int], first: NDArray[np.intp], last: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        source = self._mapped(name, self._rows, "r")
        target = self._mapped(f"{name}-in-order", int((last - first + 1).sum()), "w+")
        target[:] = 0.0 if name == "volume" else np.nan
        shift = 0
        for sid, begin, end in zip(sids, first.tolist(), last.tolist(), strict=True):
            for start, stop, row in self._pieces[sid]:
                place = shift + start - begin
                target[place : place + stop - start] = source[row : row + stop - start]
            shift += end - begin + 1
        return target

    def _mapped(self, name: str, rows: int, mode: Literal["r", "w+"]) -> NDArray[np.float64]:
        if not rows:
            return np.empty(0)  # an empty file cannot be mapped
        mapped = np.memmap(self._path(name), dtype=np.float64, mode=mode, shape=(rows,))
        return np.asarray(mapped)

    def close(self) -> None:
        """Remove the columns from disk."""
        for file in self._files:
            file.close()
        self._folder.cleanup()
