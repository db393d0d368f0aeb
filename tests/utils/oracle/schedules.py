"""Ask zipline-reloaded 3.2.1 at which bars scheduled functions run, and store the answers.

Run as ``python -P tests/utils/oracle/schedules.py`` by an interpreter that has it. Bars are those
of a simulation on daily data over years, and of one on minutes over weeks with an early close.
"""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from zipline.utils.calendar_utils import get_calendar
from zipline.utils.events import date_rules, make_eventrule, time_rules

TARGET = Path(__file__).with_suffix(".json.gz")
SPANS = {"daily": ("1995-01-03", "2025-06-30"), "minute": ("2012-11-12", "2012-12-31")}
DATE_RULES = [
    ("every_day", None),
    *(
        (name, offset)
        for name, offsets in (
            ("month_start", (0, 1, 5, 18, 22)),
            ("month_end", (0, 1, 5, 18, 22)),
            ("week_start", (0, 1, 4)),
            ("week_end", (0, 1, 4)),
        )
        for offset in offsets
    ),
]
TIME_RULES = [
    ("every_minute", None),
    *(
        (name, minutes)
        for name in ("market_open", "market_close")
        for minutes in (None, 1, 30, 209, 210, 211, 390, 391)
    ),
]


def bars(calendar: Any, frequency: str) -> Any:
    """Return the times of all bars of a simulation."""
    start, end = SPANS[frequency]
    sessions = calendar.sessions_in_range(start, end)
    if frequency == "daily":
        return pd.DatetimeIndex(calendar.closes.loc[sessions])
    return calendar.sessions_minutes(sessions[0], sessions[-1])


def main() -> None:
    """Ask, and write the answers: ordinals of bars by rule."""
    calendar = get_calendar("XNYS")
    answers = []
    for frequency in SPANS:
        times = list(bars(calendar, frequency))
        for (day, offset), (time, minutes), half_days in product(
            DATE_RULES, TIME_RULES, (True, False)
        ):
            if frequency == "daily" and time != "every_minute":
                continue
            rule = make_eventrule(
                getattr(date_rules, day)(*(() if offset is None else (offset,))),
                getattr(time_rules, time)(
                    *(() if minutes is None else (timedelta(minutes=minutes),))
                ),
                calendar,
                half_days,
            )
            # Whether the rule holds depends on every bar that it was asked about before.
            hits = [at for at, dt in enumerate(times) if rule.should_trigger(dt)]
            answers.append(
                [frequency, day, offset, time, minutes, half_days, np.diff([0, *hits]).tolist()]
            )
    with gzip.GzipFile(TARGET, "wb", mtime=0) as target:
        target.write(json.dumps(answers, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
