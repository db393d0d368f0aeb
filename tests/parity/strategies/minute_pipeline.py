"""A pipeline in a run on minute bars: the results of a session are those of its morning."""

from rustybt.api import attach_pipeline, order_target, pipeline_output, record
from rustybt.pipeline import Pipeline
from rustybt.pipeline.data import USEquityPricing
from rustybt.pipeline.factors import Returns


def initialize(context):
    columns = {"returns": Returns(window_length=2), "close": USEquityPricing.close.latest}
    attach_pipeline(Pipeline(columns), "morning")
    context.minute = 0


def before_trading_start(context, data):
    context.minute = 0
    context.morning = pipeline_output("morning")


def handle_data(context, data):
    context.minute += 1
    if context.minute % 60 == 5:
        now = pipeline_output("morning")
        best = now["returns"].idxmax()
        order_target(best, 10 * context.minute)
        record(
            best=best.sid,
            closes=now["close"].sum(),
            same=float(now.equals(context.morning)),
        )
