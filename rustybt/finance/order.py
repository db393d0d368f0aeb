"""Orders."""

from __future__ import annotations

from rustybt.finance._order import ORDER_STATUS, Order

__all__ = ["BUY", "LIMIT", "ORDER_STATUS", "SELL", "STOP", "Order"]

# Flags of what kind an order is.
SELL = 1
BUY = 2
STOP = 4
LIMIT = 8
