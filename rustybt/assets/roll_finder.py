"""When a continuous future hops from one contract to the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol, cast

import pandas as pd

if TYPE_CHECKING:
    from rustybt.assets._assets import Future
    from rustybt.assets.assets import AssetFinder
    from rustybt.assets.continuous_futures import ContractNode, OrderedContracts

# Sessions that VolumeRollFinder looks ahead for the roll after which a contract is the active one.
ROLL_DAYS_FOR_CURRENT_CONTRACT = 90


class SessionReader(Protocol):
    """What is asked of a reader of daily bars."""

    @property
    def last_available_dt(self) -> pd.Timestamp: ...  # noqa: D102
    def get_value(self, sid: int, dt: pd.Timestamp, field: str) -> float: ...  # noqa: D102


class RollFinder(ABC):
    """Base of what finds the active contract of a chain.

    A subclass says in `_active_contract` which of two neighbours is the active one.

    Parameters
    ----------
    trading_calendar : exchange_calendars.ExchangeCalendar
        Calendar of the contracts.
    asset_finder : AssetFinder
        Where the contracts are.
    """

    def __init__(self, trading_calendar: Any, asset_finder: AssetFinder) -> None:  # noqa: ANN401
        self.trading_calendar = trading_calendar
        self.asset_finder = asset_finder

    @abstractmethod
    def _active_contract(
        self, oc: OrderedContracts, front: int, back: int, dt: pd.Timestamp
    ) -> int:
        """Return the sid of `front` or `back`, whichever is active in the session `dt`."""

    def get_contract_center(self, root_symbol: str, dt: pd.Timestamp, offset: int) -> Future | None:
        """Return the contract that is active, or one after it.

        Parameters
        ----------
        root_symbol : str
        dt : pandas.Timestamp
            A session or a minute.
        offset : int
            Distance from the active contract: 0 for itself.

        Returns
        -------
        Future or None
            None if the chain ends before the offset, or the contract has not started by then.
        """
        sid = self._active_sid(root_symbol, dt, offset)
        return None if sid is None else self._contract(sid)

    def get_rolls(
        self, root_symbol: str, start: pd.Timestamp, end: pd.Timestamp, offset: int
    ) -> list[tuple[int, pd.Timestamp | None]]:
        """Return the contracts that are active in a range, and the sessions that end them.

        Parameters
        ----------
        root_symbol : str
        start, end : pandas.Timestamp
            Sessions or minutes.
        offset : int
            Distance from the active contract: 0 for itself.

        Returns
        -------
        list of (int, pandas.Timestamp or None)
            Sid of a contract and the session from which on the next one takes its place, in
            order; None for the last.

        Raises
        ------
        ValueError
            If no contract has started by `end`, or the chain ends before the offset.
        """
        chain = self.asset_finder.get_ordered_contracts(root_symbol)
        sessions = self.trading_calendar.sessions
        position = self._session_position(end)
        end_session = sessions[position]
        front = self._active_sid(root_symbol, end, 0)
        if front is None:
            raise ValueError(f"no contract of {root_symbol} has started by {end}")
        back = chain.contract_at_offset(front, 1, end.value)
        first = front
        if back is not None:
            first = self._active_contract(chain, front, back, end_session)
        active = chain.sid_to_contract[first]
        rolls: list[tuple[int, pd.Timestamp | None]] = [(_sid_after(active, offset), None)]

        # Backwards from the end: a roll lies where the later contract is no longer the active one.
        node = active << (1 if first == front else 2)
        begin = max(int(sessions.searchsorted(_naive(start), side="right")), 1)
        while node is not None and position >= begin:
            later = rolls[0][0]
            while position >= begin:
                previous = sessions[position - 1]
                if node.prev is not None and previous < _auto_close(node.prev):
                    break
                if self._active_contract(chain, node.contract.sid, later, previous) != later:
                    rolls.insert(0, (_sid_after(node, offset), sessions[position]))
                    break
                position -= 1
            node = node.prev
            if node is not None:
                after_close = sessions.searchsorted(_auto_close(node), side="right")
                position = min(position, int(after_close))
        return rolls

    def _active_sid(self, root_symbol: str, dt: pd.Timestamp, offset: int) -> int | None:
        chain = self.asset_finder.get_ordered_contracts(root_symbol)
        session = self.trading_calendar.sessions[self._session_position(dt)]
        front = chain.contract_before_auto_close(session.value)
        back = chain.contract_at_offset(front, 1, dt.value)
        if back is None:
            return front
        primary = self._active_contract(chain, front, back, session)
        return chain.contract_at_offset(primary, offset, session.value)

    def _session_position(self, dt: pd.Timestamp) -> int:
        """Return the position of a session, or of the one that a minute is in or before.

        The calendar's own `minute_to_session` would list the minutes of all its years first.
        """
        calendar = self.trading_calendar
        position = int(calendar.closes_nanos.searchsorted(pd.Timestamp(dt).as_unit("ns").value))
        if position == len(calendar.sessions):
            raise ValueError(f"{dt} lies after the calendar's last session {calendar.sessions[-1]}")
        return position

    def _contract(self, sid: int) -> Future:
        return cast("Future", self.asset_finder.retrieve_asset(sid))


class CalendarRollFinder(RollFinder):
    """Finder that rolls to the next contract in the session in which the front one auto-closes."""

    def _active_contract(
        self, oc: OrderedContracts, front: int, back: int, dt: pd.Timestamp
    ) -> int:
        return back if dt >= _auto_close(oc.sid_to_contract[front]) else front


class VolumeRollFinder(RollFinder):
    """Finder that rolls to the next contract when more of it is traded.

    A contract that was traded more in one of the last sessions before the front one auto-closes
    (`GRACE_DAYS` of them) stays the active one, even if trading moves back for a while.

    Parameters
    ----------
    trading_calendar, asset_finder
        As for :class:`RollFinder`.
    session_reader : reader of daily bars
        Where the volumes are: its `get_value(sid, session, "volume")` and `last_available_dt`.
    """

    GRACE_DAYS = 7

    def __init__(
        self,
        trading_calendar: Any,  # noqa: ANN401 - typed by a package that need not be there
        asset_finder: AssetFinder,
        session_reader: SessionReader,
    ) -> None:
        super().__init__(trading_calendar, asset_finder)
        self.session_reader = session_reader

    def get_contract_center(self, root_symbol: str, dt: pd.Timestamp, offset: int) -> Future | None:
        """Return the contract that is active, or one after it.

        The rolls of the sessions that follow decide, so that the active contract does not change
        to and fro while two are traded about as much.

        Parameters
        ----------
        root_symbol, dt, offset
            As for :meth:`RollFinder.get_contract_center`.

        Raises
        ------
        ValueError
            If no contract has started yet, or the chain ends before the offset.
        """
        sessions = self.trading_calendar.sessions
        ahead = self._session_position(dt) + ROLL_DAYS_FOR_CURRENT_CONTRACT
        end = min(
            sessions[min(ahead, len(sessions) - 1)],
            _naive(self.session_reader.last_available_dt),
        )
        return self._contract(self.get_rolls(root_symbol, dt, end, offset)[0][0])

    def _active_contract(
        self, oc: OrderedContracts, front: int, back: int, dt: pd.Timestamp
    ) -> int:
        sessions = self.trading_calendar.sessions
        position = int(sessions.searchsorted(dt))
        previous = sessions[max(position - 1, 0)]
        first, second = oc.sid_to_contract[front], oc.sid_to_contract[back]
        # Only where both are alive in the session before are there volumes to compare.
        if not _is_comparable(first, dt, previous):
            return back
        if not _is_comparable(second, dt, previous):
            return front
        if self._is_traded_more(back, front, previous):
            return back
        grace = max(
            int(sessions.searchsorted(second.contract.start_date)),
            int(sessions.searchsorted(_auto_close(first))) - self.GRACE_DAYS,
        )
        flipped = any(
            self._is_traded_more(back, front, session) for session in sessions[grace : position - 1]
        )
        return back if flipped else front

    def _is_traded_more(self, back: int, front: int, session: pd.Timestamp) -> bool:
        volume = self.session_reader.get_value
        return volume(back, session, "volume") > volume(front, session, "volume")


def _sid_after(node: ContractNode, offset: int) -> int:
    later = node >> offset
    if later is None:
        raise ValueError(f"the chain of {node.contract!r} has no contract {offset} after it")
    return later.contract.sid


def _is_comparable(node: ContractNode, session: pd.Timestamp, previous: pd.Timestamp) -> bool:
    """Return whether a contract had started a session ago and has not ended by now."""
    contract = node.contract
    last = cast("pd.Timestamp", contract.end_date)
    started = cast("pd.Timestamp", contract.start_date) <= previous
    return started and session <= min(_auto_close(node), last)


def _auto_close(node: ContractNode) -> pd.Timestamp:
    return cast("pd.Timestamp", node.contract.auto_close_date)


def _naive(date: pd.Timestamp) -> pd.Timestamp:
    """Return a date in UTC without a time zone, as session labels are."""
    return date if date.tzinfo is None else date.tz_convert(None)
