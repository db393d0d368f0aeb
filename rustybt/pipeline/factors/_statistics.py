"""Statistics of windows that leave NaN out; NaN, without a warning, where nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Steps of a continued fraction, and when it has come to its end.
STEPS = 300
SMALLEST = 1e-300
PRECISION = 1e-15


def nanmean(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of each column.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    missing = np.isnan(values)
    if not missing.any():
        mean: NDArray[np.float64] = values.mean(axis=0)
        return mean
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(missing, 0.0, values).sum(axis=0)
        return np.asarray(total / (len(values) - missing.sum(axis=0)), dtype=np.float64)


def nanstd(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the standard deviation of each column, divided by the number of values.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    return np.sqrt(nanmean((values - nanmean(values)) ** 2))


def nansum(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum of each column, 0 where nothing is left.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    return np.asarray(np.nansum(values, axis=0), dtype=np.float64)


def nanmax(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the greatest value of each column.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    return np.asarray(np.fmax.reduce(values, axis=0))


def nanmin(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the least value of each column.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    return np.asarray(np.fmin.reduce(values, axis=0))


def nanargmax(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the first row with the greatest value of each column.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    missing = np.isnan(values)
    rows = np.where(missing, -np.inf, values).argmax(axis=0)
    return np.where(missing.all(axis=0), np.nan, rows)


def nanargmin(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the first row with the least value of each column.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray of float64, shape (columns,)
    """
    return nanargmax(-values)


def two_sided_p(t: NDArray[np.float64], freedom: int) -> NDArray[np.float64]:
    """Return the probability of a Student's t as far from zero or farther.

    Parameters
    ----------
    t : ndarray of float64
    freedom : int
        Degrees of freedom, 1 at least.

    Returns
    -------
    ndarray of float64
        Of the shape of `t`.

    Notes
    -----
    It is the regularised incomplete beta function of freedom / (freedom + t**2) with parameters
    freedom / 2 and 1 / 2 (Abramowitz and Stegun 26.5.27), by its continued fraction (26.5.8),
    evaluated as Lentz does.
    """
    x = freedom / (freedom + t * t)
    a, b = freedom / 2.0, 0.5
    # The fraction is fast on this side only; on the other one the symmetry 26.5.2 helps.
    direct = x < (a + 1.0) / (a + b + 2.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        near = _beta_part(np.where(direct, x, 0.0), a, b)
        far = 1.0 - _beta_part(np.where(direct, 0.0, 1.0 - x), b, a)
    return np.where(np.isnan(t), np.nan, np.where(direct, near, far))


def _beta_part(x: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Return the regularised incomplete beta function by its continued fraction."""
    from math import lgamma

    front = np.exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * np.log(x) + b * np.log1p(-x)) / a
    c = np.ones_like(x)
    d = 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for step in range(1, STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1.0) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1.0))
        for term in (even, odd):
            d = 1.0 / _not_zero(1.0 + term * d)
            c = _not_zero(1.0 + term / c)
            fraction = fraction * c * d
        if (np.abs(c * d - 1.0) < PRECISION).all():
            break
    return np.where(x > 0.0, front * fraction, 0.0)


def _not_zero(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(values) < SMALLEST, SMALLEST, values)
