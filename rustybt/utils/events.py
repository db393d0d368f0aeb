"""When a scheduled function runs: rules on the day and on the time of day.

Rules are put together with ``&``. Those of this module know all their bars beforehand
(:meth:`StatelessRule.mask`), so that a simulation compares integers and calls no rule; a rule of a
user's own is asked at every bar.
"""

from __future__ import annotations

import datetime as dt
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from rustybt.utils.execution import execution_times, nanos

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar
    from numpy.typing import NDArray

    Times = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = [
    "AfterOpen",
    "Always",
    "BeforeClose",
    "ComposedRule",
    "Event",
    "EventManager",
    "EventRule",
    "NDaysBeforeLastTradingDayOfMonth",
    "NDaysBeforeLastTradingDayOfWeek",
    "Never",
    "NotHalfDay",
    "NthTradingDayOfMonth",
    "NthTradingDayOfWeek",
    "OncePerDay",
    "StatefulRule",
    "StatelessRule",
    "calendars",
    "date_rules",
    "make_eventrule",
    "time_rules",
]

MAX_MONTH_RANGE = 23
MAX_WEEK_RANGE = 5
ONE_DAY = 86_400_000_000_000
ONE_MINUTE = 60_000_000_000
SHORTEST, LONGEST = dt.timedelta(minutes=1), dt.timedelta(hours=12)

Callback = Callable[[Any, Any], object]


class EventRule(ABC):
    """Tells at which bars something happens.

    Attributes
    ----------
    cal : exchange_calendars.ExchangeCalendar
        The calendar that the rule goes by; set when the rule is scheduled.
    """

    _cal: ExchangeCalendar = None

    @property
    def cal(self) -> ExchangeCalendar:
        """The calendar that the rule goes by."""
        return self._cal

    @cal.setter
    def cal(self, value: ExchangeCalendar) -> None:
        self._cal = value

    @abstractmethod
    def should_trigger(self, dt: pd.Timestamp) -> bool | None:
        """Tell whether the rule holds at the bar `dt`, a UTC Timestamp."""

    def times(self, bars: Times) -> Times | None:
        """Return those of `bars` at which the rule holds, None if only asking it tells.

        Parameters
        ----------
        bars : ndarray of int64, shape (bars,)
            Times of all bars of a simulation, increasing nanoseconds since 1970, UTC.
        """
        del bars
        return None


class StatelessRule(EventRule):
    """A rule that depends on the bar alone, not on what was asked before."""

    def __and__(self, rule: EventRule) -> ComposedRule:
        return ComposedRule(self, rule, ComposedRule.lazy_and)

    and_ = __and__

    def mask(self, bars: Times) -> Mask | None:
        """Return at which of `bars` the rule holds, None if only asking it tells."""
        del bars
        return None

    def times(self, bars: Times) -> Times | None:
        """Return those of `bars` at which the rule holds, None if only asking it tells."""
        mask = self.mask(bars)
        return None if mask is None else bars[mask]


class _KnownRule(StatelessRule):
    """A rule that knows all its bars beforehand."""

    @abstractmethod
    def mask(self, bars: Times) -> Mask:
        """Return at which of `bars` the rule holds."""

    def should_trigger(self, dt: pd.Timestamp) -> bool:
        """Tell whether the rule holds at the bar `dt`."""
        return bool(self.mask(np.array([dt.value], dtype=np.int64))[0])

    def _sessions(self, bars: Times) -> NDArray[np.intp]:
        """Return the position of each bar's session in the calendar, the next one in a break."""
        return np.searchsorted(nanos(self.cal.last_minutes_nanos), bars)


class ComposedRule(StatelessRule):
    """Two rules joined.

    Parameters
    ----------
    first, second : StatelessRule
        The rules.
    composer : callable
        Called with the ``should_trigger`` of both and the bar; decides.

    Raises
    ------
    ValueError
        If one of them is no StatelessRule.
    """

    def __init__(
        self, first: EventRule, second: EventRule, composer: Callable[..., bool | None]
    ) -> None:
        if not (isinstance(first, StatelessRule) and isinstance(second, StatelessRule)):
            raise ValueError("Only two StatelessRules can be composed")  # noqa: TRY004 - Zipline's
        self.first = first
        self.second = second
        self.composer = composer

    @staticmethod
    def lazy_and(
        first_should_trigger: Callable[[pd.Timestamp], bool | None],
        second_should_trigger: Callable[[pd.Timestamp], bool | None],
        dt: pd.Timestamp,
    ) -> bool | None:
        """Tell whether both rules hold; the second is not asked where the first does not."""
        return first_should_trigger(dt) and second_should_trigger(dt)

    def should_trigger(self, dt: pd.Timestamp) -> bool | None:
        """Tell whether the joined rule holds at the bar `dt`."""
        return self.composer(self.first.should_trigger, self.second.should_trigger, dt)

    def mask(self, bars: Times) -> Mask | None:
        """Return at which of `bars` both rules hold, None if only asking them tells."""
        if self.composer is not ComposedRule.lazy_and:
            return None
        first = self.first.mask(bars)
        second = None if first is None else self.second.mask(bars)
        return None if first is None or second is None else first & second

    @property
    def cal(self) -> ExchangeCalendar:
        """The calendar that both rules go by."""
        return self.first.cal

    @cal.setter
    def cal(self, value: ExchangeCalendar) -> None:
        self.first.cal = self.second.cal = value


