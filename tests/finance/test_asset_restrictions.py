"""Restrictions name the assets that must not be traded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.assets import Equity, ExchangeInfo
from rustybt.finance.asset_restrictions import (
    RESTRICTION_STATES,
    HistoricalRestrictions,
    NoRestrictions,
    Restriction,
    Restrictions,
    SecurityListRestrictions,
    StaticRestrictions,
)

EXCHANGE = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
ASSETS = [Equity(sid, EXCHANGE, symbol=str(sid)) for sid in range(4)]
NOON = pd.Timestamp("2020-01-02 17:00", tz="UTC")
ALLOWED, FROZEN = RESTRICTION_STATES


def restricted(restrictions: Restrictions, dt: pd.Timestamp = NOON) -> list[int]:
    """Return the numbers of the restricted assets, asked for one by one and all at once."""
    one_by_one = [asset.sid for asset in ASSETS if restrictions.is_restricted(asset, dt)]
    together = restrictions.is_restricted(iter(ASSETS), dt)
    assert together.dtype == bool
    assert list(together.index) == ASSETS
    assert [asset.sid for asset in together.index[together]] == one_by_one
    return one_by_one


def later(days: int) -> pd.Timestamp:
    return NOON + pd.Timedelta(days=days)


def test_no_and_static_restrictions() -> None:
    assert restricted(NoRestrictions()) == []
    assert restricted(StaticRestrictions(ASSETS[1:3])) == [1, 2]


def test_restrictions_of_a_changing_list() -> None:
    def current_securities(dt: pd.Timestamp) -> Any:
        return ASSETS[:1] if dt < later(1) else ASSETS[2:]

    restrictions = SecurityListRestrictions(SimpleNamespace(current_securities=current_securities))
    assert restricted(restrictions) == [0]
    assert restricted(restrictions, later(1)) == [2, 3]


@pytest.mark.parametrize("tz", [None, "UTC"])
def test_restrictions_in_time(tz: str | None) -> None:
    dates = [later(days).tz_localize(None).tz_localize(tz) for days in (0, 1, 2)]
    restrictions = HistoricalRestrictions(
        [
            Restriction(ASSETS[1], dates[2], FROZEN),
            Restriction(ASSETS[1], dates[1], ALLOWED),
            Restriction(ASSETS[1], dates[0], FROZEN),
            Restriction(ASSETS[2], dates[1], FROZEN),
        ]
    )
    days = [later(days) for days in (-1, 0, 1, 2, 3)]
    found = [restricted(restrictions, dt) for dt in days]
    assert found == [[], [1], [2], [1, 2], [1, 2]]


@given(st.lists(st.sets(st.sampled_from(range(4))), min_size=2, max_size=4))
def test_a_union_restricts_what_one_of_its_parts_does(lists: list[set[int]]) -> None:
    union: Restrictions = NoRestrictions()
    other: Restrictions = NoRestrictions()
    for sids in lists:
        part = StaticRestrictions(ASSETS[sid] for sid in sids)
        union, other = union | part, part | other
    assert restricted(union) == restricted(other) == sorted(set().union(*lists))
    assert len(union.parts()) == len((union | NoRestrictions()).parts()) == len(lists)
    assert len((union | other).parts()) == 2 * len(lists)


def test_nothing_is_added_by_no_restrictions() -> None:
    static = StaticRestrictions(ASSETS[:1])
    assert static | NoRestrictions() is static
    assert isinstance(NoRestrictions() | NoRestrictions(), NoRestrictions)
    with pytest.raises(TypeError, match="abstract"):
        Restrictions()
