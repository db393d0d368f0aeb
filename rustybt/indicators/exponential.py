"""Exponentially weighted statistics, with the options and the meaning that pandas gives them."""

from __future__ import annotations

from math import expm1, log
from typing import TypeVar

from rustybt import _rustybt
from rustybt.indicators.series import as_float64, integer, like, real

ArrayT = TypeVar("ArrayT")


def _alpha(
    com: float | None, span: float | None, halflife: float | None, alpha: float | None
) -> float:
    """Return the weight of the newest value from the one way of giving it that was used."""
    given = {"com": com, "span": span, "halflife": halflife, "alpha": alpha}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        used = " and ".join(named) or "none"
        raise ValueError(f"exactly one of com, span, halflife and alpha must be given, got {used}")
    name = named[0]
    value = real(name, given[name])
    if name == "com":
        if value < 0:
            raise ValueError(f"com must be at least 0, got {value}")
        return 1 / (1 + value)
    if name == "span":
        if value < 1:
            raise ValueError(f"span must be at least 1, got {value}")
        return 2 / (value + 1)
    if name == "halflife":
        if value <= 0:
            raise ValueError(f"halflife must be above 0, got {value}")
        return -expm1(-log(2) / value)
    if not 0 < value <= 1:
        raise ValueError(f"alpha must be above 0 and at most 1, got {value}")
    return value


def ewm_mean(
    values: ArrayT,
    *,
    com: float | None = None,
    span: float | None = None,
    halflife: float | None = None,
    alpha: float | None = None,
    adjust: bool = True,
    ignore_na: bool = False,
    min_periods: int = 1,
) -> ArrayT:
    """Exponentially weighted mean.

    Parameters
    ----------
    values : array_like, Series or DataFrame, shape (time,) or (time, asset)
        Real numbers; converted to float64.
    com, span, halflife, alpha : float
        Exactly one: ``alpha``, in (0, 1], or the centre of mass (``alpha = 1 / (1 + com)``, com >=
        0), the span (``2 / (span + 1)``, span >= 1) or the half-life in rows (``1 - exp(-log(2) /
        halflife)``, halflife > 0).
    adjust : bool, default True
        Divide by the sum of the weights ``(1 - alpha)**i``; otherwise
        ``y[t] = (1 - alpha) * y[t - 1] + alpha * x[t]``, starting from the first value.
    ignore_na : bool, default False
        Whether weights decay with the values that are present, not with the rows.
    min_periods : int, default 1
        Values that must have been present for a result.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `values`. A row whose value is missing repeats the mean before it.

    Raises
    ------
    TypeError
        If `values` does not hold real numbers or an option has the wrong type.
    ValueError
        If `values` is not one- or two-dimensional, or an option is out of its range.
    """
    array = as_float64("values", values)
    weight = _alpha(com, span, halflife, alpha)
    periods = integer("min_periods", min_periods, 1)
    result = _rustybt.ewm_mean(array, weight, bool(adjust), bool(ignore_na), periods)
    return like(result, values)


def ewm_var(
    values: ArrayT,
    *,
    com: float | None = None,
    span: float | None = None,
    halflife: float | None = None,
    alpha: float | None = None,
    adjust: bool = True,
    ignore_na: bool = False,
    min_periods: int = 1,
    bias: bool = False,
) -> ArrayT:
    """Exponentially weighted variance.

    Parameters
    ----------
    values, com, span, halflife, alpha, adjust, ignore_na, min_periods
        As for `ewm_mean`.
    bias : bool, default False
        Leave out the factor ``sum(w)**2 / (sum(w)**2 - sum(w**2))``, which makes the variance of
        independent values unbiased; without `bias` the first result is NaN.

    Returns
    -------
    ndarray of float64, Series or DataFrame
        Of the shape of `values`, in squared units of them; never negative.

    Raises
    ------
    TypeError, ValueError
        As `ewm_mean`.
    """
    array = as_float64("values", values)
    weight = _alpha(com, span, halflife, alpha)
    periods = integer("min_periods", min_periods, 1)
    result = _rustybt.ewm_var(array, weight, bool(adjust), bool(ignore_na), periods, bool(bias))
    return like(result, values)
