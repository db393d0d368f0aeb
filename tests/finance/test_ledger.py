"""The books add up, whatever happens."""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import exchange_calendars
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.assets import Equity, ExchangeInfo, Future
from rustybt.data._equities import BarColumns
from rustybt.data.data_portal import DataPortal
from rustybt.finance.ledger import Ledger, PositionStats, PositionTracker
from rustybt.finance.order import Order
from rustybt.finance.position import Position
from rustybt.finance.transaction import Transaction
from rustybt.protocol import Account, Portfolio, Positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rustybt._protocol import PriceFeed
    from rustybt.assets import Asset

EXCHANGE = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
SHARE, OTHER = Equity(1, EXCHANGE), Equity(2, EXCHANGE)
FUTURE = Future(11, exchange_info=EXCHANGE, multiplier=50.0)
ASSETS: list[Asset] = [SHARE, OTHER, FUTURE]
SESSIONS = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06"])
NOON = pd.Timestamp("2020-01-02 17:00", tz="UTC")
CLOSE = pd.Timestamp("2020-01-02 21:00", tz="UTC")


class Feed:
    """Prices by asset, NaN where there is none."""

    def __init__(self, prices: dict[Asset, float], now: pd.Timestamp = CLOSE) -> None:
        self.prices = prices
        self.now_ns = now.value
        self.asked = 0

    def price(self, asset: Asset) -> float:
        """Return the price of an asset."""
        self.asked += 1
        return self.prices.get(asset, math.nan)


@pytest.fixture
def feed() -> PriceFeed:
    """Return a feed of prices that rise by one a session; OTHER has none on the first."""
    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads values that pandas 3.1 is to change.
        warnings.filterwarnings("ignore", ".*drops timezone information", Warning)
        calendar = exchange_calendars.get_calendar(
            "XNYS", start="2020-01-02", end="2020-01-31", side="right"
        )
        quotes = np.array([21.0, 22.0, 23.0, math.nan, 31.0, 32.0])
        prices = dict.fromkeys(("open", "high", "low", "close"), quotes)
        columns = BarColumns(
            np.array([1, 2]),
            SESSIONS.as_unit("ns").asi8,
            np.zeros(2, dtype=np.intp),
            np.full(2, 2, dtype=np.intp),
            **prices,
            volume=np.ones(6),
        )
        reader = SimpleNamespace(
            columns=columns,
            trading_calendar=calendar,
            data_frequency="daily",
            first_trading_day=SESSIONS[0],
            last_available_dt=SESSIONS[-1],
        )
        unadjusted = SimpleNamespace(get_adjustments_for_sid=lambda _table, _sid: [])
        portal = DataPortal(
            None,
            calendar,
            SESSIONS[0],
            equity_daily_reader=reader,
            adjustment_reader=unadjusted,
        )
        feed = portal.feed(SESSIONS, "daily")
        for asset in (SHARE, OTHER):
            feed.price(asset)
        return feed


def ledger_of(*trades: tuple[Asset, int, float], cash: float = 10_000.0) -> Ledger:
    ledger = Ledger(SESSIONS, cash, "daily")
    ledger.process_transactions(trade(*each) for each in trades)
    return ledger


def trade(asset: Asset, amount: int, price: float, dt: pd.Timestamp = NOON) -> Transaction:
    return Transaction(asset, amount, dt, price, None)


def held(ledger: Ledger, asset: Asset) -> tuple[float, float]:
    position = ledger.portfolio.positions[asset]
    return position.amount, position.cost_basis


