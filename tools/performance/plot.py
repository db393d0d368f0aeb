"""Ratios and their intervals as a picture, in SVG."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from performance.ratios import Ratio

_ROW, _LABEL, _PLOT, _MARGIN = 22, 290, 420, 30
_COLOURS = {"slower": "#b3261e", "faster": "#1b7f3b", "same": "#555555"}
_TICKS = (0.25, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0)
_FONT = 'font-family="sans-serif" font-size="12"'
_LEAST_SPAN = 1.15


def draw(ratios: Sequence[Ratio], tolerance: float) -> str:
    """Return the picture: a line an interval, on a logarithmic scale around 1."""
    ends = [end for each in ratios for end in (each.low, each.high)]
    span = math.log(max([_LEAST_SPAN, *(max(end, 1 / end) for end in ends)])) * 1.05

    def x(ratio: float) -> float:
        return _LABEL + _PLOT * (math.log(ratio) / span + 1) / 2

    bottom = _MARGIN + _ROW * len(ratios)
    width, height = _LABEL + _PLOT + _MARGIN, bottom + _MARGIN
    left, right = x(1 / (1 + tolerance)), x(1 + tolerance)
    elements = [
        _element("rect", width=width, height=height, fill="#ffffff"),
        _element(
            "rect", x=left, y=_MARGIN, width=right - left, height=bottom - _MARGIN, fill="#eee"
        ),
        _text("time of head / time of base", x=_LABEL, y=16),
    ]
    for tick in _TICKS:
        if abs(math.log(tick)) <= span:
            colour = "#000" if tick == 1 else "#ccc"
            elements += [
                _line((x(tick), _MARGIN), (x(tick), bottom), stroke=colour),
                _text(f"{tick:g}", x=x(tick), y=bottom + 16, text_anchor="middle"),
            ]
    for row, each in enumerate(ratios):
        y, colour = _MARGIN + _ROW * (row + 0.5), _COLOURS[each.verdict]
        elements += [
            _text(each.name, x=_LABEL - 8, y=y + 4, text_anchor="end"),
            _line((x(each.low), y), (x(each.high), y), stroke=colour, stroke_width=3),
            _element("circle", cx=x(each.ratio), cy=y, r=4, fill=colour),
        ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {_FONT}>'
    return "\n".join([head, *elements, "</svg>"]) + "\n"


def _attributes(values: dict[str, str | float]) -> str:
    shown = {
        name.replace("_", "-"): value if isinstance(value, str) else f"{value:.4g}"
        for name, value in values.items()
    }
    return " ".join(f'{name}="{escape(value)}"' for name, value in shown.items())


def _element(kind: str, **attributes: str | float) -> str:
    return f"<{kind} {_attributes(attributes)}/>"


def _line(start: tuple[float, float], end: tuple[float, float], **attributes: str | float) -> str:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    return f"<line {_attributes({**ends, **attributes})}/>"


def _text(content: str, **attributes: str | float) -> str:
    return f"<text {_attributes(attributes)}>{escape(content)}</text>"
