"""Pipelines over generated data, made of the modules of either engine, zipline or rustybt."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

SESSIONS = 90
START, END = 60, 84
ASSETS = 14
SEED = 20141231
FIELDS = ("open", "high", "low", "close", "volume")


class Engine:
    """The modules of an engine, its assets and the loaders of the generated columns."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.domain = self.module("pipeline.domain").US_EQUITIES
        sessions = self.domain.sessions()
        first = int(sessions.searchsorted(pd.Timestamp("2012-01-03")))
        self.sessions = sessions[first : first + SESSIONS]
        self._folder = tempfile.TemporaryDirectory()
        self.finder = self._finder()
        self.assets = self.finder.retrieve_all(range(ASSETS))
        self.loaders: dict[Any, Any] = {}
        self.data = self._dataset()
        self.events = self._events()

    def close(self) -> None:
        """Remove the asset database."""
        self.finder.engine.dispose()
        self._folder.cleanup()

    def module(self, path: str) -> Any:
        """Import a module of the engine."""
        return import_module(f"{self.name}.{path}")

    def _finder(self) -> Any:
        assets = self.module("assets")
        starts = [self.sessions[0] - pd.Timedelta(days=30)] * ASSETS
        ends = [self.sessions[-1] + pd.Timedelta(days=30)] * ASSETS
        # One is listed late, one delisted, one listed within the dates of the results.
        starts[3], ends[4] = self.sessions[20], self.sessions[70]
        starts[5] = self.sessions[START + 5]
        equities = pd.DataFrame(
            {
                "symbol": [f"S{sid:02}" for sid in range(ASSETS)],
                "asset_name": [f"Stock {sid}" for sid in range(ASSETS)],
                "start_date": starts,
                "end_date": ends,
                "exchange": "NYSE",
            },
            index=range(ASSETS),
        )
        exchanges = pd.DataFrame(
            {"exchange": ["NYSE"], "canonical_name": ["NYSE"], "country_code": ["US"]}
        )
        database = sa.create_engine(f"sqlite:///{Path(self._folder.name) / 'assets.sqlite'}")
        assets.AssetDBWriter(database).write(equities=equities, exchanges=exchanges)
        return assets.AssetFinder(database)

    def _dataset(self) -> Any:
        data = self.module("pipeline.data")
        Column = data.Column  # noqa: N806 - a class

        class Generated(data.DataSet):  # type: ignore[misc,name-defined] # of either engine
            number = Column("float64")
            other = Column("float64")
            count = Column("int64", missing_value=-1)
            flag = Column("bool")
            sector = Column("int64", missing_value=-1)
            name = Column("object", missing_value="")
            event = Column("datetime64[ns]")

        self._load(Generated)
        return Generated

    def _events(self) -> Any:
        data = self.module("pipeline.data")
        Column = data.Column  # noqa: N806 - a class

        class Events(data.DataSet):  # type: ignore[misc,name-defined] # of either engine
            next_date = Column("datetime64[ns]")
            next_value = Column("float64")
            previous_date = Column("datetime64[ns]")
            previous_count = Column("int64", missing_value=-9)
            previous_name = Column("object", missing_value="")

        rng = np.random.default_rng(SEED + 1)
        count = 120
        # Of each asset in the order in which they become known; some only after they happened.
        days = np.sort(rng.choice(np.arange(20, SESSIONS), count))
        table = pd.DataFrame(
            {
                "sid": rng.integers(0, ASSETS, count),
                "event_date": self.sessions[days],
                "timestamp": self.sessions[np.maximum(days - 12, 0)]
                + pd.to_timedelta(np.where(np.arange(count) % 5 == 0, 400, 3), "h"),
                "value": rng.normal(size=count),
                "count": rng.integers(0, 50, count),
                "name": np.array(["up", "down", "flat"], dtype=object)[rng.integers(0, 3, count)],
            }
        ).drop_duplicates(["sid", "event_date"])
        domain = self.domain
        columns = Events.specialize(domain)
        loader = self.module("pipeline.loaders.events").EventsLoader(
            table,
            {columns.next_date: "event_date", columns.next_value: "value"},
            {
                columns.previous_date: "event_date",
                columns.previous_count: "count",
                columns.previous_name: "name",
            },
        )
        for column in columns.columns:
            self.loaders[column.unspecialize()] = loader
        return columns

    def _load(self, dataset: Any) -> None:
        rng = np.random.default_rng(SEED)
        shape = (SESSIONS, ASSETS)
        walk = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, shape), axis=0))
        low = walk * (1.0 - rng.uniform(0.0, 0.02, shape))
        high = walk * (1.0 + rng.uniform(0.0, 0.02, shape))
        holes = rng.random(shape) < 0.06
        # A stock that never moves, and one that is missing altogether.
        walk[:, 7], low[:, 7], high[:, 7] = 20.0, 20.0, 20.0
        holes[:, 8] = True
        prices = {
            "open": low + (high - low) * rng.random(shape),
            "high": high,
            "low": low,
            "close": walk,
            "volume": np.floor(rng.uniform(1e3, 1e6, shape)),
        }
        number = rng.normal(size=shape)
        # Ties.
        number[:, ::3] = np.round(number[:, ::3])
        names = np.array(["alpha", "beta", "betamax", "gamma"], dtype=object)
        events = self.sessions.to_numpy()[:, None] + rng.integers(-40, 40, shape).astype(
            "timedelta64[D]"
        )
        frames = {
            "number": np.where(rng.random(shape) < 0.1, np.nan, number),
            "other": np.where(rng.random(shape) < 0.1, np.nan, rng.normal(size=shape)),
            "count": rng.integers(-1, 5, shape),
            "flag": rng.random(shape) < 0.7,
            "sector": rng.integers(-1, 3, shape),
            "name": np.where(rng.random(shape) < 0.1, "", names[rng.integers(0, 4, shape)]),
            "event": np.where(rng.random(shape) < 0.1, np.datetime64("NaT", "ns"), events),
        }
        for name, values in frames.items():
            self._add(dataset, name, values)
        pricing = self.module("pipeline.data").USEquityPricing
        for name in FIELDS:
            self._add(pricing, name, np.where(holes, np.nan, prices[name]), self._adjustments(name))

    def _adjustments(self, name: str) -> pd.DataFrame:
        """Return splits, and a correction that becomes known later."""
        kind = self.module("lib.adjustment")
        rows = [
            (sid, 2.0 if name == "volume" else 0.5, kind.MULTIPLY, 0, row - 1, row)
            for sid, row in ((0, 50), (1, 62), (2, 70), (2, 75), (9, 61))
        ]
        rows.append((6, 33.0, kind.OVERWRITE, 40, 45, 66))
        table = pd.DataFrame(
            rows, columns=["sid", "value", "kind", "start_date", "end_date", "apply_date"]
        )
        for column in ("start_date", "end_date", "apply_date"):
            table[column] = self.sessions[table[column]]
        return table

    def _add(
        self, dataset: Any, name: str, values: Any, adjustments: pd.DataFrame | None = None
    ) -> None:
        loader = self.module("pipeline.loaders.frame").DataFrameLoader
        column = getattr(dataset, name).unspecialize()
        frame = pd.DataFrame(values, index=self.sessions, columns=range(ASSETS))
        self.loaders[column] = loader(column, frame, adjustments)

    def run(self, columns: dict[str, Any], screen: Any = None, chunk: int | None = None) -> Any:
        """Compute a pipeline over the dates of the results."""
        engine = self.module("pipeline.engine").SimplePipelineEngine(
            lambda column: self.loaders[column.unspecialize()], self.finder, self.domain
        )
        pipeline = self.module("pipeline").Pipeline(columns, screen=screen)
        dates = self.sessions[START], self.sessions[END]
        if chunk is None:
            return engine.run_pipeline(pipeline, *dates)
        return engine.run_chunked_pipeline(pipeline, *dates, chunk)


