"""Frames of made-up assets, to be written by an :class:`~rustybt.assets.AssetDBWriter`."""

from __future__ import annotations

from itertools import product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import MonthBegin

from rustybt.assets.futures import CMES_CODE_TO_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_SIMPLE_COLUMNS = ["start_date", "end_date", "symbol", "exchange", "asset_name"]


def make_rotating_equity_info(
    num_assets: int,
    first_start: pd.Timestamp,
    frequency: Any,  # noqa: ANN401 - whatever pandas takes for a frequency
    periods_between_starts: int,
    asset_lifetime: int,
    exchange: str = "TEST",
) -> pd.DataFrame:
    """Return equities of equal lifetimes that start one after the other.

    Parameters
    ----------
    num_assets : int
        How many; their sids count from 0, their symbols are A, B, ...
    first_start : pandas.Timestamp
        Start date of the first.
    frequency : str or pandas.DateOffset
        Unit of the next two, such as a calendar's `day`.
    periods_between_starts : int
        Between the start of one and the start of the next.
    asset_lifetime : int
        Between the start and the end of each.
    exchange : str, default "TEST"

    Returns
    -------
    pandas.DataFrame
        Columns symbol, start_date, end_date and exchange; indexed by sid.
    """
    unit = _offset(frequency)
    return pd.DataFrame(
        {
            "symbol": _symbols(num_assets),
            "start_date": _dates(first_start, periods_between_starts * unit, num_assets),
            "end_date": _dates(
                first_start + asset_lifetime * unit, periods_between_starts * unit, num_assets
            ),
            "exchange": exchange,
        },
        index=range(num_assets),
    )


def make_simple_equity_info(
    sids: Sequence[int],
    start_date: pd.Timestamp,
    end_date: pd.Timestamp,
    symbols: Iterable[str] | None = None,
    names: Iterable[str] | None = None,
    exchange: str = "TEST",
) -> pd.DataFrame:
    """Return equities that all live from one date to another.

    Parameters
    ----------
    sids : sequence of int
    start_date, end_date : pandas.Timestamp
    symbols : iterable of str, optional
        By default A, B, ...
    names : iterable of str, optional
        By default the symbols with " INC." after them.
    exchange : str, default "TEST"

    Returns
    -------
    pandas.DataFrame
        Columns start_date, end_date, symbol, exchange and asset_name; indexed by sid.
    """
    sids = list(sids)
    tickers = _symbols(len(sids)) if symbols is None else list(symbols)
    return pd.DataFrame(
        {
            "start_date": pd.to_datetime([start_date] * len(sids)),
            "end_date": pd.to_datetime([end_date] * len(sids)),
            "symbol": tickers,
            "exchange": exchange,
            "asset_name": [f"{ticker} INC." for ticker in tickers] if names is None else [*names],
        },
        index=sids,
    )


def make_simple_multi_country_equity_info(
    countries_to_sids: Mapping[str, Sequence[int]],
    countries_to_exchanges: Mapping[str, str],
    start_date: pd.Timestamp,
    end_date: pd.Timestamp,
) -> pd.DataFrame:
    """Return equities of several countries that all live from one date to another.

    Parameters
    ----------
    countries_to_sids : mapping of str to sequence of int
        Sids by country.
    countries_to_exchanges : mapping of str to str
        The exchange of each country.
    start_date, end_date : pandas.Timestamp

    Returns
    -------
    pandas.DataFrame
        Columns as of :func:`make_simple_equity_info`; the symbols are the country and a number.
    """
    listed = [
        (sid, f"{country}-{number}", countries_to_exchanges[country])
        for country, sids in countries_to_sids.items()
        for number, sid in enumerate(sids)
    ]
    frame = pd.DataFrame(listed, columns=["sid", "symbol", "exchange"]).set_index("sid")
    frame.index.name = None
    return frame.assign(start_date=start_date, end_date=end_date, asset_name=frame["symbol"])[
        _SIMPLE_COLUMNS
    ]


