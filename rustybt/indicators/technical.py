"""Technical indicators."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from rustybt import _rustybt
from rustybt.indicators.series import (
    aligned,
    as_float64,
    integer,
    like,
    optional_integer,
    real,
)

ArrayT = TypeVar("ArrayT")


class BollingerBands(NamedTuple):
    """Upper, middle and lower band."""

    upper: Any
    middle: Any
    lower: Any


class MACD(NamedTuple):
    """MACD line, its signal line, and the histogram, their difference."""

    macd: Any
    signal: Any
    histogram: Any


def rsi(values: ArrayT, window: int = 14, min_periods: int | None = None) -> ArrayT:
    """Relative strength index.

    ``100 * G / (G + L)``, where G and L are the averages of the gains and of the losses from value
    to value: the mean of the first `window` changes, then ``(1 - 1/window)`` of the average before
    plus ``1/window`` of the newest (J. W. Wilder, "New Concepts in Technical Trading Systems",
    1978).

    Parameters
    ----------
    values : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Prices.
    window : int, default 14
        Changes that the average begins with; at most the number of rows.
    min_periods : int, optional
        Changes that must have been seen for a result; the window by default. Before the window is
        full, the averages are the means of the changes so far.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `values`, 0 to 100. A row whose value is missing gives NaN and is passed
        over; NaN, too, while no value differed from the one before it.

    Raises
    ------
    TypeError
        If `values` does not hold real numbers or a count is not an integer.
    ValueError
        If `values` is not one- or two-dimensional, `window` is below 1 or above the number of
        rows, or `min_periods` is not between 1 and `window`.
    """
    array = as_float64("values", values)
    length = integer("window", window, 1)
    periods = optional_integer("min_periods", min_periods, 1)
    return like(_rustybt.rsi(array, length, periods), values)


def atr(
    high: ArrayT, low: object, close: object, window: int = 14, min_periods: int | None = None
) -> ArrayT:
    """Average true range.

    The true range is the largest of ``high - low``, ``abs(high - c)`` and ``abs(low - c)``, c being
    the close of the bar before; its average is that of `rsi` (Wilder, 1978). The first bar, which
    has no close before it, counts for its close only.

    Parameters
    ----------
    high, low, close : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Prices, of one shape; pandas objects must have the same labels.
    window : int, default 14
        True ranges that the average begins with; at most the number of rows.
    min_periods : int, optional
        True ranges that must have been seen for a result; the window by default.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `high`, in the unit of prices. A bar with a missing price gives NaN and is
        passed over.

    Raises
    ------
    TypeError, ValueError
        As `rsi`; also if the shapes or labels differ.
    """
    highs, lows, closes = aligned(("high", "low", "close"), (high, low, close))
    length = integer("window", window, 1)
    periods = optional_integer("min_periods", min_periods, 1)
    result = _rustybt.atr(highs, lows, closes, length, periods)
    return like(result, high, low, close)


def macd(
    values: object, fast: int = 12, slow: int = 26, signal: int = 9, min_periods: int | None = None
) -> MACD:
    """Compute the moving average convergence/divergence (G. Appel).

    The difference of two exponential means of `values`, of spans `fast` and `slow`, and the
    exponential mean of that difference, of span `signal`; all start with the first value
    (``adjust=False`` of `ewm_mean`).

    Parameters
    ----------
    values : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Prices.
    fast, slow, signal : int, default 12, 26, 9
        Spans in rows, ``1 <= fast < slow``, ``signal >= 1``.
    min_periods : int, optional
        Values that must have been present for the line; `slow` by default. The signal line needs
        ``signal - 1`` more.

    Returns
    -------
    MACD
        `macd`, `signal` and `histogram`, each of the shape of `values`. A row whose value is
        missing gives NaN and is passed over.

    Raises
    ------
    TypeError
        If `values` does not hold real numbers or a span is not an integer.
    ValueError
        If `values` is not one- or two-dimensional or a span is out of its range.
    """
    array = as_float64("values", values)
    quick, long, line = (
        integer("fast", fast, 1),
        integer("slow", slow, 1),
        integer("signal", signal, 1),
    )
    periods = long if min_periods is None else integer("min_periods", min_periods, 1)
    lines = _rustybt.macd(array, quick, long, line, periods)
    return MACD(*(like(line, values) for line in lines))


def bollinger_bands(
    values: object,
    window: int = 20,
    deviations: float = 2.0,
    min_periods: int | None = None,
    ddof: int = 0,
) -> BollingerBands:
    """Bollinger bands: the rolling mean, and so many rolling standard deviations around it.

    Source: J. Bollinger, "Bollinger on Bollinger Bands", 2001, who divides by the count (ddof 0).

    Parameters
    ----------
    values, window, min_periods, ddof
        As for `rustybt.indicators.rolling_std`.
    deviations : float, default 2.0
        Distance of the bands from the mean in standard deviations, at least 0.

    Returns
    -------
    BollingerBands
        `upper`, `middle` and `lower`, each of the shape of `values` and in its unit.

    Raises
    ------
    TypeError, ValueError
        As `rustybt.indicators.rolling_std`; also if `deviations` is negative or not finite.
    """
    array = as_float64("values", values)
    length = integer("window", window, 1)
    width = real("deviations", deviations)
    if width < 0:
        raise ValueError(f"deviations must be at least 0, got {width}")
    periods = optional_integer("min_periods", min_periods, 1)
    freedom = integer("ddof", ddof, 0)
    bands = _rustybt.bollinger_bands(array, length, width, periods, freedom)
    return BollingerBands(*(like(band, values) for band in bands))
