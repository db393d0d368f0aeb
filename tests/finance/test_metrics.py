"""Metrics report of a simulation what the books say, in packets or in columns."""

from __future__ import annotations

import json
import pickle
import warnings
from typing import TYPE_CHECKING, Any

import exchange_calendars
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.assets import Equity, ExchangeInfo
from rustybt.finance import metrics, risk
from rustybt.finance.metrics import MetricsTracker, load, metrics_sets, register, unregister
from rustybt.finance.metrics.frame import from_packets
from rustybt.finance.metrics.metric import Positions
from rustybt.finance.metrics.records import Records
from rustybt.finance.order import Order
from rustybt.finance.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE = Equity(1, ExchangeInfo("New York Stock Exchange", "XNYS", "US"))
COLUMNS = [
    "period_open",
    "period_close",
    "returns",
    "pnl",
    "capital_used",
    "orders",
    "transactions",
    "positions",
    "starting_exposure",
    "ending_exposure",
    "starting_value",
    "ending_value",
    "starting_cash",
    "ending_cash",
    "portfolio_value",
    "longs_count",
    "shorts_count",
    "long_value",
    "short_value",
    "long_exposure",
    "short_exposure",
    "gross_leverage",
    "net_leverage",
    "algorithm_period_return",
    "algo_volatility",
    "benchmark_period_return",
    "benchmark_volatility",
    "alpha",
    "beta",
    "sharpe",
    "sortino",
    "max_drawdown",
    "max_leverage",
    "excess_return",
    "treasury_period_return",
    "trading_days",
    "period_label",
]


@pytest.fixture(scope="module")
def calendar() -> Any:
    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads Series.values, which pandas 3.1 is to change.
        warnings.filterwarnings("ignore", "Series.values returning", Warning)
        return exchange_calendars.get_calendar(
            "XNYS", start="2019-01-02", end="2020-12-31", side="right"
        )


