"""Momentum and reversal of the nine stocks, chosen by a pipeline."""

from rustybt.api import (
    attach_pipeline,
    date_rules,
    order_target_percent,
    pipeline_output,
    record,
    schedule_function,
    symbol,
    time_rules,
)
from rustybt.pipeline import Pipeline
from rustybt.pipeline.data import EquityPricing
from rustybt.pipeline.factors import (
    RSI,
    VWAP,
    BollingerBands,
    Returns,
    RollingLinearRegressionOfReturns,
    SimpleBeta,
)
from rustybt.pipeline.filters import StaticAssets


def initialize(context):
    market = symbol("MSFT")
    momentum = Returns(window_length=120)
    bands = BollingerBands(window_length=20, k=1.5)
    close = EquityPricing.close.latest
    regression = RollingLinearRegressionOfReturns(market, 2, 30)
    columns = {
        "momentum": momentum,
        "group": momentum.quantiles(3),
        "rsi": RSI(),
        "cheap": close < bands.lower,
        "premium": close / VWAP(window_length=10),
        "beta": SimpleBeta(market, 60),
        "alpha": regression.alpha,
        "p_value": regression.p_value,
        "quarterly": Returns(window_length=30).downsample("quarter_start"),
        "volume": EquityPricing.volume.latest,
    }
    attach_pipeline(Pipeline(columns, screen=~StaticAssets([market])), "stocks", chunks=40)
    schedule_function(rebalance, date_rules.month_start(), time_rules.market_close(minutes=30))


def rebalance(context, data):
    stocks = pipeline_output("stocks")
    winners = stocks[stocks["group"] == 2].index
    # The two engines number the stocks differently.
    for asset in sorted(stocks.index, key=lambda stock: stock.symbol):
        order_target_percent(asset, 0.9 / len(winners) if asset in winners else 0.0)


def handle_data(context, data):
    stocks = pipeline_output("stocks")
    record(
        **{
            name: stocks[name].sum()
            for name in ("momentum", "rsi", "cheap", "premium", "beta", "quarterly", "volume")
        },
        alpha=stocks["alpha"].sum() * 1e3,
        p_value=stocks["p_value"].mean(),
    )
