"""The prices and volumes of equities, as the bars of a bundle have them."""

from typing import Any

from rustybt.pipeline.data.dataset import Column, DataSet
from rustybt.pipeline.domain import US_EQUITIES
from rustybt.pipeline.dtypes import FLOAT64, OBJECT


class EquityPricing(DataSet):
    """Daily bars of equities, adjusted for splits, mergers and dividends as of each date.

    A date has the bar of the session before: the last one that is known in the morning.
    """

    open: Any = Column(FLOAT64, currency_aware=True)
    high: Any = Column(FLOAT64, currency_aware=True)
    low: Any = Column(FLOAT64, currency_aware=True)
    close: Any = Column(FLOAT64, currency_aware=True)
    volume: Any = Column(FLOAT64)
    currency: Any = Column(OBJECT)


USEquityPricing = EquityPricing.specialize(US_EQUITIES)
"""`EquityPricing` of the United States."""
