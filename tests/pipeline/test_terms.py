"""Terms: made once, checked when they are made, and refused with a sentence that says why."""

# ruff: noqa: PLW0108 - nothing may be made before its test runs

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rustybt import errors
from rustybt.assets import Equity, ExchangeInfo
from rustybt.pipeline import CustomClassifier, CustomFactor, CustomFilter, Pipeline, TermGraph
from rustybt.pipeline.classifiers import InvalidClassifierComparison
from rustybt.pipeline.data import Column, DataSet, DataSetFamily, EquityPricing, USEquityPricing
from rustybt.pipeline.domain import (
    CA_EQUITIES,
    GENERIC,
    US_EQUITIES,
    AmbiguousDomain,
    EquityCalendarDomain,
    EquitySessionDomain,
)
from rustybt.pipeline.dtypes import NoDefaultMissingValue
from rustybt.pipeline.expression import BadBinaryOperator
from rustybt.pipeline.factors import (
    EWMA,
    AnnualizedVolatility,
    BollingerBands,
    IchimokuKinkoHyo,
    MACDSignal,
    PeerCount,
    Returns,
    RollingPearson,
    SimpleBeta,
    SimpleMovingAverage,
)
from rustybt.pipeline.filters import AllPresent, PercentileFilter, StaticSids
from rustybt.pipeline.graph import CyclicDependency, ExecutionPlan
from rustybt.pipeline.sentinels import NotSpecified
from rustybt.pipeline.term import AssetExists, Term

ASSET = Equity(7, ExchangeInfo("NYSE", "NYSE", "US"), symbol="AAA")


class Facts(DataSet):
    """A column of each dtype."""

    number: Any = Column(
        "float64", doc="A number.", metadata={"unit": "dollars"}, currency_aware=True
    )
    count: Any = Column("int64", missing_value=-1)
    flag: Any = Column("bool")
    name: Any = Column("object")
    day: Any = Column("datetime64[ns]")


class Family(DataSetFamily):
    """Datasets of two dimensions."""

    extra_dims = (("analyst", {"a", "b"}), ("year", range(3)))
    value: Any = Column("float64")


NUMBER, COUNT, NAME, DAY = (
    Facts.number.latest,
    Facts.count.latest,
    Facts.name.latest,
    Facts.day.latest,
)
FLAG = Facts.flag.latest


class Own(CustomFactor):
    """A factor with a parameter."""

    inputs = (Facts.number,)
    window_length = 2
    params = ("scale",)

    def compute(self, today: Any, assets: Any, out: Any, number: Any, scale: float) -> None:
        out[:] = number[-1] * scale


def test_terms_of_the_same_arguments_are_one_object() -> None:
    assert Own(scale=1.0) is Own(scale=1.0, window_length=2)
    assert Own(scale=1.0) is not Own(scale=2.0)
    assert NUMBER + 1 is NUMBER + 1
    assert NUMBER + 1 is not NUMBER + 2
    assert NUMBER.rank() is NUMBER.rank()
    assert NUMBER.rank() is not NUMBER.rank(mask=FLAG)
    assert NUMBER[ASSET] is NUMBER[ASSET]
    assert Facts.number is Facts.number
    assert AssetExists() is AssetExists()


def test_terms_that_nobody_holds_are_forgotten() -> None:
    term = Own(scale=123.0) + 5
    seen = weakref.ref(term)
    identities = [identity for identity, made in Term._made.items() if made is term]
    assert len(identities) == 1
    del term
    gc.collect()
    assert seen() is None
    assert identities[0] not in Term._made


class Second(CustomFactor):
    """A factor of two outputs."""

    inputs = (Facts.number,)
    outputs = ("low", "high")
    window_length = 3


def test_outputs_are_factors() -> None:
    low, high = Second()
    assert low is Second().low
    assert high.recursive_repr() == "RecarrayField(...)"
    with pytest.raises(AttributeError, match=r"Second has no output 'middle'; there are low, high"):
        _ = Second().middle
    with pytest.raises(AttributeError, match="Own has no attribute 'low'"):
        _ = Own(scale=1.0).low
    with pytest.raises(ValueError, match="Own has one output only"):
        iter(Own(scale=1.0))


def custom(base: type = CustomFactor, /, **attributes: Any) -> type:
    """Return a class of terms with a compute that does nothing."""
    given = {"inputs": (Facts.number,), "window_length": 2} | attributes
    return type("Mine", (base,), {key: value for key, value in given.items() if value is not None})


def wrong(value: Any) -> Any:
    """Return an argument that a type checker would refuse."""
    return value


REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: custom(inputs=None)(), errors.TermInputsNotSpecified, "Mine has no inputs"),
    (lambda: custom(window_length=None)(), errors.WindowLengthNotSpecified, "no window_length"),
    (lambda: custom(window_length=0)(), errors.WindowLengthNotPositive, "1 or more, got 0"),
    (lambda: custom(outputs=())(), errors.TermOutputsEmpty, "outputs of Mine are empty"),
    (lambda: custom(outputs=("inputs",))(), errors.InvalidOutputName, "'inputs' cannot be an"),
    (lambda: custom(outputs=("_x",))(), errors.InvalidOutputName, "'_x' cannot be an output"),
    (lambda: custom()(inputs=[3]), errors.NonPipelineInputs, "got 3 of type int"),
    (lambda: custom()(inputs=[NUMBER]), errors.NonWindowSafeInput, "look at windows of Latest"),
    (lambda: custom(dtype=np.float32)(), errors.UnsupportedDType, "dtype float32"),
    (lambda: custom(dtype="no such")(), errors.NotDType, "got 'no such'"),
    (lambda: custom(dtype=bool)(), errors.UnsupportedDataType, "create a CustomFilter"),
    (lambda: custom(dtype=object)(), errors.UnsupportedDataType, "create a CustomClassifier"),
    (lambda: custom(CustomFilter, dtype=float)(), errors.UnsupportedDataType, "a CustomFactor"),
    (lambda: custom(CustomClassifier, dtype=float)(), errors.UnsupportedDataType, "CustomFactor"),
    (lambda: custom(CustomClassifier)(), errors.DTypeNotSpecified, "Mine has no dtype"),
    (lambda: custom(dtype="int64")(), NoDefaultMissingValue, "pass missing_value"),
    (lambda: custom(missing_value="x")(), TypeError, "missing_value 'x' of Mine"),
    (lambda: custom(params=("mask",))(mask=1), TypeError, "name of an attribute"),
    (lambda: Own(), TypeError, "needs the keyword argument 'scale'"),
    (lambda: Own(scale=[]), TypeError, "a hashable value for 'scale'"),
    (lambda: Own(scale=1, other=2), TypeError, "does not know the arguments other"),
    (lambda: NUMBER + "x", BadBinaryOperator, r"cannot compute Latest \+ str"),
    (lambda: NUMBER + COUNT.eq(1), TypeError, "arithmetic is for float64 only"),
    (lambda: NUMBER > DAY, TypeError, "factors of one dtype only can be compared"),
    (lambda: FLAG & NUMBER, BadBinaryOperator, "cannot compute Latest & Latest"),
    (lambda: -DAY, TypeError, "is for factors of dtype float64, this one is of datetime64"),
    (lambda: DAY.demean(), TypeError, "demean is for factors of dtype float64"),
    (lambda: DAY.isnan(), TypeError, "isnan is for factors of dtype float64"),
    (lambda: NUMBER.demean(mask=3), TypeError, "mask must be a filter, got 3"),
    (lambda: NUMBER.demean(groupby=NUMBER), TypeError, "groupby must be a classifier"),
    (lambda: NUMBER.rank("best"), errors.UnknownRankMethod, "'best': use one of average"),
    (lambda: NUMBER.winsorize(0.5, 0.2), errors.BadPercentileBounds, "min_percentile=0.5"),
    (lambda: NUMBER.percentile_between(0, 101), errors.BadPercentileBounds, "<= 100.0"),
    (lambda: NUMBER.downsample("hourly"), ValueError, "frequency must be one of year_start"),
    (lambda: NUMBER["AAA"], TypeError, "indexed by assets, got 'AAA'"),
    (lambda: Facts.number[ASSET], errors.NonSliceableTerm, "append .latest to it first"),
    (lambda: Facts.number > 1, TypeError, r"Facts.number is a column.*append .latest"),
    (lambda: iter(NUMBER.rank()), TypeError, "Rank is not iterable"),
    (lambda: FLAG.isnull(), TypeError, "isnull is not for filters"),
    (lambda: FLAG.notnull(), TypeError, "notnull is not for filters"),
    (lambda: FLAG.fillna(0), TypeError, "fillna is not for filters"),
    (lambda: NUMBER.fillna(Facts.number), TypeError, "a column, which cannot fill"),
    (lambda: NUMBER.fillna("x"), TypeError, "fill_value 'x' does not fit"),
    (lambda: FLAG.if_else(NUMBER, COUNT), TypeError, "two terms of one kind"),
    (lambda: FLAG.if_else(NUMBER, DAY), TypeError, "one dtype, got float64 and datetime64"),
    (lambda: FLAG.if_else(NUMBER, 3), TypeError, "takes factors, filters or classifiers"),
    (lambda: FLAG.if_else(Second(), NUMBER), ValueError, "the same outputs"),
    (lambda: NUMBER.isnull().if_else(COUNT, Count(0)), ValueError, "same missing value"),
    (lambda: COUNT.eq(-1), ValueError, "-1 is the missing value .* use isnull"),
    (lambda: COUNT.eq("x"), InvalidClassifierComparison, "cannot be compared with 'x'"),
    (lambda: NAME != 3, InvalidClassifierComparison, "cannot be compared with 3 of type int"),
    (lambda: COUNT > 3, TypeError, "classifiers have no order"),
    (lambda: COUNT.startswith("x"), TypeError, "startswith is for classifiers of strings"),
    (lambda: COUNT.relabel(str), TypeError, "relabel is for classifiers of strings"),
    (lambda: COUNT.element_of([1, -1]), ValueError, "-1 is the missing value"),
    (lambda: COUNT.element_of([1, "x"]), TypeError, r"of dtype int64 got \['x'\]"),
    (lambda: COUNT.element_of([[]]), TypeError, "an iterable of hashable values"),
    (
        lambda: SimpleMovingAverage([Facts.number, Facts.flag], window_length=2),
        ValueError,
        "one in",
    ),
    (lambda: Returns(window_length=1), ValueError, "a window_length of 2 at least"),
    (lambda: PeerCount([COUNT], window_length=2), errors.NonWindowSafeInput, "look at windows"),
    (lambda: PeerCount([Facts.count], window_length=2), ValueError, "PeerCount counts one date"),
    (lambda: AllPresent([FLAG], window_length=2), TypeError, "AllPresent is not for filters"),
    (lambda: EWMA.from_span([Facts.number], 3, span=1), ValueError, "span must be greater than 1"),
    (lambda: EWMA.from_halflife([Facts.number], 3, halflife=0), ValueError, "halflife must be"),
    (lambda: EWMA.from_center_of_mass([Facts.number], 3, -1), ValueError, "center_of_mass must"),
    (lambda: MACDSignal(5, 5), ValueError, "slow_period must be greater than fast_period"),
    (lambda: MACDSignal(0, 5), ValueError, "must be 1 at least"),
    (lambda: IchimokuKinkoHyo(window_length=20), ValueError, "kijun_sen_length must not exceed"),
    (lambda: SimpleBeta(ASSET, 2), ValueError, "a length of 3 dates at least, got 2"),
    (lambda: SimpleBeta(ASSET, 9, 1.5), ValueError, "between 0 and 1, got 1.5"),
    (lambda: SimpleBeta(wrong("AAA"), 9), TypeError, "target must be an asset, got 'AAA'"),
    (lambda: Returns(window_length=2).pearsonr(NAME, 5), TypeError, "float64 or int64, got object"),
    (
        lambda: RollingPearson(Returns(window_length=2), Returns(window_length=2, mask=FLAG), 5),
        errors.IncompatibleTerms,
        "must have the same mask",
    ),
    (
        lambda: USEquityPricing.close.latest + Canadian.value.latest,
        AmbiguousDomain,
        "terms of several domains cannot be computed together",
    ),
    (lambda: Canadian.specialize(US_EQUITIES), ValueError, "it cannot be of"),
    (lambda: Column(int, currency_aware=True), ValueError, "must be of dtype float64"),
    (lambda: type("Bad", (DataSet,), {"x": Column("int64")}), NoDefaultMissingValue, "to Column"),
    (lambda: type("Bad", (DataSet,), {"domain": 3}), TypeError, "must be a Domain"),
    (lambda: type("Bad", (Facts, Canadian), {}), TypeError, "derive from one other dataset only"),
    (lambda: Facts.get_column("price"), AttributeError, "has no column 'price'; there are count"),
    (lambda: Facts.count.fx("EUR"), TypeError, "Facts.count is no amount of money"),
    (lambda: Family.value, AttributeError, r"choose one of them, as in Family.slice\(...\).value"),
    (lambda: Family.slice("a"), TypeError, "no value for the dimensions year"),
    (lambda: Family.slice("a", 1, 2), TypeError, "got 3 values"),
    (lambda: Family.slice("a", analyst="b"), TypeError, "two values for the dimension 'analyst'"),
    (lambda: Family.slice("a", day=3), TypeError, "no dimension 'day'; there are analyst, year"),
    (lambda: Family.slice("c", 1), ValueError, "'c' is no value of the dimension 'analyst'"),
    (lambda: type("Bad", (DataSetFamily,), {}), ValueError, "must define extra_dims"),
    (lambda: Pipeline({"x": Facts.number}), TypeError, "the column 'x' must be .* append .latest"),
    (lambda: Pipeline({"x": 3}), TypeError, "must be a factor, filter or classifier, got 3"),
    (lambda: Pipeline(wrong([])), TypeError, "columns must be a dict"),
    (lambda: Pipeline(wrong({3: NUMBER})), TypeError, "name of a column must be a string"),
    (lambda: Pipeline({"x": NUMBER.mean()}), errors.UnsupportedPipelineOutput, "one value a date"),
    (lambda: Pipeline(screen=NUMBER), TypeError, "the screen must be a filter"),
    (lambda: Pipeline(domain=wrong("US")), TypeError, "domain must be a Domain"),
    (lambda: Pipeline({"x": NUMBER}).add(NUMBER, "x"), KeyError, "a column 'x' already"),
    (lambda: Pipeline(screen=FLAG).set_screen(FLAG), ValueError, "a screen already"),
    (lambda: Pipeline().remove("x"), KeyError, "x"),
    (
        lambda: Pipeline({"x": USEquityPricing.close.latest}, domain=CA_EQUITIES).domain(GENERIC),
        ValueError,
        "the pipeline is of .*CA.*, its terms are of .*US",
    ),
    (lambda: EquityCalendarDomain("US", "XNYS", pd.Timedelta(0)), ValueError, "must be negative"),
    (
        lambda: US_EQUITIES.data_query_cutoff_for_sessions(pd.DatetimeIndex(["2015-01-04"])),
        ValueError,
        "no sessions of the calendar XNYS: 2015-01-04",
    ),
    (lambda: US_EQUITIES.roll_forward("2200-01-01"), ValueError, "is past .* the last session"),
    (
        lambda: EquitySessionDomain(
            pd.DatetimeIndex(["2015-01-05"]), "US", pd.Timestamp("09:00").time()
        ),
        ValueError,
        "needs a time zone",
    ),
]


