"""Factors of technical analysis."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rustybt.pipeline.data import EquityPricing
from rustybt.pipeline.factors._statistics import (
    nanargmax,
    nanargmin,
    nanmax,
    nanmean,
    nanmin,
    nanstd,
)
from rustybt.pipeline.factors.basic import exponential_weights
from rustybt.pipeline.factors.factor import CustomFactor
from rustybt.pipeline.mixins import SingleInputMixin


class RSI(SingleInputMixin, CustomFactor):
    """Relative strength index, of plain means of the rises and falls of a window.

    **Default inputs**: EquityPricing.close; **default window length**: 15
    """

    _writes_windows = False
    window_length: Any = 15
    inputs: Any = (EquityPricing.close,)
    window_safe = True

    def compute(self, today: Any, assets: Any, out: Any, closes: Any) -> None:
        """Compute one date."""
        changes = np.diff(closes, axis=0)
        ups = nanmean(changes.clip(min=0.0))
        downs = -nanmean(changes.clip(max=0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:] = 100.0 - 100.0 / (1.0 + ups / downs)


class BollingerBands(CustomFactor):
    """The mean of a window, and `k` standard deviations below and above it.

    Its outputs are `lower`, `middle` and `upper`.

    **Default inputs**: EquityPricing.close
    """

    _writes_windows = False
    params: Any = ("k",)
    inputs: Any = (EquityPricing.close,)
    outputs: Any = ("lower", "middle", "upper")

    def compute(self, today: Any, assets: Any, out: Any, close: Any, k: float) -> None:
        """Compute one date."""
        middle, width = nanmean(close), k * nanstd(close)
        out["lower"], out["middle"], out["upper"] = middle - width, middle, middle + width


class Aroon(CustomFactor):
    """How far in a window its lowest low (`down`) and highest high (`up`) are, from 0 to 100.

    **Default inputs**: EquityPricing.low, EquityPricing.high
    """

    _writes_windows = False
    inputs: Any = (EquityPricing.low, EquityPricing.high)
    outputs: Any = ("down", "up")

    def compute(self, today: Any, assets: Any, out: Any, lows: Any, highs: Any) -> None:
        """Compute one date."""
        last = self.window_length - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            out["up"] = 100.0 * nanargmax(highs) / last
            out["down"] = 100.0 * nanargmin(lows) / last


class FastStochasticOscillator(CustomFactor):
    """Where the last close lies between the lowest low and the highest high, from 0 to 100.

    **Default inputs**: EquityPricing.close, EquityPricing.low, EquityPricing.high; **default
    window length**: 14
    """

    _writes_windows = False
    inputs: Any = (EquityPricing.close, EquityPricing.low, EquityPricing.high)
    window_safe = True
    window_length: Any = 14

    def compute(
        self, today: Any, assets: Any, out: Any, closes: Any, lows: Any, highs: Any
    ) -> None:
        """Compute one date."""
        lowest = nanmin(lows)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:] = (closes[-1] - lowest) / (nanmax(highs) - lowest) * 100.0


def _middle(highs: NDArray[np.float64], lows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((highs.max(axis=0) + lows.min(axis=0)) / 2.0)


class IchimokuKinkoHyo(CustomFactor):
    """The lines of the Ichimoku cloud.

    Its outputs are `tenkan_sen`, `kijun_sen`, `senkou_span_a`, `senkou_span_b` and `chikou_span`.

    **Default inputs**: EquityPricing.high, EquityPricing.low, EquityPricing.close; **default
    window length**: 52
    """

    _writes_windows = False
    params: Any = {  # noqa: RUF012 - how classes name parameters
        "tenkan_sen_length": 9,
        "kijun_sen_length": 26,
        "chikou_span_length": 26,
    }
    inputs: Any = (EquityPricing.high, EquityPricing.low, EquityPricing.close)
    outputs: Any = ("tenkan_sen", "kijun_sen", "senkou_span_a", "senkou_span_b", "chikou_span")
    window_length: Any = 52

    def _validate(self) -> None:
        super()._validate()
        for name, length in self.params.items():
            if length > self.window_length:
                raise ValueError(
                    f"{name} must not exceed the window_length {self.window_length}, got {length}"
                )

    def compute(
        self,
        today: Any,
        assets: Any,
        out: Any,
        high: Any,
        low: Any,
        close: Any,
        tenkan_sen_length: int,
        kijun_sen_length: int,
        chikou_span_length: int,
    ) -> None:
        """Compute one date."""
        tenkan = _middle(high[-tenkan_sen_length:], low[-tenkan_sen_length:])
        kijun = _middle(high[-kijun_sen_length:], low[-kijun_sen_length:])
        out["tenkan_sen"], out["kijun_sen"] = tenkan, kijun
        out["senkou_span_a"] = (tenkan + kijun) / 2.0
        out["senkou_span_b"] = _middle(high, low)
        out["chikou_span"] = close[chikou_span_length]


class RateOfChangePercentage(CustomFactor):
    """The change over a window, in percent of the value that it began with."""

    _writes_windows = False

    def compute(self, today: Any, assets: Any, out: Any, close: Any) -> None:
        """Compute one date."""
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:] = (close[-1] - close[0]) / close[0] * 100.0


class TrueRange(CustomFactor):
    """The greatest of a day's range and its distances from the close of the day before.

    **Default inputs**: EquityPricing.high, EquityPricing.low, EquityPricing.close; **default
    window length**: 2
    """

    _writes_windows = False
    inputs: Any = (EquityPricing.high, EquityPricing.low, EquityPricing.close)
    window_length: Any = 2

    def compute(
        self, today: Any, assets: Any, out: Any, highs: Any, lows: Any, closes: Any
    ) -> None:
        """Compute one date."""
        high, low, close = highs[1], lows[1], closes[0]
        out[:] = np.fmax(high - low, np.fmax(abs(high - close), abs(low - close)))


def _ewma(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the means of the last axis, weighted as those of an average of this length."""
    weights = exponential_weights(length, 1.0 - 2.0 / (1.0 + length))
    return np.asarray(np.average(values, axis=-1, weights=weights))


