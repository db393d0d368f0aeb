"""Pipelines in strategies, over the bars of bundles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from rustybt import errors, run_algorithm
from rustybt.api import attach_pipeline, pipeline_output, record, symbols
from rustybt.data import bundles
from rustybt.pipeline import Pipeline
from rustybt.pipeline.data import Column, DataSet, EquityPricing, USEquityPricing
from rustybt.pipeline.domain import US_EQUITIES
from rustybt.pipeline.factors import Returns, SimpleMovingAverage
from rustybt.pipeline.loaders import EquityPricingLoader


class Unknown(DataSet):
    """A dataset that no loader knows."""

    value: Any = Column("float64")


def columns() -> dict[str, Any]:
    close = EquityPricing.close
    return {"close": close.latest, "mean": SimpleMovingAverage([close], window_length=5)}


def run(initialize: Any, start: str = "2005-02-01", end: str = "2005-04-29", **more: Any) -> Any:
    return run_algorithm(
        start=pd.Timestamp(start), end=pd.Timestamp(end), initialize=initialize, **more
    )


def test_a_session_sees_the_bar_before_as_history_does() -> None:
    # Apple was split on 2005-02-28, and others paid dividends.
    seen = 0

    def initialize(context: Any) -> None:
        context.stocks = symbols("AAPL", "INTC", "MSFT", "GPS")
        attach_pipeline(Pipeline({"close": EquityPricing.close.latest}), "prices", chunks=7)

    def handle_data(context: Any, data: Any) -> None:
        nonlocal seen
        shown = pipeline_output("prices")["close"].loc[context.stocks]
        known = data.history(context.stocks, "close", 2, "1d").iloc[0]
        np.testing.assert_allclose(shown.to_numpy(), known.to_numpy(), rtol=1e-12)
        seen += 1

    run(initialize, handle_data=handle_data)
    assert seen == 62


@pytest.mark.parametrize("chunks", [1, 13, [3, 1, 8], 10_000])
@pytest.mark.parametrize("eager", [True, False])
def test_chunks_change_no_result(chunks: Any, eager: bool) -> None:
    def strategy(size: Any, now: bool) -> Any:
        def initialize(context: Any) -> None:
            attach_pipeline(Pipeline(columns()), "prices", chunks=size, eager=now)

        def handle_data(context: Any, data: Any) -> None:
            shown = pipeline_output("prices")
            record(close=shown["close"].sum(), mean=shown["mean"].sum(), rows=len(shown))

        return run(initialize, handle_data=handle_data)[["close", "mean", "rows"]]

    pd.testing.assert_frame_equal(strategy(chunks, eager), strategy(None, True), rtol=1e-12)


def test_the_output_of_a_session_is_a_frame_of_its_own() -> None:
    def initialize(context: Any) -> None:
        attach_pipeline(Pipeline(columns(), screen=EquityPricing.close.latest > 30), "prices")
        attach_pipeline(Pipeline({"x": Returns(window_length=2) > 9}, screen=never), "nothing")

    never = EquityPricing.close.latest < 0

    def handle_data(context: Any, data: Any) -> None:
        shown = pipeline_output("prices")
        whole = shown.copy()
        assert list(shown.index) == sorted(shown.index)
        shown["close"] = 0.0
        pd.testing.assert_frame_equal(pipeline_output("prices"), whole)
        assert (whole["close"] > 30).all()
        empty = pipeline_output("nothing")
        assert empty.empty
        assert list(empty.columns) == ["x"]

    run(initialize, end="2005-02-04", handle_data=handle_data)


def test_eager_pipelines_fail_early_and_others_when_they_are_used() -> None:
    bad = Pipeline({"x": Unknown.value.latest})

    def eager(context: Any) -> None:
        attach_pipeline(bad, "bad")

    def late(context: Any) -> None:
        attach_pipeline(bad, "bad", eager=False)

    with pytest.raises(ValueError, match=r"no loader of Unknown<US>.value: pass one in custom_l"):
        run(eager, end="2005-02-04")
    assert len(run(late, end="2005-02-04")) == 4
    with pytest.raises(ValueError, match="there is no loader of"):
        run(late, end="2005-02-04", handle_data=lambda context, data: pipeline_output("bad"))


def test_a_custom_loader_is_found_in_any_domain() -> None:
    from rustybt.pipeline.loaders import DataFrameLoader

    days = pd.bdate_range("2005-01-03", "2005-12-30")
    frame = pd.DataFrame(np.arange(len(days) * 9.0).reshape(-1, 9), days, range(9))
    loader = DataFrameLoader(Unknown.value, frame)
    found = []
    for column in (Unknown.value, Unknown.value.specialize(US_EQUITIES)):
        shown: list[float] = []

        def initialize(context: Any) -> None:
            attach_pipeline(Pipeline({"x": Unknown.value.latest}), "values")

        def handle_data(context: Any, data: Any, shown: list[float] = shown) -> None:
            shown.append(pipeline_output("values")["x"].sum())

        run(initialize, end="2005-02-04", handle_data=handle_data, custom_loader={column: loader})
        found.append(shown)
    assert found[0] == found[1]
    assert found[0][0] == frame.loc["2005-02-01"].sum()


def test_mistakes_are_refused() -> None:
    pipeline = Pipeline(columns())

    def initialize(context: Any) -> None:
        with pytest.raises(errors.PipelineOutputDuringInitialize, match="cannot be called in init"):
            pipeline_output("prices")
        with pytest.raises(TypeError, match="attach_pipeline takes a Pipeline, got 3"):
            attach_pipeline(3, "prices")  # type: ignore[arg-type] # what is tested
        assert attach_pipeline(pipeline, "prices") is pipeline
        with pytest.raises(errors.DuplicatePipelineName, match="named 'prices' is attached alr"):
            attach_pipeline(pipeline, "prices")

    def handle_data(context: Any, data: Any) -> None:
        with pytest.raises(errors.NoSuchPipeline, match=r"named 'price' .* there are 'prices'"):
            pipeline_output("price")
        with pytest.raises(errors.AttachPipelineAfterInitialize, match="only be called in init"):
            attach_pipeline(pipeline, "late")

    run(initialize, end="2005-02-04", handle_data=handle_data)

    def without(context: Any) -> None:
        attach_pipeline(pipeline, "prices", chunks=0)

    with pytest.raises(ValueError, match="must be 1 session at least, got 0"):
        run(without, end="2005-02-04")


def test_windows_must_not_reach_behind_the_bars() -> None:
    def initialize(context: Any) -> None:
        attach_pipeline(Pipeline({"x": Returns(window_length=10)}), "returns")

    with pytest.raises(errors.NoFurtherDataError, match="they begin on 2004-01-02: start later"):
        run(initialize, start="2004-01-12", end="2004-01-20")
    assert len(run(initialize, start="2004-01-16", end="2004-01-20")) == 2


def test_no_pipeline_without_loaders() -> None:
    from rustybt.pipeline.engine import NoEngineRegistered

    with bundles.load("sample") as data:
        algorithm = _without_loaders(data)
        with pytest.raises(NoEngineRegistered, match="pass get_pipeline_loader"):
            algorithm.run()


def _without_loaders(data: Any) -> Any:
    from rustybt.algorithm import TradingAlgorithm
    from rustybt.data.data_portal import DataPortal
    from rustybt.finance.trading import SimulationParameters
    from rustybt.utils.calendar_utils import get_calendar

    calendar = get_calendar("XNYS")
    portal = DataPortal(
        data.asset_finder,
        trading_calendar=calendar,
        first_trading_day=pd.Timestamp("2004-01-02"),
        equity_daily_reader=data.equity_daily_bar_reader,
        adjustment_reader=data.adjustment_reader,
    )
    start, end = pd.Timestamp("2005-02-01"), pd.Timestamp("2005-02-04")
    return TradingAlgorithm(
        SimulationParameters(start, end, calendar),
        data_portal=portal,
        initialize=lambda context: attach_pipeline(Pipeline(columns()), "prices"),
    )


class _Rates:
    """Exchange rates: a unit of every currency is worth two."""

    def get_rates(self, rate: str, quote: str, bases: Any, dts: Any) -> Any:
        assert (rate, quote, set(bases)) == ("default", "EUR", {"USD"})
        return np.full((len(dts), len(bases)), 2.0)


def test_bars_have_currencies() -> None:
    with bundles.load("sample") as data:
        readers = data.equity_daily_bar_reader, data.adjustment_reader
        sids = pd.Index([0, 3, 8])
        dates = US_EQUITIES.sessions()[
            US_EQUITIES.sessions().slice_indexer("2005-02-01", "2005-03")
        ]
        mask = np.ones((len(dates), 3), dtype=bool)
        close, volume, currency = (
            USEquityPricing.close,
            USEquityPricing.volume,
            USEquityPricing.currency,
        )
        plain = EquityPricingLoader.without_fx(*readers)
        assert not plain.currency_aware
        found: Any = plain.load_adjusted_array(
            US_EQUITIES, [close, volume, currency], dates, sids, mask
        )
        assert set(found[currency].data.as_string_array().ravel()) == {"USD"}
        assert set(plain.load_adjusted_array(US_EQUITIES, [currency], dates, sids, mask)) == {
            currency
        }
        aware = EquityPricingLoader(*readers, fx_reader=_Rates())
        assert aware.currency_aware
        euros = close.fx("EUR")
        converted: Any = aware.load_adjusted_array(US_EQUITIES, [euros], dates, sids, mask)
        np.testing.assert_allclose(converted[euros].data, found[close].data * 2.0)
