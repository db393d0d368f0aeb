"""Restrictions: assets that must not be traded, and when."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, overload

from rustybt.assets import Asset

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    import pandas as pd


class RESTRICTION_STATES(IntEnum):  # noqa: N801 - Zipline's name
    """Whether an asset can be traded."""

    ALLOWED = 0
    FROZEN = 1


class Restriction(NamedTuple):
    """A change of an asset's state.

    Parameters
    ----------
    asset : Asset
        The asset.
    effective_date : pandas.Timestamp
        From when on; without time zone, in that of the time it is compared with.
    state : RESTRICTION_STATES
        The new state.
    """

    asset: Asset
    effective_date: pd.Timestamp
    state: RESTRICTION_STATES


class SecurityList(Protocol):
    """A list of assets that changes in time."""

    def current_securities(self, dt: pd.Timestamp) -> Container[Asset]:
        """Return the assets that are in the list at a time."""


class Restrictions(ABC):
    """Base of restrictions; ``a | b`` restricts what one of them restricts."""

    @overload
    def is_restricted(self, assets: Asset, dt: pd.Timestamp) -> bool: ...
    @overload
    def is_restricted(self, assets: Iterable[Asset], dt: pd.Timestamp) -> pd.Series[bool]: ...
    @abstractmethod
    def is_restricted(
        self, assets: Asset | Iterable[Asset], dt: pd.Timestamp
    ) -> bool | pd.Series[bool]:
        """Tell whether assets are restricted.

        Parameters
        ----------
        assets : Asset or iterable of Asset
            What is asked about.
        dt : pandas.Timestamp
            At what time.

        Returns
        -------
        bool or Series of bool
            A Series, with the assets as index, for an iterable.
        """

    def __or__(self, other: Restrictions) -> Restrictions:
        parts = [part for side in (self, other) for part in side.parts()]
        if not parts:
            return NoRestrictions()
        return parts[0] if len(parts) == 1 else _UnionRestrictions(parts)

    def parts(self) -> list[Restrictions]:
        """Return the restrictions that these are the union of."""
        return [self]


class _UnionRestrictions(Restrictions):
    """What at least one of several restrictions restricts."""

    def __init__(self, sub_restrictions: list[Restrictions]) -> None:
        self.sub_restrictions = sub_restrictions

    def parts(self) -> list[Restrictions]:
        return self.sub_restrictions

    @overload
    def is_restricted(self, assets: Asset, dt: pd.Timestamp) -> bool: ...
    @overload
    def is_restricted(self, assets: Iterable[Asset], dt: pd.Timestamp) -> pd.Series[bool]: ...
    def is_restricted(
        self, assets: Asset | Iterable[Asset], dt: pd.Timestamp
    ) -> bool | pd.Series[bool]:
        if isinstance(assets, Asset):
            return any(part.is_restricted(assets, dt) for part in self.sub_restrictions)
        listed = list(assets)
        restricted, *others = (part.is_restricted(listed, dt) for part in self.sub_restrictions)
        for other in others:
            restricted |= other
        return restricted


class _AssetwiseRestrictions(Restrictions):
    """Restrictions that look at one asset at a time."""

    @abstractmethod
    def _restricts(self, asset: Asset, dt: pd.Timestamp) -> bool:
        """Tell whether an asset is restricted at a time."""

    @overload
    def is_restricted(self, assets: Asset, dt: pd.Timestamp) -> bool: ...
    @overload
    def is_restricted(self, assets: Iterable[Asset], dt: pd.Timestamp) -> pd.Series[bool]: ...
    def is_restricted(
        self, assets: Asset | Iterable[Asset], dt: pd.Timestamp
    ) -> bool | pd.Series[bool]:
        """Tell whether assets are restricted, see `Restrictions.is_restricted`."""
        if isinstance(assets, Asset):
            return self._restricts(assets, dt)
        import pandas as pd

        listed = list(assets)
        restricted = [self._restricts(asset, dt) for asset in listed]
        return pd.Series(restricted, index=pd.Index(listed, dtype=object), dtype=bool)


class NoRestrictions(_AssetwiseRestrictions):
    """No asset is restricted."""

    def parts(self) -> list[Restrictions]:
        """Return nothing: these add nothing to others."""
        return []

    def _restricts(self, asset: Asset, dt: pd.Timestamp) -> bool:  # noqa: ARG002
        return False


class StaticRestrictions(_AssetwiseRestrictions):
    """The same assets are restricted at all times.

    Parameters
    ----------
    restricted_list : iterable of Asset
        The assets.
    """

    def __init__(self, restricted_list: Iterable[Asset]) -> None:
        self._restricted = frozenset(restricted_list)

    def _restricts(self, asset: Asset, dt: pd.Timestamp) -> bool:  # noqa: ARG002
        return asset in self._restricted


class HistoricalRestrictions(_AssetwiseRestrictions):
    """Assets are restricted from one change of their state to the next.

    Parameters
    ----------
    restrictions : iterable of Restriction
        The changes, in any order. An asset is allowed before its first.
    """

    def __init__(self, restrictions: Iterable[Restriction]) -> None:
        self._changes: dict[Asset, list[Restriction]] = {}
        for change in sorted(restrictions, key=lambda change: change.effective_date):
            self._changes.setdefault(change.asset, []).append(change)

    def _restricts(self, asset: Asset, dt: pd.Timestamp) -> bool:
        state = RESTRICTION_STATES.ALLOWED
        for change in self._changes.get(asset, ()):
            effective = change.effective_date
            if effective.tzinfo is None:
                effective = effective.tz_localize(dt.tzinfo)
            if effective > dt:
                break
            state = change.state
        return state == RESTRICTION_STATES.FROZEN


class SecurityListRestrictions(_AssetwiseRestrictions):
    """The assets of a list that changes in time are restricted.

    Parameters
    ----------
    security_list_by_dt : SecurityList
        The list: its ``current_securities(dt)`` returns the assets of a time.
    """

    def __init__(self, security_list_by_dt: SecurityList) -> None:
        self.current_securities = security_list_by_dt.current_securities

    def _restricts(self, asset: Asset, dt: pd.Timestamp) -> bool:
        return asset in self.current_securities(dt)
