"""The built-in metrics.

A metric is any object with some of the hooks `start_of_simulation`, `start_of_session`,
`end_of_bar`, `end_of_session` and `end_of_simulation`; the tracker calls those it finds, and the
last three write into a packet. The metrics here can besides give the columns of all sessions at
once, from what the ledger has recorded; where all metrics of a set can, no packets are made.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from rustybt.finance import risk
from rustybt.finance._finance_ext import (
    expanding_alpha_beta,
    expanding_max_drawdown,
    expanding_sharpe,
    expanding_sortino,
    expanding_volatility,
    minute_annual_volatility,
)
from rustybt.finance.metrics.records import Records

if TYPE_CHECKING:
    import pandas as pd
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray

    from rustybt.finance._finance_ext import Ledger, Recording

Packet: TypeAlias = dict[str, Any]
Column: TypeAlias = "NDArray[Any]"
Columns: TypeAlias = tuple[dict[str, Column], dict[str, Column]]
Statistic: TypeAlias = Callable[[Any], float]


class BenchmarkReturns(Protocol):
    """Where the benchmark's returns come from."""

    def daily_returns(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series[float]:
        """Return those of the sessions from `start` to `end`, both included."""

    def get_range(self, start_dt: pd.Timestamp, end_dt: pd.Timestamp) -> pd.Series[float]:
        """Return those of the minutes, or sessions, from `start_dt` to `end_dt`."""


# The figures of a recording, by the ledger's fields that they are taken from.
_AT_END = {
    "portfolio.positions_exposure": "positions_exposure",
    "portfolio.positions_value": "positions_value",
    "portfolio.cash": "cash",
    "portfolio.portfolio_value": "portfolio_value",
    "portfolio.returns": "period_return",
    "portfolio.pnl": "pnl",
    "portfolio.cash_flow": "cash_flow",
    "position_tracker.stats.longs_count": "longs_count",
    "position_tracker.stats.shorts_count": "shorts_count",
    "position_tracker.stats.long_value": "long_value",
    "position_tracker.stats.short_value": "short_value",
    "position_tracker.stats.long_exposure": "long_exposure",
    "position_tracker.stats.short_exposure": "short_exposure",
    "account.gross_leverage": "gross_leverage",
    "account.net_leverage": "net_leverage",
    "account.leverage": "leverage",
}
_AT_START = {
    "portfolio.positions_exposure": "starting_exposure",
    "portfolio.positions_value": "starting_value",
    "portfolio.cash": "starting_cash",
    "portfolio.pnl": "starting_pnl",
}
_COUNTS = {"longs_count", "shorts_count"}

_EXPANDING: dict[Statistic, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    risk.annual_volatility: expanding_volatility,
    risk.sharpe_ratio: expanding_sharpe,
    risk.sortino_ratio: expanding_sortino,
    risk.max_drawdown: expanding_max_drawdown,
}


class _LedgerField:
    """A field of the ledger.

    Parameters
    ----------
    ledger_field : str
        Dotted name of the field.
    packet_field : str, optional
        Name in the packet; the last part of `ledger_field` by default.
    """

    def __init__(self, ledger_field: str, packet_field: str | None = None) -> None:
        self._get_ledger_field = operator.attrgetter(ledger_field)
        self._ledger_field = ledger_field
        self._packet_field = packet_field or ledger_field.rsplit(".", 1)[-1]


class SimpleLedgerField(_LedgerField):
    """Reports a field of the ledger of every bar or session.

    Parameters
    ----------
    ledger_field : str
        Dotted name of the field, such as ``"portfolio.cash"``.
    packet_field : str, optional
        Name in the packet; the last part of `ledger_field` by default.
    """

    def end_of_bar(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the field in a minute's packet."""
        packet["minute_perf"][self._packet_field] = self._get_ledger_field(ledger)

    def end_of_session(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the field in a session's packet."""
        packet["daily_perf"][self._packet_field] = self._get_ledger_field(ledger)

    def is_columnar(self) -> bool:
        """Tell whether the field is recorded."""
        return self._ledger_field in _AT_END or self._ledger_field == "positions"

    def columns(self, recording: Recording) -> Columns:
        """Return the field of every session."""
        if self._ledger_field == "positions":
            return {self._packet_field: _records(recording, "positions")}, {}
        return {self._packet_field: _at_end(recording, self._ledger_field)}, {}


class DailyLedgerField(_LedgerField):
    """Reports a field of the ledger of every bar or session, also as the cumulative figure.

    Parameters
    ----------
    ledger_field : str
        Dotted name of the field, such as ``"portfolio.cash"``.
    packet_field : str, optional
        Name in the packet; the last part of `ledger_field` by default.
    """

    def end_of_bar(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the field in a minute's packet."""
        value = self._get_ledger_field(ledger)
        packet["cumulative_perf"][self._packet_field] = value
        packet["minute_perf"][self._packet_field] = value

    def end_of_session(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the field in a session's packet."""
        value = self._get_ledger_field(ledger)
        packet["cumulative_perf"][self._packet_field] = value
        packet["daily_perf"][self._packet_field] = value

    def is_columnar(self) -> bool:
        """Tell whether the field is recorded."""
        return self._ledger_field in _AT_END

    def columns(self, recording: Recording) -> Columns:
        """Return the field of every session."""
        return {self._packet_field: _at_end(recording, self._ledger_field)}, {}


class StartOfPeriodLedgerField(_LedgerField):
    """Reports what a field of the ledger was when the session, and the simulation, began.

    Parameters
    ----------
    ledger_field : str
        Dotted name of the field, such as ``"portfolio.cash"``.
    packet_field : str, optional
        Name in the packet; the last part of `ledger_field` by default.
    """

    def start_of_simulation(self, ledger: Ledger, *_: object) -> None:
        """Keep the field's value."""
        self._start_of_simulation = self._get_ledger_field(ledger)

    def start_of_session(self, ledger: Ledger, *_: object) -> None:
        """Keep the field's value."""
        self._start_of_session = self._get_ledger_field(ledger)

    def end_of_bar(self, packet: Packet, *_: object) -> None:
        """Report the values in a minute's packet."""
        packet["cumulative_perf"][self._packet_field] = self._start_of_simulation
        packet["minute_perf"][self._packet_field] = self._start_of_session

    def end_of_session(self, packet: Packet, *_: object) -> None:
        """Report the values in a session's packet."""
        packet["cumulative_perf"][self._packet_field] = self._start_of_simulation
        packet["daily_perf"][self._packet_field] = self._start_of_session

    def is_columnar(self) -> bool:
        """Tell whether the field is recorded."""
        return self._ledger_field in _AT_START

    def columns(self, recording: Recording) -> Columns:
        """Return the field at the start of every session."""
        return {self._packet_field: recording.field(_AT_START[self._ledger_field])}, {}


class _Columnar:
    """A metric that can always give its columns."""

    def is_columnar(self) -> bool:
        """Tell whether the metric can give the columns of all sessions at once: always."""
        return True


class Returns(_Columnar):
    """Reports the return of the session, and that since the start."""

    def end_of_bar(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the returns in a minute's packet."""
        self._report("minute_perf", packet, ledger)

    def end_of_session(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the returns in a session's packet."""
        self._report("daily_perf", packet, ledger)

    def columns(self, recording: Recording) -> Columns:
        """Return both returns of every session."""
        return (
            {"returns": recording.field("returns")},
            {"algorithm_period_return": recording.field("period_return")},
        )

    @staticmethod
    def _report(section: str, packet: Packet, ledger: Ledger) -> None:
        packet[section]["returns"] = ledger.todays_returns
        packet["cumulative_perf"]["returns"] = ledger.portfolio.returns
        packet["cumulative_risk_metrics"]["algorithm_period_return"] = ledger.portfolio.returns


class BenchmarkReturnsAndVolatility(_Columnar):
    """Reports the benchmark's return since the start and its annualised volatility."""

    def start_of_simulation(
        self,
        _ledger: Ledger,
        emission_rate: str,
        calendar: ExchangeCalendar,
        sessions: pd.DatetimeIndex,
        benchmark_source: BenchmarkReturns,
    ) -> None:
        """Compute the figures of all sessions, and of all minutes if they are reported."""
        daily = _benchmark_returns(benchmark_source, sessions)
        self._daily_cumulative_returns = np.cumprod(1.0 + daily) - 1.0
        self._daily_annual_volatility = expanding_volatility(daily)
        if emission_rate == "daily":
            return
        import pandas as pd

        returns = benchmark_source.get_range(
            calendar.session_open(sessions[0]), calendar.session_close(sessions[-1])
        )
        minutes = np.array(returns, dtype=np.float64)
        days = pd.DatetimeIndex(returns.index).normalize().asi8
        self._minute_cumulative_returns = pd.Series(np.cumprod(1.0 + minutes) - 1.0, returns.index)
        self._minute_annual_volatility = pd.Series(
            minute_annual_volatility(days, minutes, daily), returns.index
        )

    def end_of_bar(self, packet: Packet, _ledger: Ledger, dt: pd.Timestamp, *_: object) -> None:
        """Report the figures of a minute."""
        figures = packet["cumulative_risk_metrics"]
        figures["benchmark_period_return"] = _known(self._minute_cumulative_returns[dt])
        figures["benchmark_volatility"] = _known(self._minute_annual_volatility[dt])

    def end_of_session(
        self,
        packet: Packet,
        _ledger: Ledger,
        _session: pd.Timestamp,
        session_ix: int,
        _portal: object,
    ) -> None:
        """Report the figures of a session."""
        figures = packet["cumulative_risk_metrics"]
        figures["benchmark_period_return"] = _known(self._daily_cumulative_returns[session_ix])
        figures["benchmark_volatility"] = _known(self._daily_annual_volatility[session_ix])

    def columns(self, recording: Recording) -> Columns:
        """Return both figures of every session."""
        returns = self._daily_cumulative_returns[: recording.sessions]
        volatility = self._daily_annual_volatility[: recording.sessions]
        return {}, {
            "benchmark_period_return": _column(returns, ~np.isnan(returns)),
            "benchmark_volatility": _column(volatility, ~np.isnan(volatility)),
        }


class PNL(_Columnar):
    """Reports the profit of the session, and that since the start."""

    def start_of_simulation(self, *_: object) -> None:
        """Begin without profit."""
        self._previous_pnl = 0.0

    def start_of_session(self, ledger: Ledger, *_: object) -> None:
        """Keep the profit so far."""
        self._previous_pnl = ledger.portfolio.pnl

    def end_of_bar(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the profit in a minute's packet."""
        self._report("minute_perf", packet, ledger)

    def end_of_session(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the profit in a session's packet."""
        self._report("daily_perf", packet, ledger)

    def columns(self, recording: Recording) -> Columns:
        """Return the profit of every session."""
        return {"pnl": recording.field("pnl") - recording.field("starting_pnl")}, {}

    def _report(self, section: str, packet: Packet, ledger: Ledger) -> None:
        pnl = ledger.portfolio.pnl
        packet[section]["pnl"] = pnl - self._previous_pnl
        packet["cumulative_perf"]["pnl"] = pnl


class CashFlow(_Columnar):
    """Reports the payments of the session, and those since the start, as `capital_used`."""

    def start_of_simulation(self, *_: object) -> None:
        """Begin without payments."""
        self._previous_cash_flow = 0.0

    def end_of_bar(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the payments in a minute's packet."""
        self._report("minute_perf", packet, ledger)

    def end_of_session(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the payments in a session's packet, and begin anew."""
        self._report("daily_perf", packet, ledger)
        self._previous_cash_flow = ledger.portfolio.cash_flow

    def columns(self, recording: Recording) -> Columns:
        """Return the payments of every session."""
        return {"capital_used": np.diff(recording.field("cash_flow"), prepend=0.0)}, {}

    def _report(self, section: str, packet: Packet, ledger: Ledger) -> None:
        cash_flow = ledger.portfolio.cash_flow
        packet[section]["capital_used"] = cash_flow - self._previous_cash_flow
        packet["cumulative_perf"]["capital_used"] = cash_flow


class Orders(_Columnar):
    """Reports the orders that were placed or have changed."""

    def end_of_bar(self, packet: Packet, ledger: Ledger, dt: pd.Timestamp, *_: object) -> None:
        """Report those of a minute."""
        packet["minute_perf"]["orders"] = ledger.orders(dt)

    def end_of_session(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report those of a session."""
        packet["daily_perf"]["orders"] = ledger.orders()

    def columns(self, recording: Recording) -> Columns:
        """Return those of every session."""
        return {"orders": _records(recording, "orders")}, {}


class Transactions(_Columnar):
    """Reports the trades."""

    def end_of_bar(self, packet: Packet, ledger: Ledger, dt: pd.Timestamp, *_: object) -> None:
        """Report those of a minute."""
        packet["minute_perf"]["transactions"] = ledger.transactions(dt)

    def end_of_session(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report those of a session."""
        packet["daily_perf"]["transactions"] = ledger.transactions()

    def columns(self, recording: Recording) -> Columns:
        """Return those of every session."""
        return {"transactions": _records(recording, "transactions")}, {}


class Positions(SimpleLedgerField):
    """Reports the positions at the end of the bar or the session."""

    def __init__(self) -> None:
        super().__init__("positions")


class ReturnsStatistic:
    """Reports a figure computed from the daily returns so far.

    Parameters
    ----------
    function : callable
        Takes the daily returns, an array, and returns a number.
    field_name : str, optional
        Name in the packet; that of the function by default.
    """

    def __init__(self, function: Statistic, field_name: str | None = None) -> None:
        self._function = function
        self._field_name = field_name or str(getattr(function, "__name__", function))

    def end_of_bar(
        self, packet: Packet, ledger: Ledger, _dt: pd.Timestamp, session_ix: int, _portal: object
    ) -> None:
        """Report the figure, None where it is not finite."""
        figure = self._function(ledger.daily_returns_array[: session_ix + 1])
        packet["cumulative_risk_metrics"][self._field_name] = (
            figure if np.isfinite(figure) else None
        )

    end_of_session = end_of_bar

    def is_columnar(self) -> bool:
        """Tell whether the function is one that is known over ever longer windows."""
        return self._function in _EXPANDING

    def columns(self, recording: Recording) -> Columns:
        """Return the figure up to every session."""
        figures = _EXPANDING[self._function](recording.field("returns"))
        return {}, {self._field_name: _column(figures, np.isfinite(figures))}


class AlphaBeta(_Columnar):
    """Reports annualised alpha, and beta, to the benchmark."""

    def start_of_simulation(
        self,
        _ledger: Ledger,
        _emission_rate: str,
        _calendar: ExchangeCalendar,
        sessions: pd.DatetimeIndex,
        benchmark_source: BenchmarkReturns,
    ) -> None:
        """Keep the benchmark's returns."""
        self._benchmark_returns = _benchmark_returns(benchmark_source, sessions)

    def end_of_bar(
        self, packet: Packet, ledger: Ledger, _dt: pd.Timestamp, session_ix: int, _portal: object
    ) -> None:
        """Report both figures."""
        alpha, beta = risk.alpha_beta(
            ledger.daily_returns_array[: session_ix + 1],
            self._benchmark_returns[: session_ix + 1],
        )
        figures = packet["cumulative_risk_metrics"]
        figures["alpha"] = alpha if np.isfinite(alpha) else None
        figures["beta"] = _known(beta)

    end_of_session = end_of_bar

    def columns(self, recording: Recording) -> Columns:
        """Return both figures up to every session."""
        alpha, beta = expanding_alpha_beta(
            recording.field("returns"), self._benchmark_returns[: recording.sessions]
        )
        return {}, {
            "alpha": _column(alpha, np.isfinite(alpha)),
            "beta": _column(beta, ~np.isnan(beta)),
        }


class MaxLeverage(_Columnar):
    """Reports the highest leverage of the account so far."""

    def start_of_simulation(self, *_: object) -> None:
        """Begin without leverage."""
        self._max_leverage = 0.0

    def end_of_bar(self, packet: Packet, ledger: Ledger, *_: object) -> None:
        """Report the highest leverage."""
        self._max_leverage = max(self._max_leverage, ledger.account.leverage)
        packet["cumulative_risk_metrics"]["max_leverage"] = self._max_leverage

    end_of_session = end_of_bar

    def columns(self, recording: Recording) -> Columns:
        """Return the highest leverage up to every session."""
        leverage = np.fmax.accumulate(np.fmax(recording.field("leverage"), 0.0))
        return {}, {"max_leverage": leverage}


class NumTradingDays(_Columnar):
    """Reports how many sessions have begun."""

    def start_of_simulation(self, *_: object) -> None:
        """Begin with none."""
        self._num_trading_days = 0

    def start_of_session(self, *_: object) -> None:
        """Count the session."""
        self._num_trading_days += 1

    def end_of_bar(self, packet: Packet, *_: object) -> None:
        """Report the count."""
        packet["cumulative_risk_metrics"]["trading_days"] = self._num_trading_days

    end_of_session = end_of_bar

    def columns(self, recording: Recording) -> Columns:
        """Return the number of every session."""
        return {}, {"trading_days": np.arange(1, recording.sessions + 1, dtype=np.int64)}


class ConstantRiskMetric(_Columnar):
    """Reports the same value always; it keeps a field that Zipline's packets have.

    Parameters
    ----------
    field : str
        Name in the packet.
    value : float
        The value.
    """

    def __init__(self, field: str, value: float) -> None:
        self._field = field
        self._value = value

    def end_of_bar(self, packet: Packet, *_: object) -> None:
        """Report the value."""
        packet["cumulative_risk_metrics"][self._field] = self._value

    end_of_session = end_of_bar

    def columns(self, recording: Recording) -> Columns:
        """Return the value for every session."""
        return {}, {self._field: np.full(recording.sessions, self._value)}


class PeriodLabel(_Columnar):
    """Reports the month of the session, such as ``"2014-12"``."""

    def start_of_simulation(
        self,
        _ledger: Ledger,
        _emission_rate: str,
        _calendar: ExchangeCalendar,
        sessions: pd.DatetimeIndex,
        *_: object,
    ) -> None:
        """Keep the sessions."""
        self._sessions = sessions

    def start_of_session(self, _ledger: Ledger, session: pd.Timestamp, _portal: object) -> None:
        """Keep the month."""
        self._label = session.strftime("%Y-%m")

    def end_of_bar(self, packet: Packet, *_: object) -> None:
        """Report the month."""
        packet["cumulative_risk_metrics"]["period_label"] = self._label

    end_of_session = end_of_bar

    def columns(self, recording: Recording) -> Columns:
        """Return the month of every session."""
        sessions = np.asarray(self._sessions[: recording.sessions], dtype="M8[M]")
        months, places = np.unique(sessions, return_inverse=True)
        return {}, {"period_label": np.datetime_as_string(months).astype(object)[places]}


def _benchmark_returns(
    benchmark_source: BenchmarkReturns, sessions: pd.DatetimeIndex
) -> NDArray[np.float64]:
    returns = benchmark_source.daily_returns(sessions[0], sessions[-1])
    return np.array(returns, dtype=np.float64)


def _known(figure: float) -> float | None:
    return None if np.isnan(figure) else figure


def _at_end(recording: Recording, ledger_field: str) -> Column:
    name = _AT_END[ledger_field]
    figures = recording.field(name)
    return figures.astype(np.int64) if name in _COUNTS else figures


def _column(figures: NDArray[np.float64], reported: NDArray[np.bool_]) -> Column:
    """Return figures with those left out that a packet reports as None.

    pandas makes NaN of None among numbers, but leaves a column of None alone as it is.
    """
    if not reported.any():
        return np.full(figures.size, None, dtype=object)
    return np.where(reported, figures, np.nan)


def _records(recording: Recording, name: str) -> Column:
    """Return a list of dicts for every session."""
    build = {
        "positions": recording.position,
        "transactions": recording.transaction,
        "orders": recording.order,
    }[name]
    counts = recording.counts(name)
    column = np.empty(counts.size, dtype=object)
    column.fill(Records(build, 0, 0))
    for session in np.flatnonzero(counts).tolist():
        column[session] = Records(build, session, int(counts[session]))
    return column
