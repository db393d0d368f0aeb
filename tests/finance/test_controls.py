"""Controls refuse what they are for, and nothing else."""

from __future__ import annotations

import logging
import math
import pickle
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from rustybt.assets import Equity, ExchangeInfo
from rustybt.errors import AccountControlViolation, TradingControlViolation
from rustybt.finance.controls import (
    AccountControl,
    AssetDateBounds,
    LongOnly,
    MaxLeverage,
    MaxOrderCount,
    MaxOrderSize,
    MaxPositionSize,
    MinLeverage,
    RestrictedListOrder,
    TradingControl,
)

EXCHANGE = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
ASSET = Equity(24, EXCHANGE, symbol="A")
OTHER = Equity(8, EXCHANGE, symbol="B")
NOON = pd.Timestamp("2020-01-02 17:00", tz="UTC")
TOMORROW = NOON + pd.Timedelta(days=1)


class Bar:
    """A bar at a price."""

    current_dt = NOON
    current_session = pd.Timestamp("2020-01-02")

    def __init__(self, price: float = 10.0) -> None:
        self.price = price

    def current(self, assets: Any, fields: str) -> float:
        """Return the price."""
        assert (assets is not None, fields) == (True, "price")
        return self.price

    def history(self, assets: Any, fields: str, bar_count: int, frequency: str) -> Any:
        """Refuse: no control looks back."""
        raise NotImplementedError(assets, fields, bar_count, frequency)


def allows(
    control: TradingControl,
    amount: float,
    held: float = 0,
    asset: Equity = ASSET,
    dt: pd.Timestamp = NOON,
    price: float = 10.0,
) -> bool:
    """Tell whether a control lets an order pass."""
    portfolio = SimpleNamespace(positions={asset: SimpleNamespace(amount=held)})
    try:
        control.validate(asset, amount, portfolio, dt, Bar(price))
    except TradingControlViolation:
        return False
    return True


def tolerates(control: AccountControl, leverage: float, dt: pd.Timestamp = NOON) -> bool:
    """Tell whether a control lets an account pass."""
    try:
        control.validate(
            SimpleNamespace(positions={}), SimpleNamespace(leverage=leverage), dt, Bar()
        )
    except AccountControlViolation:
        return False
    return True


def test_order_count_starts_anew_every_day() -> None:
    control = MaxOrderCount("fail", 2)
    times = [NOON, NOON, NOON, TOMORROW, TOMORROW, TOMORROW]
    assert [allows(control, 1, dt=dt) for dt in times] == [True, True, False, True, True, False]


def test_no_orders_at_all() -> None:
    assert not allows(MaxOrderCount("fail", 0), 1)


def test_restricted_assets() -> None:
    class Restrictions:
        def is_restricted(self, assets: Any, dt: pd.Timestamp) -> bool:
            """Restrict one asset until tomorrow."""
            return assets == ASSET and dt < TOMORROW

    control = RestrictedListOrder("fail", Restrictions())
    assert not allows(control, 1)
    assert allows(control, 1, dt=TOMORROW)
    assert allows(control, 1, asset=OTHER)


@pytest.mark.parametrize(
    ("limits", "amount", "held", "order_passes", "position_passes"),
    [
        ({"max_shares": 100}, 100, 0, True, True),
        ({"max_shares": 100}, -100, 0, True, True),
        ({"max_shares": 100}, 101, 0, False, False),
        ({"max_shares": 100}, -101, 0, False, False),
        ({"max_shares": 100}, 60, 50, True, False),
        ({"max_shares": 100}, 150, -50, False, True),
        ({"max_notional": 1000.0}, 100, 0, True, True),
        ({"max_notional": 1000.0}, -101, 0, False, False),
        ({"max_notional": 1000.0}, -60, -50, True, False),
        ({"max_shares": 200, "max_notional": 1000.0}, 150, 0, False, False),
        ({"max_shares": 100, "max_notional": 5000.0}, 150, 0, False, False),
        ({"max_shares": 0}, 1, 0, False, False),
        ({"max_notional": 0}, 1, 0, False, False),
        ({"max_shares": 10, "asset": OTHER}, 11, 0, True, True),
        ({"max_shares": 10, "asset": ASSET}, 11, 0, False, False),
    ],
)
def test_sizes(
    limits: dict[str, Any], amount: int, held: int, order_passes: bool, position_passes: bool
) -> None:
    assert allows(MaxOrderSize("fail", **limits), amount, held) is order_passes
    assert allows(MaxPositionSize("fail", **limits), amount, held) is position_passes


def test_a_value_that_is_not_known_exceeds_nothing() -> None:
    assert allows(MaxOrderSize("fail", max_notional=1.0), 100, price=math.nan)


