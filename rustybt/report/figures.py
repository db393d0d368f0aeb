"""What a tear sheet shows, computed from the perf frame that ``run_algorithm`` returns."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

SESSIONS_A_YEAR = 252
NEEDED = (
    "algorithm_period_return",
    "benchmark_period_return",
    "ending_value",
    "gross_leverage",
    "long_exposure",
    "portfolio_value",
    "returns",
    "short_exposure",
    "starting_cash",
    "starting_value",
    "transactions",
)


class PerfError(ValueError):
    """A frame that is not the perf frame of a backtest."""


@dataclass(frozen=True)
class Fill:
    """One transaction: when, what, how many shares or contracts, at which price in currency."""

    at: pd.Timestamp
    symbol: str
    amount: int
    price: float


@dataclass(frozen=True)
class Trades:
    """The fills of one asset, added up.

    ``bought`` and ``sold`` are shares or contracts, ``turnover`` is the sum of price times amount
    of all fills, in currency and without a future's multiplier.
    """

    symbol: str
    fills: int
    bought: int
    sold: int
    turnover: float


@dataclass(frozen=True)
class Figures:
    """Series and numbers of a backtest.

    Parameters
    ----------
    sessions : DatetimeIndex, shape (sessions,)
        Label of each session, without time zone.
    equity : ndarray of float64, shape (sessions,)
        Portfolio value at each session's end, in currency.
    wealth, benchmark : ndarray of float64, shape (sessions,)
        Value of one unit invested at the start: in the algorithm, in the benchmark. Capital that
        was added or withdrawn does not show. `benchmark` is None where it never moved.
    drawdown : ndarray of float64, shape (sessions,)
        Fall of `wealth` below its highest value so far, 0 to -1.
    long, short, gross : ndarray of float64, shape (sessions,)
        Exposures as fractions of the portfolio value; `short` is negative.
    monthly : DataFrame of float64, years x months 1 to 12
        Return of each calendar month, NaN where there was no session.
    fills : tuple of Fill
        Every transaction, in order.
    trades : tuple of Trades
        One for each asset that was traded, the largest turnover first.
    summary : dict of str to float
        The numbers of the summary table, NaN where one is not defined.
    """

    sessions: pd.DatetimeIndex
    equity: NDArray[np.float64]
    wealth: NDArray[np.float64]
    benchmark: NDArray[np.float64] | None
    drawdown: NDArray[np.float64]
    long: NDArray[np.float64]
    short: NDArray[np.float64]
    gross: NDArray[np.float64]
    monthly: pd.DataFrame
    fills: tuple[Fill, ...]
    trades: tuple[Trades, ...]
    summary: dict[str, float]

    @classmethod
    def from_perf(cls, perf: pd.DataFrame) -> Figures:
        """Compute the figures of `perf`.

        Raises
        ------
        PerfError
            If `perf` has no session, or lacks a column of ``run_algorithm``'s frame.
        """
        missing = [name for name in NEEDED if name not in perf.columns]
        if missing:
            raise PerfError(
                f"this is no perf frame of run_algorithm: it has no column {', '.join(missing)}"
            )
        if perf.empty:
            raise PerfError("the perf frame has no session: there is nothing to report")
        index = pd.DatetimeIndex(perf.index)
        sessions = index.tz_localize(None).normalize() if index.tz is not None else index
        returns = _column(perf, "returns")
        equity = _column(perf, "portfolio_value")
        wealth = 1.0 + _column(perf, "algorithm_period_return")
        drawdown = wealth / np.maximum(np.maximum.accumulate(wealth), 1.0) - 1.0
        benchmark = 1.0 + _column(perf, "benchmark_period_return")
        fills = tuple(_fills(perf["transactions"]))
        invested = np.where(equity == 0.0, math.nan, equity)
        return cls(
            sessions=sessions,
            equity=equity,
            wealth=wealth,
            benchmark=benchmark if np.any(benchmark != 1.0) else None,
            drawdown=drawdown,
            long=_column(perf, "long_exposure") / invested,
            short=_column(perf, "short_exposure") / invested,
            gross=_column(perf, "gross_leverage"),
            monthly=_monthly(sessions, returns),
            fills=fills,
            trades=_trades(fills),
            summary=_summary(perf, equity, wealth, returns, drawdown, len(fills)),
        )


def _column(perf: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return perf[name].to_numpy(dtype=np.float64)


def _monthly(sessions: pd.DatetimeIndex, returns: NDArray[np.float64]) -> pd.DataFrame:
    growth = pd.Series(1.0 + returns).groupby([sessions.year, sessions.month]).prod() - 1.0
    return growth.unstack().reindex(columns=range(1, 13))


def _fills(column: Iterable[Iterable[Mapping[str, Any]]]) -> Iterable[Fill]:
    for session in column:
        for transaction in session:
            asset = transaction["sid"]
            yield Fill(
                at=transaction["dt"],
                symbol=getattr(asset, "symbol", None) or str(asset),
                amount=int(transaction["amount"]),
                price=float(transaction["price"]),
            )


def _trades(fills: Iterable[Fill]) -> tuple[Trades, ...]:
    of_symbol: defaultdict[str, list[Fill]] = defaultdict(list)
    for fill in fills:
        of_symbol[fill.symbol].append(fill)
    trades = [
        Trades(
            symbol=symbol,
            fills=len(several),
            bought=sum(max(fill.amount, 0) for fill in several),
            sold=-sum(min(fill.amount, 0) for fill in several),
            turnover=math.fsum(abs(fill.amount) * fill.price for fill in several),
        )
        for symbol, several in of_symbol.items()
    ]
    return tuple(sorted(trades, key=lambda item: (-item.turnover, item.symbol)))


def _summary(
    perf: pd.DataFrame,
    equity: NDArray[np.float64],
    wealth: NDArray[np.float64],
    returns: NDArray[np.float64],
    drawdown: NDArray[np.float64],
    fills: int,
) -> dict[str, float]:
    years = returns.size / SESSIONS_A_YEAR
    start = float(perf["starting_cash"].iloc[0]) + float(perf["starting_value"].iloc[0])
    growth = float(wealth[-1])
    return {
        "starting_value": start,
        "final_value": float(equity[-1]),
        "total_return": growth - 1.0,
        "annual_return": growth ** (1.0 / years) - 1.0 if growth > 0.0 else math.nan,
        "annual_volatility": _last(perf, "algo_volatility"),
        "sharpe": _last(perf, "sharpe"),
        "sortino": _last(perf, "sortino"),
        "max_drawdown": float(drawdown.min()),
        "max_leverage": _last(perf, "max_leverage"),
        "alpha": _last(perf, "alpha"),
        "beta": _last(perf, "beta"),
        "benchmark_return": _last(perf, "benchmark_period_return"),
        "sessions": float(returns.size),
        "transactions": float(fills),
    }


def _last(perf: pd.DataFrame, name: str) -> float:
    value = perf[name].iloc[-1] if name in perf.columns else None
    return math.nan if value is None else float(value)