prices = st.floats(0.5, 500.0).map(lambda price: round(price, 2))
trades = st.tuples(
    st.just("trade"), st.sampled_from(ASSETS), st.integers(-300, 300).filter(bool), prices
)
events = st.lists(
    st.one_of(
        trades,
        st.tuples(st.just("commission"), st.sampled_from(ASSETS), st.floats(0.0, 20.0)),
        st.tuples(st.just("split"), st.sampled_from([SHARE, OTHER]), st.floats(0.2, 5.0)),
        st.tuples(st.just("prices"), st.fixed_dictionaries(dict.fromkeys(ASSETS, prices))),
        st.tuples(st.just("capital"), st.floats(-1000.0, 1000.0)),
        st.tuples(st.just("close"), st.sampled_from(ASSETS), prices),
    ),
    max_size=25,
)


def happen(ledger: Ledger, event: Sequence[Any], hour: int) -> None:
    match event:
        case "trade", asset, amount, price:
            ledger.process_transaction(trade(asset, amount, price))
        case "commission", asset, cost:
            ledger.process_commission({"asset": asset, "cost": cost})
        case "split", asset, ratio:
            ledger.process_splits([(asset, ratio)])
        case "prices", quotes:
            ledger.sync_last_sale_prices(Feed(quotes, CLOSE + pd.Timedelta(hours=hour)))
        case "capital", amount:
            ledger.capital_change(amount)
        case "close", asset, price:
            ledger.close_position(asset, CLOSE, Feed({asset: price}))


@given(events=events)
def test_value_is_cash_and_what_positions_are_worth_after_every_event(events: list[Any]) -> None:
    ledger = Ledger(SESSIONS, 100_000.0, "daily")
    paid_in = 0.0
    for hour, event in enumerate(events):
        happen(ledger, event, hour)
        paid_in += event[1] if event[0] == "capital" else 0.0
        portfolio, stats = ledger.portfolio, ledger.position_tracker.stats
        positions = portfolio.positions.values()
        values = [p.amount * p.last_sale_price for p in positions if p.asset is not FUTURE]
        exposures = [p.amount * p.last_sale_price * p.asset.price_multiplier for p in positions]
        assert portfolio.portfolio_value == pytest.approx(portfolio.cash + sum(values))
        assert portfolio.positions_value == pytest.approx(sum(values), abs=1e-6)
        assert portfolio.positions_exposure == pytest.approx(sum(exposures), abs=1e-6)
        assert portfolio.pnl == pytest.approx(
            portfolio.portfolio_value - 100_000.0 - paid_in, abs=1e-6
        )
        assert portfolio.cash_flow == pytest.approx(portfolio.cash - 100_000.0 - paid_in, abs=1e-6)
        assert stats.gross_exposure == pytest.approx(sum(map(abs, exposures)), abs=1e-6)
        assert (stats.longs_count, stats.shorts_count) == (
            sum(exposure > 0 for exposure in exposures),
            sum(exposure < 0 for exposure in exposures),
        )
        assert stats.position_exposure_array.tolist() == pytest.approx(exposures)
        assert set(portfolio.positions) == set(ledger.position_tracker.positions)


@given(
    shares=st.integers(-500, 500).filter(bool),
    factor=st.sampled_from([2, 3, 5, 10]),
    cents=st.integers(100, 50_000),
)
def test_split_without_fraction_changes_nothing_but_share_counts(
    shares: int, factor: int, cents: int
) -> None:
    price = cents * factor / 100
    ledger = ledger_of((SHARE, shares, price), (OTHER, 7, 20.0))
    ledger.sync_last_sale_prices(Feed({SHARE: price, OTHER: 20.0}))
    before = ledger.portfolio.portfolio_value
    ledger.process_splits([(SHARE, 1 / factor)])
    later = Feed({SHARE: price / factor, OTHER: 20.0}, CLOSE + pd.Timedelta(hours=1))
    ledger.sync_last_sale_prices(later)
    assert ledger.portfolio.portfolio_value == pytest.approx(before)
    amount, cost = held(ledger, SHARE)
    assert abs(amount - shares * factor) <= 1
    assert cost == pytest.approx(price / factor, abs=0.005)
    assert held(ledger, OTHER) == (7, 20.0)


