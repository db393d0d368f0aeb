"""What terms compute, held to independent references, and what the engine does around it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pipeline_cases
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rustybt.errors import NoFurtherDataError
from rustybt.pipeline import CustomFactor, Pipeline, SimplePipelineEngine
from rustybt.pipeline.data import Column, DataSet, USEquityPricing
from rustybt.pipeline.domain import CA_EQUITIES, US_EQUITIES
from rustybt.pipeline.engine import ExplodingPipelineEngine, NoEngineRegistered
from rustybt.pipeline.factors import Returns, RollingLinearRegression, SimpleMovingAverage
from rustybt.pipeline.factors._statistics import (
    nanargmax,
    nanargmin,
    nanmax,
    nanmean,
    nanmin,
    nanstd,
    nansum,
    two_sided_p,
)
from rustybt.pipeline.factors.statistical import vectorized_beta, vectorized_pearson_r
from rustybt.pipeline.filters import SingleAsset
from rustybt.pipeline.hooks import NoHooks, PipelineHooks
from rustybt.pipeline.loaders import DataFrameLoader

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = st.one_of(st.just(np.nan), st.floats(-1e3, 1e3, width=32))
MATRICES = st.tuples(st.integers(1, 8), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=VALUES)
)


class Facts(DataSet):
    """Columns of generated numbers."""

    first: Any = Column("float64")
    second: Any = Column("float64")


@given(MATRICES)
@settings(deadline=None)
def test_statistics_leave_nan_out(values: Any) -> None:
    frame = pd.DataFrame(values)
    np.testing.assert_allclose(nanmean(values), frame.mean(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(nanstd(values), frame.std(ddof=0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(nansum(values), frame.sum(), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(nanmax(values), frame.max())
    np.testing.assert_array_equal(nanmin(values), frame.min())
    for found, wanted in ((nanargmax(values), np.nanargmax), (nanargmin(values), np.nanargmin)):
        for column, place in enumerate(found):
            known = values[:, column]
            assert np.isnan(known).all() if np.isnan(place) else wanted(known) == place


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.integers(1, 400))
@settings(deadline=None)
def test_p_values_are_those_of_students_t(t: list[float], freedom: int) -> None:
    found = two_sided_p(np.array(t), freedom)
    wanted = 2.0 * scipy.stats.t.sf(np.abs(t), freedom)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-290)


@pytest.mark.parametrize("length", [2, 3, 10, 60])
@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero):RuntimeWarning:scipy")
def test_regressions_are_those_of_scipy(length: int) -> None:
    rng = np.random.default_rng(length)
    x = rng.normal(size=(length, 1))
    y = np.concatenate([rng.normal(size=(length, 3)), 2.0 * x + 1.0, np.full((length, 1), 3.0)], 1)
    term = RollingLinearRegression(Facts.first, Facts.second, length)
    out = np.recarray(5, formats=["f8"] * 5, names=list(term.outputs))
    term.compute(None, None, out, y, x)
    for column in range(4):
        wanted = scipy.stats.linregress(x[:, 0], y[:, column])
        found = [out[name][column] for name in term.outputs]
        expected = [wanted.intercept, wanted.slope, wanted.rvalue, wanted.pvalue, wanted.stderr]
        if length == 2:
            # Two points say nothing of how sure a slope is.
            expected[3:] = [np.nan, np.nan]
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)
    assert out["beta"][4] == 0.0
    y[0, 0] = np.nan
    term.compute(None, None, out, y, x)
    assert all(np.isnan(out[name][0]) for name in term.outputs)
    term.compute(None, None, out, y, np.ones((length, 1)))
    assert all(np.isnan(out[name]).all() for name in term.outputs)


def test_correlations_and_betas_with_missing_values() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(30, 1)), rng.normal(size=(30, 3))
    y[:4, 0], y[:9, 1] = np.nan, np.nan
    correlations = vectorized_pearson_r(y, x, allowed_missing=5)
    betas = vectorized_beta(y, x, allowed_missing=5)
    for column, known in ((0, slice(4, None)), (2, slice(None))):
        wanted = scipy.stats.linregress(x[known, 0], y[known, column])
        np.testing.assert_allclose(correlations[column], wanted.rvalue)
        np.testing.assert_allclose(betas[column], wanted.slope)
    assert np.isnan(correlations[1])
    assert np.isnan(betas[1])


@pytest.mark.parametrize("method", ["ordinal", "average", "min", "max", "dense"])
@pytest.mark.parametrize("ascending", [True, False])
def test_ranks_are_those_of_scipy(
    engine: pipeline_cases.Engine, method: str, ascending: bool
) -> None:
    x, sector, flag = (engine.data.number, engine.data.sector, engine.data.flag)
    columns = {
        "value": x.latest,
        "sector": sector.latest,
        "flag": flag.latest,
        "rank": x.latest.rank(method, ascending, mask=flag.latest),
        "grouped": x.latest.rank(method, ascending, mask=flag.latest, groupby=sector.latest),
    }
    frame = engine.run(columns).reset_index(names=["date", "asset"])
    frame["value"] = frame["value"].where(frame["flag"])
    sign = 1.0 if ascending else -1.0

    def ranked(values: Any) -> Any:
        out = np.full(len(values), np.nan)
        known = values.notna().to_numpy()
        out[known] = scipy.stats.rankdata(sign * values[known], method=method)
        return pd.Series(out, index=values.index)

    wanted = frame.groupby("date")["value"].transform(ranked)
    np.testing.assert_array_equal(frame["rank"], wanted)
    grouped = frame[frame["sector"] >= 0].groupby(["date", "sector"])["value"].transform(ranked)
    np.testing.assert_array_equal(frame.loc[grouped.index, "grouped"], grouped)
    assert frame.loc[frame["sector"] < 0, "grouped"].isna().all()


def test_windows_show_what_was_known(engine: pipeline_cases.Engine) -> None:
    seen: dict[Any, Any] = {}

    class Watch(CustomFactor):
        """Keeps the windows of an asset that was split."""

        inputs = (USEquityPricing.close,)
        window_length = 3

        def compute(self, today: Any, assets: Any, out: Any, close: Any) -> None:
            seen[today] = close[:, list(assets).index(1)].copy()
            close[:] = 0.0
            out[:] = close[0]

    engine.run({"x": Watch(), "y": USEquityPricing.close.latest})
    split = engine.sessions[62]
    loader = engine.loaders[USEquityPricing.close.unspecialize()]
    raw = loader.baseline[:, 1]
    np.testing.assert_allclose(seen[engine.sessions[61]], raw[59:62])
    np.testing.assert_allclose(seen[split], np.append(raw[60:62] * 0.5, raw[62]))
    np.testing.assert_allclose(seen[engine.sessions[64]], raw[62:65])


def test_a_later_value_changes_no_earlier_result(engine: pipeline_cases.Engine) -> None:
    columns = {
        "a": SimpleMovingAverage([USEquityPricing.close], window_length=9).rank(),
        "b": Returns(window_length=5).zscore(),
    }
    before = engine.run(columns)
    loader = engine.loaders[USEquityPricing.close.unspecialize()]
    day = 74
    kept = loader.baseline.copy()
    try:
        loader.baseline[day:] *= 1.7
        after = engine.run(columns)
    finally:
        loader.baseline[:] = kept
    past = before.index.get_level_values(0) < engine.sessions[day]
    pd.testing.assert_frame_equal(before[past], after[past])
    assert not before[~past].equals(after[~past])


class Recorder(PipelineHooks):
    """Notes what is entered and left."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @contextmanager
    def _note(self, name: str) -> Iterator[None]:
        self.seen.append(f"+{name}")
        yield
        self.seen.append(f"-{name}")

    def running_pipeline(self, pipeline: Any, start_date: Any, end_date: Any) -> Any:
        return self._note("run")

    def computing_chunk(self, terms: Any, start_date: Any, end_date: Any) -> Any:
        return self._note("chunk")

    def loading_terms(self, terms: Any) -> Any:
        return self._note(f"load {len(terms)}")

    def computing_term(self, term: Any) -> Any:
        return self._note(type(term).__name__)