def _arithmetic(engine: Engine) -> dict[str, Any]:
    x, y = engine.data.number.latest, engine.data.other.latest
    when = engine.data.event.latest
    return {
        "sum": x + y,
        "difference": 3 - x - y,
        "product": 2.5 * x * y,
        "quotient": x / y + 1 / x,
        "modulo": (10 * x) % 3 + 7 % y,
        "power": x**2 + 2**y,
        "negative": -x,
        "nested": ((x + y) * (x - y) / (abs_of(x) + 1)).log1p(),
        "roots": x.abs().sqrt() + y.exp().log10() + x.expm1(),
        "waves": x.sin() + x.cos() - x.tan() + x.tanh() + x.sinh() / x.cosh(),
        "arcs": x.arctan() + x.arcsinh() + (x / 10).arcsin() + (x / 10).arccos(),
        "hyperbolic": (x / 10).arctanh() + (x.abs() + 1).arccosh(),
        "less": x < y,
        "between": (x >= -0.5) & (x <= 0.5),
        "either": (x > 1) | (y < -1),
        "not": ~(x > 0),
        "unequal": x != y,
        "equal": x.eq(1.0),
        "nan": x.isnan(),
        "notnan": x.notnan(),
        "finite": (1 / x).isfinite(),
        "filled": x.fillna(0.0),
        "filled_other": x.fillna(y),
        "missing_date": when.isnull(),
        "known_date": when.notnull(),
        "count": engine.data.count.latest,
        "choice": engine.data.flag.latest.if_else(x, y),
    }