@pytest.mark.parametrize(
    ("fills", "expected"),
    [
        ([(100, 10.0), (100, 20.0)], (200, 15.0)),
        ([(100, 10.0), (-40, 30.0)], (60, 10.0)),
        ([(100, 10.0), (-150, 30.0)], (-50, 30.0)),
        ([(-100, 10.0), (-100, 20.0)], (-200, 15.0)),
        ([(-100, 10.0), (250, 8.0)], (150, 8.0)),
        ([(-100, 10.0), (100, 8.0)], (0, 0.0)),
    ],
    ids=["add", "reduce", "reverse", "add short", "reverse short", "close"],
)
def test_cost_basis_is_the_average_of_what_opened_the_position(
    fills: list[tuple[int, float]], expected: tuple[int, float]
) -> None:
    ledger = ledger_of(*((SHARE, amount, price) for amount, price in fills))
    assert held(ledger, SHARE) == expected
    assert (SHARE in ledger.portfolio.positions) == bool(expected[0])


@pytest.mark.parametrize(
    ("asset", "amount", "expected"), [(SHARE, 10, 10.5), (SHARE, -10, 9.5), (FUTURE, 10, 10.01)]
)
def test_commission_moves_the_price_of_breaking_even(
    asset: Asset, amount: int, expected: float
) -> None:
    ledger = ledger_of((asset, amount, 10.0))
    cash = ledger.portfolio.cash
    ledger.process_commission({"asset": asset, "cost": 5.0})
    assert held(ledger, asset)[1] == pytest.approx(expected)
    assert ledger.portfolio.cash == cash - 5.0


def test_fraction_of_a_share_is_paid_in_cash_to_the_cent() -> None:
    ledger = ledger_of((SHARE, 100, 20.0))
    ledger.process_splits([(SHARE, 3.0)])
    assert held(ledger, SHARE) == (33, 60.0)
    assert ledger.portfolio.cash == 10_000.0 - 2000.0 + 20.0


def test_split_that_leaves_no_share_closes_the_position() -> None:
    ledger = ledger_of((SHARE, 2, 20.0))
    ledger.process_splits([(SHARE, 4.0)])
    assert not ledger.portfolio.positions
    assert ledger.portfolio.cash == 10_000.0 - 40.0 + 40.0
    assert ledger.positions == []


def test_dividends_are_owed_to_who_holds_at_the_ex_date_and_paid_on_the_pay_date() -> None:
    ledger = ledger_of((SHARE, 100, 20.0), (OTHER, -50, 10.0))
    owed = [
        SimpleNamespace(asset=SHARE, amount=0.5, pay_date=SESSIONS[2]),
        SimpleNamespace(asset=OTHER, amount=0.1, pay_date=SESSIONS[2]),
    ]
    ledger.position_tracker.earn_dividends(owed, [])
    ledger.process_transaction(trade(SHARE, -100, 20.0))
    cash = ledger.portfolio.cash
    ledger.pay_dividends(SESSIONS[1])
    assert ledger.portfolio.cash == cash
    ledger.pay_dividends(SESSIONS[2])
    assert ledger.portfolio.cash == cash + 50.0 - 5.0
    ledger.pay_dividends(SESSIONS[2])
    assert ledger.portfolio.cash == cash + 50.0 - 5.0


@pytest.mark.parametrize(
    ("amount", "ratio", "expected"), [(100, 0.29, 29), (19, 0.1, 1), (9, 0.1, 0), (-15, 0.1, -1)]
)
def test_stock_dividend_gives_whole_shares(amount: int, ratio: float, expected: int) -> None:
    ledger = ledger_of((SHARE, amount, 20.0))
    dividend = SimpleNamespace(asset=SHARE, payment_asset=OTHER, ratio=ratio, pay_date=SESSIONS[1])
    ledger.position_tracker.earn_dividends([], [dividend])
    ledger.pay_dividends(SESSIONS[1])
    assert held(ledger, OTHER)[0] == expected
    assert isinstance(held(ledger, OTHER)[0], int)