@pytest.mark.parametrize("make", [MaxOrderSize, MaxPositionSize])
def test_limits_of_sizes(make: type[MaxOrderSize]) -> None:
    with pytest.raises(ValueError, match=f"{make.__name__} needs max_shares, max_notional or both"):
        make("fail")
    with pytest.raises(ValueError, match="max_shares must not be negative, got -1"):
        make("fail", max_shares=-1)
    with pytest.raises(ValueError, match="max_notional must not be negative, got -1"):
        make("fail", max_notional=-1)


@pytest.mark.parametrize(
    ("amount", "held", "passes"), [(1, 0, True), (-5, 5, True), (-6, 5, False), (-1, 0, False)]
)
def test_long_only(amount: int, held: int, passes: bool) -> None:
    assert allows(LongOnly("fail"), amount, held) is passes


@pytest.mark.parametrize(
    ("start", "end", "passes"),
    [
        (None, None, True),
        (pd.NaT, pd.NaT, True),
        ("2020-01-02", "2020-01-02", True),
        ("2020-01-02 20:00", "2020-01-02 10:00", True),
        ("2020-01-03", "2020-02-01", False),
        ("2019-01-02", "2020-01-01", False),
        (pd.NaT, "2020-01-01", False),
        ("2020-01-03", None, False),
    ],
)
def test_assets_are_ordered_while_they_live(start: Any, end: Any, passes: bool) -> None:
    bounds = [pd.Timestamp(date) if isinstance(date, str) else date for date in (start, end)]
    asset = Equity(1, EXCHANGE, start_date=bounds[0], end_date=bounds[1])
    control = AssetDateBounds("fail")
    assert [allows(control, 1, asset=asset) for _ in range(2)] == [passes, passes]
    assert allows(control, 0, asset=asset)
    assert allows(control, 1, asset=OTHER)


def test_bounds_are_told() -> None:
    asset = Equity(1, EXCHANGE, symbol="A", end_date=pd.Timestamp("2020-01-01"))
    sentence = (
        r"The order for 5 shares of Equity\(1 \[A\]\) at 2020-01-02 17:00:00\+00:00 violates the "
        r"control AssetDateBounds\(\{\}\) \(Metadata: \{'asset_end_date': "
        r"Timestamp\('2020-01-01 00:00:00'\)\}\)\."
    )
    with pytest.raises(TradingControlViolation, match=sentence):
        AssetDateBounds("fail").validate(asset, 5, SimpleNamespace(positions={}), NOON, Bar())


def test_violations_survive_pickling() -> None:
    violation = TradingControlViolation(
        asset=ASSET, amount=5, datetime=NOON, constraint="LongOnly({})"
    )
    other = pickle.loads(pickle.dumps(violation))  # noqa: S301
    assert (str(other), other.message, repr(other)) == (str(violation),) * 3
    assert other.kwargs == violation.kwargs


def test_a_violation_can_be_logged(caplog: pytest.LogCaptureFixture) -> None:
    control = MaxOrderSize("log", max_shares=1, max_notional=1.0)
    with caplog.at_level(logging.ERROR, "TradingControl"):
        assert allows(control, 5)
    sentence = (
        "The order for 5 shares of Equity(24 [A]) at 2020-01-02 17:00:00+00:00 violates the "
        "control MaxOrderSize({'asset': None, 'max_shares': 1, 'max_notional': 1.0})."
    )
    assert [record.getMessage() for record in caplog.records] == [sentence, sentence]


def test_max_leverage() -> None:
    control = MaxLeverage(1.5)
    assert tolerates(control, 1.5)
    assert not tolerates(control, 1.5001)
    with pytest.raises(AccountControlViolation, match=r"MaxLeverage\({'max_leverage': 1\.5}\)"):
        control.fail()
    for limit in (None, -1):
        with pytest.raises(ValueError, match="max_leverage must be a number of 0 or more"):
            MaxLeverage(limit)


@pytest.mark.parametrize("tz", [None, "UTC"])
def test_min_leverage_holds_after_the_deadline(tz: str | None) -> None:
    control = MinLeverage(0.5, pd.Timestamp("2020-01-03", tz=tz))
    assert tolerates(control, 0.1, NOON)
    assert tolerates(control, 0.1, pd.Timestamp("2020-01-03", tz="UTC"))
    assert tolerates(control, 0.5, TOMORROW)
    assert not tolerates(control, 0.1, TOMORROW)


@pytest.mark.parametrize(
    ("limit", "deadline", "error", "sentence"),
    [
        ("1", NOON, TypeError, "min_leverage must be a number, got '1'"),
        (1, "2020-01-01", TypeError, "deadline must be a datetime, got '2020-01-01'"),
        (-1, NOON, ValueError, "min_leverage must be 0 or more, got -1"),
        (math.nan, NOON, ValueError, "min_leverage must be 0 or more, got nan"),
    ],
)
def test_parameters_of_min_leverage(
    limit: Any, deadline: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        MinLeverage(limit, deadline)


@pytest.mark.parametrize("base", [TradingControl, AccountControl])
def test_the_bases_are_abstract(base: Any) -> None:
    with pytest.raises(TypeError, match="abstract"):
        base("fail")
