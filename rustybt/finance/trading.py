"""What a simulation runs over: its sessions, its capital, its frequency."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

DEFAULT_CAPITAL_BASE = 100_000.0


class SimulationParameters:
    """Parameters of a simulation.

    Parameters
    ----------
    start_session, end_session : pandas.Timestamp
        First and last day. Where they are no sessions, the simulation starts with the next and
        ends with the previous one.
    trading_calendar : exchange_calendars.ExchangeCalendar
        Calendar of the sessions.
    capital_base : float, default 100000.0
        Cash at the start.
    emission_rate : {"daily", "minute"}, default "daily"
        How often the metrics report.
    data_frequency : {"daily", "minute"}, default "daily"
        Frequency of the bars.
    arena : str, default "backtest"
        What `get_environment` says of where the strategy runs.

    Raises
    ------
    ValueError
        If the days are in the wrong order, outside of the calendar or without a session between
        them, or if a frequency is neither "daily" nor "minute".
    """

    def __init__(
        self,
        start_session: pd.Timestamp,
        end_session: pd.Timestamp,
        trading_calendar: ExchangeCalendar,
        capital_base: float = DEFAULT_CAPITAL_BASE,
        emission_rate: str = "daily",
        data_frequency: str = "daily",
        arena: str = "backtest",
    ) -> None:
        start, end = session_label(start_session), session_label(end_session)
        calendar = trading_calendar
        if start > end:
            raise ValueError(f"the start {start:%Y-%m-%d} is after the end {end:%Y-%m-%d}")
        if start > calendar.last_session or end < calendar.first_session:
            raise ValueError(
                f"{start:%Y-%m-%d} to {end:%Y-%m-%d} is outside of the calendar {calendar.name}, "
                f"which has {calendar.first_session:%Y-%m-%d} to {calendar.last_session:%Y-%m-%d}"
            )
        sessions = calendar.sessions
        first = int(sessions.searchsorted(start))
        last = int(sessions.searchsorted(end, side="right")) - 1
        if first > last:
            raise ValueError(
                f"there is no session of {calendar.name} from {start:%Y-%m-%d} to {end:%Y-%m-%d}"
            )
        for name, frequency in (
            ("data_frequency", data_frequency),
            ("emission_rate", emission_rate),
        ):
            if frequency not in {"daily", "minute"}:
                raise ValueError(f"{name} must be 'daily' or 'minute', got {frequency!r}")
        self.trading_calendar = calendar
        self.start_session: pd.Timestamp = sessions[first]
        self.end_session: pd.Timestamp = sessions[last]
        self.capital_base = capital_base
        self.emission_rate = emission_rate
        self.data_frequency = data_frequency
        self.arena = arena

    @cached_property
    def sessions(self) -> pd.DatetimeIndex:
        """Labels of the simulation's sessions."""
        sessions: pd.DatetimeIndex = self.trading_calendar.sessions_in_range(
            self.start_session, self.end_session
        )
        return sessions

    @property
    def first_open(self) -> pd.Timestamp:
        """The first minute."""
        minute: pd.Timestamp = self.trading_calendar.session_first_minute(self.start_session)
        return minute

    @property
    def last_close(self) -> pd.Timestamp:
        """The last minute."""
        minute: pd.Timestamp = self.trading_calendar.session_close(self.end_session)
        return minute

    def create_new(
        self,
        start_session: pd.Timestamp,
        end_session: pd.Timestamp,
        data_frequency: str | None = None,
    ) -> SimulationParameters:
        """Return the same parameters over other sessions."""
        return SimulationParameters(
            start_session,
            end_session,
            self.trading_calendar,
            capital_base=self.capital_base,
            emission_rate=self.emission_rate,
            data_frequency=data_frequency or self.data_frequency,
            arena=self.arena,
        )

    def __repr__(self) -> str:
        shown = ",\n".join(
            f"    {name}={getattr(self, name)}"
            for name in (
                "start_session",
                "end_session",
                "capital_base",
                "data_frequency",
                "emission_rate",
                "first_open",
                "last_close",
            )
        )
        calendar = f"    trading_calendar={self.trading_calendar.name}"
        return f"{type(self).__name__}(\n{shown},\n{calendar}\n)"


def session_label(date: pd.Timestamp) -> pd.Timestamp:
    """Return a date as a session is labelled: midnight without time zone, of unit ns.

    Raises
    ------
    TypeError
        If `date` is no date.
    """
    stamp = pd.Timestamp(date)
    if pd.isna(stamp):
        raise TypeError(f"a date is needed, got {date!r}")
    return stamp.tz_localize(None).normalize().as_unit("ns")