def test_futures_pay_the_change_of_price_and_have_no_value() -> None:
    ledger = ledger_of((FUTURE, 2, 100.0))
    assert ledger.portfolio.cash == 10_000.0
    ledger.sync_last_sale_prices(Feed({FUTURE: 103.0}))
    portfolio = ledger.portfolio
    assert (portfolio.cash, portfolio.portfolio_value) == (10_300.0, 10_300.0)
    assert (portfolio.positions_value, portfolio.positions_exposure) == (0.0, 10_300.0)
    ledger.process_transaction(trade(FUTURE, -3, 101.0, CLOSE + pd.Timedelta(minutes=1)))
    assert ledger.portfolio.cash == 10_100.0
    ledger.sync_last_sale_prices(Feed({FUTURE: 90.0}, CLOSE + pd.Timedelta(hours=1)))
    assert ledger.portfolio.cash == 10_100.0 + 550.0


def test_position_closes_at_the_last_price_known() -> None:
    ledger = ledger_of((SHARE, 10, 20.0))
    ledger.close_position(SHARE, CLOSE, Feed({}))
    ledger.close_position(OTHER, CLOSE, Feed({}))
    assert ledger.portfolio.cash == 10_000.0
    assert [t["amount"] for t in ledger.transactions()] == [10, -10]
    assert ledger.transactions(CLOSE)[0]["order_id"] is None


def test_prices_are_asked_for_once_a_bar_unless_positions_change() -> None:
    ledger = ledger_of((SHARE, 10, 20.0))
    feed = Feed({SHARE: 21.0, OTHER: 5.0})
    for _ in range(3):
        ledger.sync_last_sale_prices(feed)
        assert ledger.portfolio.portfolio_value == 10_010.0
    assert feed.asked == 1
    ledger.process_transaction(trade(OTHER, 1, 4.0))
    ledger.sync_last_sale_prices(feed)
    assert ledger.portfolio.portfolio_value == 10_011.0
    assert feed.asked == 3


def test_prices_at_a_cursor_are_those_asked_for_one_by_one(feed: PriceFeed) -> None:
    class Asked:
        """Hands on what the feed says, asset by asset."""

        def __init__(self) -> None:
            self.now_ns = feed.now_ns

        def price(self, asset: Asset) -> float:
            """Return the price of an asset."""
            return feed.price(asset)

    fast, slow = (ledger_of((SHARE, 10, 20.0), (OTHER, -5, 30.0)) for _ in range(2))
    values = []
    for session in range(3):
        feed.move(session, -1)
        if session == 2:
            for ledger in (fast, slow):
                ledger.process_transactions([trade(OTHER, 5, 1.0), trade(OTHER, 2, 1.0)])
        fast.sync_last_sale_prices(feed)
        slow.sync_last_sale_prices(Asked())
        assert fast.positions == slow.positions
        assert repr(fast.portfolio) == repr(slow.portfolio)
        values.append(fast.portfolio.positions_value)
    assert values == [10 * 21.0 - 5 * 30.0, 10 * 22.0 - 5 * 31.0, 10 * 23.0 + 2 * 32.0]


def test_price_that_is_unknown_leaves_the_last_one() -> None:
    ledger = ledger_of((SHARE, 10, 20.0))
    ledger.sync_last_sale_prices(Feed({SHARE: 21.0}))
    ledger.sync_last_sale_prices(Feed({}, CLOSE + pd.Timedelta(hours=1)))
    position = ledger.portfolio.positions[SHARE]
    assert (position.last_sale_price, position.last_sale_date) == (21.0, CLOSE)


