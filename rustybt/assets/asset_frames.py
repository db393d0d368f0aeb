"""Frames of assets as callers give them, checked and completed to the columns of the tables.

Every function takes the frame's name for its error sentences and leaves the frame as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rustybt.assets.symbols import split_delimited_symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REQUIRED: Final = object()
BEGINNING: Final = 0
END: Final = int(np.iinfo(np.int64).max)

_ASSET_DATES: Final = ("start_date", "end_date", "first_traded", "auto_close_date")

_EQUITIES: Final[Mapping[str, object]] = {
    "asset_name": None,
    "start_date": BEGINNING,
    "end_date": END,
    "first_traded": None,
    "auto_close_date": None,
    "exchange": REQUIRED,
}
_SYMBOLS: Final[Mapping[str, object]] = {
    "sid": REQUIRED,
    "symbol": REQUIRED,
    "company_symbol": None,
    "share_class_symbol": None,
    "start_date": BEGINNING,
    "end_date": END,
}
_FUTURES: Final[Mapping[str, object]] = {
    "symbol": None,
    "root_symbol": None,
    "asset_name": None,
    "start_date": BEGINNING,
    "end_date": END,
    "first_traded": None,
    "exchange": REQUIRED,
    "notice_date": None,
    "expiration_date": None,
    "auto_close_date": None,
    "tick_size": None,
    "multiplier": 1,
}
_EXCHANGES: Final[Mapping[str, object]] = {"canonical_name": None, "country_code": "??"}
_ROOT_SYMBOLS: Final[Mapping[str, object]] = {
    "root_symbol_id": None,
    "sector": None,
    "description": None,
    "exchange": None,
}
_SUPPLEMENTARY: Final[Mapping[str, object]] = {
    "field": REQUIRED,
    "start_date": BEGINNING,
    "end_date": END,
    "value": REQUIRED,
}


def equities_with_symbols(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the equities, one row a sid, and the periods in which they held their symbols.

    A sid with several rows held several symbols; what else the rows say is taken from the one
    that ends last.
    """
    frame = frame.copy()
    if "company_name" in frame and "asset_name" not in frame:
        frame["asset_name"] = frame["company_name"]
    if "file_name" in frame:
        frame["symbol"] = frame["file_name"]
    rows = _complete("equities", frame, "sid", {**_EQUITIES, "symbol": REQUIRED})
    symbols = _split_symbols("equities", rows.reset_index())
    for column in ("start_date", "end_date"):
        _refuse_missing("equities", rows, column)

    by_sid = rows.drop(columns="symbol").sort_values("end_date", kind="stable").groupby(level="sid")
    equities = by_sid.tail(1).sort_index()
    equities["start_date"] = by_sid["start_date"].min()
    return equities, symbols


