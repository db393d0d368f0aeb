from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "atr",
    "bollinger_bands",
    "cumulative_returns",
    "drawdown",
    "ewm_mean",
    "ewm_var",
    "macd",
    "rolling_beta",
    "rolling_corr",
    "rolling_cov",
    "rolling_max",
    "rolling_mean",
    "rolling_median",
    "rolling_min",
    "rolling_std",
    "rolling_sum",
    "rolling_var",
    "rolling_zscore",
    "rsi",
]

_Array: TypeAlias = NDArray[np.float64]

def rolling_sum(values: _Array, window: int, min_periods: int | None = None) -> _Array: ...
def rolling_mean(values: _Array, window: int, min_periods: int | None = None) -> _Array: ...
def rolling_min(values: _Array, window: int, min_periods: int | None = None) -> _Array: ...
def rolling_max(values: _Array, window: int, min_periods: int | None = None) -> _Array: ...
def rolling_median(values: _Array, window: int, min_periods: int | None = None) -> _Array: ...
def rolling_var(
    values: _Array, window: int, min_periods: int | None = None, ddof: int = 1
) -> _Array: ...
def rolling_std(
    values: _Array, window: int, min_periods: int | None = None, ddof: int = 1
) -> _Array: ...
def rolling_zscore(
    values: _Array, window: int, min_periods: int | None = None, ddof: int = 1
) -> _Array: ...
def rolling_cov(
    left: _Array, right: _Array, window: int, min_periods: int | None = None, ddof: int = 1
) -> _Array: ...
def rolling_corr(
    left: _Array, right: _Array, window: int, min_periods: int | None = None
) -> _Array: ...
def rolling_beta(
    left: _Array, right: _Array, window: int, min_periods: int | None = None
) -> _Array: ...
def bollinger_bands(
    values: _Array,
    window: int,
    deviations: float,
    min_periods: int | None = None,
    ddof: int = 0,
) -> tuple[_Array, _Array, _Array]: ...
def ewm_mean(
    values: _Array,
    alpha: float,
    adjust: bool = True,
    ignore_na: bool = False,
    min_periods: int = 1,
) -> _Array: ...
def ewm_var(
    values: _Array,
    alpha: float,
    adjust: bool = True,
    ignore_na: bool = False,
    min_periods: int = 1,
    bias: bool = False,
) -> _Array: ...
def rsi(values: _Array, window: int, min_periods: int | None = None) -> _Array: ...
def atr(
    high: _Array, low: _Array, close: _Array, window: int, min_periods: int | None = None
) -> _Array: ...
def macd(
    values: _Array, fast: int, slow: int, signal: int, min_periods: int
) -> tuple[_Array, _Array, _Array]: ...
def drawdown(values: _Array, min_periods: int = 1) -> _Array: ...
def cumulative_returns(values: _Array, min_periods: int = 1) -> _Array: ...