class Always(_KnownRule):
    """Holds at every bar."""

    def mask(self, bars: Times) -> Mask:
        """Return True for every bar."""
        return np.ones(bars.size, dtype=np.bool_)

    def should_trigger(self, dt: pd.Timestamp) -> bool:  # noqa: ARG002 - the interface
        """Return True."""
        return True


class Never(_KnownRule):
    """Holds at no bar."""

    def mask(self, bars: Times) -> Mask:
        """Return False for every bar."""
        return np.zeros(bars.size, dtype=np.bool_)


class AfterOpen(_KnownRule):
    """Holds at one bar a session, some time after its open.

    Parameters
    ----------
    offset : dt.timedelta, optional
        How long after, 1 minute to 12 hours; 1 minute, the session's first bar, by default.
    **kwargs
        The offset as ``hours`` and ``minutes``.

    Raises
    ------
    ValueError
        If the offset is out of range, or stated twice.
    TypeError
        If it is no timedelta.
    """

    def __init__(self, offset: dt.timedelta | None = None, **kwargs: float | None) -> None:
        self.offset = _offset(offset, kwargs)

    def mask(self, bars: Times) -> Mask:
        """Return at which of `bars` the rule holds."""
        sessions = self._sessions(bars)
        opens, closes = execution_times(self.cal)
        wanted = opens[sessions] + _nanoseconds(self.offset) - ONE_MINUTE
        mask: Mask = (bars == wanted) & (bars <= closes[sessions])
        return mask


class BeforeClose(_KnownRule):
    """Holds at one bar a session, some time before its close.

    Parameters
    ----------
    offset : dt.timedelta, optional
        How long before, 1 minute to 12 hours; 1 minute by default.
    **kwargs
        The offset as ``hours`` and ``minutes``.

    Raises
    ------
    ValueError
        If the offset is out of range, or stated twice.
    TypeError
        If it is no timedelta.
    """

    def __init__(self, offset: dt.timedelta | None = None, **kwargs: float | None) -> None:
        self.offset = _offset(offset, kwargs)

    def mask(self, bars: Times) -> Mask:
        """Return at which of `bars` the rule holds."""
        _, closes = execution_times(self.cal)
        mask: Mask = bars == closes[self._sessions(bars)] - _nanoseconds(self.offset)
        return mask


class NotHalfDay(_KnownRule):
    """Holds at the bars of sessions that do not close early."""

    def mask(self, bars: Times) -> Mask:
        """Return at which of `bars` the rule holds."""
        early = np.asarray(self.cal.sessions.isin(self.cal.early_closes))
        return ~early[self._sessions(bars)]


class _DayOfPeriod(_KnownRule):
    """Holds at the bars of one session of each period of a calendar.

    Parameters
    ----------
    n : int
        Which session, counted from 0.
    invert : bool
        Whether the count begins at the period's last session.

    Raises
    ------
    ValueError
        If `n` is out of range.
    TypeError
        If it is not whole.
    """

    limit: ClassVar[int]

    def __init__(self, n: float, invert: bool) -> None:
        self.n = _whole(type(self).__name__, n)
        if not 0 <= self.n < self.limit:
            raise ValueError(f"offset must be in between 0 and {self.limit - 1} inclusive")
        self.invert = invert

    def mask(self, bars: Times) -> Mask:
        """Return at which of `bars` the rule holds."""
        periods = self._periods(self.cal.sessions)
        # Position of each session in its period, counted from the end that is asked for.
        ordered = periods[::-1] if self.invert else periods
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        lengths = np.diff(np.r_[starts, ordered.size])
        chosen = np.arange(ordered.size) - np.repeat(starts, lengths) == self.n
        mask: Mask = (chosen[::-1] if self.invert else chosen)[self._sessions(bars)]
        return mask

    @staticmethod
    @abstractmethod
    def _periods(sessions: pd.DatetimeIndex) -> Times:
        """Return a number for the period of each session."""


