"""What trading asks of the present bar, as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from rustybt.assets import Asset


class Bar(Protocol):
    """The part of `BarData` that slippage models and controls use."""

    @property
    def current_dt(self) -> pd.Timestamp:
        """Time of the bar."""

    @property
    def current_session(self) -> pd.Timestamp:
        """Session of the bar."""

    def current(self, assets: Asset, fields: str) -> float:
        """Return a value of the bar."""

    def history(
        self, assets: Asset, fields: str, bar_count: int, frequency: str
    ) -> pd.Series[float]:
        """Return values of past bars."""
