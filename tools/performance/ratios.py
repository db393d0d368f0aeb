"""Head against base: the ratio of each benchmark, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Chance, shared among all benchmarks, that an interval misses the true ratio. A bootstrap of so few
# rounds only comes near it; the tolerance makes up for that.
ALPHA = 0.01
RESAMPLES = 4000
_SEED = 20

Verdict = Literal["slower", "faster", "same"]


@dataclass(frozen=True)
class Ratio:
    """Time of head divided by that of base.

    Parameters
    ----------
    name
        Of the benchmark.
    base_ms, head_ms
        Middle of the runs.
    ratio
        Middle of the ratios of each round.
    low, high
        The interval that holds the true ratio.
    verdict
        "slower" where all of the interval lies above what is tolerated, "faster" where all of it
        lies below 1 by as much.
    """

    name: str
    base_ms: float
    head_ms: float
    ratio: float
    low: float
    high: float
    verdict: Verdict


def compare(
    base: Mapping[str, Sequence[float]], head: Mapping[str, Sequence[float]], tolerance: float
) -> list[Ratio]:
    """Compare the benchmarks that both have.

    Parameters
    ----------
    base, head
        Milliseconds of each round; the two of one round were taken right after each other.
    tolerance
        Share by which head may be slower.
    """
    names = [name for name in head if name in base]
    level = 1 - ALPHA / max(len(names), 1)
    return [_ratio(name, base[name], head[name], tolerance, level) for name in names]


def _ratio(
    name: str, base: Sequence[float], head: Sequence[float], tolerance: float, level: float
) -> Ratio:
    middle, low, high = interval(base, head, level)
    verdict: Verdict = "same"
    if low > 1 + tolerance:
        verdict = "slower"
    elif high < 1 / (1 + tolerance):
        verdict = "faster"
    return Ratio(name, float(np.median(base)), float(np.median(head)), middle, low, high, verdict)


def interval(
    base: Sequence[float], head: Sequence[float], level: float
) -> tuple[float, float, float]:
    """Return the ratio of two series of paired times, and its bootstrap confidence interval.

    The middle of the ratios of all rounds counts, so that a round which something else disturbed
    moves it little; the interval is that of the middles of rounds drawn anew, with replacement.

    Parameters
    ----------
    base, head
        Times of each round.
    level
        Share of such middles that the interval holds.
    """
    logs = np.log(np.asarray(head, dtype=float)) - np.log(np.asarray(base, dtype=float))
    drawn = np.random.default_rng(_SEED).integers(len(logs), size=(RESAMPLES, len(logs)))
    middles = np.median(logs[drawn], axis=1)
    outside = (1 - level) / 2
    low, high = np.quantile(middles, [outside, 1 - outside])
    middle = float(np.median(logs))
    return float(np.exp(middle)), float(np.exp(min(low, middle))), float(np.exp(max(high, middle)))