def abs_of(term: Any) -> Any:
    """Return the absolute value of a factor."""
    return term.abs()


def _across(engine: Engine) -> dict[str, Any]:
    x = engine.data.number.latest
    flag = engine.data.flag.latest
    sector, name = engine.data.sector.latest, engine.data.name.latest
    # The oracle ranks no value of a date or group where one is NaN or masked, except in the ordinal
    # method; takes negative numbers for greater ones in top(1); and cannot bin ties.
    whole = x.fillna(0.5)
    positive, distinct = whole.exp(), engine.data.other.latest
    return {
        "demean": x.demean(),
        "demean_masked": x.demean(mask=flag),
        "demean_sector": x.demean(groupby=sector),
        "demean_name": x.demean(mask=flag, groupby=name),
        "zscore": x.zscore(),
        "zscore_sector": x.zscore(mask=flag, groupby=sector),
        "winsorize": x.winsorize(0.2, 0.8),
        "winsorize_low": x.winsorize(0.1, 1, groupby=sector),
        "winsorize_high": x.winsorize(0, 0.7, mask=flag),
        "quartiles": distinct.quartiles(),
        "quintiles": distinct.quintiles(mask=flag),
        "halves": distinct.quantiles(2),
        "top": x.top(3),
        "top_one": positive.top(1),
        "top_sector": positive.top(1, groupby=sector, mask=flag),
        "top_name": whole.top(2, groupby=name),
        "bottom": x.bottom(2, mask=flag),
        "percentile": x.percentile_between(20, 70),
        "percentile_masked": x.percentile_between(50, 100, mask=flag),
        "clip": x.clip(-0.5, 0.5),
        "peers": sector.peer_count(),
        "peers_name": name.peer_count(),
        "rank": x.rank(),
        "rank_down": x.rank(ascending=False, mask=flag),
        "rank_sector": whole.rank(method="average", groupby=sector),
        "rank_sector_down": whole.rank(method="min", ascending=False, groupby=sector),
        "rank_name": whole.rank(groupby=name, mask=flag),
    }


def _daily(engine: Engine) -> dict[str, Any]:
    x, flag = engine.data.number.latest, engine.data.flag.latest
    return {
        "mean": x - x.mean(),
        "stddev": x / x.stddev(mask=flag),
        "extremes": (x - x.min()) / (x.max(mask=flag) - x.min()),
        "median": x > x.median(),
        "sum": x + x.sum(mask=flag),
        "count": x + x.notnull_count(),
        "slice": x - x[engine.assets[2]],
    }


def _classifiers(engine: Engine) -> dict[str, Any]:
    sector, name = engine.data.sector.latest, engine.data.name.latest
    return {
        "sector": sector,
        "name": name,
        "eq": sector.eq(1),
        "ne": sector != 1,
        "eq_name": name.eq("beta"),
        "ne_name": name != "beta",
        "starts": name.startswith("beta"),
        "ends": name.endswith("a"),
        "contains": name.has_substring("am"),
        "matches": name.matches(".*max$"),
        "one_of": sector.element_of([0, 2]),
        "name_of": name.element_of(["alpha", "gamma"]),
        "relabel": name.relabel(lambda text: text[:2]),
        "isnull": sector.isnull(),
        "notnull": name.notnull(),
        "filled": name.fillna("none"),
        "filled_sector": sector.fillna(9),
    }


def _filters(engine: Engine) -> dict[str, Any]:
    filters = engine.module("pipeline.filters")
    flag, number = engine.data.flag, engine.data.number
    return {
        "all": filters.All(inputs=[flag], window_length=3),
        "any": filters.Any(inputs=[flag], window_length=2),
        "at_least": filters.AtLeastN(inputs=[flag], window_length=5, N=3),
        "present": filters.AllPresent(inputs=[number], window_length=4),
        "present_name": filters.AllPresent(inputs=[engine.data.name], window_length=4),
        "static": filters.StaticAssets(engine.assets[2:6]),
        "sids": filters.StaticSids([0, 3, 5]),
        "single": filters.SingleAsset(engine.assets[1]),
        "flag": flag.latest,
    }