class Market:
    """A price that rises by one a session; no dividends."""

    adjustment_reader = None
    now_ns = 0
    quote = 10.0

    def price(self, _asset: object) -> float:
        """Return the price."""
        return self.quote

    def daily_returns(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series[float]:
        """Return the benchmark's returns."""
        sessions = pd.bdate_range(start, end)
        return pd.Series(np.linspace(-0.01, 0.01, len(sessions)), index=sessions)

    def get_range(self, start_dt: pd.Timestamp, end_dt: pd.Timestamp) -> pd.Series[float]:
        """Return the benchmark's returns by minute."""
        minutes = pd.date_range(start_dt, end_dt, freq="min")
        return pd.Series(1e-4, index=minutes)


def tracker_of(
    calendar: Any, chosen: Any, *, emission: str = "daily", last: str = "2020-02-07"
) -> tuple[MetricsTracker, Market]:
    sessions = calendar.sessions_in_range("2020-02-03", last)
    tracker = MetricsTracker(
        calendar, sessions[0], sessions[-1], 1000.0, emission, "daily", None, chosen
    )
    tracker.feed = Market()
    return tracker, tracker.feed


def run(
    tracker: MetricsTracker, market: Market, calendar: Any, variables: Any = ()
) -> list[dict[str, Any]]:
    """Buy ten shares a session, and end; return the packets."""
    packets: list[Any] = []
    tracker.handle_start_of_simulation(market)
    records = iter(variables)
    for session in calendar.sessions_in_range("2020-02-03", tracker._last_session):
        dt = calendar.session_close(session)
        tracker.handle_market_open(session, market)
        market.now_ns, market.quote = dt.value, market.quote + 1.0
        order = Order(dt, SHARE, 10, id=f"{len(packets)}")
        order.filled = 10
        tracker.process_transaction(Transaction(SHARE, 10, dt, market.quote, order.id))
        tracker.process_order(order)
        packets.append(tracker.handle_market_close(dt, market))
        recorded: dict[str, Any] = next(records, {})
        if tracker.columnar:
            tracker.ledger.recording.record_variables(recorded)
        else:
            packets[-1]["daily_perf"]["recorded_vars"] = recorded
    packets.append(tracker.handle_simulation_end(market))
    return packets


def test_default_performance_has_the_columns_of_zipline(calendar: Any) -> None:
    tracker, market = tracker_of(calendar, load("default"))
    run(tracker, market, calendar)
    performance = tracker.performance()
    assert performance.columns.tolist() == COLUMNS
    assert performance.index.dtype == "datetime64[ns, UTC]"
    assert performance.index.equals(pd.DatetimeIndex(performance["period_close"]))
    assert performance["period_open"].iloc[0] == pd.Timestamp("2020-02-03 14:31", tz="UTC")
    kinds = {name: performance[name].dtype.kind for name in COLUMNS}
    objects = {"orders", "transactions", "positions", "period_label"}
    objects.add("sortino")  # nothing is ever lost, so that it is None throughout
    whole = {"longs_count", "shorts_count", "trading_days"}
    assert {name for name, kind in kinds.items() if kind == "i"} == whole
    assert {name for name, kind in kinds.items() if kind == "O"} == objects
    assert performance["trading_days"].tolist() == [1, 2, 3, 4, 5]
    assert set(performance["period_label"]) == {"2020-02"}


def test_columns_are_what_packets_say(calendar: Any) -> None:
    recorded: list[dict[str, Any]] = [
        {"a": 1, "on": True, "at": pd.Timestamp("2020-02-03"), "n": 1},
        {"a": 2, "b": "x", "on": False, "at": pd.Timestamp("2020-02-04"), "n": 2},
        {"on": True, "at": pd.NaT, "n": 3},
        {"a": 4.5, "on": True, "at": pd.Timestamp("2020-02-06"), "n": 4},
        {"b": "y", "on": False, "returns": "mine", "at": None, "n": 5},
    ]
    tracker, market = tracker_of(calendar, load("default"))
    run(tracker, market, calendar, recorded)
    by_columns = tracker.performance()

    tracker, market = tracker_of(calendar, load("default"))
    tracker.columnar = False
    by_packets = from_packets(run(tracker, market, calendar, recorded))

    pd.testing.assert_frame_equal(by_columns, by_packets, rtol=1e-9)
    assert by_columns.columns[-1] == "b"
    assert {name: by_columns[name].dtype.kind for name in ("on", "at", "n")} == {
        "on": "b",
        "at": "M",
        "n": "i",
    }
    assert by_columns.columns.get_loc("a") == COLUMNS.index("algorithm_period_return")


def test_figures_that_nobody_knows_are_none_if_they_never_are_known(calendar: Any) -> None:
    tracker, market = tracker_of(calendar, load("default"), last="2020-02-03")
    run(tracker, market, calendar)
    row = tracker.performance().iloc[0]
    unknown = ["algo_volatility", "sharpe", "sortino", "alpha", "beta", "benchmark_volatility"]
    assert [row[name] for name in unknown] == [None] * len(unknown)


def test_performance_is_there_before_the_end(calendar: Any) -> None:
    tracker, market = tracker_of(calendar, load("default"))
    tracker.handle_start_of_simulation(market)
    assert tracker.performance().shape == (0, len(COLUMNS))
    run(tracker, market, calendar)
    whole = tracker.performance()
    assert len(whole) == 5
    assert whole["ending_cash"].is_monotonic_decreasing


def test_metrics_of_a_user_are_called_as_zipline_calls_them(calendar: Any) -> None:
    calls: list[tuple[Any, ...]] = []

    class Mine:
        """Reports the cash and counts."""

        def start_of_simulation(
            self, _ledger: Any, emission_rate: str, _calendar: Any, sessions: Any, benchmark: Any
        ) -> None:
            """Count."""
            calls.append((emission_rate, len(sessions), type(benchmark).__name__))

        def start_of_session(self, ledger: Any, session: pd.Timestamp, _portal: Any) -> None:
            """Count."""
            calls.append((session.day, ledger.portfolio.cash))

        def end_of_session(
            self, packet: Any, ledger: Any, session: Any, session_ix: int, _portal: Any
        ) -> None:
            """Report the cash."""
            packet["daily_perf"]["mine"] = (session.day, session_ix, ledger.portfolio.cash)

        def end_of_simulation(
            self, packet: Any, _ledger: Any, _calendar: Any, sessions: Any, *_: object
        ) -> None:
            """Report the end."""
            packet["ended"] = len(sessions)

    tracker, market = tracker_of(calendar, [*load("default"), Mine()], last="2020-02-04")
    assert not tracker.columnar
    packets = run(tracker, market, calendar)
    assert calls == [("daily", 2, "Market"), (3, 1000.0), (4, 890.0)]
    assert packets[-1] == {"ended": 2}
    assert [p["progress"] for p in packets[:-1]] == [0.5, 1.0]
    assert from_packets(packets)["mine"].tolist() == [(3, 0, 890.0), (4, 1, 770.0)]


def test_metric_that_changes_a_built_in_one_is_heard(calendar: Any) -> None:
    class Loud(metrics.Returns):
        """Reports returns in per cent."""

        def end_of_session(self, packet: Any, ledger: Any, *_: object) -> None:
            """Report."""
            packet["daily_perf"]["returns"] = 100 * ledger.todays_returns

    tracker, market = tracker_of(calendar, [metrics.PNL(), Loud()])
    assert not tracker.columnar
    assert from_packets(run(tracker, market, calendar))["returns"].iloc[1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("metric", "columnar"),
    [
        (metrics.DailyLedgerField("portfolio.cash"), True),
        (metrics.DailyLedgerField("portfolio.start_date"), False),
        (metrics.SimpleLedgerField("account.leverage"), True),
        (metrics.SimpleLedgerField("positions", "holdings"), True),
        (Positions(), True),
        (metrics.StartOfPeriodLedgerField("portfolio.pnl"), True),
        (metrics.StartOfPeriodLedgerField("account.leverage"), False),
        (metrics.ReturnsStatistic(risk.sharpe_ratio), True),
        (metrics.ReturnsStatistic(np.mean, "mean"), False),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, bool) else str(value),
)
def test_metric_reports_the_same_in_columns_and_packets(
    calendar: Any, metric: Any, columnar: bool
) -> None:
    tracker, market = tracker_of(calendar, [metric])
    assert tracker.columnar is columnar
    tracker.columnar = False
    by_packets = from_packets(run(tracker, market, calendar))
    assert len(by_packets.columns) == 3
    if columnar:
        tracker, market = tracker_of(calendar, [metric])
        run(tracker, market, calendar)
        pd.testing.assert_frame_equal(tracker.performance(), by_packets, rtol=1e-9)


def test_minutes_are_reported_if_they_are_asked_for(calendar: Any) -> None:
    tracker, market = tracker_of(calendar, load("default"), emission="minute", last="2020-02-04")
    assert not tracker.columnar
    tracker.handle_start_of_simulation(market)
    packets = []
    for session in calendar.sessions_in_range("2020-02-03", "2020-02-04"):
        tracker.handle_market_open(session, market)
        first = calendar.session_first_minute(session)
        for minute in pd.date_range(first, periods=3, freq="min"):
            market.now_ns, market.quote = minute.value, market.quote + 1.0
            tracker.process_transaction(Transaction(SHARE, 1, minute, market.quote, None))
            packets.append(tracker.handle_minute_close(minute, market))
        tracker.handle_market_close(minute, market)
    last = packets[-1]
    assert last["minute_perf"]["period_close"] == pd.Timestamp("2020-02-04 14:33", tz="UTC")
    assert [t["price"] for t in last["minute_perf"]["transactions"]] == [16.0]
    assert last["minute_perf"]["pnl"] == pytest.approx(3.0 + 4.0 + 5.0)
    assert last["cumulative_perf"]["pnl"] == pytest.approx(15.0)
    assert last["cumulative_risk_metrics"]["trading_days"] == 2
    assert last["cumulative_risk_metrics"]["benchmark_volatility"] > 0
    assert packets[0]["cumulative_risk_metrics"]["benchmark_volatility"] is None


@pytest.fixture
def own_set() -> Iterator[str]:
    name = "test_metrics own"

    @register(name)
    def make() -> set[object]:
        return {metrics.PNL()}

    yield name
    if name in metrics_sets:
        unregister(name)


def test_sets_are_registered_under_their_names(own_set: str) -> None:
    assert {type(metric) for metric in load(own_set)} == {metrics.PNL}
    assert load(own_set) is not load(own_set)
    assert {"none", "default", "classic", own_set} <= set(metrics_sets)
    with pytest.raises(ValueError, match="already registered"):
        register(own_set, set)
    unregister(own_set)
    with pytest.raises(ValueError, match="was not already registered"):
        unregister(own_set)
    with pytest.raises(ValueError, match=r"no metrics set registered as .*, options are: \["):
        load(own_set)
    with pytest.raises(TypeError):
        metrics_sets["x"] = set  # type: ignore[index]


def test_no_metrics_leave_the_times(calendar: Any) -> None:
    tracker, market = tracker_of(calendar, load("none"))
    run(tracker, market, calendar)
    assert tracker.performance().columns.tolist() == ["period_open", "period_close"]


def test_classic_set_says_that_it_is_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="'classic' is deprecated"):
        assert len(load("classic")) == len(load("default")) + 1


