"""Minutes are numbered as a pandas index of all of them numbers them."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rustybt.data._minute_bar_internal import MarketMinutes

MINUTE = 60_000_000_000


@st.composite
def stretches(draw: st.DrawFn) -> tuple[MarketMinutes, pd.DatetimeIndex]:
    """Sessions and parts of sessions of different lengths, with gaps between them."""
    minute = pd.Timestamp("2020-01-02 14:31").value
    opens, closes, minutes = [], [], []
    for _ in range(draw(st.integers(0, 6))):
        opens.append(minute)
        minute += draw(st.integers(0, 9)) * MINUTE
        closes.append(minute)
        minutes.append(np.arange(opens[-1], minute + 1, MINUTE).view("M8[ns]"))
        minute += draw(st.integers(1, 9)) * MINUTE
    nanos = np.concatenate([np.empty(0, dtype="M8[ns]"), *minutes])
    index = pd.DatetimeIndex(nanos)
    return MarketMinutes(np.array(opens, dtype="i8"), np.array(closes, dtype="i8")), index


@given(case=stretches())
def test_minutes_are_numbered_through(case: tuple[MarketMinutes, pd.DatetimeIndex]) -> None:
    market, index = case
    assert len(market) == len(index)
    np.testing.assert_array_equal(market.values(), index.asi8)
    for position, minute in enumerate(index.asi8.tolist()):
        assert market.minute_value(position) == minute
        assert market.find_position_of_minute(minute) == position
    again = pickle.loads(pickle.dumps(market))  # noqa: S301 - made here
    np.testing.assert_array_equal(again.values(), market.values())


@given(case=stretches(), offset=st.integers(-3, 100), second=st.integers(-1, 1))
def test_any_time_has_the_position_of_the_minute_before_it(
    case: tuple[MarketMinutes, pd.DatetimeIndex], offset: int, second: int
) -> None:
    market, index = case
    start = index[0].value if len(index) else 0
    time = start + offset * MINUTE + second * 1_000_000_000
    filled = int(index.searchsorted(pd.Timestamp(time), side="right")) - 1
    assert market.find_position_of_minute(time, forward_fill=True) == filled
    if pd.Timestamp(time) in index:
        assert market.find_position_of_minute(time) == filled
    else:
        with pytest.raises(ValueError, match="UTC is no minute of the market"):
            market.find_position_of_minute(time)


@given(case=stretches(), offset=st.integers(-3, 100), drawn=st.data())
def test_the_last_trade_is_the_last_volume(
    case: tuple[MarketMinutes, pd.DatetimeIndex], offset: int, drawn: st.DataObject
) -> None:
    market, index = case
    size = drawn.draw(st.integers(0, len(index)))
    volumes = drawn.draw(hnp.arrays("f8", size, elements=st.sampled_from([0.0, 0.0, np.nan, 5.0])))
    time = (index[0].value if len(index) else 0) + offset * MINUTE
    traded = np.flatnonzero((volumes > 0) & (index.asi8[:size] <= time))
    expected = traded[-1] if traded.size else -1
    assert market.find_last_traded_position(volumes, time) == expected


@pytest.mark.parametrize(
    ("opens", "closes", "sentence"),
    [
        ([0, MINUTE], [MINUTE, 2 * MINUTE], "stretch 1 opens before"),
        ([0], [-MINUTE], "stretch 0 must close whole minutes after its open"),
        ([0], [MINUTE + 1], "stretch 0 must close whole minutes after its open"),
        ([0, 1], [0], r"an open and a close, got the shapes \(2,\) and \(1,\)"),
        ([[0]], [[0]], "an open and a close"),
    ],
)
def test_stretches_that_cannot_be_are_refused(
    opens: list[int], closes: list[int], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        MarketMinutes(np.array(opens), np.array(closes))


@pytest.mark.parametrize("position", [-1, 3])
def test_a_position_out_of_range_is_refused(position: int) -> None:
    with pytest.raises(IndexError, match=f"there are 3 minutes, got the position {position}"):
        MarketMinutes(np.array([0]), np.array([2 * MINUTE])).minute_value(position)
