"""The tear sheet of a backtest: one HTML file that opens without a network."""

from __future__ import annotations

from .figures import Figures, Trades
from .page import write_report

__all__ = ["Figures", "Trades", "write_report"]
