"""Who held a symbol, or which value an asset had, in which period."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from datetime import date

    Key = TypeVar("Key", bound=Hashable)

END_OF_TIME = pd.Timestamp.max.value


class OwnershipPeriod(NamedTuple):
    """Period from `start` until, not including, `end`, in int64 nanoseconds since 1970 UTC."""

    start: int
    end: int
    sid: int
    value: str


def merge_ownership_periods(
    periods: Iterable[tuple[Key, OwnershipPeriod]],
) -> dict[Key, tuple[OwnershipPeriod, ...]]:
    """Return the periods by their keys, in order, each lasting until the next one begins.

    The last one lasts for ever: a symbol stays with its last holder.
    """
    grouped: dict[Key, list[OwnershipPeriod]] = {}
    for key, period in periods:
        grouped.setdefault(key, []).append(period)
    merged = {}
    for key, held in grouped.items():
        held.sort()
        ends = [*(period.start for period in held[1:]), END_OF_TIME]
        merged[key] = tuple(
            period._replace(end=end) for period, end in zip(held, ends, strict=True)
        )
    return merged


def held_at(periods: Sequence[OwnershipPeriod], as_of_date: date) -> list[OwnershipPeriod]:
    """Return the periods that a date lies in; a missing time zone means UTC."""
    nanos = pd.Timestamp(as_of_date).as_unit("ns").value
    return [period for period in periods if period.start <= nanos < period.end]
