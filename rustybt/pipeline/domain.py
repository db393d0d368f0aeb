"""Domains: the sessions and the country that the values of a pipeline belong to."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exchange_calendars import ExchangeCalendar

    from rustybt.pipeline.term import Term

BEFORE_OPEN = np.timedelta64(-45, "m")
ONE_MINUTE = pd.Timedelta(minutes=1)


class IDomain(ABC):
    """What a domain has to say."""

    @abstractmethod
    def sessions(self) -> pd.DatetimeIndex:
        """Return the sessions, midnights without a time zone."""

    @property
    @abstractmethod
    def country_code(self) -> str:
        """Two-letter code of the country whose equities belong to it."""

    @abstractmethod
    def data_query_cutoff_for_sessions(self, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return until when, in UTC, data can come in for each of some sessions."""

    def roll_forward(self, date: Any) -> pd.Timestamp:
        """Return a date if it is a session, else the next session.

        Parameters
        ----------
        date : datetime-like

        Raises
        ------
        ValueError
            If it is past the last one.
        """
        day = pd.Timestamp(date)
        sessions = self.sessions()
        place = int(sessions.searchsorted(day))
        if place == len(sessions):
            raise ValueError(
                f"{day:%Y-%m-%d} is past {sessions[-1]:%Y-%m-%d}, the last session of {self!r}"
            )
        return sessions[place]


class Domain(IDomain):
    """Base of all domains."""