class _DayOfWeek(_DayOfPeriod):
    limit = MAX_WEEK_RANGE

    @staticmethod
    def _periods(sessions: pd.DatetimeIndex) -> Times:
        days = sessions.to_numpy().astype("M8[D]").astype(np.int64)
        return (days + 3) // 7  # 1970-01-01 was a Thursday


class _DayOfMonth(_DayOfPeriod):
    limit = MAX_MONTH_RANGE

    @staticmethod
    def _periods(sessions: pd.DatetimeIndex) -> Times:
        return sessions.to_numpy().astype("M8[M]").astype(np.int64)


class NthTradingDayOfWeek(_DayOfWeek):
    """Holds in the session number `n` of each week, from 0."""

    def __init__(self, n: float) -> None:
        super().__init__(n, invert=False)


class NDaysBeforeLastTradingDayOfWeek(_DayOfWeek):
    """Holds `n` sessions before the last of each week."""

    def __init__(self, n: float) -> None:
        super().__init__(n, invert=True)


class NthTradingDayOfMonth(_DayOfMonth):
    """Holds in the session number `n` of each month, from 0."""

    def __init__(self, n: float) -> None:
        super().__init__(n, invert=False)


class NDaysBeforeLastTradingDayOfMonth(_DayOfMonth):
    """Holds `n` sessions before the last of each month."""

    def __init__(self, n: float) -> None:
        super().__init__(n, invert=True)


class StatefulRule(EventRule):
    """A rule that depends on what was asked before.

    Parameters
    ----------
    rule : EventRule, optional
        The rule that it restricts; `Always` by default.
    """

    def __init__(self, rule: EventRule | None = None) -> None:
        self.rule = rule or Always()

    @property
    def cal(self) -> ExchangeCalendar:
        """The calendar that the rule goes by."""
        return self.rule.cal

    @cal.setter
    def cal(self, value: ExchangeCalendar) -> None:
        self.rule.cal = value


class OncePerDay(StatefulRule):
    """Holds where its rule does, but only once in 24 hours.

    The 24 hours begin at the first bar after the last ones ended, whether the rule holds there or
    not. On daily bars they therefore reach over an early close on the day after they began, and
    the rule does not hold there: what Zipline does, and what its results contain.
    """

    def __init__(self, rule: EventRule | None = None) -> None:
        super().__init__(rule)
        self.triggered = False
        self.date: pd.Timestamp | None = None
        self.next_date: pd.Timestamp | None = None

    def should_trigger(self, dt: pd.Timestamp) -> bool:
        """Tell whether the rule holds at the bar `dt`, for the first time in its 24 hours."""
        if self.next_date is None or dt >= self.next_date:
            self.triggered = False
            self.date = dt
            self.next_date = dt + pd.Timedelta(days=1)
        if self.triggered or not self.rule.should_trigger(dt):
            return False
        self.triggered = True
        return True

    def times(self, bars: Times) -> Times | None:
        """Return those of `bars` at which the rule holds, None if only asking it tells."""
        candidates = self.rule.times(bars)
        if candidates is None or not candidates.size:
            return candidates
        from rustybt.gens._simulation import first_of_each_day

        return candidates[first_of_each_day(bars, candidates, ONE_DAY)]


class Event(NamedTuple("Event", [("rule", EventRule), ("callback", Callback)])):
    """A function and the rule that says when it runs."""

    __slots__ = ()

    def __new__(cls, rule: EventRule, callback: Callback | None = None) -> Self:
        """Make an event; without a callback, one that does nothing."""
        return super().__new__(cls, rule, callback or _nothing)

    def handle_data(self, context: Any, data: Any, dt: pd.Timestamp) -> None:  # noqa: ANN401
        """Call the function if the rule holds at the bar `dt`."""
        if self.rule.should_trigger(dt):
            self.callback(context, data)


class EventManager:
    """The events of a simulation, in the order in which they run.

    Parameters
    ----------
    create_context : callable, optional
        Called with the data of a bar; returns a context manager that the bar's events run in.
    """

    def __init__(
        self, create_context: Callable[[Any], AbstractContextManager[object]] | None = None
    ) -> None:
        self.events: list[Event] = []
        self.create_context = create_context

    def add_event(self, event: Event, prepend: bool = False) -> None:
        """Add an event behind the others, or before them."""
        if prepend:
            self.events.insert(0, event)
        else:
            self.events.append(event)

    def handle_data(self, context: Any, data: Any, dt: pd.Timestamp) -> None:  # noqa: ANN401
        """Run the events whose rules hold at the bar `dt`."""
        around = nullcontext() if self.create_context is None else self.create_context(data)
        with around:
            for event in self.events:
                event.handle_data(context, data, dt)