values = st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), max_size=2)


@given(data=st.lists(values, max_size=5))
def test_records_are_a_list_of_dicts(data: list[dict[str, int]]) -> None:
    records = Records(lambda session, at: dict(data[at]) if session == 7 else {}, 7, len(data))
    assert records == data
    assert data == records
    assert not records != data  # noqa: SIM202 - the other operator is what is tested
    assert records != [*data, {}]
    assert records != tuple(data)
    assert list(records) == data
    assert records[1:] == data[1:]
    assert records[::-1] == data[::-1]
    assert (records + data, data + records) == (data * 2, data * 2)
    assert (len(records), bool(records), repr(records)) == (len(data), bool(data), repr(data))
    for at, record in enumerate(data):
        assert records[at] == records[at - len(data)] == record
        assert record in records
        assert records.index(record) == data.index(record)
    copy = pickle.loads(pickle.dumps(records))  # noqa: S301
    assert (type(copy), copy) == (list, data)
    assert json.loads(json.dumps(records.tolist())) == data
    assert pd.Series({"a": records}).to_string().startswith("a    [")
    with pytest.raises(TypeError, match="records cannot be changed"):
        records[0] = {}
    with pytest.raises(IndexError, match=f"there are {len(data)} records, got the index"):
        records[len(data)]


def test_performance_is_pickled_with_plain_lists(calendar: Any) -> None:
    tracker, market = tracker_of(calendar, load("default"))
    run(tracker, market, calendar)
    performance = tracker.performance()
    copy = pickle.loads(pickle.dumps(performance))  # noqa: S301
    for name in ("orders", "transactions", "positions"):
        assert {type(cell) for cell in copy[name]} == {list}
        assert [len(cell) for cell in copy[name]] == [1] * 5
    pd.testing.assert_frame_equal(copy, performance)