def _basic(engine: Engine) -> dict[str, Any]:
    factors = engine.module("pipeline.factors")
    pricing = engine.module("pipeline.data").USEquityPricing
    close, flag = [pricing.close], engine.data.flag.latest
    return {
        "returns": factors.Returns(window_length=6),
        "daily": factors.DailyReturns(),
        "change": factors.PercentChange([engine.data.number], window_length=3),
        "sma": factors.SimpleMovingAverage(close, window_length=10),
        "sma_masked": factors.SimpleMovingAverage(close, window_length=20, mask=flag),
        "vwap": factors.VWAP(window_length=7),
        "weighted": factors.WeightedAverageValue(
            [engine.data.number, pricing.volume], window_length=4
        ),
        "drawdown": factors.MaxDrawdown(close, window_length=15, mask=~never(engine)),
        "dollars": factors.AverageDollarVolume(window_length=5),
        "ewma": factors.EWMA.from_span(close, window_length=4, span=6),
        "ewmstd": factors.EWMSTD.from_halflife(close, window_length=4, halflife=3),
        "ewma_mass": factors.ExponentialWeightedMovingAverage.from_center_of_mass(
            close, window_length=3, center_of_mass=5
        ),
        "linear": factors.LinearWeightedMovingAverage(close, window_length=6),
        "volatility": factors.AnnualizedVolatility(window_length=12),
        "mean_of_ranks": factors.SimpleMovingAverage(
            [engine.data.number.latest.rank()], window_length=3
        ),
        "since": factors.BusinessDaysSincePreviousEvent([engine.data.event.latest]),
        "until": factors.BusinessDaysUntilNextEvent([engine.data.event.latest]),
        "alias": factors.Returns(window_length=2).alias("one day"),
    }


def never(engine: Engine) -> Any:
    """Return a filter of the asset that has no data, of which the oracle makes an error."""
    return engine.module("pipeline.filters").StaticSids([8])


def _technical(engine: Engine) -> dict[str, Any]:
    factors = engine.module("pipeline.factors")
    mask = ~never(engine)
    bands = factors.BollingerBands(window_length=8, k=2.0)
    aroon = factors.Aroon(window_length=9, mask=mask)
    cloud = factors.IchimokuKinkoHyo(
        window_length=30, tenkan_sen_length=5, kijun_sen_length=12, chikou_span_length=10
    )
    found = {
        "rsi": factors.RSI(),
        "stochastic": factors.FastStochasticOscillator(),
        "change": factors.RateOfChangePercentage(
            [engine.module("pipeline.data").USEquityPricing.close], window_length=5
        ),
        "range": factors.TrueRange(),
        "macd": factors.MACDSignal(fast_period=3, slow_period=5, signal_period=2),
    }
    for name in ("lower", "middle", "upper"):
        found[f"bands_{name}"] = getattr(bands, name)
    for name in ("down", "up"):
        found[f"aroon_{name}"] = getattr(aroon, name)
    for name in ("tenkan_sen", "kijun_sen", "senkou_span_a", "senkou_span_b", "chikou_span"):
        found[f"cloud_{name}"] = getattr(cloud, name)
    return found


def _statistical(engine: Engine) -> dict[str, Any]:
    factors = engine.module("pipeline.factors")
    target = engine.assets[10]
    returns = factors.Returns(window_length=2)
    regression = factors.RollingLinearRegressionOfReturns(
        target, returns_length=2, regression_length=5, mask=moving(engine)
    )
    alpha, beta, r_value, p_value, stderr = regression
    short = factors.Returns(window_length=4)
    return {
        "pearson": factors.RollingPearsonOfReturns(target, 2, 5),
        "spearman": factors.RollingSpearmanOfReturns(target, 2, 6, mask=moving(engine)),
        "pearsonr": returns.pearsonr(short, 4),
        "pearsonr_slice": returns.pearsonr(short[target], 4),
        "spearmanr": returns.spearmanr(short, 5, mask=moving(engine)),
        "alpha": alpha,
        "beta": beta,
        "r_value": r_value,
        "p_value": p_value,
        "stderr": stderr,
        "regression": returns.linear_regression(short[target], 5, mask=moving(engine)).beta,
        "simple_beta": factors.SimpleBeta(target, 12),
        "strict_beta": factors.SimpleBeta(target, 12, allowed_missing_percentage=0.0),
    }


