"""The loader of daily bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rustybt.errors import NoFurtherDataError
from rustybt.lib.adjusted_array import AdjustedArray
from rustybt.pipeline.data.equity_pricing import EquityPricing
from rustybt.pipeline.loaders.base import PipelineLoader

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rustybt.pipeline.domain import Domain

_CURRENCY = EquityPricing.currency.name


class EquityPricingLoader(PipelineLoader):
    """Loads the columns of `EquityPricing` of the bars and adjustments of a bundle.

    Parameters
    ----------
    raw_price_reader : SessionBarReader
        Unadjusted bars.
    adjustments_reader : SQLiteAdjustmentReader
        Splits, mergers and dividends.
    fx_reader : object, optional
        Exchange rates: ``get_rates(rate, quote, bases, dts)`` returns an array of shape (dates,
        assets) of the value of one unit of each asset's currency in another one.
    """

    def __init__(
        self, raw_price_reader: Any, adjustments_reader: Any, fx_reader: Any = None
    ) -> None:
        self.raw_price_reader = raw_price_reader
        self.adjustments_reader = adjustments_reader
        self.fx_reader = fx_reader

    @classmethod
    def without_fx(cls, raw_price_reader: Any, adjustments_reader: Any) -> Self:
        """Return a loader that converts no currencies.

        Parameters
        ----------
        raw_price_reader : SessionBarReader
        adjustments_reader : SQLiteAdjustmentReader
        """
        return cls(raw_price_reader, adjustments_reader)

    @property
    def currency_aware(self) -> bool:
        """Whether there are exchange rates."""
        return self.fx_reader is not None

    def load_adjusted_array(
        self,
        domain: Domain,
        columns: list[Any],
        dates: pd.DatetimeIndex,
        sids: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> dict[Any, AdjustedArray]:
        """Return the values of some columns; see `PipelineLoader.load_adjusted_array`.

        Raises
        ------
        NoFurtherDataError
            If the sessions or the bars begin too late.
        """
        sessions = domain.sessions()
        first = int(sessions.searchsorted(dates[0]))
        # A date has the bar of the session before.
        known = sessions[max(first - 1, 0) : first - 1 + len(dates)]
        begin = max(sessions[0], self.raw_price_reader.first_trading_day.tz_localize(None))
        if len(known) < len(dates) or known[0] < begin:
            raise NoFurtherDataError(
                msg=f"The pipeline needs bars from the session before {dates[0]:%Y-%m-%d} on, and "
                f"they begin on {begin:%Y-%m-%d}: start later, or shorten the windows."
            )
        bars = [column for column in columns if column.name != _CURRENCY]
        names = [column.name for column in bars]
        reader = self.raw_price_reader
        found = {
            column: AdjustedArray(
                reader.currency_codes(sids)[np.newaxis].repeat(len(dates), 0), {}, None
            )
            for column in columns
            if column.name == _CURRENCY
        }
        if not bars:
            return found
        arrays = reader.load_raw_arrays(names, known[0], known[-1], sids)
        adjustments = self.adjustments_reader.load_pricing_adjustments(names, dates, sids)
        for column, array, adjusted in zip(bars, arrays, adjustments, strict=True):
            values = self._converted(column, array.astype(column.dtype, copy=False), known, sids)
            found[column] = AdjustedArray(values, adjusted, column.missing_value)
        return found

    def _converted(
        self, column: Any, values: NDArray[Any], dates: pd.DatetimeIndex, sids: pd.Index[int]
    ) -> NDArray[Any]:
        conversion = column.currency_conversion
        if conversion is None:
            return values
        rates = self.fx_reader.get_rates(
            rate=conversion.field,
            quote=conversion.currency,
            bases=self.raw_price_reader.currency_codes(sids),
            dts=dates,
        )
        return np.asarray(values * rates)


USEquityPricingLoader = EquityPricingLoader
