"""What a simulation reports of itself: metrics, sets of them, and their tracker."""

from __future__ import annotations

import warnings
from typing import Any

from rustybt.finance import risk
from rustybt.finance.metrics.classic import ClassicRiskMetrics
from rustybt.finance.metrics.core import load, metrics_sets, register, unregister
from rustybt.finance.metrics.metric import (
    PNL,
    AlphaBeta,
    BenchmarkReturnsAndVolatility,
    CashFlow,
    ConstantRiskMetric,
    DailyLedgerField,
    MaxLeverage,
    NumTradingDays,
    Orders,
    PeriodLabel,
    Returns,
    ReturnsStatistic,
    SimpleLedgerField,
    StartOfPeriodLedgerField,
    Transactions,
)
from rustybt.finance.metrics.tracker import MetricsTracker

__all__ = [
    "PNL",
    "AlphaBeta",
    "BenchmarkReturnsAndVolatility",
    "CashFlow",
    "DailyLedgerField",
    "MaxLeverage",
    "MetricsTracker",
    "NumTradingDays",
    "Orders",
    "PeriodLabel",
    "Returns",
    "ReturnsStatistic",
    "SimpleLedgerField",
    "StartOfPeriodLedgerField",
    "Transactions",
    "load",
    "metrics_sets",
    "register",
    "unregister",
]


@register("none")
def no_metrics() -> list[Any]:
    """Return no metrics."""
    return []


@register("default")
def default_metrics() -> list[Any]:
    """Return the metrics of a performance frame, in the order of its columns."""
    return [
        Returns(),
        PNL(),
        CashFlow(),
        Orders(),
        Transactions(),
        SimpleLedgerField("positions"),
        StartOfPeriodLedgerField("portfolio.positions_exposure", "starting_exposure"),
        DailyLedgerField("portfolio.positions_exposure", "ending_exposure"),
        StartOfPeriodLedgerField("portfolio.positions_value", "starting_value"),
        DailyLedgerField("portfolio.positions_value", "ending_value"),
        StartOfPeriodLedgerField("portfolio.cash", "starting_cash"),
        DailyLedgerField("portfolio.cash", "ending_cash"),
        DailyLedgerField("portfolio.portfolio_value"),
        DailyLedgerField("position_tracker.stats.longs_count"),
        DailyLedgerField("position_tracker.stats.shorts_count"),
        DailyLedgerField("position_tracker.stats.long_value"),
        DailyLedgerField("position_tracker.stats.short_value"),
        DailyLedgerField("position_tracker.stats.long_exposure"),
        DailyLedgerField("position_tracker.stats.short_exposure"),
        DailyLedgerField("account.gross_leverage"),
        DailyLedgerField("account.net_leverage"),
        ReturnsStatistic(risk.annual_volatility, "algo_volatility"),
        BenchmarkReturnsAndVolatility(),
        AlphaBeta(),
        ReturnsStatistic(risk.sharpe_ratio, "sharpe"),
        ReturnsStatistic(risk.sortino_ratio, "sortino"),
        ReturnsStatistic(risk.max_drawdown),
        MaxLeverage(),
        ConstantRiskMetric("excess_return", 0.0),
        ConstantRiskMetric("treasury_period_return", 0.0),
        NumTradingDays(),
        PeriodLabel(),
    ]


@register("classic")
def classic_metrics() -> list[Any]:
    """Return the default metrics and the report of risk by months, which Zipline deprecated."""
    warnings.warn(
        "the metrics set 'classic' is deprecated: use 'default', and rustybt.finance.risk for the "
        "figures of a period",
        DeprecationWarning,
        stacklevel=3,
    )
    return [*default_metrics(), ClassicRiskMetrics()]
