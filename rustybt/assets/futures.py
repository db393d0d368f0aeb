"""Delivery months of futures contracts and the letters that stand for them."""

from __future__ import annotations

CMES_CODE_TO_MONTH = {code: month for month, code in enumerate("FGHJKMNQUVXZ", start=1)}
MONTH_TO_CMES_CODE = {month: code for code, month in CMES_CODE_TO_MONTH.items()}
