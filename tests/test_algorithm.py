"""The algorithm: the order of events, what may be called when, and what a failure leaves."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt import api as typed_api
from rustybt import errors
from rustybt._algorithm.orders import whole
from rustybt.algorithm import TradingAlgorithm
from rustybt.data.bundles import load
from rustybt.data.data_portal import DataPortal
from rustybt.finance import metrics
from rustybt.finance.asset_restrictions import StaticRestrictions
from rustybt.finance.blotter import SimulationBlotter
from rustybt.finance.cancel_policy import EODCancel
from rustybt.finance.commission import PerContract, PerShare
from rustybt.finance.slippage import NoSlippage, VolatilityVolumeShare
from rustybt.finance.trading import SimulationParameters
from rustybt.utils.algo_instance import get_algo_instance
from rustybt.utils.calendar_utils import get_calendar
from rustybt.utils.events import date_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

# Calls are wrong on purpose below, which the types would forbid.
api: Any = typed_api

START, END = pd.Timestamp("2012-01-03"), pd.Timestamp("2012-01-13")
SESSIONS = 9


@pytest.fixture(scope="module")
def portal() -> Iterator[DataPortal]:
    with load("sample") as data:
        yield DataPortal(
            data.asset_finder,
            trading_calendar=get_calendar("XNYS"),
            first_trading_day=data.equity_daily_bar_reader.first_trading_day,
            equity_daily_reader=data.equity_daily_bar_reader,
            adjustment_reader=data.adjustment_reader,
        )


def parameters(start: pd.Timestamp = START, end: pd.Timestamp = END) -> SimulationParameters:
    return SimulationParameters(start, end, get_calendar("XNYS"), capital_base=100_000.0)


@pytest.fixture
def make(portal: DataPortal) -> Any:
    def algorithm(**arguments: Any) -> TradingAlgorithm:
        sim_params = arguments.pop("sim_params", None) or parameters()
        return TradingAlgorithm(sim_params, data_portal=portal, **arguments)

    return algorithm


def test_events_come_in_order(make: Any) -> None:
    seen: list[tuple[str, str, int, int]] = []

    def note(what: str, context: Any) -> None:
        time = f"{api.get_datetime():%d %H:%M}"
        held = sum(position.amount for position in context.portfolio.positions.values())
        seen.append((what, time, held, len(api.get_open_orders())))

    def initialize(context: Any) -> None:
        context.asset = api.symbol("AAPL")
        api.schedule_function(lambda c, _: note("scheduled", c), date_rules.week_start())

    def handle_data(context: Any, data: Any) -> None:
        note("bar", context)
        if data.current_session == START:
            api.order(context.asset, 5)
            note("ordered", context)

    make(
        initialize=initialize,
        handle_data=handle_data,
        before_trading_start=lambda context, _: note("before", context),
    ).run()
    assert seen[:7] == [
        ("before", "03 13:45", 0, 0),
        ("bar", "03 21:00", 0, 0),
        ("ordered", "03 21:00", 0, 1),
        ("scheduled", "03 21:00", 0, 1),
        ("before", "04 13:45", 0, 1),
        ("bar", "04 21:00", 5, 0),
        ("before", "05 13:45", 5, 0),
    ]
    assert [what for what, *_ in seen].count("scheduled") == 2
    assert [what for what, *_ in seen].count("bar") == SESSIONS


def test_context_keeps_attributes_and_records(make: Any) -> None:
    def handle_data(context: Any, data: Any) -> None:
        context.count = getattr(context, "count", 0) + 1
        api.record("a name", context.count, other=data.current(api.symbol("MSFT"), "close"))
        if context.count > 2:
            api.record(late=True)

    algorithm = make(handle_data=handle_data)
    perf = algorithm.run()
    assert algorithm.count == SESSIONS
    assert perf["a name"].tolist() == list(range(1, SESSIONS + 1))
    assert perf["late"].isna().sum() == 2
    assert algorithm.recorded_vars["other"] == perf["other"].iloc[-1]


def test_environment_and_time(make: Any) -> None:
    seen: dict[str, Any] = {}

    def initialize(context: Any) -> None:
        seen["begin"] = api.get_datetime()
        seen["all"] = api.get_environment("*")

    def handle_data(context: Any, data: Any) -> None:
        seen["local"] = api.get_datetime("US/Eastern")
        seen["platform"] = api.get_environment()

    make(initialize=initialize, handle_data=handle_data, platform="here").run()
    assert seen["begin"] == pd.Timestamp("2012-01-03", tz="UTC")
    assert str(seen["local"]) == "2012-01-13 16:00:00-05:00"
    assert seen["platform"] == "here"
    assert seen["all"] == {
        "arena": "backtest",
        "data_frequency": "daily",
        "start": pd.Timestamp("2012-01-03 14:31", tz="UTC"),
        "end": pd.Timestamp("2012-01-13 21:00", tz="UTC"),
        "capital_base": 100_000.0,
        "platform": "here",
    }


CALLS_BY_PHASE = [
    ("initialize", lambda a: api.order(a, 1), errors.OrderDuringInitialize),
    ("initialize", lambda a: api.order_target_percent(a, 1), errors.OrderDuringInitialize),
    (
        "initialize",
        lambda a: api.batch_market_order(pd.Series({a: 1})),
        errors.OrderDuringInitialize,
    ),
    ("before", lambda a: api.order(a, 1), errors.OrderInBeforeTradingStart),
    ("before", lambda a: api.order_value(a, 1), errors.OrderInBeforeTradingStart),
    (
        "before",
        lambda a: api.batch_market_order(pd.Series({a: 1})),
        errors.OrderInBeforeTradingStart,
    ),
    ("bar", lambda _: api.set_slippage(NoSlippage()), errors.SetSlippagePostInit),
    ("bar", lambda _: api.set_commission(PerShare()), errors.SetCommissionPostInit),
    ("bar", lambda _: api.set_cancel_policy(EODCancel()), errors.SetCancelPolicyPostInit),
    ("bar", api.set_benchmark, errors.SetBenchmarkOutsideInitialize),
    ("bar", lambda _: api.set_long_only(), errors.RegisterTradingControlPostInit),
    ("bar", lambda _: api.set_max_leverage(1), errors.RegisterAccountControlPostInit),
    ("initialize", lambda _: api.set_cancel_policy("never"), errors.UnsupportedCancelPolicy),
    (
        "initialize",
        lambda _: api.set_slippage(us_equities=VolatilityVolumeShare(0.1)),
        errors.IncompatibleSlippageModel,
    ),
    (
        "initialize",
        lambda _: api.set_commission(us_equities=PerContract(1, 1)),
        errors.IncompatibleCommissionModel,
    ),
    ("initialize", lambda _: api.set_asset_restrictions([1]), TypeError),
    ("initialize", lambda _: api.set_symbol_lookup_date("soon"), errors.UnsupportedDatetimeFormat),
    ("initialize", lambda _: api.symbol("NOSUCH"), errors.SymbolNotFound),
    ("initialize", lambda _: api.symbol(7), TypeError),
    ("initialize", lambda _: api.sid(4711), errors.SidsNotFound),
    ("initialize", lambda _: api.get_environment("moon"), ValueError),
    (
        "initialize",
        lambda _: api.schedule_function(print, calendar="XNYS"),
        errors.ScheduleFunctionInvalidCalendar,
    ),
    ("bar", lambda _: api.order("AAPL", 1), errors.UnsupportedOrderParameters),
    ("bar", lambda a: api.order(a, float("nan")), ValueError),
    ("bar", lambda a: api.order(a, 1, limit_price=-1.0), errors.BadOrderParameters),
    ("bar", lambda a: api.batch_market_order({a: 1}), TypeError),
    ("bar", lambda a: api.batch_market_order(pd.Series({a: 1.5})), TypeError),
]


@pytest.mark.parametrize(("phase", "call", "error"), CALLS_BY_PHASE)
def test_calls_at_the_wrong_time_or_with_wrong_values(
    make: Any, phase: str, call: Any, error: type[Exception]
) -> None:
    def run(now: str) -> None:
        if now == phase:
            call(api.symbol("AAPL"))

    algorithm = make(
        initialize=lambda _: run("initialize"),
        before_trading_start=lambda *_: run("before"),
        handle_data=lambda *_: run("bar"),
    )
    with pytest.raises(error) as caught:
        algorithm.run()
    assert "\n" not in str(caught.value)
    assert str(caught.value)


def test_style_and_prices_exclude_each_other(make: Any) -> None:
    from rustybt.finance.execution import MarketOrder

    def handle_data(context: Any, data: Any) -> None:
        api.order(api.symbol("AAPL"), 1, stop_price=3.0, style=MarketOrder())

    with pytest.raises(errors.UnsupportedOrderParameters, match="both stop_price and style"):
        make(handle_data=handle_data).run()


@pytest.mark.parametrize("name", ["order", "symbol", "record", "get_datetime", "set_slippage"])
def test_the_api_is_for_simulations(name: str) -> None:
    with pytest.raises(RuntimeError, match=rf"{name} is for strategies"):
        getattr(api, name)()


def test_batch_orders_obey_controls_all_or_none(make: Any) -> None:
    def initialize(context: Any) -> None:
        api.set_long_only()

    def handle_data(context: Any, data: Any) -> None:
        counts = pd.Series([3, -1], index=api.symbols("AAPL", "MSFT"))
        try:
            api.batch_market_order(counts)
        except errors.TradingControlViolation:
            context.refused = True
        assert api.get_open_orders() == {}
        assert len(api.batch_market_order(counts.clip(lower=0))) == 1

    algorithm = make(
        initialize=initialize, handle_data=handle_data, sim_params=parameters(START, START)
    )
    algorithm.run()
    assert algorithm.refused


# --- amounts ----------------------------------------------------------------------------------


@given(st.floats(-1e9, 1e9))
def test_amounts_are_snapped_then_truncated(amount: float) -> None:
    shares = whole(amount)
    nearest = round(amount)
    if abs(amount - nearest) <= 1e-4:
        assert shares == nearest
    else:
        assert shares == np.trunc(amount)


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -float("inf")])
def test_amounts_that_are_not_finite_are_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        whole(amount)


def test_targets_take_the_difference_first(make: Any) -> None:
    def handle_data(context: Any, data: Any) -> None:
        aapl = api.symbol("AAPL")
        price = data.current(aapl, "price")
        held = context.portfolio.positions[aapl].amount
        value = context.portfolio.portfolio_value
        if data.current_session == START:
            api.order(aapl, 100)
            return
        if held == 100:
            identifier = api.order_target_percent(aapl, 0.1)
            expected = int(value * 0.1 / price - 100)
            assert api.get_order(identifier).amount == expected
            # Truncating the target first would be one share off.
            assert expected != int(value * 0.1 / price) - 100
            context.checked = True

    algorithm = make(handle_data=handle_data, sim_params=parameters(START, END))
    algorithm.run()
    assert algorithm.checked


# --- capital, controls, restrictions ------------------------------------------------------------


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_capital_changes_move_cash_not_returns(make: Any, zone: str | None) -> None:
    algorithm = make(
        capital_changes={
            pd.Timestamp("2012-01-05", tz=zone): {"type": "delta", "value": 500.0},
            pd.Timestamp("2012-01-09", tz=zone): {"type": "target", "value": 70_000.0},
        }
    )
    perf = algorithm.run()
    assert perf["ending_cash"].tolist() == [100_000.0] * 2 + [100_500.0] * 2 + [70_000.0] * 5
    assert (perf["returns"] == 0.0).all()
    assert list(algorithm.capital_change_deltas.values()) == [500.0, -30_500.0]


def test_a_capital_change_of_no_kind_is_refused(make: Any) -> None:
    algorithm = make(capital_changes={START: {"type": "gift", "value": 1.0}})
    with pytest.raises(ValueError, match="must be a 'delta' or a 'target', got 'gift'"):
        algorithm.run()


def test_restrictions_stop_orders_and_trading(make: Any) -> None:
    def initialize(context: Any) -> None:
        context.asset = api.symbol("AAPL")
        api.set_asset_restrictions(StaticRestrictions([context.asset]), on_error="log")

    def handle_data(context: Any, data: Any) -> None:
        assert not data.can_trade(context.asset)
        assert data.can_trade(api.symbol("MSFT"))

    make(initialize=initialize, handle_data=handle_data).run()


def test_account_controls_end_the_run(make: Any) -> None:
    def initialize(context: Any) -> None:
        api.set_max_leverage(0.5)

    def handle_data(context: Any, data: Any) -> None:
        api.order_target_percent(api.symbol("AAPL"), 0.9)

    with pytest.raises(errors.AccountControlViolation):
        make(initialize=initialize, handle_data=handle_data).run()


def test_delisted_assets_cannot_be_ordered(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    def handle_data(context: Any, data: Any) -> None:
        context.answer = api.order(api.symbol("DELL"), 1)

    span = parameters(pd.Timestamp("2014-01-02"), pd.Timestamp("2014-01-06"))
    with caplog.at_level(logging.WARNING):
        algorithm = make(handle_data=handle_data, sim_params=span)
        algorithm.run()
    assert algorithm.answer is None
    assert "Cannot place order for DELL, as it has de-listed" in caplog.text


# --- failures -----------------------------------------------------------------------------------


def test_a_failure_keeps_its_type_and_the_results(make: Any) -> None:
    def handle_data(context: Any, data: Any) -> None:
        if data.current_session == pd.Timestamp("2012-01-06"):
            raise LookupError("where is it")

    algorithm = make(handle_data=handle_data)
    whole_run = make().run()
    with pytest.raises(LookupError, match="where is it") as caught:
        algorithm.run()
    assert caught.value.__notes__ == [
        "in the simulation at 2012-01-06 21:00:00+00:00, after 3 whole sessions"
    ]
    partial = caught.value.partial_perf  # type: ignore[attr-defined]
    assert partial is algorithm.partial_perf
    pd.testing.assert_index_equal(partial.index, whole_run.index[:3])
    np.testing.assert_array_equal(partial["portfolio_value"], 100_000.0)
    assert get_algo_instance() is None


def test_an_inner_run_gives_the_api_back(make: Any) -> None:
    def handle_data(context: Any, data: Any) -> None:
        make(handle_data=lambda *_: None, sim_params=parameters(START, START)).run()
        assert get_algo_instance() is context

    make(handle_data=handle_data, sim_params=parameters(START, START)).run()
    assert get_algo_instance() is None


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"data_portal": None}, ValueError, "needs a data_portal or an asset_finder"),
        ({"asset_finder": object()}, ValueError, "is not that of the data_portal"),
        (
            {"trading_calendar": get_calendar("us_futures")},
            ValueError,
            "is not that of sim_params, XNYS",
        ),
        (
            {"script": "x = 1", "handle_data": print},
            ValueError,
            "not both: got handle_data too",
        ),
    ],
)
def test_constructor_refuses_contradictions(
    portal: DataPortal, arguments: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=re.escape(sentence)):
        TradingAlgorithm(parameters(), **{"data_portal": portal, **arguments})


def test_capital_is_needed(portal: DataPortal) -> None:
    nothing = SimulationParameters(START, END, get_calendar("XNYS"), capital_base=0.0)
    with pytest.raises(errors.ZeroCapitalError):
        TradingAlgorithm(nothing, data_portal=portal)


# --- extension points ---------------------------------------------------------------------------


def test_a_script_is_a_strategy(make: Any) -> None:
    script = "from rustybt.api import record\ndef handle_data(c, d):\n    record(x=Y)\n"
    perf = make(script=script, namespace={"Y": 5}, algo_filename="five.py").run()
    assert perf["x"].tolist() == [5] * SESSIONS


def test_functions_scheduled_later_run_from_then_on(make: Any) -> None:
    seen: list[int] = []

    def handle_data(context: Any, data: Any) -> None:
        if data.current_session == pd.Timestamp("2012-01-10"):
            api.schedule_function(lambda *_: seen.append(api.get_datetime().day))

    make(handle_data=handle_data).run()
    assert seen == [10, 11, 12, 13]


def test_rules_and_contexts_of_a_users_own(make: Any) -> None:
    from rustybt.utils.events import EventRule

    class Odd(EventRule):
        """Holds on odd days."""

        def should_trigger(self, dt: pd.Timestamp) -> bool:
            """Tell whether the day is odd."""
            return bool(dt.day % 2)

    seen: list[Any] = []

    @contextmanager
    def around(data: Any) -> Iterator[None]:
        seen.append("in")
        yield
        seen.append("out")

    algorithm = make(
        initialize=lambda context: context.add_event(
            Odd(), lambda *_: seen.append(api.get_datetime().day)
        ),
        create_event_context=around,
        sim_params=parameters(START, pd.Timestamp("2012-01-05")),
    )
    algorithm.run()
    assert seen == ["in", 3, "out", "in", "out", "in", 5, "out"]


def test_metrics_of_a_users_own_see_every_session(make: Any) -> None:
    class Longest:
        """Counts the longest position."""

        def start_of_simulation(self, ledger: Any, *_: Any) -> None:
            """Begin."""
            self.sessions = 0

        def end_of_session(
            self, packet: dict[str, Any], ledger: Any, session: Any, number: int, portal: Any
        ) -> None:
            """Put a figure into the packet."""
            self.sessions += 1
            packet["daily_perf"]["held"] = len(ledger.positions)
            packet["cumulative_risk_metrics"]["so_far"] = self.sessions

    def handle_data(context: Any, data: Any) -> None:
        api.order_target(api.symbol("AAPL"), 3)
        api.record(day=api.get_datetime().day)

    mine = Longest()
    with_mine = make(handle_data=handle_data, metrics_set=[*metrics.load("default"), mine]).run()
    default = make(handle_data=handle_data).run()
    assert with_mine["so_far"].tolist() == list(range(1, SESSIONS + 1))
    assert with_mine["held"].tolist() == [0] + [1] * (SESSIONS - 1)
    # The packets say what the columns say.
    for name in default.columns.drop(["orders", "transactions", "positions", "alpha", "beta"]):
        left, right = with_mine[name], default[name]
        if left.dtype.kind == "f":
            np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-15, err_msg=name)
        else:
            assert left.tolist() == right.tolist(), name
    assert with_mine["transactions"].map(len).tolist() == default["transactions"].map(len).tolist()


def test_a_blotter_of_a_users_own_is_asked_every_bar(make: Any) -> None:
    class Counting(SimulationBlotter):
        """Counts how often it is asked."""

        asked = 0

        def get_transactions(self, bar_data: Any) -> Any:
            """Count, and do what the other does."""
            self.asked += 1
            assert self.current_dt == bar_data.current_dt
            return super().get_transactions(bar_data)

    blotter = Counting()

    def handle_data(context: Any, data: Any) -> None:
        api.order_target(api.symbol("AAPL"), 3)

    perf = make(handle_data=handle_data, blotter=blotter).run()
    assert blotter.asked == SESSIONS
    assert perf["transactions"].map(len).sum() == 1


def test_progress_counts_the_sessions(make: Any) -> None:
    seen: list[tuple[int, int]] = []
    make(progress=lambda done, total: seen.append((done, total))).run()
    assert seen == [(number, SESSIONS) for number in range(1, SESSIONS + 1)]


def test_analyze_sees_the_perf_and_the_api(make: Any) -> None:
    seen: list[Any] = []
    perf = make(analyze=lambda context, perf: seen.append((api.symbol("AAPL").symbol, perf))).run()
    assert seen[0][0] == "AAPL"
    assert seen[0][1] is perf


# --- parameters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2012-01-01", "2012-01-08", "2012-01-03", "2012-01-06"),
        ("2012-01-03 12:00+00:00", "2012-01-06 09:00", "2012-01-03", "2012-01-06"),
    ],
)
def test_days_become_sessions(start: str, end: str, first: str, last: str) -> None:
    span = parameters(pd.Timestamp(start), pd.Timestamp(end))
    assert (str(span.start_session.date()), str(span.end_session.date())) == (first, last)
    assert list(span.sessions) == list(pd.bdate_range(first, last))
    again = span.create_new(span.end_session, span.end_session, "minute")
    assert (again.data_frequency, len(again.sessions)) == ("minute", 1)
    assert "XNYS" in repr(again)


@pytest.mark.parametrize(
    ("start", "end", "more", "sentence"),
    [
        ("2012-01-05", "2012-01-03", {}, "2012-01-05 is after the end 2012-01-03"),
        ("2012-01-07", "2012-01-08", {}, "no session of XNYS from 2012-01-07 to 2012-01-08"),
        ("1890-01-07", "1891-01-08", {}, "outside of the calendar XNYS"),
        ("2012-01-03", "2012-01-05", {"data_frequency": "1h"}, "data_frequency must be"),
        ("2012-01-03", "2012-01-05", {"emission_rate": "1h"}, "emission_rate must be"),
    ],
)
def test_impossible_days_are_refused(
    start: str, end: str, more: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        SimulationParameters(
            pd.Timestamp(start),
            pd.Timestamp(end),
            get_calendar("XNYS"),
            **more,  # type: ignore[arg-type]
        )