def test_trade_gives_the_price_only_if_it_is_the_newest() -> None:
    position = Position(SHARE, 10, 20.0, 25.0, CLOSE)
    position.update(trade(SHARE, 10, 20.0))
    assert (position.last_sale_price, position.last_sale_date) == (25.0, CLOSE)
    position.update(trade(SHARE, 10, 22.0, CLOSE + pd.Timedelta(minutes=1)))
    assert position.last_sale_price == 22.0


def test_capital_change_is_no_return() -> None:
    ledger = ledger_of((SHARE, 100, 50.0))
    ledger.start_of_session(SESSIONS[0])
    ledger.capital_change(5_000.0)
    ledger.sync_last_sale_prices(Feed({SHARE: 53.0}))
    assert ledger.portfolio.portfolio_value == 15_300.0
    assert ledger.todays_returns == pytest.approx(0.02)
    assert ledger.portfolio.pnl == pytest.approx(300.0)


def test_portfolio_worth_nothing_has_infinite_leverage() -> None:
    ledger = ledger_of((SHARE, 100, 100.0))
    ledger.sync_last_sale_prices(Feed({SHARE: 0.0}))
    assert ledger.portfolio.portfolio_value == 0.0
    assert ledger.calculate_period_stats() == (0.0, math.inf, math.inf)
    assert math.isnan(ledger.account.cushion)


def test_account_follows_the_books_and_what_a_broker_says() -> None:
    ledger = ledger_of((SHARE, 100, 50.0), (OTHER, -100, 20.0))
    account = ledger.account
    assert (account.settled_cash, account.equity_with_loan) == (7_000.0, 10_000.0)
    assert (account.gross_leverage, account.leverage, account.net_leverage) == (0.7, 0.7, 0.3)
    assert (account.cushion, account.buying_power) == (0.7, math.inf)
    ledger.override_account_fields(settled_cash=1.0, leverage=3.0)
    assert ledger.account is account
    assert (account.settled_cash, account.leverage, account.gross_leverage) == (1.0, 3.0, 0.7)
    ledger.override_account_fields()
    assert (ledger.account.settled_cash, account.leverage) == (7_000.0, 0.7)
    with pytest.raises(AttributeError, match="cannot mutate Account"):
        account.leverage = 1.0
    assert vars(Account()).keys() == vars(account).keys()


def test_strategy_sees_its_portfolio_and_cannot_change_it() -> None:
    ledger = ledger_of((SHARE, 10, 20.0), (FUTURE, 1, 10.0))
    portfolio = ledger.portfolio
    position = portfolio.positions[SHARE]
    assert (position.sid, position.amount, position.last_sale_date) == (SHARE, 10, NOON)
    assert portfolio.current_portfolio_weights.to_dict() == {SHARE: 0.02, FUTURE: 0.05}
    assert (portfolio.capital_used, portfolio.starting_cash) == (-200.0, 10_000.0)
    assert portfolio.start_date == SESSIONS[0]
    with pytest.raises(AttributeError, match="cannot mutate Portfolio"):
        portfolio.cash = 1e9  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot mutate Position"):
        position.amount = 1  # type: ignore[misc]
    assert repr(portfolio).startswith("Portfolio({'cash_flow': -200.0")
    assert repr(position).startswith("Position({'asset': Equity(1), 'amount': 10")


def test_asset_not_held_gives_an_empty_position_and_anything_else_a_sentence() -> None:
    positions = Portfolio(None, 1.0).positions
    assert (positions[SHARE].amount, positions[SHARE].last_sale_date) == (0, None)
    assert SHARE not in positions
    with pytest.raises(ValueError, match="looked up by Asset, got 'AAPL'"):
        positions["AAPL"]  # type: ignore[index]