def test_hooks_see_the_work(engine: pipeline_cases.Engine) -> None:
    hook = Recorder()
    made = SimplePipelineEngine(
        lambda column: engine.loaders[column.unspecialize()],
        engine.finder,
        US_EQUITIES,
        default_hooks=[hook],
    )
    pipeline = Pipeline({"x": Returns(window_length=3)})
    dates = engine.sessions[70], engine.sessions[71]
    made.run_pipeline(pipeline, *dates, hooks=[NoHooks()])
    assert hook.seen == [
        *("+run", "+chunk", "+load 1", "-load 1", "+Returns", "-Returns", "-chunk", "-run"),
    ]


def test_what_is_known_is_not_computed(engine: pipeline_cases.Engine) -> None:
    term = Returns(window_length=3)

    def populate(workspace: Any, root: Any, plan: Any, dates: Any, assets: Any) -> Any:
        values = np.arange(len(dates) * len(assets), dtype=np.float64)
        return {**workspace, term: values.reshape(len(dates), len(assets))[-2:]}

    def no_loader(column: Any) -> Any:
        raise AssertionError(f"{column} was loaded")

    made = SimplePipelineEngine(no_loader, engine.finder, US_EQUITIES, populate)
    dates = engine.sessions[70], engine.sessions[71]
    frame = made.run_pipeline(Pipeline({"x": term, "y": term + 1}), *dates)
    np.testing.assert_array_equal(frame["y"], frame["x"] + 1)


@pytest.mark.parametrize("group", ["classifiers", "basic", "filters"])
def test_results_can_be_given_back_as_known(group: str, engine: pipeline_cases.Engine) -> None:
    columns = pipeline_cases.GROUPS[group](engine)
    frame = engine.run(columns)
    exists = frame.index.get_level_values(1).unique().sort_values()
    for name, term in columns.items():
        values = term.to_workspace_value(frame[name], exists)
        assert values.shape == (pipeline_cases.END - pipeline_cases.START + 1, len(exists))
        for place, (date, asset) in enumerate(frame.index[::37]):
            row = engine.sessions.get_loc(date) - pipeline_cases.START
            found, wanted = values[row, exists.get_loc(asset)], frame[name].iloc[place * 37]
            assert found == wanted or (pd.isna(found) and pd.isna(wanted)) or pd.isna(wanted)


