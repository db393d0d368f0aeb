"""The closing table of a backtest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rustybt.report.page import LABELS, show

if TYPE_CHECKING:
    from rustybt.report import Figures

VERSION = 1


def table(figures: Figures) -> str:
    """Return the summary as lines of a label and a number, numbers flush right."""
    first, last = figures.sessions[0], figures.sessions[-1]
    rows = [("From", f"{first:%Y-%m-%d}"), ("To", f"{last:%Y-%m-%d}")]
    rows += [(label, show(figures.summary[name], kind)) for name, (label, kind) in LABELS.items()]
    left = max(len(label) for label, _ in rows)
    right = max(len(value) for _, value in rows)
    return "\n".join(f"{label.ljust(left)}  {value.rjust(right)}" for label, value in rows)


def as_json(figures: Figures, partial: str | None) -> dict[str, Any]:
    """Return the summary for programs.

    ``version`` is 1; numbers that are not defined are None; ``partial`` says why the backtest
    ended early, None where it did not.
    """
    return {
        "version": VERSION,
        "start": f"{figures.sessions[0]:%Y-%m-%d}",
        "end": f"{figures.sessions[-1]:%Y-%m-%d}",
        "partial": partial,
        **{
            name: value if math.isfinite(value) else None for name, value in figures.summary.items()
        },
    }
