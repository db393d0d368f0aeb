"""Statistics of the last `window` rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rustybt import _rustybt
from rustybt.indicators.series import aligned, as_float64, integer, like, optional_integer

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

ArrayT = TypeVar("ArrayT")


def _one(
    kernel: Callable[..., NDArray[np.float64]],
    values: ArrayT,
    window: int,
    min_periods: int | None,
    **options: int,
) -> ArrayT:
    array = as_float64("values", values)
    length = integer("window", window, 1)
    periods = optional_integer("min_periods", min_periods, 1)
    return like(kernel(array, length, periods, **options), values)


def _two(
    kernel: Callable[..., NDArray[np.float64]],
    names: tuple[str, str],
    series: tuple[ArrayT, object],
    window: int,
    min_periods: int | None,
    **options: int,
) -> ArrayT:
    left, right = aligned(names, series)
    length = integer("window", window, 1)
    periods = optional_integer("min_periods", min_periods, 1)
    return like(kernel(left, right, length, periods, **options), series[0], series[1])


def rolling_sum(values: ArrayT, window: int, min_periods: int | None = None) -> ArrayT:
    """Sum over a moving window, by pairwise summation.

    Parameters
    ----------
    values : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Real numbers; converted to float64.
    window : int
        Rows in the window, the current one included; at most the number of rows.
    min_periods : int, optional
        Values that must not be missing in the window; the window by default.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `values`; NaN where too few values are present.

    Raises
    ------
    TypeError
        If `values` does not hold real numbers or a count is not an integer.
    ValueError
        If `values` is not one- or two-dimensional, `window` is below 1 or above the number of
        rows, or `min_periods` is not between 1 and `window`.
    """
    return _one(_rustybt.rolling_sum, values, window, min_periods)


def rolling_mean(values: ArrayT, window: int, min_periods: int | None = None) -> ArrayT:
    """Arithmetic mean over a moving window.

    Parameters, result and errors are those of `rolling_sum`.
    """
    return _one(_rustybt.rolling_mean, values, window, min_periods)


def rolling_min(values: ArrayT, window: int, min_periods: int | None = None) -> ArrayT:
    """Minimum over a moving window, exact.

    Parameters, result and errors are those of `rolling_sum`.
    """
    return _one(_rustybt.rolling_min, values, window, min_periods)


def rolling_max(values: ArrayT, window: int, min_periods: int | None = None) -> ArrayT:
    """Maximum over a moving window, exact.

    Parameters, result and errors are those of `rolling_sum`.
    """
    return _one(_rustybt.rolling_max, values, window, min_periods)


def rolling_median(values: ArrayT, window: int, min_periods: int | None = None) -> ArrayT:
    """Median over a moving window; of an even number of values, the mean of the middle two.

    Parameters, result and errors are those of `rolling_sum`.
    """
    return _one(_rustybt.rolling_median, values, window, min_periods)


def rolling_var(
    values: ArrayT, window: int, min_periods: int | None = None, ddof: int = 1
) -> ArrayT:
    """Variance over a moving window: ``sum((x - mean)**2) / (count - ddof)``.

    Sums of squares of neighbouring blocks are merged as by Chan, Golub and LeVeque, "Algorithms for
    computing the sample variance", The American Statistician 37 (1983), relative to values of the
    blocks themselves: an offset common to all values costs no digits. Never negative.

    Parameters
    ----------
    values, window, min_periods
        As for `rolling_sum`.
    ddof : int, default 1
        Degrees of freedom taken off the count, at least 0. Where that leaves none, the result is
        NaN.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `values`, in squared units of them.

    Raises
    ------
    TypeError, ValueError
        As `rolling_sum`; also if `ddof` is negative.
    """
    freedom = integer("ddof", ddof, 0)
    return _one(_rustybt.rolling_var, values, window, min_periods, ddof=freedom)


def rolling_std(
    values: ArrayT, window: int, min_periods: int | None = None, ddof: int = 1
) -> ArrayT:
    """Compute the standard deviation over a moving window, the square root of `rolling_var`.

    Parameters, result and errors are those of `rolling_var`; the unit is that of `values`.
    """
    freedom = integer("ddof", ddof, 0)
    return _one(_rustybt.rolling_std, values, window, min_periods, ddof=freedom)


def rolling_zscore(
    values: ArrayT, window: int, min_periods: int | None = None, ddof: int = 1
) -> ArrayT:
    """Distance of the current value from the window's mean, in standard deviations.

    Parameters, result and errors are those of `rolling_var`; the result has no unit. It is NaN
    where the current value is missing or the window is constant.
    """
    freedom = integer("ddof", ddof, 0)
    return _one(_rustybt.rolling_zscore, values, window, min_periods, ddof=freedom)


def rolling_cov(
    left: ArrayT, right: object, window: int, min_periods: int | None = None, ddof: int = 1
) -> ArrayT:
    """Covariance of two series over a moving window, column by column.

    Rows in which either series is missing are left out.

    Parameters
    ----------
    left, right : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Real numbers, of one shape; two pandas objects must have the same labels.
    window, min_periods
        As for `rolling_sum`.
    ddof : int, default 1
        Degrees of freedom taken off the count, at least 0.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        ``sum((x - mean(x)) * (y - mean(y))) / (count - ddof)``, of the shape of `left`.

    Raises
    ------
    TypeError, ValueError
        As `rolling_var`; also if the shapes or labels of the two series differ.
    """
    freedom = integer("ddof", ddof, 0)
    return _two(
        _rustybt.rolling_cov, ("left", "right"), (left, right), window, min_periods, ddof=freedom
    )


def rolling_corr(
    left: ArrayT, right: object, window: int, min_periods: int | None = None
) -> ArrayT:
    """Pearson's correlation of two series over a moving window, within [-1, 1].

    NaN where either series is constant. Parameters and errors are those of `rolling_cov`.
    """
    return _two(_rustybt.rolling_corr, ("left", "right"), (left, right), window, min_periods)


def rolling_beta(
    values: ArrayT, benchmark: object, window: int, min_periods: int | None = None
) -> ArrayT:
    """Slope of the least-squares regression of `values` on `benchmark` over a moving window.

    That is ``cov(values, benchmark) / var(benchmark)``; NaN where the benchmark is constant.
    Parameters and errors are those of `rolling_cov`.
    """
    return _two(
        _rustybt.rolling_beta, ("values", "benchmark"), (values, benchmark), window, min_periods
    )
