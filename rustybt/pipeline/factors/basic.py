"""Factors of returns, averages and deviations."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rustybt.pipeline.data import EquityPricing
from rustybt.pipeline.factors._statistics import nanargmax, nanmean, nanstd, nansum
from rustybt.pipeline.factors.factor import CustomFactor
from rustybt.pipeline.mixins import SingleInputMixin


class _Change(CustomFactor):
    """What changes from the first row of a window to its last one."""

    _writes_windows = False

    def _validate(self) -> None:
        super()._validate()
        if self.window_length < 2:
            raise ValueError(
                f"{type(self).__name__} needs a window_length of 2 at least, which is the change "
                f"of one day; got {self.window_length}"
            )


class Returns(_Change):
    """Returns over a window: the last close over the first one, less one.

    **Default inputs**: EquityPricing.close
    """

    inputs: Any = (EquityPricing.close,)
    window_safe = True

    def compute(self, today: Any, assets: Any, out: Any, close: Any) -> None:
        """Compute one date."""
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:] = (close[-1] - close[0]) / close[0]


class DailyReturns(Returns):
    """Returns of one day.

    **Default inputs**: EquityPricing.close
    """

    window_length: Any = 2


class PercentChange(SingleInputMixin, _Change):
    """The change over a window, over the absolute value that it began with."""

    window_safe = True

    def compute(self, today: Any, assets: Any, out: Any, values: Any) -> None:
        """Compute one date."""
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:] = (values[-1] - values[0]) / abs(values[0])


class SimpleMovingAverage(SingleInputMixin, CustomFactor):
    """The mean of a window, NaN left out."""

    _writes_windows = False

    def compute(self, today: Any, assets: Any, out: Any, data: Any) -> None:
        """Compute one date."""
        out[:] = nanmean(data)


class WeightedAverageValue(CustomFactor):
    """The mean of a window of one input, weighted by another one.

    **Default inputs**: none; values and weights.
    """

    _writes_windows = False

    def compute(self, today: Any, assets: Any, out: Any, base: Any, weight: Any) -> None:
        """Compute one date."""
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:] = nansum(base * weight) / nansum(weight)


class VWAP(WeightedAverageValue):
    """The mean price of a window, weighted by volume.

    **Default inputs**: EquityPricing.close, EquityPricing.volume
    """

    inputs: Any = (EquityPricing.close, EquityPricing.volume)


class MaxDrawdown(SingleInputMixin, CustomFactor):
    """The greatest fall from a peak within a window, over the value at its end."""

    _writes_windows = False

    def compute(self, today: Any, assets: Any, out: Any, data: Any) -> None:
        """Compute one date."""
        peaks = np.fmax.accumulate(data, axis=0)
        ends = nanargmax(peaks - data)
        some = ~np.isnan(ends)
        rows, columns = ends[some].astype(np.intp), np.flatnonzero(some)
        bottom = data[rows, columns]
        out[~some] = np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            out[some] = (peaks[rows, columns] - bottom) / bottom


class AverageDollarVolume(CustomFactor):
    """The mean of price times volume over a window; days without either count as zero.

    **Default inputs**: EquityPricing.close, EquityPricing.volume
    """

    _writes_windows = False
    inputs: Any = (EquityPricing.close, EquityPricing.volume)

    def compute(self, today: Any, assets: Any, out: Any, close: Any, volume: Any) -> None:
        """Compute one date."""
        out[:] = nansum(close * volume) / len(close)


def exponential_weights(length: int, decay_rate: float) -> NDArray[np.float64]:
    """Return weights that grow to the last one, each `decay_rate` times the next one.

    Parameters
    ----------
    length : int
    decay_rate : float
        Between 0 and 1.

    Returns
    -------
    ndarray of float64, shape (length,)
        ``decay_rate ** [length + 1, length, ..., 2]``.
    """
    return np.asarray(float(decay_rate) ** np.arange(length + 1, 1, -1))


class _ExponentialWeightedFactor(SingleInputMixin, CustomFactor):
    """A factor of windows with exponential weights; `decay_rate` is between 0 and 1."""

    _writes_windows = False
    params: Any = ("decay_rate",)

    @classmethod
    def from_span(cls, inputs: Any, window_length: int, span: float, **kwargs: Any) -> Self:
        """Return the factor with decay_rate = 1 - 2 / (1 + span).

        Parameters
        ----------
        inputs : iterable of Term
        window_length : int
        span : float
            Greater than 1.
        **kwargs
            Further arguments of the class.
        """
        if not span > 1:
            raise ValueError(f"span must be greater than 1, got {span}")
        return cls(
            inputs=inputs,
            window_length=window_length,
            decay_rate=1.0 - 2.0 / (1.0 + span),
            **kwargs,
        )

    @classmethod
    def from_halflife(cls, inputs: Any, window_length: int, halflife: float, **kwargs: Any) -> Self:
        """Return the factor with decay_rate = exp(log(0.5) / halflife).

        Parameters
        ----------
        inputs : iterable of Term
        window_length : int
        halflife : float
            Greater than 0.
        **kwargs
            Further arguments of the class.
        """
        if not halflife > 0:
            raise ValueError(f"halflife must be greater than 0, got {halflife}")
        return cls(
            inputs=inputs,
            window_length=window_length,
            decay_rate=float(np.exp(np.log(0.5) / halflife)),
            **kwargs,
        )

    @classmethod
    def from_center_of_mass(
        cls, inputs: Any, window_length: int, center_of_mass: float, **kwargs: Any
    ) -> Self:
        """Return the factor with decay_rate = 1 - 1 / (1 + center_of_mass).

        Parameters
        ----------
        inputs : iterable of Term
        window_length : int
        center_of_mass : float
            0 at least.
        **kwargs
            Further arguments of the class.
        """
        if not center_of_mass >= 0:
            raise ValueError(f"center_of_mass must not be negative, got {center_of_mass}")
        return cls(
            inputs=inputs,
            window_length=window_length,
            decay_rate=1.0 - 1.0 / (1.0 + center_of_mass),
            **kwargs,
        )


class ExponentialWeightedMovingAverage(_ExponentialWeightedFactor):
    """The mean of a window with exponential weights."""

    def compute(self, today: Any, assets: Any, out: Any, data: Any, decay_rate: float) -> None:
        """Compute one date."""
        out[:] = np.average(data, axis=0, weights=exponential_weights(len(data), decay_rate))


class ExponentialWeightedMovingStdDev(_ExponentialWeightedFactor):
    """The standard deviation of a window with exponential weights, corrected for its bias."""

    def compute(self, today: Any, assets: Any, out: Any, data: Any, decay_rate: float) -> None:
        """Compute one date."""
        weights = exponential_weights(len(data), decay_rate)
        mean = np.average(data, axis=0, weights=weights)
        variance = np.average((data - mean) ** 2, axis=0, weights=weights)
        squared = weights.sum() ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:] = np.sqrt(variance * (squared / (squared - (weights**2).sum())))


EWMA = ExponentialWeightedMovingAverage
EWMSTD = ExponentialWeightedMovingStdDev


class LinearWeightedMovingAverage(SingleInputMixin, CustomFactor):
    """The mean of a window with weights 1, 2, 3 and so on; NaN counts as zero."""

    _writes_windows = False

    def compute(self, today: Any, assets: Any, out: Any, data: Any) -> None:
        """Compute one date."""
        days = len(data)
        weights = np.arange(1.0, days + 1.0)[:, np.newaxis]
        out[:] = nansum(data * weights) / (days * (days + 1) / 2)


class AnnualizedVolatility(CustomFactor):
    """The standard deviation of a window of returns, times the root of the periods of a year.

    **Default inputs**: daily returns; **default window length**: 252
    """

    _writes_windows = False
    inputs: Any = (Returns(window_length=2),)
    params: Any = {"annualization_factor": 252.0}  # noqa: RUF012 - how classes name parameters
    window_length: Any = 252

    def compute(
        self, today: Any, assets: Any, out: Any, returns: Any, annualization_factor: float
    ) -> None:
        """Compute one date."""
        out[:] = nanstd(returns) * annualization_factor**0.5


class PeerCount(SingleInputMixin, CustomFactor):
    """The number of assets in the same group of a classifier."""

    _writes_windows = False
    window_length: Any = 1

    def _validate(self) -> None:
        super()._validate()
        if self.window_length != 1:
            raise ValueError(
                f"PeerCount counts one date, got the window_length {self.window_length}"
            )

    def compute(self, today: Any, assets: Any, out: Any, classifier_values: Any) -> None:
        """Compute one date."""
        labels, none = self.inputs[0].to_integral(classifier_values[0])
        _, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
        np.copyto(out, counts[places], where=labels != none)


class Clip(CustomFactor):
    """Values no less than one bound and no greater than another."""

    _writes_windows = False
    window_length: Any = 1
    params: Any = ("min_bound", "max_bound")

    def compute(
        self, today: Any, assets: Any, out: Any, values: Any, min_bound: float, max_bound: float
    ) -> None:
        """Compute one date."""
        np.clip(values[-1], min_bound, max_bound, out=out)