def make_jagged_equity_info(
    num_assets: int,
    start_date: pd.Timestamp,
    first_end: pd.Timestamp,
    frequency: Any,  # noqa: ANN401 - whatever pandas takes for a frequency
    periods_between_ends: int,
    auto_close_delta: Any,  # noqa: ANN401 - whatever can be added to dates
) -> pd.DataFrame:
    """Return equities that start together and end one after the other.

    Parameters
    ----------
    num_assets : int
        How many; their sids count from 0, their symbols are A, B, ...
    start_date : pandas.Timestamp
    first_end : pandas.Timestamp
        End date of the first.
    frequency : str or pandas.DateOffset
        Unit of the next one.
    periods_between_ends : int
        Between the end of one and the end of the next.
    auto_close_delta : pandas.Timedelta, pandas.DateOffset or None
        Between an end and its auto-close date; None for no auto-close dates.

    Returns
    -------
    pandas.DataFrame
        Columns symbol, start_date, end_date, exchange ("TEST") and, unless its delta is None,
        auto_close_date; indexed by sid.
    """
    ends = _dates(first_end, periods_between_ends * _offset(frequency), num_assets)
    frame = pd.DataFrame(
        {
            "symbol": _symbols(num_assets),
            "start_date": start_date,
            "end_date": ends,
            "exchange": "TEST",
        },
        index=range(num_assets),
    )
    if auto_close_delta is not None:
        frame["auto_close_date"] = [end + auto_close_delta for end in ends]
    return frame


def make_future_info(
    first_sid: int,
    root_symbols: Iterable[str],
    years: Iterable[int | str],
    notice_date_func: Callable[[pd.Timestamp], pd.Timestamp],
    expiration_date_func: Callable[[pd.Timestamp], pd.Timestamp],
    start_date_func: Callable[[pd.Timestamp], pd.Timestamp],
    month_codes: Mapping[str, int] | None = None,
    multiplier: float = 500,
) -> pd.DataFrame:
    """Return one futures contract for every root symbol, year and month.

    Parameters
    ----------
    first_sid : int
        Sid of the first contract; the others count on from it.
    root_symbols : iterable of str
    years : iterable of int or str
        Four digits each.
    notice_date_func, expiration_date_func, start_date_func : callable
        Take the first day of the delivery month (UTC), return the contract's date; NaT for none.
    month_codes : mapping of str to int, optional
        Months, 1 to 12, by their letters; by default all twelve.
    multiplier : float, default 500

    Returns
    -------
    pandas.DataFrame
        Columns root_symbol, symbol, start_date, notice_date, expiration_date, multiplier and
        exchange ("TEST"); indexed by sid.
    """
    codes = CMES_CODE_TO_MONTH if month_codes is None else month_codes
    months = [
        (f"{code}{str(year)[-2:]}", pd.Timestamp(int(year), month, 1, tz="UTC"))
        for year in years
        for code, month in sorted(codes.items(), key=lambda item: item[1])
    ]
    contracts = [
        {
            "sid": sid,
            "root_symbol": root,
            "symbol": root + suffix,
            "start_date": start_date_func(month),
            "notice_date": notice_date_func(month),
            "expiration_date": expiration_date_func(month),
            "multiplier": multiplier,
            "exchange": "TEST",
        }
        for sid, (root, (suffix, month)) in enumerate(product(root_symbols, months), first_sid)
    ]
    return pd.DataFrame.from_records(contracts, index="sid")


def make_commodity_future_info(
    first_sid: int,
    root_symbols: Iterable[str],
    years: Iterable[int | str],
    month_codes: Mapping[str, int] | None = None,
    multiplier: float = 500,
) -> pd.DataFrame:
    """Return futures contracts with the dates of a physical commodity, as of oil.

    A contract starts 365 days before its delivery month, may be called on the 20th of the second
    month before it, and expires on the 20th of the month before it.

    Parameters
    ----------
    first_sid, root_symbols, years, month_codes, multiplier
        As for :func:`make_future_info`, whose columns are returned.
    """
    to_the_20th = pd.Timedelta(days=19)
    return make_future_info(
        first_sid=first_sid,
        root_symbols=root_symbols,
        years=years,
        notice_date_func=lambda month: month - MonthBegin(2) + to_the_20th,
        expiration_date_func=lambda month: month - MonthBegin(1) + to_the_20th,
        start_date_func=lambda month: month - pd.Timedelta(days=365),
        month_codes=month_codes,
        multiplier=multiplier,
    )


def _symbols(count: int) -> list[str]:
    """Return A to Z, then AA, AB, ..."""
    symbols = []
    for number in range(count):
        letters, rest = "", number + 1
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = ascii_uppercase[letter] + letters
        symbols.append(letters)
    return symbols


def _dates(first: pd.Timestamp, step: Any, count: int) -> pd.DatetimeIndex:  # noqa: ANN401
    return pd.date_range(first, freq=step, periods=count)


def _offset(frequency: Any) -> Any:  # noqa: ANN401
    return to_offset(frequency) if isinstance(frequency, str) else frequency
