"""Values of a strategy's own out of a CSV file, by day and asset or by day and any name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from rustybt.errors import MultipleSymbolsFound, RustybtError, SymbolNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from rustybt.assets import Asset

log = logging.getLogger("Requests Source Logger")  # Zipline's name, which logging set-ups know


class FetchError(RustybtError):
    """A CSV file that cannot be read, or has not what it must have."""

    msg = "fetch_csv {url}: {reason}"


def read(
    url: str,
    *,
    asset_finder: Any,  # noqa: ANN401 - any with AssetFinder's methods
    pre_func: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    post_func: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    date_column: str = "date",
    date_format: str | None = None,
    timezone: str = "UTC",
    symbol: str | None = None,
    symbol_column: str | None = None,
    country_code: str | None = None,
    **kwargs: Any,  # noqa: ANN401 - pandas' own
) -> pd.DataFrame:
    """Read values by day.

    Parameters
    ----------
    url : str
        An address, or the path of a file.
    asset_finder : AssetFinder
        Finds the assets of symbols.
    pre_func, post_func : callable, optional
        Change the frame as it was read, and as it is returned.
    date_column : str, default "date"
        The column with the dates; rows without one are left out.
    date_format : str, optional
        How they are written, as `pandas.to_datetime` takes it.
    timezone : str, default "UTC"
        Where they were written.
    symbol : str, optional
        The name of all values, where they are of no asset.
    symbol_column : str, default "symbol"
        The column with the symbols of assets; rows of unknown ones are left out, with a warning.
    country_code : str, optional
        Only assets of this country.
    **kwargs
        Passed on to `pandas.read_csv`.

    Returns
    -------
    DataFrame
        Values in the order of their days, midnights in UTC, with the column ``sid``: the asset or
        `symbol`.

    Raises
    ------
    FetchError
        If the file cannot be read, or a column is missing.
    """
    frame = _fetch(url, kwargs)
    if pre_func is not None:
        frame = pre_func(frame)
    column = symbol_column or "symbol"
    for name in (date_column, *(() if symbol is not None else (column,))):
        if name not in frame.columns:
            raise FetchError(url=url, reason=f"there is no column {name!r}: {list(frame.columns)}")
    days = _days(frame[date_column], date_format, timezone)
    frame = frame.drop(columns=[date_column, *(name for name in ("sid",) if name in frame)])
    frame = frame.set_axis(pd.DatetimeIndex(days))[days.notna().to_numpy()].sort_index(
        kind="stable"
    )
    if symbol is not None:
        frame["sid"] = symbol
    else:
        assets: Any = [
            _asset(asset_finder, str(text), day, country_code)
            for day, text in zip(frame.index, frame.pop(column), strict=True)
        ]
        frame["sid"] = assets
        known = frame["sid"].notna()
        if not known.all():
            log.warning("Dropped %d rows from fetched csv.", int((~known).sum()))
        frame = frame[known]
    return frame if post_func is None else post_func(frame)


def _fetch(url: str, options: dict[str, Any]) -> pd.DataFrame:
    chosen = {"keep_default_na": False, "na_values": {"symbol": []}, **options}
    try:
        frame: pd.DataFrame = pd.read_csv(url, **chosen)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FetchError(url=url, reason=f"it cannot be read: {reason}") from None
    except ValueError as error:  # pandas' own errors of parsing are such
        raise FetchError(url=url, reason=str(error)) from None
    return frame


def _days(dates: pd.Series[Any], form: str | None, timezone: str) -> pd.Series[pd.Timestamp]:
    parsed = pd.to_datetime(dates, format=form, errors="coerce", utc=timezone == "UTC")
    if parsed.dt.tz is None:
        parsed = parsed.dt.tz_localize(timezone)
    # The day that a time belongs to is that of New York after the close, as in Zipline.
    local = parsed.dt.tz_convert("US/Eastern") + pd.Timedelta(hours=8)
    days: pd.Series[pd.Timestamp] = local.dt.tz_localize(None).dt.normalize().dt.tz_localize("UTC")
    return days.dt.as_unit("ns")


def _asset(finder: Any, symbol: str, day: pd.Timestamp, country_code: str | None) -> Asset | None:  # noqa: ANN401
    for as_of in (None, day.tz_localize(None)):
        try:
            asset: Asset = finder.lookup_symbol(
                symbol.upper(), as_of_date=as_of, country_code=country_code
            )
        except MultipleSymbolsFound:
            continue
        except SymbolNotFound:
            return None
        return asset
    return None