class Canadian(DataSet):
    """A dataset of one domain only."""

    domain = CA_EQUITIES
    value: Any = Column("float64")


def Count(missing: int) -> Any:  # noqa: N802 - made as a term is
    """Return a classifier of another missing value."""
    dataset = type("Other", (DataSet,), {"count": Column("int64", missing_value=missing)})
    return dataset.count.latest  # type: ignore[attr-defined]


@pytest.mark.parametrize(("make", "error", "sentence"), REFUSED)
def test_mistakes_are_refused(
    make: Callable[[], Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error) as caught:
        make()
    assert re.search(sentence, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        (Facts.number, "Facts.number::float64"),
        (USEquityPricing.close, "EquityPricing<US>.close::float64"),
        (Facts.number.fx("eur"), "Facts.number.fx('EUR')::float64"),
        (NUMBER, "Latest([Facts.number], 1)"),
        (Own(scale=1.0), "Own([Facts.number], 2)"),
        (
            NUMBER / 2 > 1,
            (
                "NumExprFilter(expr='((x_0) / ((2.0))) > ((1.0))', "
                "bindings={'x_0': Latest([Facts.number], 1)})"
            ),
        ),
        (NUMBER.rank(mask=FLAG), "Rank(Latest(...), method='ordinal', mask=Latest(...))"),
        (NUMBER.top(1), "Maximum(Latest(...), groupby=Everything(...), mask=AssetExists)"),
        (NUMBER.mean(), "Latest(...).mean()"),
        (NUMBER[ASSET], "Latest(...)[Equity(7 [AAA])]"),
        (NUMBER.alias("x"), "AliasedFactor(Latest(...), name='x')"),
        (SimpleBeta(ASSET, 8), "SimpleBeta(Equity(7 [AAA]), length=8, allowed_missing=2)"),
        (AssetExists(), "AssetExists()"),
        (NotSpecified, "NotSpecified"),
        (Facts, "<DataSet: 'Facts', domain=GENERIC>"),
        (Family, "<DataSetFamily: 'Family', extra_dims=['analyst', 'year']>"),
    ],
)
def test_terms_say_what_they_are(term: object, shown: str) -> None:
    assert repr(term) == shown


