"""Rolling and recursive statistics of time series, computed by the Rust core.

Every function takes one-dimensional series (time) or two-dimensional ones (time x asset), as
anything that converts to an array of real numbers; float64 arrays are read where they lie, strided
or not. pandas objects come back as pandas objects of the same index and columns, everything else as
new float64 arrays.

**Missing values.** NaN, the infinities and pandas' NA are missing: they are left out of sums and of
counts. A rolling function needs `min_periods` values that are not missing in its window (the whole
window by default), else the result is NaN.

**Precision.** Nothing is added to and later subtracted from a running total, so nothing drifts and
no large value leaves a trace in windows that no longer hold it. The sum of a window is off by at
most ``(log2(window) + 2) * 2**-53 * sum(abs(x))``; a constant window has exactly no variance and,
if no value is missing, exactly that mean.

**Causality and determinism.** The result of a row depends on this row and earlier ones only, to
the last bit. It is the same for any number of threads (``RAYON_NUM_THREADS`` limits them), any
memory order and any processor, and a column gives what the same series gives alone.
"""

from rustybt.indicators.exponential import ewm_mean, ewm_var
from rustybt.indicators.performance import cumulative_returns, drawdown
from rustybt.indicators.rolling import (
    rolling_beta,
    rolling_corr,
    rolling_cov,
    rolling_max,
    rolling_mean,
    rolling_median,
    rolling_min,
    rolling_std,
    rolling_sum,
    rolling_var,
    rolling_zscore,
)
from rustybt.indicators.technical import (
    MACD,
    BollingerBands,
    atr,
    bollinger_bands,
    macd,
    rsi,
)

__all__ = [
    "MACD",
    "BollingerBands",
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
