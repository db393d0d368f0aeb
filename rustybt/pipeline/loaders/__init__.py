"""Loaders: they get the values of columns."""

from rustybt.pipeline.loaders.equity_pricing_loader import (
    EquityPricingLoader,
    USEquityPricingLoader,
)
from rustybt.pipeline.loaders.frame import DataFrameLoader

__all__ = ["DataFrameLoader", "EquityPricingLoader", "USEquityPricingLoader"]
