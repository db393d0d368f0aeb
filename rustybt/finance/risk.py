"""Risk and performance of a series of returns, by the formulas of empyrical-reloaded 0.5.12.

Conventions of all functions: returns are simple ones per period, 0.01 being one per cent, oldest
first, as a one-dimensional array, list or Series; NaN is a period without return and left out.
Ratios are annualised by the square root of the periods per year, returns by compounding; there is
no risk-free rate and a required return of zero. A figure that is not defined is NaN, one that is
divided by zero is infinite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]

DAYS_IN_YEAR = 252
_LEAST_VARIANCE = 1e-30  # of a benchmark; below it are only the residues of rounding


def cumulative_returns(returns: ArrayLike) -> Floats:
    """Compounded return up to each period: the product of ``1 + r``, less 1.

    Parameters
    ----------
    returns : array_like, shape (periods,)
        Returns.

    Returns
    -------
    ndarray of float64, shape (periods,)
    """
    return np.cumprod(1.0 + np.nan_to_num(_series(returns), posinf=np.inf, neginf=-np.inf)) - 1.0


def drawdowns(returns: ArrayLike) -> Floats:
    """Fall of the compounded value below its highest so far, which is at least that at the start.

    Parameters
    ----------
    returns : array_like, shape (periods,)
        Returns.

    Returns
    -------
    ndarray of float64, shape (periods,)
        0 at a peak, -0.25 a quarter below it.
    """
    values = 1.0 + cumulative_returns(returns)
    peaks = np.fmax.accumulate(np.fmax(values, 1.0))
    return values / peaks - 1.0


def total_return(returns: ArrayLike) -> float:
    """Compounded return over all periods: ``prod(1 + r) - 1``.

    Parameters
    ----------
    returns : array_like, shape (periods,)
        Returns.
    """
    series = _series(returns)
    return float(cumulative_returns(series)[-1]) if series.size else np.nan


def annual_return(returns: ArrayLike, periods: int = DAYS_IN_YEAR) -> float:
    """Compound growth per year: ``prod(1 + r) ** (periods / n) - 1``, n counting NaN as well.

    Parameters
    ----------
    returns : array_like, shape (n,)
        Returns.
    periods : int, default 252
        Periods per year.
    """
    series = _series(returns)
    if not series.size:
        return np.nan
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.power(1.0 + total_return(series), periods / series.size)) - 1.0


def annual_volatility(returns: ArrayLike, periods: int = DAYS_IN_YEAR) -> float:
    """Deviation of returns per year: ``std(r, ddof=1) * sqrt(periods)``.

    Parameters
    ----------
    returns : array_like, shape (n,)
        Returns.
    periods : int, default 252
        Periods per year.
    """
    return _deviation(_known(returns)) * float(np.sqrt(periods))


def downside_risk(returns: ArrayLike, periods: int = DAYS_IN_YEAR) -> float:
    """Deviation below zero per year: ``sqrt(mean(min(r, 0) ** 2)) * sqrt(periods)``.

    Parameters
    ----------
    returns : array_like, shape (n,)
        Returns.
    periods : int, default 252
        Periods per year.
    """
    known = _known(returns)
    if not known.size:
        return np.nan
    return float(np.sqrt(np.mean(np.minimum(known, 0.0) ** 2)) * np.sqrt(periods))


def sharpe_ratio(returns: ArrayLike, periods: int = DAYS_IN_YEAR) -> float:
    """Mean return by its standard deviation: ``mean(r) / std(r, ddof=1) * sqrt(periods)``.

    Parameters
    ----------
    returns : array_like, shape (n,)
        Returns.
    periods : int, default 252
        Periods per year.
    """
    known = _known(returns)
    if known.size < 2:
        return np.nan
    return _ratio(known.mean(), _deviation(known)) * float(np.sqrt(periods))


def sortino_ratio(returns: ArrayLike, periods: int = DAYS_IN_YEAR) -> float:
    """Mean return per year by the downside risk: ``mean(r) * periods / downside_risk(r)``.

    Parameters
    ----------
    returns : array_like, shape (n,)
        Returns.
    periods : int, default 252
        Periods per year.
    """
    known = _known(returns)
    if _series(returns).size < 2 or not known.size:
        return np.nan
    return _ratio(known.mean() * periods, downside_risk(known, periods))


def max_drawdown(returns: ArrayLike) -> float:
    """Deepest of the `drawdowns`: 0 where there was none, -0.25 for a fall by a quarter.

    Parameters
    ----------
    returns : array_like, shape (periods,)
        Returns.
    """
    series = _series(returns)
    return float(np.fmin.reduce(drawdowns(series))) if series.size else np.nan


def calmar_ratio(returns: ArrayLike, periods: int = DAYS_IN_YEAR) -> float:
    """Annual return by the size of the deepest drawdown; NaN without one, or where infinite.

    Parameters
    ----------
    returns : array_like, shape (n,)
        Returns.
    periods : int, default 252
        Periods per year.
    """
    deepest = max_drawdown(returns)
    ratio = annual_return(returns, periods) / -deepest if deepest < 0.0 else np.nan
    return np.nan if np.isinf(ratio) else ratio


def beta(returns: ArrayLike, benchmark: ArrayLike) -> float:
    """Slope of returns on a benchmark's: ``cov(r, b) / var(b)``.

    Parameters
    ----------
    returns, benchmark : array_like, shape (periods,)
        Returns of the same periods; those with a NaN on either side are left out.
    """
    return alpha_beta(returns, benchmark)[1]


def alpha(returns: ArrayLike, benchmark: ArrayLike, periods: int = DAYS_IN_YEAR) -> float:
    """Yearly return that beta does not explain: ``(1 + mean(r - beta * b)) ** periods - 1``.

    Parameters
    ----------
    returns, benchmark : array_like, shape (n,)
        Returns of the same periods; those with a NaN on either side are left out.
    periods : int, default 252
        Periods per year.
    """
    return alpha_beta(returns, benchmark, periods)[0]


def alpha_beta(
    returns: ArrayLike, benchmark: ArrayLike, periods: int = DAYS_IN_YEAR
) -> tuple[float, float]:
    """Alpha and beta at once.

    Parameters
    ----------
    returns, benchmark : array_like, shape (n,)
        Returns of the same periods; those with a NaN on either side are left out.
    periods : int, default 252
        Periods per year.

    Raises
    ------
    ValueError
        If there are not as many returns of the benchmark.
    """
    mine, theirs = _series(returns), _series(benchmark)
    if mine.size != theirs.size:
        raise ValueError(
            f"returns and those of the benchmark must be of the same periods, got {mine.size} "
            f"and {theirs.size}"
        )
    known = ~(np.isnan(mine) | np.isnan(theirs))
    mine, theirs = mine[known], theirs[known]
    if not mine.size:
        return np.nan, np.nan
    centred = theirs - theirs.mean()
    variance = np.mean(centred**2)
    if variance < _LEAST_VARIANCE:
        return np.nan, np.nan
    slope = np.mean(centred * mine) / variance
    return float(np.power(1.0 + np.mean(mine - slope * theirs), periods) - 1.0), float(slope)


def _series(returns: ArrayLike) -> Floats:
    series = np.asarray(returns, dtype=np.float64)
    if series.ndim != 1:
        raise ValueError(f"returns must be one-dimensional, got shape {series.shape}")
    return series


def _known(returns: ArrayLike) -> Floats:
    series = _series(returns)
    return series[~np.isnan(series)]


def _deviation(known: Floats) -> float:
    """Return the sample deviation; none at all where all are equal, whatever rounding leaves."""
    if known.size < 2:
        return np.nan
    return 0.0 if known.min() == known.max() else float(np.std(known, ddof=1))


def _ratio(numerator: float, denominator: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(numerator) / np.float64(denominator))