def test_columns_belong_to_domains() -> None:
    assert EquityPricing.close.specialize(US_EQUITIES) is USEquityPricing.close
    assert USEquityPricing.close.unspecialize() is EquityPricing.close
    assert USEquityPricing.unspecialize() is EquityPricing
    assert (USEquityPricing.close.latest + EquityPricing.open.latest).domain is US_EQUITIES
    assert Facts.number.domain is GENERIC
    assert Facts.number.metadata == {"unit": "dollars"}
    assert Facts.number.__doc__ == "A number."
    assert {column.name for column in Facts.columns} == {"number", "count", "flag", "name", "day"}


def test_families_give_one_dataset_for_the_same_coordinates() -> None:
    first = Family.slice("a", 1)
    assert first is Family.slice(year=1, analyst="a")
    assert first is not Family.slice("b", 1)
    assert first.extra_coords == {"analyst": "a", "year": 1}
    assert first.dataset_family is Family
    assert repr(first.value) == "Family.slice(analyst='a', year=1).value::float64"


def test_expressions_of_many_operations_do_not_reach_the_limit_of_recursion() -> None:
    term = NUMBER
    for place in range(3_000):
        term = (term + place) if place % 2 else (1.0 - term)
    graph = TermGraph({"x": term})
    assert len(graph) > 10
    assert graph.loadable_terms == {Facts.number}


