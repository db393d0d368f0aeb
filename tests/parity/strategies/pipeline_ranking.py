"""Ranks across splits, dividends and delistings, of prices and of a frame of the strategy's own."""

import numpy as np
import pandas as pd

from rustybt.api import (
    attach_pipeline,
    date_rules,
    get_datetime,
    order_target_percent,
    pipeline_output,
    record,
    schedule_function,
    time_rules,
)
from rustybt.pipeline import CustomFactor, Pipeline
from rustybt.pipeline.data import Column, DataSet, USEquityPricing
from rustybt.pipeline.domain import US_EQUITIES
from rustybt.pipeline.factors import AverageDollarVolume, Returns, SimpleMovingAverage
from rustybt.pipeline.loaders.frame import DataFrameLoader


class Opinions(DataSet):
    score = Column("float64")


class Range(CustomFactor):
    inputs = (USEquityPricing.high, USEquityPricing.low)
    window_length = 5

    def compute(self, today, assets, out, high, low):
        out[:] = np.nanmax(high, axis=0) - np.nanmin(low, axis=0)


def custom_loader():
    sessions = US_EQUITIES.sessions()
    days = sessions[(sessions >= "2018-01-01") & (sessions <= "2018-12-31")]
    values = np.add.outer(np.arange(len(days)) * 7, np.arange(1, 12) * 5) % 13
    frame = pd.DataFrame(values.astype("float64"), index=days, columns=range(1, 12))
    column = Opinions.specialize(US_EQUITIES).score
    return {column: DataFrameLoader(column, frame)}


def initialize(context):
    short = SimpleMovingAverage(inputs=[USEquityPricing.close], window_length=3)
    long = SimpleMovingAverage(inputs=[USEquityPricing.close], window_length=12)
    dollars = AverageDollarVolume(window_length=10)
    columns = {
        "trend": (short / long - 1.0).zscore(),
        "returns": Returns(window_length=4),
        "range": Range(),
        "score": Opinions.score.latest,
        "liquid": dollars.percentile_between(20, 100),
    }
    attach_pipeline(Pipeline(columns, screen=columns["returns"].notnan()), "ranks")
    attach_pipeline(Pipeline({"best": columns["score"].rank().top(2)}), "late", 3, eager=False)
    schedule_function(rebalance, date_rules.week_start(), time_rules.market_open())


def before_trading_start(context, data):
    context.ranks = pipeline_output("ranks")


def rebalance(context, data):
    ranks = context.ranks
    wanted = ranks[ranks["liquid"]]["trend"].nlargest(3).index
    for asset in list(context.portfolio.positions):
        if asset not in wanted and data.can_trade(asset):
            order_target_percent(asset, 0.0)
    for asset in wanted:
        if data.can_trade(asset):
            order_target_percent(asset, 0.3)


def handle_data(context, data):
    ranks = context.ranks
    best = pipeline_output("late")
    record(
        rows=len(ranks),
        trend=ranks["trend"].abs().sum(),
        returns=ranks["returns"].mean(),
        ranges=ranks["range"].sum(),
        scores=ranks["score"].sum(),
        best=best["best"].sum() + get_datetime().day,
    )
