"""The api functions that find assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from rustybt._algorithm.state import State
from rustybt.errors import UnsupportedDatetimeFormat
from rustybt.finance.trading import session_label

if TYPE_CHECKING:
    from rustybt.assets import Asset, ContinuousFuture, Equity, Future


class Lookups(State):
    """Finding assets by symbol and sid."""

    def symbol(self, symbol_str: str, country_code: str | None = None) -> Equity:
        """Return the equity that owned a symbol at the lookup date.

        Parameters
        ----------
        symbol_str : str
            The symbol; letters may be small.
        country_code : str, optional
            Only equities of this country, such as "US".

        Raises
        ------
        SymbolNotFound
            If nobody owned it.
        """
        date = self._symbol_lookup_date
        found: Equity = self.asset_finder.lookup_symbol(
            _text("symbol", symbol_str),
            as_of_date=self.sim_params.end_session if date is None else date,
            country_code=None if country_code is None else country_code.upper(),
        )
        return found

    def symbols(self, *args: str, **kwargs: str | None) -> list[Equity]:
        """Return `symbol` of each of the symbols."""
        return [self.symbol(symbol, **kwargs) for symbol in args]

    def sid(self, sid: int) -> Asset:
        """Return the asset of a sid.

        Raises
        ------
        SidsNotFound
            If there is none.
        """
        found: Asset = self.asset_finder.retrieve_asset(sid)
        return found

    def future_symbol(self, symbol: str) -> Future:
        """Return the futures contract of a symbol.

        Raises
        ------
        SymbolNotFound
            If there is none.
        """
        found: Future = self.asset_finder.lookup_future_symbol(_text("future_symbol", symbol))
        return found

    def continuous_future(
        self,
        root_symbol_str: str,
        offset: int = 0,
        roll: str = "volume",
        adjustment: str | None = "mul",
    ) -> ContinuousFuture:
        """Return a chain of contracts as one asset.

        Parameters
        ----------
        root_symbol_str : str
            The root symbol, such as "CL".
        offset : int, default 0
            Distance from the primary contract.
        roll : {"volume", "calendar"}, default "volume"
            When one contract gives way to the next.
        adjustment : {"mul", "add", None}, default "mul"
            How prices are adjusted at the rolls.
        """
        found: ContinuousFuture = self.asset_finder.create_continuous_future(
            _text("continuous_future", root_symbol_str), offset, roll, adjustment
        )
        return found

    def set_symbol_lookup_date(self, dt: Any) -> None:  # noqa: ANN401 - as Timestamp takes it
        """Set the date as of which symbols are looked up; the simulation's end by default.

        Raises
        ------
        UnsupportedDatetimeFormat
            If `dt` is no date.
        """
        try:
            stamp = pd.Timestamp(dt)
            if stamp.tz is not None:
                stamp = stamp.tz_convert("UTC")
            self._symbol_lookup_date = session_label(stamp)
        except (TypeError, ValueError) as error:
            raise UnsupportedDatetimeFormat(input=dt, method="set_symbol_lookup_date") from error


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} takes a text, got {type(value).__name__} {value!r}")
    return value.upper()
