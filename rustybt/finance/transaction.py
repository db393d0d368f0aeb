"""Transactions."""

from __future__ import annotations

from rustybt.finance._order import Transaction, create_transaction

__all__ = ["Transaction", "create_transaction"]