class date_rules:  # noqa: N801 - Zipline's name
    """Rules on the day."""

    @staticmethod
    def every_day() -> EventRule:
        """Hold in every session."""
        return Always()

    @staticmethod
    def month_start(days_offset: int = 0) -> EventRule:
        """Hold `days_offset` (0 to 22) sessions after the first of each month."""
        return NthTradingDayOfMonth(n=days_offset)

    @staticmethod
    def month_end(days_offset: int = 0) -> EventRule:
        """Hold `days_offset` (0 to 22) sessions before the last of each month."""
        return NDaysBeforeLastTradingDayOfMonth(n=days_offset)

    @staticmethod
    def week_start(days_offset: int = 0) -> EventRule:
        """Hold `days_offset` (0 to 4) sessions after the first of each week."""
        return NthTradingDayOfWeek(n=days_offset)

    @staticmethod
    def week_end(days_offset: int = 0) -> EventRule:
        """Hold `days_offset` (0 to 4) sessions before the last of each week."""
        return NDaysBeforeLastTradingDayOfWeek(n=days_offset)


class time_rules:  # noqa: N801 - Zipline's name
    """Rules on the time of day. In a simulation on daily bars they are without effect."""

    @staticmethod
    def market_open(
        offset: dt.timedelta | None = None,
        hours: float | None = None,
        minutes: float | None = None,
    ) -> EventRule:
        """Hold some time after the open: 1 minute, the first bar, by default; 12 hours at most."""
        return AfterOpen(offset=offset, hours=hours, minutes=minutes)

    @staticmethod
    def market_close(
        offset: dt.timedelta | None = None,
        hours: float | None = None,
        minutes: float | None = None,
    ) -> EventRule:
        """Hold some time before the close: 1 minute by default; 12 hours at most."""
        return BeforeClose(offset=offset, hours=hours, minutes=minutes)

    every_minute = Always


class calendars(Enum):  # noqa: N801 - Zipline's name
    """Calendars that a scheduled function can go by."""

    US_EQUITIES = "XNYS"
    US_FUTURES = "us_futures"


def make_eventrule(
    date_rule: EventRule, time_rule: EventRule, cal: ExchangeCalendar, half_days: bool = True
) -> OncePerDay:
    """Return the rule that holds once a day where both rules do.

    Parameters
    ----------
    date_rule, time_rule : EventRule
        The rules, made by calling `date_rules` and `time_rules`.
    cal : exchange_calendars.ExchangeCalendar
        The calendar that they go by.
    half_days : bool, default True
        Whether sessions that close early count.

    Raises
    ------
    TypeError
        If a rule was not called, as in ``date_rules.every_day`` for ``date_rules.every_day()``.
    """
    for rule in (date_rule, time_rule):
        _check_called(rule)
    joined = date_rule & time_rule  # type: ignore[operator] # what is no rule says so itself
    if not half_days:
        joined = joined & NotHalfDay()
    once = OncePerDay(rule=joined)
    once.cal = cal
    return once


def _check_called(rule: object) -> None:
    named = {
        value.__func__ if isinstance(value, staticmethod) else value: name
        for rules in (date_rules, time_rules)
        for name, value in vars(rules).items()
        if not name.startswith("_")
    }
    name = named.get(rule) if callable(rule) else None
    if name is None and isinstance(rule, type) and issubclass(rule, EventRule):
        name = rule.__name__
    if name is not None:
        raise TypeError(f"invalid rule: {rule!r} (hint: did you mean {name}())")


def _offset(offset: dt.timedelta | None, parts: dict[str, float | None]) -> dt.timedelta:
    stated = {name: value for name, value in parts.items() if value is not None}
    if offset is None:
        offset = dt.timedelta(**stated) if stated else SHORTEST
    elif stated:
        raise ValueError("Cannot pass kwargs and an offset")
    if not isinstance(offset, dt.timedelta):
        raise TypeError("Must pass 'hours' and/or 'minutes' as keywords")
    if not SHORTEST <= offset <= LONGEST:
        raise ValueError("offset must be in between 1 minute and 12 hours, inclusive.")
    return offset


def _whole(name: str, n: float) -> int:
    if not isinstance(n, float):
        return n
    if n != int(n):
        raise TypeError(f"{name} counts whole sessions, got {n}")
    warnings.warn(f"{name} expected an int for 'n', but got {n}: it is taken as one", stacklevel=4)
    return int(n)


def _nanoseconds(span: dt.timedelta) -> int:
    return span // dt.timedelta(microseconds=1) * 1000


def _nothing(context: object, data: object) -> None:
    """Do nothing."""
