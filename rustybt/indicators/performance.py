"""What becomes of a unit of money."""

from __future__ import annotations

from typing import TypeVar

from rustybt import _rustybt
from rustybt.indicators.series import as_float64, integer, like

ArrayT = TypeVar("ArrayT")


def cumulative_returns(returns: ArrayT, min_periods: int = 1) -> ArrayT:
    """Compounded growth since the first row: the product of ``1 + r``, less 1.

    The running sum behind it is compensated (Neumaier, 1974), so long series lose no digits.

    Parameters
    ----------
    returns : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Simple returns per row, 0.01 being one per cent.
    min_periods : int, default 1
        Returns that must have been present for a result.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `returns`. A row whose return is missing gives NaN and changes nothing.

    Raises
    ------
    TypeError
        If `returns` does not hold real numbers or `min_periods` is not an integer.
    ValueError
        If `returns` is not one- or two-dimensional or `min_periods` is below 1.
    """
    array = as_float64("returns", returns)
    periods = integer("min_periods", min_periods, 1)
    return like(_rustybt.cumulative_returns(array, periods), returns)


def drawdown(values: ArrayT, min_periods: int = 1) -> ArrayT:
    """Fall below the highest value so far, as a fraction of it.

    Parameters
    ----------
    values : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Prices or portfolio values.
    min_periods : int, default 1
        Values that must have been present for a result.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `values`: 0 at a peak, -0.25 a quarter below it. A row whose value is
        missing gives NaN, and so do rows before a value above 0.

    Raises
    ------
    TypeError, ValueError
        As `cumulative_returns`.
    """
    array = as_float64("values", values)
    periods = integer("min_periods", min_periods, 1)
    return like(_rustybt.drawdown(array, periods), values)
