"""Known answers of `rustybt._rustybt`."""

import numpy as np

from rustybt import _rustybt

NAN = float("nan")


def probe() -> tuple[object, object]:
    """Return (computed, expected) results of every kernel, all exact in binary."""
    series = np.array([1.0, 3.0, NAN, 5.0, 1.0, 9.0])
    matrix = np.column_stack([series, series[::-1]])
    twice = 2 * series
    computed = {
        "sum": _rustybt.rolling_sum(series, 2, 1),
        "sum of columns": _rustybt.rolling_sum(matrix, 2, 1)[:, 1],
        "mean": _rustybt.rolling_mean(series, 2, 1),
        "min": _rustybt.rolling_min(series, 3, 2),
        "max": _rustybt.rolling_max(series, 3, 2),
        "median": _rustybt.rolling_median(series, 4, 3),
        "var": _rustybt.rolling_var(series, 2),
        "std": _rustybt.rolling_std(series, 2, ddof=0),
        "zscore": _rustybt.rolling_zscore(series, 2, ddof=0),
        "cov": _rustybt.rolling_cov(series, twice, 2),
        "corr": _rustybt.rolling_corr(series, -twice, 2),
        "beta": _rustybt.rolling_beta(twice, series, 2),
        "lower band": _rustybt.bollinger_bands(series, 2, 3.0)[2],
        "ewm mean": _rustybt.ewm_mean(series, 0.5, False, True),
        "ewm var": _rustybt.ewm_var(series, 0.5, False, True, bias=True),
        "rsi": _rustybt.rsi(np.array([4.0, 2.0, 4.0, NAN, 6.0, 5.0]), 2),
        "atr": _rustybt.atr(series + 1, series, series, 1),
        "macd": _rustybt.macd(series, 1, 3, 1, 1)[0],
        "drawdown": _rustybt.drawdown(np.array([2.0, 4.0, 1.0, NAN, 3.0])),
        "growth": _rustybt.cumulative_returns(np.array([0.5, 1.0, NAN, -0.5])),
    }
    expected = {
        "sum": [1, 4, 3, 5, 6, 10],
        "sum of columns": [9, 10, 6, 5, 3, 4],
        "mean": [1, 2, 3, 5, 3, 5],
        "min": [None, 1, 1, 3, 1, 1],
        "max": [None, 3, 3, 5, 5, 9],
        "median": [None, None, None, 3, 3, 5],
        "var": [None, 2, None, None, 8, 32],
        "std": [None, 1, None, None, 2, 4],
        "zscore": [None, 1, None, None, -1, 1],
        "cov": [None, 4, None, None, 16, 64],
        "corr": [None, -1, None, None, -1, -1],
        "beta": [None, 2, None, None, 2, 2],
        "lower band": [None, -1, None, None, -3, -7],
        "ewm mean": [1, 2, 2, 3.5, 2.25, 5.625],
        "ewm var": [0, 1, 1, 2.75, 2.9375, 12.859375],
        "rsi": [None, None, 50, None, 75, 50],
        "atr": [None, 3, None, 3, 4, 9],
        "macd": [0, 1, None, 1.5, -1.25, 3.375],
        "drawdown": [0, 0, -0.75, None, -0.25],
        "growth": [0.5, 2, None, 0.5],
    }
    plain = {
        name: [None if value != value else value for value in result.tolist()]
        for name, result in computed.items()
    }
    return plain, expected
