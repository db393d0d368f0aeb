"""The performance of a simulation as a DataFrame: a row for each session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rustybt.finance._finance_ext import Recording


def from_recording(
    recording: Recording, opens: pd.DatetimeIndex, metrics: Iterable[Any]
) -> pd.DataFrame:
    """Return the performance of the sessions recorded.

    Parameters
    ----------
    recording : Recording
        What the ledger kept of them.
    opens : DatetimeIndex, shape (sessions,)
        First minute of each session.
    metrics : iterable
        Metrics that give columns, in the order in which they shall stand.

    Returns
    -------
    DataFrame
        Indexed by the sessions' closes. First the figures of a session, then what the strategy
        recorded from the first session on, then the figures since the start, then what it began
        to record later.
    """
    closes = pd.DatetimeIndex(recording.close_times.view("M8[ns]"), tz="UTC")
    columns: dict[str, Any] = {"period_open": opens, "period_close": closes}
    risk: dict[str, Any] = {}
    for metric in metrics:
        of_session, since_start = metric.columns(recording)
        columns.update(of_session)
        risk.update(since_start)
    later: dict[str, Any] = {}
    for name, (first, values) in recording.variables.items():
        otherwise = columns.get(name, np.full(recording.sessions, np.nan))
        variable = _variable(first, values, otherwise).array
        (later if first and name not in columns else columns)[name] = variable
    for name, values in later.items():
        risk.setdefault(name, values)
    columns.update(risk)
    return pd.DataFrame(columns, index=closes)


def from_packets(packets: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return the performance that packets report.

    Parameters
    ----------
    packets : iterable of dict
        Packets of sessions, in order; those without `daily_perf` are left out.

    Returns
    -------
    DataFrame
        Indexed by the sessions' closes, as `from_recording` gives it.
    """
    rows = [
        {
            **packet["daily_perf"],
            **packet["daily_perf"].get("recorded_vars", {}),
            **packet["cumulative_risk_metrics"],
        }
        for packet in packets
        if "daily_perf" in packet
    ]
    for row in rows:
        row.pop("recorded_vars", None)
    closes = pd.to_datetime([row["period_close"] for row in rows], utc=True)
    return pd.DataFrame(rows, index=pd.DatetimeIndex(closes).as_unit("ns"))


def _variable(first: int, values: Sequence[object], otherwise: Sequence[object]) -> pd.Series[Any]:
    """Return a recorded variable for every session, another value where it was not recorded."""
    last = first + len(values)
    return pd.Series([*otherwise[:first], *values, *otherwise[last:]])
