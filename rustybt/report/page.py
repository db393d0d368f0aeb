"""The page of a tear sheet: tables and charts in one file, with no reference to another."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rustybt._files import written_aside

from . import chart
from .figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

FILLS_SHOWN = 500
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LABELS = {
    "starting_value": ("Starting value", "money"),
    "final_value": ("Final value", "money"),
    "total_return": ("Total return", "percent"),
    "annual_return": ("Annual return", "percent"),
    "annual_volatility": ("Annual volatility", "percent"),
    "sharpe": ("Sharpe ratio", "number"),
    "sortino": ("Sortino ratio", "number"),
    "max_drawdown": ("Maximum drawdown", "percent"),
    "max_leverage": ("Maximum leverage", "number"),
    "alpha": ("Alpha", "number"),
    "beta": ("Beta", "number"),
    "benchmark_return": ("Benchmark return", "percent"),
    "sessions": ("Sessions", "count"),
    "transactions": ("Transactions", "count"),
}

STYLE = """
:root { --ink: #1c2733; --faint: #64748b; --rule: #e2e8f0; --paper: #fff; --algo: #1d4ed8;
  --bench: #94a3b8; --loss: #b91c1c; --gain: 21, 128, 61; --fall: 185, 28, 28; }
@media (prefers-color-scheme: dark) { :root { --ink: #e2e8f0; --faint: #94a3b8; --rule: #334155;
  --paper: #0f172a; --algo: #60a5fa; --bench: #64748b; --loss: #f87171; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 980px; margin: 2rem auto; padding: 0 1rem; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p.about { color: var(--faint); margin: .25rem 0 1rem; }
p.partial { border-left: 4px solid var(--loss); padding: .5rem .75rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: .75rem; }
dt { color: var(--faint); font-size: .8rem; } dd { margin: 0; font-size: 1.1rem; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; }
polyline { fill: none; stroke-width: 1.5; stroke-linejoin: round; } polygon { stroke: none; }
.area { opacity: .18; } .grid { stroke: var(--rule); }
.axis { fill: var(--faint); font-size: 11px; }
polyline.algo { stroke: var(--algo); } polygon.algo { fill: var(--algo); }
polyline.bench { stroke: var(--bench); } polygon.bench { fill: var(--bench); }
polyline.loss { stroke: var(--loss); } polygon.loss { fill: var(--loss); }
.key { margin-right: 1rem; color: var(--faint); font-size: .85rem; }
.key::before { content: ""; display: inline-block; width: 14px; height: 3px; margin-right: 6px;
  vertical-align: middle; background: currentColor; }
.key.algo::before { background: var(--algo); } .key.bench::before { background: var(--bench); }
.key.loss::before { background: var(--loss); }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { padding: .25rem .4rem; text-align: right; border-bottom: 1px solid var(--rule); }
th { color: var(--faint); font-weight: 500; } th:first-child, td:first-child { text-align: left; }
summary { cursor: pointer; color: var(--faint); margin: .75rem 0; }
.wide { overflow-x: auto; }
"""


def write_report(
    perf: pd.DataFrame,
    path: str | Path,
    *,
    title: str = "Backtest",
    partial: str | None = None,
) -> Path:
    """Write the tear sheet of a backtest.

    The file refers to nothing outside itself. It is written under another name and renamed, so
    that a failure leaves an older one as it was.

    Parameters
    ----------
    perf
        What ``run_algorithm`` returned.
    path
        Where to write; its folder must exist.
    title
        Heading of the page.
    partial
        Why the backtest ended early, if it did; it is shown at the top.

    Raises
    ------
    PerfError
        If `perf` is no perf frame, or has no session.
    OSError
        If `path` cannot be written.
    """
    target = Path(path)
    page = render(Figures.from_perf(perf), title=title, partial=partial)
    with written_aside(target) as aside:
        aside.write_text(page, encoding="utf-8")
    return target


def render(figures: Figures, *, title: str, partial: str | None = None) -> str:
    """Return the page as text."""
    first, last = figures.sessions[0], figures.sessions[-1]
    about = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}, {len(figures.sessions):,} sessions"
    warning = f'<p class="partial">Partial result: {escape(partial)}</p>' if partial else ""
    sections = [
        _summary(figures),
        "<h2>Growth of 1</h2>" + _equity(figures),
        "<h2>Drawdown</h2>" + _drawdown(figures),
        "<h2>Exposure</h2>" + _exposure(figures),
        "<h2>Monthly returns</h2>" + _monthly(figures),
        "<h2>Trades</h2>" + _trades(figures),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<h1>{escape(title)}</h1><p class="about">{about}</p>{warning}'
        + "\n".join(sections)
        + "</body></html>\n"
    )


def show(value: float, kind: str) -> str:
    """Write a number of the summary for people: ``money``, ``percent``, ``number``, ``count``."""
    if not math.isfinite(value):
        return "-"
    match kind:
        case "money":
            return f"{value:,.2f}"
        case "percent":
            return f"{value:.2%}"
        case "count":
            return f"{value:,.0f}"
        case _:
            return f"{value:,.2f}"


def _summary(figures: Figures) -> str:
    items = "".join(
        f"<div><dt>{label}</dt><dd>{show(figures.summary[name], kind)}</dd></div>"
        for name, (label, kind) in LABELS.items()
    )
    return f"<dl>{items}</dl>"


def _equity(figures: Figures) -> str:
    lines = [chart.Line("Algorithm", figures.wealth, "algo")]
    if figures.benchmark is not None:
        lines.append(chart.Line("Benchmark", figures.benchmark, "bench"))
    return chart.draw("Growth of one unit", figures.sessions, lines, "{:.4g}".format, height=320)


def _drawdown(figures: Figures) -> str:
    lines = [chart.Line("", figures.drawdown, "loss", filled=True)]
    return chart.draw("Drawdown", figures.sessions, lines, _percent, height=180)


def _exposure(figures: Figures) -> str:
    lines = [
        chart.Line("Long", figures.long, "algo", filled=True),
        chart.Line("Short", figures.short, "loss", filled=True),
        chart.Line("Gross leverage", figures.gross, "bench"),
    ]
    shown = [line for line in lines if np.any(line.values != 0.0) or line.css == "algo"]
    return chart.draw(
        "Exposure as a part of the portfolio value", figures.sessions, shown, _percent, height=180
    )


def _percent(value: float) -> str:
    return f"{value * 100:.4g}%"


def _monthly(figures: Figures) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("Year", *MONTHS, "Total"))
    strongest = float(np.nanmax(np.abs(figures.monthly.to_numpy()))) or 1.0
    rows = []
    for year, values in zip(figures.monthly.index, figures.monthly.to_numpy(), strict=True):
        total = float(np.prod(1.0 + values[np.isfinite(values)]) - 1.0)
        cells = "".join(_month(float(value), strongest) for value in values)
        rows.append(f"<tr><td>{year}</td>{cells}<td>{total:.1%}</td></tr>")
    return _table(head, rows)


def _month(value: float, strongest: float) -> str:
    if not math.isfinite(value):
        return "<td></td>"
    colour = "--gain" if value > 0 else "--fall"
    shade = f"background: rgba(var({colour}), {0.45 * abs(value) / strongest:.2f})"
    return f'<td style="{shade}">{value:.1%}</td>'


def _trades(figures: Figures) -> str:
    if not figures.fills:
        return "<p>Nothing was traded.</p>"
    assets = _table(
        _head("Asset", "Fills", "Bought", "Sold", "Turnover"),
        (
            f"<tr><td>{escape(item.symbol)}</td><td>{item.fills:,}</td><td>{item.bought:,}</td>"
            f"<td>{item.sold:,}</td><td>{item.turnover:,.2f}</td></tr>"
            for item in figures.trades
        ),
    )
    shown = figures.fills[-FILLS_SHOWN:]
    fills = _table(
        _head("Time (UTC)", "Asset", "Amount", "Price"),
        (
            f"<tr><td>{fill.at:%Y-%m-%d %H:%M}</td><td>{escape(fill.symbol)}</td>"
            f"<td>{fill.amount:,}</td><td>{fill.price:,.4f}</td></tr>"
            for fill in shown
        ),
    )
    count = f"The last {len(shown):,} of {len(figures.fills):,} transactions"
    return f"{assets}<details><summary>{count}</summary>{fills}</details>"


def _head(*names: str) -> str:
    return "".join(f"<th>{name}</th>" for name in names)


def _table(head: str, rows: Iterable[str]) -> str:
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="wide">{table}</div>'