def test_no_rows_have_the_dtypes_of_the_terms(engine: pipeline_cases.Engine) -> None:
    columns = {"number": engine.data.number.latest, "flag": engine.data.flag.latest}
    frame = engine.run(columns, screen=engine.data.number.latest > 1e9)
    assert frame.empty
    assert frame.index.nlevels == 2
    assert frame.dtypes.to_dict() == {"number": np.dtype("float64"), "flag": np.dtype("bool")}


def test_the_engine_refuses_what_it_cannot_compute(engine: pipeline_cases.Engine) -> None:
    pipeline = Pipeline({"x": Returns(window_length=3)})
    first, last = engine.sessions[70], engine.sessions[71]
    made = SimplePipelineEngine(
        lambda column: engine.loaders[column.unspecialize()], engine.finder, US_EQUITIES
    )
    weekend = pd.Timestamp("2012-01-07")
    early = US_EQUITIES.sessions()[1]
    canadian = Pipeline({"x": engine.data.number.latest}, domain=CA_EQUITIES)
    with pytest.raises(ValueError, match=r"start_date .* is after end_date"):
        made.run_pipeline(pipeline, last, first)
    with pytest.raises(ValueError, match=r"the start_date 2012-01-07 .* is no session"):
        made.run_pipeline(pipeline, weekend, last)
    with pytest.raises(ValueError, match=r"the end_date 2012-01-07 .* is no session"):
        made.run_pipeline(pipeline, engine.sessions[0], weekend)
    with pytest.raises(NoFurtherDataError, match="2 sessions before"):
        made.run_pipeline(pipeline, early, early)
    with pytest.raises(NoFurtherDataError, match="reaches back too far"):
        made.run_pipeline(
            Pipeline({"x": Returns(window_length=3).downsample("week_start")}), early, early
        )
    with pytest.raises(ValueError, match="no asset of the country CA existed"):
        made.run_pipeline(canadian, *CA_EQUITIES.sessions()[[3000, 3001]])
    with pytest.raises(ValueError, match="chunksize must be 1 or more, got 0"):
        made.run_chunked_pipeline(pipeline, first, last, 0)
    undecided = SimplePipelineEngine(lambda column: None, engine.finder)
    with pytest.raises(ValueError, match="pass domain to Pipeline"):
        undecided.run_pipeline(Pipeline({"x": engine.data.number.latest}), first, last)
    with pytest.raises(NoEngineRegistered, match="pass get_pipeline_loader"):
        ExplodingPipelineEngine().run_pipeline(pipeline, first, last)
    with pytest.raises(NoEngineRegistered, match="pass get_pipeline_loader"):
        ExplodingPipelineEngine().run_chunked_pipeline(pipeline, first, last, 3)
    with pytest.raises(ValueError, match="DataFrameLoader has no currency rates for"):
        SimplePipelineEngine(
            lambda column: engine.loaders[USEquityPricing.close.unspecialize()],
            engine.finder,
            US_EQUITIES,
        ).run_pipeline(Pipeline({"x": USEquityPricing.close.fx("EUR").latest}), first, last)
    with pytest.raises(ValueError, match=r"was asked for \[.*number.*\] and loaded \[\]"):
        SimplePipelineEngine(lambda column: _Nothing(), engine.finder, US_EQUITIES).run_pipeline(
            Pipeline({"x": engine.data.number.latest}), first, last
        )


class _Nothing:
    """A loader that forgets what it was asked for."""

    currency_aware = False

    def load_adjusted_array(self, *_args: Any) -> dict[Any, Any]:
        return {}


def test_assets_that_do_not_exist_are_refused(engine: pipeline_cases.Engine) -> None:
    from rustybt.errors import NonExistentAssetInTimeFrame

    gone = engine.assets[4]
    with pytest.raises(NonExistentAssetInTimeFrame, match=r"S04.*does not exist on every session"):
        engine.run({"x": SingleAsset(gone)})


def test_frames_are_checked(engine: pipeline_cases.Engine) -> None:
    dates = pd.DatetimeIndex(["2012-01-03", "2012-01-03"])
    twice = pd.DataFrame(np.zeros((2, 1)), index=dates, columns=[0])
    with pytest.raises(ValueError, match=r"Facts.first has dates or sids that come twice"):
        DataFrameLoader(Facts.first, twice)
    once = twice.iloc[:1]
    with pytest.raises(ValueError, match="lack the columns value, kind"):
        DataFrameLoader(Facts.first, once, pd.DataFrame(columns=["sid", "start_date"]))
    loader = DataFrameLoader(Facts.first, once)
    with pytest.raises(ValueError, match=r"this loader is of Facts.first.*asked for \[Facts.sec"):
        loader.load_adjusted_array(
            US_EQUITIES, [Facts.second], dates[:1], pd.Index([0]), np.ones((1, 1), dtype=bool)
        )
