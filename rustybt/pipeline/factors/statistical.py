"""Factors of how one series moves with another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from rustybt.assets import Asset
from rustybt.errors import IncompatibleTerms
from rustybt.lib.rank import masked_rankdata_2d
from rustybt.pipeline.dtypes import FLOAT64, INT64
from rustybt.pipeline.factors._statistics import nanmean, two_sided_p
from rustybt.pipeline.factors.basic import Returns
from rustybt.pipeline.factors.factor import CustomFactor
from rustybt.pipeline.filters import SingleAsset
from rustybt.pipeline.mixins import StandardOutputs
from rustybt.pipeline.sentinels import NotSpecified
from rustybt.pipeline.term import AssetExists, Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So that a correlation of one has a t that is finite.
TINY = 1e-20


def _check_pair(name: str, first: Term, second: Term, length: int, least: int) -> None:
    """Raise unless two terms can be computed together over windows of a length."""
    for term in (first, second):
        if term.dtype not in {FLOAT64, INT64}:
            raise TypeError(f"{name} takes terms of dtype float64 or int64, got {term.dtype}")
    if length < least:
        raise ValueError(f"{name} needs a length of {least} dates at least, got {length}")
    if second.ndim == 2 and first.mask is not second.mask:
        raise IncompatibleTerms(term_1=first, term_2=second)


def _returns(target: Asset, length: int) -> Returns:
    """Return returns of all assets, of the target also where it would be masked."""
    if not isinstance(target, Asset):
        raise TypeError(f"target must be an asset, got {target!r}")
    return Returns(window_length=length, mask=AssetExists() | SingleAsset(target))


class _RollingCorrelation(CustomFactor):
    _writes_windows = False
    window_safe = True

    def __new__(
        cls,
        base_factor: Term,
        target: Term,
        correlation_length: int,
        mask: Any = NotSpecified,
    ) -> Self:
        """Return the correlations of these terms."""
        _check_pair(cls.__name__, base_factor, target, correlation_length, 2)
        return super().__new__(
            cls, inputs=(base_factor, target), window_length=correlation_length, mask=mask
        )


class RollingPearson(_RollingCorrelation):
    """Pearson correlations of each asset's values with a target's over a window.

    Parameters
    ----------
    base_factor : Term
    target : Term
        As many columns, or one.
    correlation_length : int
        Number of dates, 2 at least.
    mask : Filter, optional
    """

    def compute(self, today: Any, assets: Any, out: Any, base_data: Any, target_data: Any) -> None:
        """Compute one date."""
        vectorized_pearson_r(base_data, target_data, allowed_missing=0, out=out)


class RollingSpearman(_RollingCorrelation):
    """Spearman rank correlations of each asset's values with a target's over a window.

    Parameters
    ----------
    base_factor : Term
    target : Term
        As many columns, or one.
    correlation_length : int
        Number of dates, 2 at least.
    mask : Filter, optional
    """

    def compute(self, today: Any, assets: Any, out: Any, base_data: Any, target_data: Any) -> None:
        """Compute one date."""
        vectorized_pearson_r(_ranks(base_data), _ranks(target_data), allowed_missing=0, out=out)


def _ranks(window: NDArray[Any]) -> NDArray[np.float64]:
    """Return the ranks of each column, NaN where it has NaN."""
    rows = np.ascontiguousarray(window.T, dtype=np.float64)
    every = np.ones(rows.shape, dtype=np.bool_)
    return masked_rankdata_2d(rows, every, np.nan, "average", True).T


class RollingPearsonOfReturns(RollingPearson):
    """Pearson correlations of each asset's returns with an asset's over a window.

    Parameters
    ----------
    target : Asset
    returns_length : int
        Number of dates of a return, 2 at least.
    correlation_length : int
        Number of returns, 2 at least.
    mask : Filter, optional
    """

    def __new__(
        cls,
        target: Asset,
        returns_length: int,
        correlation_length: int,
        mask: Any = NotSpecified,
    ) -> Self:
        """Return the correlations with this asset."""
        returns = _returns(target, returns_length)
        return super().__new__(cls, returns, returns[target], correlation_length, mask)


class RollingSpearmanOfReturns(RollingSpearman):
    """Spearman rank correlations of each asset's returns with an asset's over a window.

    Parameters
    ----------
    target : Asset
    returns_length : int
        Number of dates of a return, 2 at least.
    correlation_length : int
        Number of returns, 2 at least.
    mask : Filter, optional
    """

    def __new__(
        cls,
        target: Asset,
        returns_length: int,
        correlation_length: int,
        mask: Any = NotSpecified,
    ) -> Self:
        """Return the correlations with this asset."""
        returns = _returns(target, returns_length)
        return super().__new__(cls, returns, returns[target], correlation_length, mask)


class RollingLinearRegression(CustomFactor):
    """Linear regressions of each asset's values on a target's over a window.

    Its outputs are those of `scipy.stats.linregress`: `alpha` (the intercept), `beta` (the
    slope), `r_value`, `p_value` (two-sided, that the slope is zero) and `stderr` (of the slope).
    All are NaN where a value is; so are the last two of two dates.

    Parameters
    ----------
    dependent : Term
    independent : Term
        As many columns, or one.
    regression_length : int
        Number of dates, 2 at least.
    mask : Filter, optional
    """

    _writes_windows = False
    outputs: Any = ("alpha", "beta", "r_value", "p_value", "stderr")

    def __new__(
        cls,
        dependent: Term,
        independent: Term,
        regression_length: int,
        mask: Any = NotSpecified,
    ) -> Self:
        """Return the regressions of these terms."""
        _check_pair(cls.__name__, dependent, independent, regression_length, 2)
        return super().__new__(
            cls, inputs=(dependent, independent), window_length=regression_length, mask=mask
        )

    def compute(self, today: Any, assets: Any, out: Any, dependent: Any, independent: Any) -> None:
        """Compute one date."""
        y, x = np.asarray(dependent, dtype=np.float64), np.asarray(independent, dtype=np.float64)
        mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
        xm, ym = x - mean_x, y - mean_y
        with np.errstate(divide="ignore", invalid="ignore"):
            xx, yy, xy = (xm * xm).mean(axis=0), (ym * ym).mean(axis=0), (xm * ym).mean(axis=0)
            beta = np.where(xx > 0, xy / xx, np.nan)
            r = np.clip(np.where((xx > 0) & (yy > 0), xy / np.sqrt(xx * yy), 0.0), -1.0, 1.0)
            r = np.where(np.isnan(beta), np.nan, r)
            freedom = len(y) - 2
            p = error = np.full_like(beta, np.nan)
            if freedom:
                t = r * np.sqrt(freedom / ((1.0 - r + TINY) * (1.0 + r + TINY)))
                p = two_sided_p(t, freedom)
                error = np.sqrt((1.0 - r * r) * yy / xx / freedom)
        known = ~np.isnan(beta)
        for name, values in {
            "alpha": mean_y - beta * mean_x,
            "beta": beta,
            "r_value": r,
            "p_value": p,
            "stderr": error,
        }.items():
            out[name] = np.where(known, values, np.nan)


class RollingLinearRegressionOfReturns(RollingLinearRegression):
    """Linear regressions of each asset's returns on an asset's over a window.

    Its outputs are those of `RollingLinearRegression`.

    Parameters
    ----------
    target : Asset
        Whose returns are the independent variable.
    returns_length : int
        Number of dates of a return, 2 at least.
    regression_length : int
        Number of returns, 2 at least.
    mask : Filter, optional
    """

    window_safe = True

    def __new__(
        cls,
        target: Asset,
        returns_length: int,
        regression_length: int,
        mask: Any = NotSpecified,
    ) -> Self:
        """Return the regressions on this asset."""
        returns = _returns(target, returns_length)
        return super().__new__(cls, returns, returns[target], regression_length, mask)


class SimpleBeta(StandardOutputs, CustomFactor):
    """Slopes of the regressions of each asset's daily returns on an asset's over a window.

    Parameters
    ----------
    target : Asset
        The market, say.
    regression_length : int
        Number of returns, 3 at least.
    allowed_missing_percentage : float, default 0.25
        Part of the returns, between 0 and 1, that may be missing; NaN where more are.
    """

    _writes_windows = False
    window_safe = True
    params: Any = ("allowed_missing_count",)

    def __new__(
        cls, target: Asset, regression_length: int, allowed_missing_percentage: float = 0.25
    ) -> Self:
        """Return the betas to this asset."""
        if not 0.0 <= allowed_missing_percentage <= 1.0:
            raise ValueError(
                "allowed_missing_percentage must be between 0 and 1, got "
                f"{allowed_missing_percentage}"
            )
        returns = _returns(target, 2)
        _check_pair(cls.__name__, returns, returns[target], regression_length, 3)
        return super().__new__(
            cls,
            inputs=(returns, returns[target]),
            window_length=regression_length,
            allowed_missing_count=int(allowed_missing_percentage * regression_length),
        )

    def compute(
        self,
        today: Any,
        assets: Any,
        out: Any,
        all_returns: Any,
        target_returns: Any,
        allowed_missing_count: int,
    ) -> None:
        """Compute one date."""
        vectorized_beta(all_returns, target_returns, allowed_missing_count, out)

    @property
    def target(self) -> Asset:
        """The asset that the betas are to."""
        return cast("Asset", self.inputs[1].asset)

    def __repr__(self) -> str:
        allowed = self.params["allowed_missing_count"]
        return f"SimpleBeta({self.target}, length={self.window_length}, allowed_missing={allowed})"

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"SimpleBeta({self.target.symbol!r}, {self.window_length})"


def vectorized_beta(
    dependents: NDArray[np.float64],
    independent: NDArray[np.float64],
    allowed_missing: int,
    out: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the slopes of the regressions of columns on one series.

    Parameters
    ----------
    dependents : ndarray of float64, shape (rows, columns)
    independent : ndarray of float64, shape (rows, 1)
    allowed_missing : int
        Number of rows in which one of both may be NaN.
    out : ndarray of float64, shape (columns,), optional
        Where to write.

    Returns
    -------
    ndarray of float64, shape (columns,)
        NaN where more are missing.
    """
    if out is None:
        out = np.empty(dependents.shape[1])
    independent = np.where(np.isnan(dependents), np.nan, independent)
    residual = independent - nanmean(independent)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[:] = nanmean(residual * dependents) / nanmean(residual**2)
    out[np.isnan(independent).sum(axis=0) > allowed_missing] = np.nan
    return out


def vectorized_pearson_r(
    dependents: NDArray[np.float64],
    independents: NDArray[np.float64],
    allowed_missing: int,
    out: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the Pearson correlations of columns with those of another array.

    Parameters
    ----------
    dependents : ndarray of float64, shape (rows, columns)
    independents : ndarray of float64, shape (rows, columns) or (rows, 1)
    allowed_missing : int
        Number of rows in which one of both may be NaN.
    out : ndarray of float64, shape (columns,), optional
        Where to write.

    Returns
    -------
    ndarray of float64, shape (columns,)
        NaN where more are missing.
    """
    if out is None:
        out = np.empty(dependents.shape[1])
    missing = np.isnan(dependents) | np.isnan(independents)
    x = np.where(missing, np.nan, independents)
    y = np.where(missing, np.nan, dependents)
    x = x - nanmean(x)
    y = y - nanmean(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[:] = nanmean(x * y) / np.sqrt(nanmean(x * x) * nanmean(y * y))
    out[missing.sum(axis=0) > allowed_missing] = np.nan
    return out
