"""Technical indicators against their definitions, in plain Python and in pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rustybt import indicators

gappy = st.one_of(st.floats(1, 1e3), st.sampled_from([np.nan, np.inf]))


def wilder(changes: list[float], window: int) -> float:
    """Wilder's average of all changes: mean of the first ones, then his recursion."""
    average = sum(changes[:window]) / len(changes[:window])
    for change in changes[window:]:
        average = (average * (window - 1) + change) / window
    return average


@given(
    x=hnp.arrays(np.float64, st.integers(1, 50), elements=gappy),
    window=st.integers(1, 20),
    data=st.data(),
)
def test_rsi_follows_wilder(x: np.ndarray, window: int, data: st.DataObject) -> None:
    window = min(window, len(x))
    periods = data.draw(st.integers(1, window))
    result = indicators.rsi(x, window, periods)
    for row, value in enumerate(x):
        seen = x[: row + 1][np.isfinite(x[: row + 1])]
        changes = np.diff(seen).tolist()
        if not np.isfinite(value) or len(changes) < periods:
            assert np.isnan(result[row])
            continue
        gains = wilder([max(change, 0) for change in changes], window)
        losses = wilder([max(-change, 0) for change in changes], window)
        if gains + losses < 1e-9:
            continue
        expected = 100 * gains / (gains + losses)
        np.testing.assert_allclose(result[row], expected, rtol=1e-9, atol=1e-9)


def test_rsi_at_its_ends() -> None:
    up = np.arange(30.0)
    assert (indicators.rsi(up)[14:] == 100).all()
    assert (indicators.rsi(-up)[14:] == 0).all()
    assert np.isnan(indicators.rsi(np.ones(30))).all()


@given(
    bars=hnp.arrays(np.float64, st.tuples(st.just(3), st.integers(1, 40)), elements=gappy),
    window=st.integers(1, 10),
)
def test_atr_follows_wilder(bars: np.ndarray, window: int) -> None:
    window = min(window, bars.shape[1])
    high, low, close = bars
    result = indicators.atr(high, low, close, window)
    whole = np.isfinite(bars).all(axis=0)
    ranges: list[float] = []
    before = None
    for row in range(bars.shape[1]):
        if whole[row]:
            h, lo, c = bars[:, row]
            if before is not None:
                ranges.append(max(h - lo, abs(h - before), abs(lo - before)))
            before = c
        if whole[row] and len(ranges) >= window:
            np.testing.assert_allclose(result[row], wilder(ranges, window), rtol=1e-9, atol=1e-9)
        else:
            assert np.isnan(result[row])


def test_macd_is_made_of_exponential_means() -> None:
    x = pd.DataFrame(100 + np.random.default_rng(1).standard_normal((300, 3)).cumsum(axis=0))
    lines = indicators.macd(x)
    line = x.ewm(span=12, adjust=False).mean() - x.ewm(span=26, adjust=False).mean()
    signal = line.ewm(span=9, adjust=False).mean()
    pd.testing.assert_frame_equal(lines.macd, line.where(x.index.to_series() >= 25), rtol=1e-9)
    shown = x.index.to_series() >= 33
    pd.testing.assert_frame_equal(lines.signal, signal.where(shown), rtol=1e-9)
    pd.testing.assert_frame_equal(lines.histogram, (line - signal).where(shown), rtol=1e-9)


def test_macd_passes_over_gaps() -> None:
    x = np.random.default_rng(2).standard_normal(100).cumsum()
    gappy_x = np.insert(x, 50, np.nan)
    for with_gap, without in zip(indicators.macd(gappy_x), indicators.macd(x), strict=True):
        assert np.isnan(with_gap[50])
        np.testing.assert_array_equal(np.delete(with_gap, 50), without)


def test_bollinger_bands_are_means_and_deviations() -> None:
    x = pd.Series(100 + np.random.default_rng(3).standard_normal(200).cumsum(), name="price")
    x[20] = np.nan
    bands = indicators.bollinger_bands(x, 20, 2.5, 10)
    rolling = x.rolling(20, min_periods=10)
    pd.testing.assert_series_equal(bands.middle, rolling.mean(), rtol=1e-10)
    width = 2.5 * rolling.std(ddof=0)
    pd.testing.assert_series_equal(bands.upper, rolling.mean() + width, rtol=1e-10)
    pd.testing.assert_series_equal(bands.lower, rolling.mean() - width, rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"fast": 26, "slow": 26}, "fast < slow"),
        ({"fast": 0}, "fast must be at least 1"),
        ({"signal": 0}, "signal must be at least 1"),
        ({"min_periods": 0}, "min_periods must be at least 1"),
    ],
)
def test_macd_refuses_bad_spans(arguments: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        indicators.macd(np.arange(50.0), **arguments)


@pytest.mark.parametrize("deviations", [-1.0, np.nan, np.inf])
def test_bollinger_bands_refuse_bad_widths(deviations: float) -> None:
    with pytest.raises(ValueError, match="deviations must be"):
        indicators.bollinger_bands(np.arange(50.0), deviations=deviations)


@pytest.mark.parametrize("gap", [None, 5, 22, 23, 24, 25, 300])
@pytest.mark.parametrize("rows", [16, 23, 24, 25, 33, 255, 256, 257, 600])
def test_rsi_across_the_groups_of_rows(rows: int, gap: int | None) -> None:
    x = 50.0 + np.cumsum(np.random.default_rng(rows).standard_normal(rows))
    known = x.copy()
    if gap is not None and gap < rows:
        x[gap] = np.nan
        known = np.delete(x, gap)
    found = indicators.rsi(x, 14)
    changes = np.diff(known)
    expected = [
        100.0 * up / (up + wilder((-changes[:end]).clip(min=0.0).tolist(), 14))
        for end in range(14, len(known))
        for up in [wilder(changes[:end].clip(min=0.0).tolist(), 14)]
    ]
    shown = found[~np.isnan(found)]
    np.testing.assert_allclose(shown, expected, rtol=1e-11)
    both = indicators.rsi(np.stack([x, x[::-1]], axis=1), 14)
    np.testing.assert_array_equal(both[:, 0], found)
