"""What a bar must fulfil before it is written."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from rustybt.data.bar_reader import OHLCV
from rustybt.errors import RustybtError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LARGEST_VOLUME = 2.0**53  # float64 holds every whole number up to here
REPORTED = 5


class InvalidBarsError(RustybtError, ValueError):
    """Bars were refused; the message says which, where and why."""


class DroppedBarsWarning(UserWarning):
    """Bars that break a rule were left out, or bars were put in order."""


class AssetBars(NamedTuple):
    """Valid bars of one asset, without holes."""

    first: int
    """Ordinal of the first bar on the axis."""
    columns: NDArray[np.float64]
    """Open, high, low, close and volume, shape (5, bars)."""


def check_bars(
    frame: pd.DataFrame, axis: NDArray[np.int64], *, sid: int, noun: str, on_invalid: str
) -> AssetBars | None:
    """Return the bars of one asset, placed on an axis.

    Between the first and the last bar, a session or minute without one gets NaN prices and the
    volume 0. So does a bar whose prices and volume are all NaN or 0. A fraction of a share is cut
    off the volume.

    Parameters
    ----------
    frame : DataFrame
        Columns open, high, low, close and volume; index of strictly ascending dates.
        ``frame.attrs["source"]`` names the file that it came from, where there is one, and
        ``frame.attrs["first_line"]`` the line of its first row and ``frame.attrs["blank_lines"]``
        the lines without one.
    axis : ndarray of int64, shape (ordinals,)
        The sessions or minutes that may have bars, in nanoseconds.
    sid : int
    noun : {"session", "minute"}
        What the axis consists of, for messages.
    on_invalid : {"raise", "warn", "ignore"}
        Whether a bar that breaks a rule is refused, reported and dropped, or dropped. Bars out of
        order are refused or put in order; of bars of one date the first stays.

    Returns
    -------
    AssetBars or None
        None if there is no bar.

    Raises
    ------
    InvalidBarsError
        If a column is missing, or `on_invalid` is "raise" and a bar breaks a rule.
    """
    source = frame.attrs.get("source") or f"the bars of sid {sid}"
    missing = [name for name in OHLCV if name not in frame.columns]
    if missing:
        raise InvalidBarsError(
            msg=f"{source}: the column{'s' * (len(missing) > 1)} {', '.join(missing)} "
            f"must be there, found {', '.join(map(str, frame.columns))}"
        )
    times = _nanoseconds(frame.index, source)
    values = np.stack([_floats(frame[name], name, source) for name in OHLCV])
    empty = (np.isnan(values) | (values == 0)).all(axis=0)
    values[:4, empty] = np.nan
    values[4, empty] = 0

    rows = np.arange(times.size)
    reasons: list[tuple[int, str]] = []
    late = _out_of_order(times)
    descending = bool(late.size) and bool((times[1:] < times[:-1]).all())
    if late.size:
        if descending:
            reasons.append((-1, "the dates descend: sort them in ascending order"))
        else:
            earlier = "the date is earlier than the one before it"
            reasons += [(int(row), earlier) for row in late[:REPORTED]]
        rows = np.argsort(times, kind="stable")
        times, values = times[rows], values[:, rows]
    wrong = np.zeros(times.size, dtype=np.bool_)
    if on_invalid != "raise" or not reasons:
        for reason, breaks in _rules(times, values, axis, noun):
            fresh = breaks & ~wrong
            reasons += [(int(row), reason) for row in rows[fresh][:REPORTED]]
            wrong |= fresh
    if reasons:
        dropped = int(wrong.sum())
        count = dropped + (1 if descending else late.size)
        ordered = f", {late.size} rows put in order" if late.size else ""
        sentence = _sentence(source, frame, sorted(reasons), count)
        if on_invalid == "raise":
            raise InvalidBarsError(msg=sentence)
        if on_invalid == "warn":
            summary = f"dropped {dropped} bars{ordered}: {sentence}"
            warnings.warn(summary, DroppedBarsWarning, stacklevel=3)
        times, values = times[~wrong], values[:, ~wrong]
    if not times.size:
        return None
    ordinals = np.searchsorted(axis, times)
    first, last = int(ordinals[0]), int(ordinals[-1])
    columns = np.full((5, last - first + 1), np.nan)
    columns[4] = 0
    columns[:, ordinals - first] = values
    np.trunc(columns[4], out=columns[4])
    return AssetBars(first, columns)


def _rules(
    times: NDArray[np.int64], values: NDArray[np.float64], axis: NDArray[np.int64], noun: str
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each rule's sentence and the rows that break it."""
    prices, volume = values[:4], values[4]
    open_, high, low, close = prices
    none = np.isnan(prices).all(axis=0) & (volume == 0)
    found = np.searchsorted(axis, times)
    found[found == axis.size] = 0
    outside = axis[found] != times if axis.size else np.ones(times.size, dtype=np.bool_)
    yield "the date is missing", times == pd.NaT.value
    yield "the date is there twice", np.diff(times, prepend=times[:1] - 1) == 0
    yield f"the date is no {noun} of the calendar and range written", outside
    yield "a value is infinite", np.isinf(values).any(axis=0)
    yield "a price is missing (NaN)", np.isnan(prices).any(axis=0) & ~none
    yield "the volume is missing (NaN)", np.isnan(volume)
    yield "a price is negative", (prices < 0).any(axis=0)
    yield "a price is 0", (prices == 0).any(axis=0)
    yield "the high is below the low", high < low
    yield "the open is above the high or below the low", (open_ > high) | (open_ < low)
    yield "the close is above the high or below the low", (close > high) | (close < low)
    yield "the volume is negative", volume < 0
    yield "the volume is above 2**53, too large to be kept exactly", volume > LARGEST_VOLUME


def _out_of_order(times: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the rows with a date that is earlier than one before them."""
    missing = times == pd.NaT.value
    latest = np.maximum.accumulate(times)
    return np.flatnonzero((times < latest) & ~missing)


def _sentence(source: str, frame: pd.DataFrame, reasons: list[tuple[int, str]], count: int) -> str:
    told = [_told(frame, row, reason) for row, reason in reasons[:REPORTED]]
    more = f"; {count - len(told)} more" if count > len(told) else ""
    return f"{source}{':' if reasons[0][0] < 0 else ','} {'; '.join(told)}{more}"


def _told(frame: pd.DataFrame, row: int, reason: str) -> str:
    if row < 0:
        return reason
    return f"{place(frame, row)} ({frame.index[row]}): {reason}"


def place(frame: pd.DataFrame, row: int) -> str:
    """Return the name of a row: the line of its file, where the frame tells of one."""
    line = frame.attrs.get("first_line")
    if line is None:
        return f"row {row}"
    line += row
    for blank in frame.attrs.get("blank_lines", ()):
        line += blank <= line
    return f"line {line}"


def _nanoseconds(index: pd.Index, source: str) -> NDArray[np.int64]:
    try:
        dates = pd.DatetimeIndex(index)
        if dates.tz is not None:
            dates = dates.tz_convert("UTC").tz_localize(None)
        return np.array(dates.as_unit("ns").asi8)
    except (TypeError, ValueError) as error:
        raise InvalidBarsError(msg=f"{source}: the index must consist of dates: {error}") from None


def _floats(column: pd.Series, name: str, source: str) -> NDArray[np.float64]:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InvalidBarsError(
            msg=f"{source}: the column {name} must consist of numbers: {error}"
        ) from None