def moving(engine: Engine) -> Any:
    """Return a filter of the assets whose prices change."""
    return ~engine.module("pipeline.filters").StaticSids([7, 8])


def _downsampled(engine: Engine) -> dict[str, Any]:
    factors = engine.module("pipeline.factors")
    close = [engine.module("pipeline.data").USEquityPricing.close]
    average = factors.SimpleMovingAverage(close, window_length=5)
    x = engine.data.number.latest
    return {
        "monthly": average.downsample("month_start"),
        "weekly": x.downsample("week_start"),
        "filter": (x > 0).downsample("week_start"),
        "quarter": engine.data.sector.latest.downsample("quarter_start"),
        "expression": (x + 1).downsample("month_start"),
        "windowed": factors.Returns(window_length=3).downsample("week_start"),
        "average": average,
    }


def _custom(engine: Engine) -> dict[str, Any]:
    pipeline = engine.module("pipeline")
    pricing = engine.module("pipeline.data").USEquityPricing
    data = engine.data

    class Spread(pipeline.CustomFactor):  # type: ignore[misc,name-defined] # of either engine
        inputs = (pricing.high, pricing.low)
        window_length = 3
        params = {"scale": 1.0}  # noqa: RUF012 - how classes name parameters

        def compute(self, today, assets, out, high, low, scale):  # type: ignore[no-untyped-def]
            high -= low
            out[:] = np.nanmax(np.where(np.isnan(high), -1.0, high), axis=0) * scale

    class Extremes(pipeline.CustomFactor):  # type: ignore[misc,name-defined] # of either engine
        inputs = (pricing.close,)
        outputs = ("lowest", "highest")
        window_length = 4

        def compute(self, today, assets, out, close):  # type: ignore[no-untyped-def]
            out.lowest[:] = np.fmin.reduce(close, axis=0)
            out.highest = np.fmax.reduce(close, axis=0)

    class Even(pipeline.CustomFilter):  # type: ignore[misc,name-defined] # of either engine
        inputs = (data.count,)
        window_length = 1

        def compute(self, today, assets, out, count):  # type: ignore[no-untyped-def]
            out[:] = count[-1] % 2 == 0

    class Bucket(pipeline.CustomClassifier):  # type: ignore[misc,name-defined] # of either engine
        inputs = (data.number,)
        window_length = 2
        dtype = np.dtype("int64")
        missing_value = -1

        def compute(self, today, assets, out, number):  # type: ignore[no-untyped-def]
            out[:] = np.where(np.isnan(number[-1]), -1, number[-1] > number[0])

    class Previous(pipeline.CustomClassifier):  # type: ignore[misc,name-defined] # of either engine
        inputs = (data.name,)
        window_length = 3
        dtype = np.dtype("object")
        missing_value = ""

        def compute(self, today, assets, out, name):  # type: ignore[no-untyped-def]
            out[:] = name[0]

    extremes = Extremes()
    return {
        "spread": Spread(),
        "scaled": Spread(scale=3.0, mask=data.flag.latest),
        "lowest": extremes.lowest,
        "highest": extremes.highest,
        "even": Even(),
        "bucket": Bucket(),
        "previous": Previous(),
    }


def _of_events(engine: Engine) -> dict[str, Any]:
    factors = engine.module("pipeline.factors")
    events = engine.events
    return {
        "next_date": events.next_date.latest,
        "next_value": events.next_value.latest,
        "previous_date": events.previous_date.latest,
        "previous_count": events.previous_count.latest,
        "previous_name": events.previous_name.latest,
        "until": factors.BusinessDaysUntilNextEvent([events.next_date]),
        "since": factors.BusinessDaysSincePreviousEvent([events.previous_date]),
    }


GROUPS: dict[str, Callable[[Engine], dict[str, Any]]] = {
    "arithmetic": _arithmetic,
    "across": _across,
    "daily": _daily,
    "classifiers": _classifiers,
    "filters": _filters,
    "basic": _basic,
    "technical": _technical,
    "statistical": _statistical,
    "downsampled": _downsampled,
    "custom": _custom,
    "events": _of_events,
}


def condensed(group: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Return a result as arrays, by the names of its group and columns."""
    dates = frame.index.get_level_values(0)
    found = {
        f"{group}/dates": dates.to_numpy().astype("datetime64[D]"),
        f"{group}/assets": np.array([int(asset) for asset in frame.index.get_level_values(1)]),
    }
    for name in frame.columns:
        values = frame[name].to_numpy()
        found[f"{group}/{name}"] = values.astype(str) if values.dtype == object else values
    return found
