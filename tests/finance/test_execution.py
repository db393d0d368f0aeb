"""Execution styles round prices so that the trader gains nothing by it."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.assets import Equity, ExchangeInfo, Future
from rustybt.errors import BadOrderParameters
from rustybt.finance.execution import (
    ExecutionStyle,
    LimitOrder,
    MarketOrder,
    StopLimitOrder,
    StopOrder,
    asymmetric_round_price,
)

EXCHANGE = ExchangeInfo("Chicago Mercantile Exchange", "CME", "US")
FUTURE = Future(1, EXCHANGE, root_symbol="ES", tick_size=0.25)
TICKLESS = Equity(2, EXCHANGE, tick_size=None)


@pytest.mark.parametrize(
    ("style", "buy", "sell"),
    [
        (MarketOrder(exchange="CME"), (None, None), (None, None)),
        (LimitOrder(10.005, exchange="CME"), (10.0, None), (10.01, None)),
        (LimitOrder(10.3, FUTURE, "CME"), (10.25, None), (10.5, None)),
        (LimitOrder(10.005, TICKLESS, "CME"), (10.0, None), (10.01, None)),
        (StopOrder(10.005, exchange="CME"), (None, 10.01), (None, 10.0)),
        (StopOrder(10.3, FUTURE, "CME"), (None, 10.5), (None, 10.25)),
        (StopLimitOrder(10.005, 11.005, exchange="CME"), (10.0, 11.01), (10.01, 11.0)),
        (StopLimitOrder(10.3, 11.3, asset=FUTURE, exchange="CME"), (10.25, 11.5), (10.5, 11.25)),
    ],
)
def test_prices_of_the_styles(
    style: ExecutionStyle, buy: tuple[Any, Any], sell: tuple[Any, Any]
) -> None:
    for is_buy, prices in ((True, buy), (False, sell)):
        given_prices = (style.get_limit_price(is_buy), style.get_stop_price(is_buy))
        assert given_prices == pytest.approx(prices)
    assert style.exchange == "CME"


@given(
    st.floats(0, 1e6),
    st.booleans(),
    st.sampled_from([0.01, 0.25, 0.05, 0.001, 1.0, 0.125, 1 / 64]),
)
def test_rounding_prefers_the_side_that_does_not_favour_the_trader(
    price: float, down: bool, tick_size: float
) -> None:
    rounded = asymmetric_round_price(price, down, tick_size)
    assert rounded / tick_size == pytest.approx(round(rounded / tick_size), abs=1e-6)
    # Up to 5% of a decimal step of the tick, a price goes to the tick it is near to.
    slack = 0.05 * tick_size + 1e-6
    if down:
        assert rounded - slack <= price < rounded + tick_size + 1e-6
    else:
        assert rounded - tick_size - 1e-6 < price <= rounded + slack


@pytest.mark.parametrize("price", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("make", [LimitOrder, StopOrder])
def test_prices_must_be_finite(make: Any, price: float) -> None:
    with pytest.raises(BadOrderParameters, match=f"must be a finite number, got {price}"):
        make(price)


@pytest.mark.parametrize("price", [None, "10", [10.0], object()])
@pytest.mark.parametrize("label", ["limit", "stop"])
def test_prices_must_be_numbers(label: str, price: Any) -> None:
    prices = {"limit_price": 10.0, "stop_price": 10.0, f"{label}_price": price}
    with pytest.raises(BadOrderParameters, match=f"The {label} price of an order must be a number"):
        StopLimitOrder(**prices)


def test_prices_must_not_be_negative() -> None:
    with pytest.raises(BadOrderParameters, match=r"must not be negative, got -0\.01"):
        LimitOrder(-0.01)
    assert LimitOrder(0).get_limit_price(True) == 0.0
    assert LimitOrder(Decimal(10)).limit_price == 10  # type: ignore[arg-type]


def test_a_tick_size_must_be_finite() -> None:
    with pytest.raises(BadOrderParameters, match="tick size must be a finite number, got inf"):
        asymmetric_round_price(10.0, True, math.inf)


def test_the_base_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ExecutionStyle()  # type: ignore[abstract]
