"""Line charts as SVG, drawn without a plotting library so that the page needs none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

WIDTH = 960
LEFT, RIGHT, TOP, BOTTOM = 72, 12, 10, 26
TICKS = 5
POINTS = 1200  # more than there are pixels show nothing more


@dataclass(frozen=True)
class Line:
    """One series of a chart; `css` is the class that colours it."""

    name: str
    values: NDArray[np.float64]
    css: str
    filled: bool = False


def draw(
    title: str,
    sessions: pd.DatetimeIndex,
    lines: Sequence[Line],
    label: Callable[[float], str],
    height: int = 260,
) -> str:
    """Return an SVG element with `lines` over `sessions`.

    Parameters
    ----------
    title
        What the chart shows, for those who hear the page.
    sessions : DatetimeIndex, shape (sessions,)
        The horizontal axis.
    lines
        Series of shape (sessions,); where a value is not finite the line has a gap.
    label
        Writes a value of the vertical axis.
    height
        Height in pixels.
    """
    finite = np.concatenate([line.values[np.isfinite(line.values)] for line in lines])
    base = [0.0] if any(line.filled for line in lines) else []
    lowest = float(min(finite.min(initial=math.inf), *base, math.inf))
    highest = float(max(finite.max(initial=-math.inf), *base, -math.inf))
    if lowest > highest:
        lowest, highest = 0.0, 1.0
    ticks = nice_ticks(lowest, highest)
    low, high = min(lowest, ticks[0]), max(highest, ticks[-1])
    bottom = height - BOTTOM

    def x(position: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * position / max(len(sessions) - 1, 1)

    def y(value: float) -> float:
        return bottom - (bottom - TOP) * (value - low) / (high - low)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}">'
    ]
    for tick in ticks:
        at = y(tick)
        parts += [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>',
            _label(LEFT - 8, at + 4, "end", label(tick)),
        ]
    for position, text in date_ticks(sessions):
        parts.append(_label(x(position), height - 8, "middle", text))
    for line in lines:
        for run in _runs(line.values):
            points = " ".join(f"{x(at):.1f},{y(line.values[at]):.1f}" for at in run)
            if line.filled:
                first, last, zero = x(run[0]), x(run[-1]), y(0.0)
                around = f"{first:.1f},{zero:.1f} {points} {last:.1f},{zero:.1f}"
                parts.append(f'<polygon class="{line.css} area" points="{around}"/>')
            parts.append(f'<polyline class="{line.css}" points="{points}"/>')
    parts.append("</svg>")
    legend = "".join(
        f'<span class="key {line.css}">{escape(line.name)}</span>' for line in lines if line.name
    )
    return f"<figure>{''.join(parts)}<figcaption>{legend}</figcaption></figure>"


def _label(x: float, y: float, anchor: str, text: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="axis" {place}>{escape(text)}</text>'


def nice_ticks(lowest: float, highest: float) -> list[float]:
    """Return about `TICKS` round values that enclose `lowest` to `highest`."""
    span = highest - lowest
    if span <= abs(highest) * 1e-12:
        span = abs(highest) * 0.1 or 1.0
        lowest, highest = lowest - span / 2, highest + span / 2
    rough = span / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= rough)
    first, last = math.floor(lowest / step), math.ceil(highest / step)
    return [number * step for number in range(first, last + 1)]


def date_ticks(sessions: pd.DatetimeIndex) -> list[tuple[int, str]]:
    """Return positions and labels for the time axis: years, months or days, ten at most."""
    for unit, form in (("Y", "%Y"), ("M", "%Y-%m"), ("D", "%Y-%m-%d")):
        periods = sessions.to_period(unit)
        starts = np.flatnonzero(np.asarray(periods[1:] != periods[:-1])) + 1
        if unit == "D":
            starts = np.arange(len(sessions))
        if starts.size >= (2 if unit == "Y" else 1):
            every = math.ceil(starts.size / 10)
            return [(int(at), sessions[at].strftime(form)) for at in starts[::every]]
    return [(0, sessions[0].strftime("%Y-%m-%d"))]


def _runs(values: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Return the positions to draw: stretches of finite values, thinned to what can be seen."""
    finite = np.flatnonzero(np.isfinite(values))
    if not finite.size:
        return []
    runs = np.split(finite, np.flatnonzero(np.diff(finite) > 1) + 1)
    return [_thin(run, values) for run in runs]


def _thin(run: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.intp]:
    if run.size <= POINTS:
        return run
    # The lowest and the highest value of each bucket, so that no spike is lost.
    kept = {int(run[0]), int(run[-1])}
    for bucket in np.array_split(run, POINTS // 2):
        part = values[bucket]
        kept |= {int(bucket[part.argmin()]), int(bucket[part.argmax()])}
    return np.array(sorted(kept), dtype=np.intp)