def equities(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the equities of a frame that has one row a sid."""
    rows = _complete("equities", frame, "sid", _EQUITIES)
    _refuse_duplicates("equities", rows.index, "sid")
    return rows


def equity_symbols(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the periods in which equities held symbols; the symbol's parts may be left out."""
    given = frame.reset_index() if "sid" not in frame else frame
    rows = _complete("equity_symbol_mappings", given.set_index("sid"), "sid", _without(_SYMBOLS))
    return _split_symbols("equity_symbol_mappings", rows.reset_index())


def futures(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the futures contracts of a frame."""
    rows = _complete("futures", frame, "sid", _FUTURES)
    _refuse_duplicates("futures", rows.index, "sid")
    for column in ("symbol", "root_symbol"):
        rows[column] = pd.Series(map(_upper, rows[column]), index=rows.index, dtype=object)
    _refuse_duplicates("futures", rows["symbol"].dropna(), "symbol")
    return rows


def exchanges(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the exchanges of a frame, their country codes in upper case."""
    rows = _complete("exchanges", frame, "exchange", _EXCHANGES)
    _refuse_duplicates("exchanges", rows.index, "exchange")
    rows["canonical_name"] = [
        name if _is_missing(canonical) else canonical
        for name, canonical in zip(rows.index, rows["canonical_name"], strict=True)
    ]
    for name, code in zip(rows.index, rows["country_code"], strict=True):
        if not (isinstance(code, str) and (_is_country_code(code) or code == "??")):
            raise ValueError(
                f"exchanges: the country_code of {name!r} is {code!r}, it must be two letters "
                "(ISO 3166-1 alpha-2) or '??' for an unknown country"
            )
    rows["country_code"] = [code.upper() for code in rows["country_code"]]
    return rows


def exchanges_named_by(frames: Mapping[str, pd.DataFrame | None]) -> pd.DataFrame:
    """Return the exchanges that the column `exchange` of frames names, of unknown countries."""
    columns = [
        frame["exchange"] for frame in frames.values() if frame is not None and "exchange" in frame
    ]
    names = pd.unique(pd.concat(columns).dropna()) if columns else []
    return exchanges(pd.DataFrame({"exchange": list(names)}, dtype=object))


def root_symbols(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the root symbols of a frame, in upper case as those of the contracts are."""
    rows = _complete("root_symbols", frame, "root_symbol", _ROOT_SYMBOLS)
    rows.index = pd.Index([_upper(root) for root in rows.index], name="root_symbol", dtype=object)
    _refuse_duplicates("root_symbols", rows.index, "root_symbol")
    return rows


def supplementary_mappings(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the values that supplementary fields of equities had in periods, as strings."""
    name = "equity_supplementary_mappings"
    rows = _complete(name, frame, "sid", _SUPPLEMENTARY)
    for column in ("field", "start_date", "end_date", "value"):
        _refuse_missing(name, rows, column)
    rows["value"] = [str(value) for value in rows["value"]]
    keys = list(zip(rows.index, rows["field"], rows["start_date"], strict=True))
    repeated = pd.Index(pd.Series(keys, dtype=object)).duplicated()
    if repeated.any():
        sid, field, start = keys[int(repeated.argmax())]
        raise ValueError(
            f"{name}: sid {sid} has two values of {field!r} from {_day(start)}, it can have one"
        )
    return rows


def check_exchanges(name: str, frame: pd.DataFrame, known: Iterable[str]) -> None:
    """Refuse a frame with an exchange that is not known."""
    known = set(known)
    for key, exchange in zip(frame.index, frame["exchange"], strict=True):
        if _is_missing(exchange):
            if name == "root_symbols":
                continue
            raise ValueError(f"{name}: {frame.index.name} {key} has no exchange")
        if exchange not in known:
            raise ValueError(
                f"{name}: the exchange {exchange!r} of {frame.index.name} {key} is unknown, add it "
                f"to exchanges (known: {', '.join(sorted(known)) or 'none'})"
            )


def check_symbol_ownership(symbols: pd.DataFrame, country_by_sid: Mapping[int, str]) -> None:
    """Refuse symbols that were held twice at a time in a country; a period includes its end."""
    rows = symbols.assign(country=[country_by_sid[sid] for sid in symbols["sid"]])
    rows = rows.sort_values(["symbol", "country", "start_date"], kind="stable")
    conflicts = []
    for (symbol, country), held in rows.groupby(["symbol", "country"], sort=True):
        if len(held) == 1:
            continue
        starts, ends = held["start_date"].to_numpy(), held["end_date"].to_numpy()
        latest = np.maximum.accumulate(ends)
        clashes = np.flatnonzero(starts[1:] <= latest[:-1])
        if clashes.size:
            second = int(clashes[0]) + 1
            first = int(ends[:second].argmax())
            conflicts.append((symbol, country, held.iloc[first], held.iloc[second]))
    if not conflicts:
        return
    symbol, country, first_row, second_row = conflicts[0]
    periods = " and ".join(
        f"sid {row['sid']} from {_day(row['start_date'])} to {_day(row['end_date'])}"
        for row in (first_row, second_row)
    )
    several = f"{len(conflicts)} symbols, the first is" if len(conflicts) > 1 else "the symbol"
    raise ValueError(
        f"equities: ambiguous ownership of {several} {symbol} ({country}), held by {periods}: make "
        "the periods disjoint"
    )


def rows_of(frame: pd.DataFrame, *, index: bool) -> list[dict[str, Any]]:
    """Return the rows of a frame as dicts of plain Python values, missing ones None."""
    table = frame.reset_index() if index else frame
    columns = [
        [None if _is_missing(value) else value for value in table[column].tolist()]
        for column in table
    ]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _complete(
    name: str, frame: pd.DataFrame, key: str, defaults: Mapping[str, object]
) -> pd.DataFrame:
    """Return a frame of just the columns of `defaults`, indexed by `key`, dates as integers."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{name} must be a DataFrame, got {type(frame).__name__}")
    indexed = frame.set_index(key) if key in frame else frame
    missing = [column for column, default in defaults.items() if default is REQUIRED]
    missing = [column for column in missing if column not in indexed]
    if missing and len(frame):
        raise ValueError(
            f"{name}: the column {' and '.join(missing)} is missing, it has "
            f"{', '.join(map(str, indexed.columns)) or 'no columns'}"
        )
    rows = pd.DataFrame(index=_index(name, indexed.index, key))
    for column, default in defaults.items():
        if column not in indexed:
            rows[column] = pd.Series([default] * len(rows), index=rows.index, dtype=object)
        else:
            rows[column] = indexed[column].to_numpy(dtype=object)
        if column in _ASSET_DATES or column.endswith("_date"):
            rows[column] = _nanos(name, column, rows[column])
    return rows


def _index(name: str, index: pd.Index[Any], key: str) -> pd.Index[Any]:
    is_sid = key == "sid"
    if is_sid and len(index) and index.dtype.kind not in "iu":
        raise ValueError(f"{name}: sids must be integers, got {index[0]!r} ({index.dtype})")
    return index.astype("int64" if is_sid else "object").rename(key)


def _nanos(name: str, column: str, dates: pd.Series[Any]) -> pd.Series[int]:
    try:
        index = pd.DatetimeIndex(pd.to_datetime(dates, utc=True)).as_unit("ns")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: the column {column} must hold dates: {error}") from None
    return pd.Series(index.asi8, index=dates.index)


def _split_symbols(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the table of symbols, in upper case."""
    for sid, symbol in zip(rows["sid"], rows["symbol"], strict=True):
        if not isinstance(symbol, str) or not symbol:
            raise ValueError(f"{name}: sid {sid} has no symbol, or one that is no text: {symbol!r}")
    symbols = rows[["sid", "start_date", "end_date"]].copy()
    symbols["symbol"] = [symbol.upper() for symbol in rows["symbol"]]
    parts = [split_delimited_symbol(symbol) for symbol in rows["symbol"]]
    for place, column in enumerate(("company_symbol", "share_class_symbol")):
        given = rows[column] if column in rows else [None] * len(rows)
        symbols[column] = [
            part[place] if _is_missing(value) else value.upper()
            for part, value in zip(parts, given, strict=True)
        ]
    return symbols


def _without(columns: Mapping[str, object]) -> dict[str, object]:
    return {column: default for column, default in columns.items() if column != "sid"}


def _refuse_missing(name: str, rows: pd.DataFrame, column: str) -> None:
    nat = pd.NaT.value
    for key, value in zip(rows.index, rows[column], strict=True):
        if _is_missing(value) or value == nat:
            raise ValueError(f"{name}: {rows.index.name} {key} has no {column}")


def _refuse_duplicates(name: str, values: pd.Index[Any] | pd.Series[Any], what: str) -> None:
    repeated = values.duplicated()
    if repeated.any():
        first = values[repeated].tolist()[0]
        raise ValueError(f"{name}: the {what} {first!r} is there twice, it must be unique")


def _is_missing(value: object) -> bool:
    return value is None or value != value or value is pd.NA


def _is_country_code(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isalpha()


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else None if _is_missing(value) else value


def _day(nanos: int) -> str:
    return f"{pd.Timestamp(nanos):%Y-%m-%d}"
