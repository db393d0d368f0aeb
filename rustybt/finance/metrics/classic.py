"""The report of risk by months, quarters, half years and years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rustybt.finance import risk

if TYPE_CHECKING:
    import pandas as pd
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray

    from rustybt.finance._finance_ext import Ledger, Recording
    from rustybt.finance.metrics.metric import BenchmarkReturns, Columns, Packet

Floats: TypeAlias = "NDArray[np.float64]"

_LENGTHS = {"one_month": 1, "three_month": 3, "six_month": 6, "twelve_month": 12}


class ClassicRiskMetrics:
    """Reports, at the end, the risk figures of every period of 1, 3, 6 and 12 months.

    A period begins in each month of the simulation and is reported if its last month is not after
    that of the last session.
    """

    def start_of_simulation(
        self,
        _ledger: Ledger,
        _emission_rate: str,
        _calendar: ExchangeCalendar,
        sessions: pd.DatetimeIndex,
        _benchmark_source: BenchmarkReturns,
    ) -> None:
        """Begin without leverages."""
        self._leverages = np.full(len(sessions), np.nan)

    def end_of_session(
        self,
        _packet: Packet,
        ledger: Ledger,
        _session: pd.Timestamp,
        session_ix: int,
        _portal: object,
    ) -> None:
        """Keep the session's leverage."""
        self._leverages[session_ix] = ledger.account.leverage

    def end_of_simulation(
        self,
        packet: Packet,
        ledger: Ledger,
        _calendar: ExchangeCalendar,
        sessions: pd.DatetimeIndex,
        _portal: object,
        benchmark_source: BenchmarkReturns,
    ) -> None:
        """Add the report to the packet: a list of dicts for each length of period."""
        benchmark = benchmark_source.daily_returns(sessions[0], sessions[-1])
        packet.update(
            risk_report(
                sessions,
                np.asarray(ledger.daily_returns_array),
                np.array(benchmark, dtype=np.float64),
                self._leverages,
            )
        )

    def is_columnar(self) -> bool:
        """Tell whether the metric can do without packets: it can."""
        return True

    def columns(self, recording: Recording) -> Columns:
        """Take the leverages of all sessions; there are no columns."""
        self._leverages[: recording.sessions] = recording.field("leverage")
        return {}, {}


def risk_report(
    sessions: pd.DatetimeIndex, returns: Floats, benchmark: Floats, leverages: Floats
) -> dict[str, list[dict[str, Any]]]:
    """Return the risk figures of every period of 1, 3, 6 and 12 months.

    Parameters
    ----------
    sessions : DatetimeIndex, shape (sessions,)
        Labels of the sessions.
    returns, benchmark, leverages : ndarray of float64, shape (sessions,)
        Daily returns of the strategy and of the benchmark, and the account's leverage.

    Returns
    -------
    dict
        Lists under `one_month`, `three_month`, `six_month` and `twelve_month`, of a dict for each
        period. A figure that is not finite is None.
    """
    months = np.asarray(sessions, dtype="M8[M]").astype(np.int64)
    report: dict[str, list[dict[str, Any]]] = {}
    for name, length in _LENGTHS.items():
        report[name] = []
        for month in range(months[0], months[-1] + 2 - length):
            start, stop = np.searchsorted(months, [month, month + length])
            period = slice(start, stop)
            label = sessions[stop - 1].strftime("%Y-%m")
            report[name].append(
                _figures(label, returns[period], benchmark[period], leverages[period])
            )
    return report


def _figures(
    label: str, returns: Floats, benchmark: Floats, leverages: Floats
) -> dict[str, float | str | None]:
    alpha, beta = risk.alpha_beta(returns, benchmark)
    sharpe = risk.sharpe_ratio(returns)
    figures = {
        "algorithm_period_return": risk.total_return(returns),
        "benchmark_period_return": risk.total_return(benchmark),
        "treasury_period_return": 0.0,
        "excess_return": risk.total_return(returns),
        "alpha": alpha,
        "beta": beta,
        "sharpe": 0.0 if np.isnan(sharpe) else sharpe,
        "sortino": risk.sortino_ratio(returns),
        "trading_days": returns.size,
        "algo_volatility": risk.annual_volatility(returns),
        "benchmark_volatility": risk.annual_volatility(benchmark),
        "max_drawdown": risk.max_drawdown(returns),
        "max_leverage": float(np.max(leverages)),
    }
    known = {name: value if np.isfinite(value) else None for name, value in figures.items()}
    return {**known, "period_label": label}