def test_view_of_a_closed_position_stays_as_it_was() -> None:
    ledger = ledger_of((SHARE, 10, 20.0))
    old = ledger.portfolio.positions[SHARE]
    ledger.process_transactions([trade(SHARE, -10, 20.0), trade(SHARE, 3, 20.0)])
    assert (old.amount, ledger.portfolio.positions[SHARE].amount) == (0, 3)


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])  # noqa: S301
def test_portfolio_can_be_kept(clone: Any) -> None:
    ledger = ledger_of((SHARE, 10, 20.0), (FUTURE, 1, 10.0))
    kept = clone(ledger.portfolio)
    ledger.process_transaction(trade(SHARE, 10, 21.0))
    assert (kept.cash, kept.positions[SHARE].amount) == (9_800.0, 10)
    assert type(kept.positions) is Positions
    assert repr(clone(ledger.portfolio)) == repr(ledger.portfolio)
    settled = clone(ledger.position_tracker.positions[FUTURE])
    assert settled.to_dict() == ledger.position_tracker.positions[FUTURE].to_dict()


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("transaction", lambda position: position.update(trade(OTHER, 1, 1.0))),
        ("split", lambda position: position.handle_split(OTHER, 2.0)),
        ("commission", lambda position: position.adjust_commission_cost_basis(OTHER, 2.0)),
    ],
)
def test_event_of_another_asset_is_refused(event: str, change: Any) -> None:
    with pytest.raises(ValueError, match=rf"a {event} of Equity\(2\) cannot change the position"):
        change(Position(SHARE, 10))


def test_position_can_be_set_as_a_broker_reports_it() -> None:
    tracker = PositionTracker("daily")
    tracker.update_position(SHARE, amount=5, last_sale_price=3.0, cost_basis=2.0)
    tracker.update_position(SHARE, last_sale_date=CLOSE)
    assert tracker.get_position_list() == [
        {"sid": SHARE, "amount": 5, "cost_basis": 2.0, "last_sale_price": 3.0}
    ]
    assert tracker.get_positions()[SHARE].last_sale_date == CLOSE
    assert tracker.stats.net_exposure == 15.0
    assert tracker.stats.position_exposure_series.to_dict() == {1: 15.0}
    assert PositionStats.new().gross_value == 0.0


def test_orders_are_listed_once_the_last_changed_last() -> None:
    ledger = Ledger(SESSIONS, 1.0, "daily")
    orders = [Order(NOON, SHARE, amount, id=str(amount)) for amount in (1, 2, 3)]
    ledger.process_orders(orders)
    orders[0].dt = CLOSE
    ledger.process_order(orders[0])
    assert [order["id"] for order in ledger.orders()] == ["2", "3", "1"]
    assert [order["id"] for order in ledger.orders(CLOSE)] == ["1"]
    ledger.start_of_session(SESSIONS[1])
    assert ledger.orders() == []


def test_recorded_order_keeps_the_state_it_had_at_the_end_of_the_session() -> None:
    ledger = Ledger(SESSIONS, 1.0, "daily")
    order = Order(NOON, SHARE, 10, limit=3.0, id="a")
    for filled in (4, 10):
        ledger.start_of_session(None)
        ledger.record_start()
        order.filled = filled
        ledger.process_order(order)
        ledger.record_end(CLOSE.value)
    order.reason = "read later"
    states = [ledger.recording.order(session, 0) for session in range(2)]
    assert [state["filled"] for state in states] == [4, 10]
    assert [state["status"].name for state in states] == ["OPEN", "FILLED"]
    assert states[0] == {**states[1], "filled": 4, "reason": None, "status": states[0]["status"]}


def test_returns_of_sessions_are_a_series() -> None:
    ledger = ledger_of((SHARE, 100, 50.0))
    ledger.start_of_session(SESSIONS[0])
    ledger.sync_last_sale_prices(Feed({SHARE: 51.0}))
    ledger.end_of_session(0)
    returns = ledger.daily_returns_series
    assert returns.index.equals(SESSIONS)
    assert returns.tolist() == pytest.approx([0.01, math.nan, math.nan], nan_ok=True)
    assert np.shares_memory(returns.to_numpy(), ledger.daily_returns_array)
