"""What is held of one asset."""

from __future__ import annotations

from rustybt.finance._finance_ext import Position

__all__ = ["Position"]
