"""Quantiles of the values in each row of a 2-D array."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from operator import index
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray


def quantiles(
    data: NDArray[Any],
    nbins_or_partition_bounds: SupportsIndex | Sequence[float] | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the number of the quantile that each value falls into within its row.

    Bins are open to the left and closed to the right, the first one closed on both sides. Their
    bounds are the row's quantiles with linear interpolation [1]_.

    Parameters
    ----------
    data : ndarray of real numbers, shape (rows, columns)
        Values; NaN is missing.
    nbins_or_partition_bounds : int or sequence of float
        The number of equally filled bins, or the bounds of the bins as increasing fractions
        from 0 to 1.

    Returns
    -------
    ndarray, shape (rows, columns), dtype float64
        Bins from 0. NaN where the value is missing or outside all bins.

    Raises
    ------
    TypeError
        If `data` is not numeric or the bins are neither an integer nor numbers.
    ValueError
        If `data` is not 2-D, the bins are out of range, or two bounds of a row coincide because
        of tied or too few values, or lie between infinite values.

    Notes
    -----
    The bins are those of `pandas.qcut`. Where a value lies exactly on a bound, pandas rounds the
    bound differently from version to version; here the value always belongs to the lower bin.

    References
    ----------
    .. [1] R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American
       Statistician 50 (1996), definition 7.
    """
    fractions = _fractions(nbins_or_partition_bounds)
    if not isinstance(data, np.ndarray):
        raise TypeError(f"data must be an array of real numbers, got {type(data).__name__}")
    if data.dtype.kind not in "iuf":
        raise TypeError(f"data must be real numbers, got dtype {data.dtype}")
    if data.ndim != 2:
        raise ValueError(f"data must be 2-D, got shape {data.shape}")
    values = np.asarray(data, dtype=np.float64)

    bounds = _row_bounds(values, fractions)
    missing = np.isnan(values)
    occupied = ~missing.all(axis=1)
    _require_increasing(bounds, occupied)

    bins = np.full(values.shape, -1.0)
    for bound in bounds.T:
        bins += values > bound[:, np.newaxis]
    bins[values == bounds[:, :1]] = 0.0
    bins[missing | (bins < 0) | (bins >= len(fractions) - 1)] = np.nan
    return bins


def _fractions(bins: SupportsIndex | Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the bounds of the bins as fractions after checking them."""
    if isinstance(bins, Real):
        if isinstance(bins, (bool, float, np.floating)):
            raise TypeError(f"the number of bins must be an integer, got {bins!r}")
        count = index(bins)  # type: ignore[arg-type]
        if count < 1:
            raise ValueError(f"the number of bins must be at least 1, got {count}")
        return np.linspace(0.0, 1.0, count + 1)
    try:
        fractions = np.asarray(bins, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"partition bounds must be numbers, got {bins!r}") from error
    if fractions.ndim != 1:
        raise TypeError(f"partition bounds must be a sequence of numbers, got {bins!r}")
    if len(fractions) < 2:
        raise ValueError(f"partition bounds must be at least two numbers, got {bins!r}")
    if not (fractions[0] >= 0 and fractions[-1] <= 1 and (np.diff(fractions) > 0).all()):
        raise ValueError(f"partition bounds must increase within 0 and 1, got {bins!r}")
    return fractions


def _row_bounds(values: NDArray[np.float64], fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row's quantiles, NaN for a row without values."""
    bounds = np.full((values.shape[0], len(fractions)), np.nan)
    if values.shape[1] == 0:
        return bounds
    ordered = np.sort(values, axis=1)  # NaN is last
    last = np.maximum(np.count_nonzero(~np.isnan(values), axis=1) - 1, 0)[:, np.newaxis]

    # A third of three steps is one step: the bound is then a value of the row, to the last bit,
    # and that value belongs below it.
    position = fractions * last
    nearest = np.rint(position)
    position = np.where(np.isclose(position, nearest, rtol=1e-12, atol=0.0), nearest, position)

    below = np.floor(position).astype(np.intp)
    weight = position - below
    low = np.take_along_axis(ordered, below, axis=1)
    high = np.take_along_axis(ordered, np.minimum(below + 1, last), axis=1)
    with np.errstate(invalid="ignore"):  # between infinities, refused afterwards
        between = low * (1.0 - weight) + high * weight
    return np.where((weight == 0.0) | (low == high), low, between)


def _require_increasing(bounds: NDArray[np.float64], occupied: NDArray[np.bool_]) -> None:
    """Raise unless the bounds of every row that has values increase."""
    with np.errstate(invalid="ignore"):
        increasing = (np.diff(bounds, axis=1) > 0).all(axis=1)
    wrong = np.flatnonzero(occupied & ~increasing)
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"the quantile bounds of row {row} do not increase ({bounds[row].tolist()}): it has "
            "tied, infinite or too few values for its bins"
        )