class GenericDomain(Domain):
    """The domain of terms that can be of any other one; it has no sessions of its own."""

    def sessions(self) -> pd.DatetimeIndex:
        """Raise: there are none."""
        raise NotImplementedError("the generic domain has no sessions")

    @property
    def country_code(self) -> str:
        """Raise: there is none."""
        raise NotImplementedError("the generic domain has no country")

    def data_query_cutoff_for_sessions(self, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Raise: there are none."""
        raise NotImplementedError("the generic domain has no sessions")

    def __repr__(self) -> str:
        return "GENERIC"


GENERIC = GenericDomain()


class EquityCalendarDomain(Domain):
    """The equities of a country, on the sessions of an exchange.

    Parameters
    ----------
    country_code : str
        Two letters, as ISO 3166 has them.
    calendar_name : str
        A calendar that `rustybt.utils.calendar_utils.get_calendar` knows.
    data_query_offset : timedelta, default -45 minutes
        How long before the market opens data must have come in.

    Raises
    ------
    ValueError
        If the offset is not negative.
    """

    def __init__(
        self,
        country_code: str,
        calendar_name: str,
        data_query_offset: Any = BEFORE_OPEN,
    ) -> None:
        offset = pd.Timedelta(data_query_offset)
        if offset >= pd.Timedelta(0):
            raise ValueError(
                f"data_query_offset must be negative, so that data are there before the market "
                f"opens, got {data_query_offset}"
            )
        self._country_code = country_code
        self.calendar_name = calendar_name
        # The first minute of a session ends a minute after it opens.
        self._offset = offset - ONE_MINUTE

    @property
    def country_code(self) -> str:
        """Two-letter code of the country."""
        return self._country_code

    @cached_property
    def calendar(self) -> ExchangeCalendar:
        """The calendar of the exchange."""
        from rustybt.utils.calendar_utils import get_calendar

        return get_calendar(self.calendar_name)

    def sessions(self) -> pd.DatetimeIndex:
        """Return the sessions of the calendar."""
        sessions: pd.DatetimeIndex = self.calendar.sessions
        return sessions

    def data_query_cutoff_for_sessions(self, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return until when, in UTC, data can come in for each of some sessions.

        Raises
        ------
        ValueError
            If they are not all sessions of the calendar.
        """
        opens = self.calendar.first_minutes.reindex(sessions)
        missing = opens.isna().to_numpy()
        if missing.any():
            days = ", ".join(f"{day:%Y-%m-%d}" for day in sessions[missing])
            raise ValueError(f"no sessions of the calendar {self.calendar_name}: {days}")
        return pd.DatetimeIndex(opens) + self._offset

    def __repr__(self) -> str:
        return f"EquityCalendarDomain({self.country_code!r}, {self.calendar_name!r})"


AR_EQUITIES = EquityCalendarDomain("AR", "XBUE")
AT_EQUITIES = EquityCalendarDomain("AT", "XWBO")
AU_EQUITIES = EquityCalendarDomain("AU", "XASX")
BE_EQUITIES = EquityCalendarDomain("BE", "XBRU")
BR_EQUITIES = EquityCalendarDomain("BR", "BVMF")
CA_EQUITIES = EquityCalendarDomain("CA", "XTSE")
CH_EQUITIES = EquityCalendarDomain("CH", "XSWX")
CL_EQUITIES = EquityCalendarDomain("CL", "XSGO")
CN_EQUITIES = EquityCalendarDomain("CN", "XSHG")
CO_EQUITIES = EquityCalendarDomain("CO", "XBOG")
CZ_EQUITIES = EquityCalendarDomain("CZ", "XPRA")
DE_EQUITIES = EquityCalendarDomain("DE", "XFRA")
DK_EQUITIES = EquityCalendarDomain("DK", "XCSE")
ES_EQUITIES = EquityCalendarDomain("ES", "XMAD")
FI_EQUITIES = EquityCalendarDomain("FI", "XHEL")
FR_EQUITIES = EquityCalendarDomain("FR", "XPAR")
GB_EQUITIES = EquityCalendarDomain("GB", "XLON")
GR_EQUITIES = EquityCalendarDomain("GR", "ASEX")
HK_EQUITIES = EquityCalendarDomain("HK", "XHKG")
HU_EQUITIES = EquityCalendarDomain("HU", "XBUD")
ID_EQUITIES = EquityCalendarDomain("ID", "XIDX")
IE_EQUITIES = EquityCalendarDomain("IE", "XDUB")
IN_EQUITIES = EquityCalendarDomain("IN", "XBOM")
IT_EQUITIES = EquityCalendarDomain("IT", "XMIL")
JP_EQUITIES = EquityCalendarDomain("JP", "XTKS")
KR_EQUITIES = EquityCalendarDomain("KR", "XKRX")
MX_EQUITIES = EquityCalendarDomain("MX", "XMEX")
MY_EQUITIES = EquityCalendarDomain("MY", "XKLS")
NL_EQUITIES = EquityCalendarDomain("NL", "XAMS")
NO_EQUITIES = EquityCalendarDomain("NO", "XOSL")
NZ_EQUITIES = EquityCalendarDomain("NZ", "XNZE")
PE_EQUITIES = EquityCalendarDomain("PE", "XLIM")
PH_EQUITIES = EquityCalendarDomain("PH", "XPHS")
PK_EQUITIES = EquityCalendarDomain("PK", "XKAR")
PL_EQUITIES = EquityCalendarDomain("PL", "XWAR")
PT_EQUITIES = EquityCalendarDomain("PT", "XLIS")
RU_EQUITIES = EquityCalendarDomain("RU", "XMOS")
SE_EQUITIES = EquityCalendarDomain("SE", "XSTO")
SG_EQUITIES = EquityCalendarDomain("SG", "XSES")
TH_EQUITIES = EquityCalendarDomain("TH", "XBKK")
TR_EQUITIES = EquityCalendarDomain("TR", "XIST")
TW_EQUITIES = EquityCalendarDomain("TW", "XTAI")
US_EQUITIES = EquityCalendarDomain("US", "XNYS")
ZA_EQUITIES = EquityCalendarDomain("ZA", "XJSE")

BUILT_IN_DOMAINS = [value for name, value in list(globals().items()) if name.endswith("_EQUITIES")]


class AmbiguousDomain(Exception):  # noqa: N818 - Zipline's name
    """Terms that belong together are of several domains.

    Parameters
    ----------
    domains : list of Domain
    """

    def __init__(self, domains: list[Domain]) -> None:
        super().__init__(domains)
        self.domains = domains

    def __str__(self) -> str:
        shown = ", ".join(map(repr, self.domains))
        return f"terms of several domains cannot be computed together: {shown}"


def infer_domain(terms: Iterable[Term]) -> Domain:
    """Return the domain that terms share.

    Parameters
    ----------
    terms : iterable of Term

    Returns
    -------
    Domain
        `GENERIC` if none of them is of another one.

    Raises
    ------
    AmbiguousDomain
        If they are of several.
    """
    domains = {term.domain for term in terms} - {GENERIC}
    if len(domains) > 1:
        raise AmbiguousDomain(sorted(domains, key=repr))
    return domains.pop() if domains else GENERIC


class EquitySessionDomain(Domain):
    """The equities of a country, on sessions of your own.

    Parameters
    ----------
    sessions : pandas.DatetimeIndex
        Midnights without a time zone, ascending.
    country_code : str
        Two letters, as ISO 3166 has them.
    data_query_time : datetime.time, optional
        Until when data can come in, with a time zone; midnight in UTC by default.
    data_query_date_offset : int, default 0
        Number of days to add to the session for that time.

    Raises
    ------
    ValueError
        If the time has no time zone.
    """

    def __init__(
        self,
        sessions: pd.DatetimeIndex,
        country_code: str,
        data_query_time: dt.time | None = None,
        data_query_date_offset: int = 0,
    ) -> None:
        if data_query_time is None:
            data_query_time = dt.time(0, 0, tzinfo=dt.UTC)
        if data_query_time.tzinfo is None:
            raise ValueError("data_query_time needs a time zone")
        self._sessions = sessions
        self._country_code = country_code
        self._time = data_query_time
        self._days = data_query_date_offset

    @property
    def country_code(self) -> str:
        """Two-letter code of the country."""
        return self._country_code

    def sessions(self) -> pd.DatetimeIndex:
        """Return the sessions."""
        return self._sessions

    def data_query_cutoff_for_sessions(self, sessions: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return until when, in UTC, data can come in for each of some sessions."""
        time = self._time
        clock = pd.Timedelta(
            days=self._days,
            hours=time.hour,
            minutes=time.minute,
            seconds=time.second,
            microseconds=time.microsecond,
        )
        local: Any = (sessions.tz_localize(None) + clock).tz_localize(time.tzinfo)
        return local.tz_convert("UTC")  # type: ignore[no-any-return]