def test_a_cycle_is_refused() -> None:
    first, second = Own(scale=-1.0), Own(scale=-2.0)
    first.__dict__["dependencies"] = {second: 0}
    second.__dict__["dependencies"] = {first: 0}
    try:
        with pytest.raises(CyclicDependency, match="terms depend on themselves"):
            TermGraph({"x": first})
    finally:
        del first.__dict__["dependencies"], second.__dict__["dependencies"]


def test_a_plan_counts_the_rows_before() -> None:
    sessions = US_EQUITIES.sessions()
    short = AnnualizedVolatility(window_length=5)
    long = SimpleMovingAverage([USEquityPricing.close], window_length=20)
    plan = ExecutionPlan(US_EQUITIES, {"a": short, "b": long}, sessions[300], sessions[310])
    returns = Returns(window_length=2)
    assert plan.extra_rows[returns] == 4
    assert plan.extra_rows[USEquityPricing.close] == 19
    assert plan.inputs_of(long) == [(USEquityPricing.close, 0)]
    assert plan.inputs_of(returns) == [(USEquityPricing.close, 19 - 4 - 1)]
    monthly = ExecutionPlan(
        US_EQUITIES, {"a": long.downsample("month_start")}, sessions[300], sessions[310]
    )
    first = sessions[300 - monthly.extra_rows[long.downsample("month_start")]]
    assert first.month == sessions[300].month
    assert sessions[int(sessions.searchsorted(first)) - 1].month != first.month


def test_a_pipeline_keeps_its_columns() -> None:
    pipeline = Pipeline({"x": NUMBER})
    pipeline.add(COUNT, "y")
    pipeline.add(FLAG, "x", overwrite=True)
    assert pipeline.columns == {"x": FLAG, "y": COUNT}
    assert pipeline.remove("y") is COUNT
    assert pipeline.screen is None
    pipeline.set_screen(FLAG)
    pipeline.set_screen(StaticSids([1]), overwrite=True)
    assert pipeline.screen is StaticSids([1])
    assert Pipeline({"x": USEquityPricing.close.latest}).domain(GENERIC) is US_EQUITIES
    assert Pipeline(domain=CA_EQUITIES).domain(US_EQUITIES) is CA_EQUITIES
    assert Pipeline({"x": NUMBER}).domain(CA_EQUITIES) is CA_EQUITIES


def test_drawings(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from rustybt.pipeline.drawing import dot

    pipeline = Pipeline({'the "one"': BollingerBands([Facts.number], window_length=5, k=2).upper})
    text = dot(pipeline.to_simple_graph(AssetExists()))
    assert '[label="the \\"one\\"\\nBollingerBands(...).upper"]' in text
    assert "Dataset: Facts" in text
    assert "AssetExists" not in text
    assert text.count("->") == 2
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="needs Graphviz: its program dot is not on PATH"):
        pipeline.show_graph()
    with pytest.raises(ValueError, match="format must be one of svg, png, jpeg, got 'gif'"):
        pipeline.show_graph("gif")
    # A stand-in, which shows that it gets the text and that its output is passed on.
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n/bin/echo {chr(34)}<svg>$1{chr(34)}; /bin/cat\n")
    program.chmod(0o755)
    drawing = pipeline.show_graph()
    assert drawing._repr_svg_() == f"<svg>-Tsvg\n{text}"
    assert drawing._repr_png_() is None


def test_percentiles_of_dates_without_values_are_nothing() -> None:
    term = PercentileFilter(NUMBER, 10, 90)
    values = np.array([[1.0, 2.0, 3.0], [np.nan, np.nan, np.nan]])
    found = term._compute([values], None, None, np.ones((2, 3), dtype=bool))
    np.testing.assert_array_equal(found, [[False, True, False], [False, False, False]])
