"""The parts of a ticker symbol."""

from __future__ import annotations

import re

_DELIMITER = re.compile(r"[./\-_]")


def split_delimited_symbol(symbol: object) -> tuple[str, str]:
    """Split a ticker symbol into the company's part and the share class's, both in upper case.

    Parameters
    ----------
    symbol : str or missing value
        Such as ``"BRK.A"``; the first of ``. / - _`` delimits its parts.

    Returns
    -------
    company_symbol, share_class_symbol : str
        ``("BRK", "A")``; the second is empty without a delimiter, both are for a missing symbol.
    """
    if not isinstance(symbol, str) or not symbol:
        return "", ""
    company, *share_class = _DELIMITER.split(symbol.upper(), maxsplit=1)
    return company, share_class[0] if share_class else ""
