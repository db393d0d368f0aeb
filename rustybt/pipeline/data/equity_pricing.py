"""The prices and volumes of equities, as the bars of a bundle have them."""

from rustybt.pipeline.data.dataset import Column, DataSet
from rustybt.pipeline.domain import US_EQUITIES
from rustybt.pipeline.dtypes import FLOAT64, OBJECT


class EquityPricing(DataSet):
    """Daily bars of equities, adjusted for splits, mergers and dividends as of each date.

    A date has the bar of the session before: the last one that is known in the morning.
    """

    open = Column(FLOAT64, currency_aware=True)
    high = Column(FLOAT64, currency_aware=True)
    low = Column(FLOAT64, currency_aware=True)
    close = Column(FLOAT64, currency_aware=True)
    volume = Column(FLOAT64)
    currency = Column(OBJECT)


USEquityPricing = EquityPricing.specialize(US_EQUITIES)
"""`EquityPricing` of the United States."""
