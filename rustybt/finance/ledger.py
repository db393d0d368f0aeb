"""The books of a simulation."""

from __future__ import annotations

from rustybt.finance._finance_ext import Ledger, PositionStats, PositionTracker

__all__ = ["Ledger", "PositionStats", "PositionTracker"]