class MovingAverageConvergenceDivergenceSignal(CustomFactor):
    """The signal line of the MACD: the average of the difference of two averages.

    **Default inputs**: EquityPricing.close

    Parameters
    ----------
    fast_period, slow_period, signal_period : int
        Lengths of the averages, 12, 26 and 9 by default.
    """

    _writes_windows = False
    inputs: Any = (EquityPricing.close,)
    params: Any = ("fast_period", "slow_period", "signal_period")

    def __new__(
        cls,
        fast_period: int = 12,
        slow_period: int = 26,
        signal_period: int = 9,
        **kwargs: Any,
    ) -> Self:
        """Return the signal of these averages."""
        if min(fast_period, slow_period, signal_period) < 1:
            raise ValueError("the periods of MACDSignal must be 1 at least")
        if slow_period <= fast_period:
            raise ValueError(
                f"slow_period must be greater than fast_period, got {slow_period} and {fast_period}"
            )
        return super().__new__(
            cls,
            fast_period=fast_period,
            slow_period=slow_period,
            signal_period=signal_period,
            window_length=slow_period + signal_period - 1,
            **kwargs,
        )

    def compute(
        self,
        today: Any,
        assets: Any,
        out: Any,
        close: Any,
        fast_period: int,
        slow_period: int,
        signal_period: int,
    ) -> None:
        """Compute one date."""
        slow = _ewma(sliding_window_view(close, slow_period, axis=0), slow_period)
        fast = _ewma(sliding_window_view(close, fast_period, axis=0), fast_period)
        out[:] = _ewma((fast[-signal_period:] - slow).T, signal_period)


MACDSignal = MovingAverageConvergenceDivergenceSignal
