"""Splits, mergers and dividends in SQLite, in the tables of Zipline."""

from __future__ import annotations

import logging
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, SupportsInt

import numpy as np
import pandas as pd

from rustybt.data._adjustments import load_adjustments_from_sqlite
from rustybt.errors import RustybtError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from typing import Self

    from numpy.typing import NDArray
    from pandas.api.typing import NaTType

    from rustybt.assets import Asset, AssetFinder
    from rustybt.lib.adjustment import Float64Multiply

log = logging.getLogger(__name__)

SQLITE_ADJUSTMENT_TABLENAMES = frozenset({"splits", "mergers", "dividends"})
SPLIT, MERGER, DIVIDEND = range(3)

_RATIOS = {"effective_date": "INTEGER", "ratio": "REAL", "sid": "INTEGER"}
_DATES = dict.fromkeys(("declared_date", "ex_date", "pay_date", "record_date"), "INTEGER")
_TABLES = {
    "splits": _RATIOS,
    "mergers": _RATIOS,
    "dividends": _RATIOS,
    "dividend_payouts": {"amount": "REAL", **_DATES, "sid": "INTEGER"},
    "stock_dividend_payouts": {
        **_DATES,
        "payment_sid": "INTEGER",
        "ratio": "REAL",
        "sid": "INTEGER",
    },
}
_MISSING = np.iinfo(np.int64).min
_OPTIONAL_DATES = frozenset({"declared_date", "pay_date", "record_date"})


class Dividend(NamedTuple):
    """Cash that holders of a share at the ex-date are owed."""

    asset: Asset
    amount: float
    pay_date: pd.Timestamp | NaTType


class StockDividend(NamedTuple):
    """Shares that holders of a share at the ex-date are owed."""

    asset: Asset
    payment_asset: Asset
    ratio: float
    pay_date: pd.Timestamp | NaTType


class AssetAdjustments(NamedTuple):
    """All adjustments of one asset in order of time."""

    effective: NDArray[np.int64]
    """When each takes effect, in nanoseconds."""
    ratio: NDArray[np.float64]
    """What earlier prices are multiplied by."""
    kind: NDArray[np.int8]
    """`SPLIT`, `MERGER` or `DIVIDEND`."""


class DailyBars(Protocol):
    """What gives the closes that dividends are related to: a `SessionBarReader`, or less."""

    @property
    def sessions(self) -> pd.DatetimeIndex:
        """The sessions of the bars."""

    def load_raw_arrays(
        self,
        columns: Sequence[str],
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        assets: Sequence[SupportsInt],
    ) -> list[NDArray[Any]]:
        """Return values; see `BarReader`."""


class InvalidAdjustmentsError(RustybtError, ValueError):
    """Adjustments were refused; the message says which and why."""


class SQLiteAdjustmentReader:
    """Reader of a database that `SQLiteAdjustmentWriter` wrote.

    Parameters
    ----------
    conn : str, path or sqlite3.Connection

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """

    def __init__(self, conn: str | os.PathLike[str] | sqlite3.Connection) -> None:
        if isinstance(conn, sqlite3.Connection):
            self.conn = conn
            return
        path = Path(conn)
        if not path.is_file():
            raise FileNotFoundError(f"there is no adjustment database at {path}")
        self.conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.conn.close()

    def load_adjustments(
        self,
        dates: pd.DatetimeIndex,
        assets: Iterable[Any],
        should_include_splits: bool,
        should_include_mergers: bool,
        should_include_dividends: bool,
        adjustment_type: str,
    ) -> dict[str, dict[int, list[Float64Multiply]]]:
        """Return adjustment objects; see `load_adjustments_from_sqlite`."""
        return load_adjustments_from_sqlite(
            self.conn,
            dates,
            assets,
            should_include_splits,
            should_include_mergers,
            should_include_dividends,
            adjustment_type,
        )

    def load_pricing_adjustments(
        self, columns: Sequence[str], dates: pd.DatetimeIndex, assets: Iterable[Any]
    ) -> list[dict[int, list[Float64Multiply]]]:
        """Return the adjustment objects of each column, "volume" or a price."""
        names = set(columns)
        kind = "price" if "volume" not in names else "volume" if len(names) == 1 else "all"
        made = self.load_adjustments(dates, assets, True, True, True, kind)
        return [made["volume" if column == "volume" else "price"] for column in columns]

    def get_adjustments_for_sid(self, table_name: str, sid: int) -> list[list[Any]]:
        """Return [effective date, ratio] of each row of a table for an asset."""
        _check_table(table_name, SQLITE_ADJUSTMENT_TABLENAMES)
        rows = self.conn.execute(
            f"SELECT effective_date, ratio FROM {table_name} WHERE sid = ?",  # noqa: S608
            (int(sid),),
        )
        return [[pd.Timestamp(second, unit="s").as_unit("ns"), ratio] for second, ratio in rows]

    def asset_adjustments(self, sid: int) -> AssetAdjustments:
        """Return all adjustments of an asset as arrays, read once for all assets."""
        return self._by_asset.get(int(sid), _NONE)

    @cached_property
    def _by_asset(self) -> dict[int, AssetAdjustments]:
        rows = self.conn.execute(
            f"SELECT sid, effective_date, ratio, {SPLIT} AS kind FROM splits "  # noqa: S608
            f"UNION ALL SELECT sid, effective_date, ratio, {MERGER} FROM mergers "
            f"UNION ALL SELECT sid, effective_date, ratio, {DIVIDEND} FROM dividends "
            "ORDER BY 1, 2, 4"
        ).fetchall()
        if not rows:
            return {}
        sids, seconds, ratios, kinds = zip(*rows, strict=True)
        unique, starts = np.unique(np.array(sids, dtype=np.int64), return_index=True)
        stops = [*starts[1:].tolist(), len(rows)]
        effective = np.array(seconds, dtype=np.int64) * 1_000_000_000
        ratio, kind = np.array(ratios, dtype=np.float64), np.array(kinds, dtype=np.int8)
        return {
            sid: AssetAdjustments(effective[start:stop], ratio[start:stop], kind[start:stop])
            for sid, start, stop in zip(unique.tolist(), starts.tolist(), stops, strict=True)
        }

    def get_dividends_with_ex_date(
        self, assets: Iterable[Any], date: pd.Timestamp, asset_finder: AssetFinder
    ) -> list[Dividend]:
        """Return the cash dividends of some assets with an ex-date."""
        rows = self._paying("dividend_payouts", "sid, amount, pay_date", assets, date)
        return [
            Dividend(asset_finder.retrieve_asset(sid), amount, _utc(pay_date))
            for sid, amount, pay_date in rows
        ]

    def get_stock_dividends_with_ex_date(
        self, assets: Iterable[Any], date: pd.Timestamp, asset_finder: AssetFinder
    ) -> list[StockDividend]:
        """Return the stock dividends of some assets with an ex-date."""
        columns = "sid, payment_sid, ratio, pay_date"
        rows = self._paying("stock_dividend_payouts", columns, assets, date)
        find = asset_finder.retrieve_asset
        return [
            StockDividend(find(sid), find(payment_sid), ratio, _utc(pay_date))
            for sid, payment_sid, ratio, pay_date in rows
        ]

    def _paying(
        self, table: str, columns: str, assets: Iterable[Any], date: pd.Timestamp
    ) -> list[tuple[Any, ...]]:
        wanted = {int(asset) for asset in assets}
        rows = self.conn.execute(
            f"SELECT {columns} FROM {table} WHERE ex_date = ?",  # noqa: S608
            (date.value // 1_000_000_000,),
        )
        return [row for row in rows if row[0] in wanted]

    def unpack_db_to_component_dfs(self, convert_dates: bool = False) -> dict[str, pd.DataFrame]:
        """Return every table as a frame; see `get_df_from_table`."""
        return {table: self.get_df_from_table(table, convert_dates) for table in _TABLES}

    def get_df_from_table(self, table_name: str, convert_dates: bool = False) -> pd.DataFrame:
        """Return a table as a frame.

        Parameters
        ----------
        table_name : str
        convert_dates : bool, default False
            Whether dates are datetime64 instead of seconds since 1970.
        """
        _check_table(table_name, _TABLES)
        types = _TABLES[table_name]
        rows = self.conn.execute(
            f'SELECT "index", {", ".join(types)} FROM {table_name}'  # noqa: S608
        ).fetchall()
        data: dict[str, Any] = {}
        for place, (name, kind) in enumerate(types.items(), 1):
            values = np.array([row[place] for row in rows], dtype="i8" if kind[0] == "I" else "f8")
            if convert_dates and name.endswith("_date"):
                values = values.view("M8[s]").astype("M8[ns]")
            data[name] = values
        return pd.DataFrame(data, index=np.array([row[0] for row in rows], dtype=np.int64))


class SQLiteAdjustmentWriter:
    """Writer of splits, mergers and dividends.

    Parameters
    ----------
    conn_or_path : str, path or sqlite3.Connection
    equity_daily_bar_reader : SessionBarReader
        The bars that dividends are related to.
    overwrite : bool, default False
        Whether a file at the path is replaced.
    """

    def __init__(
        self,
        conn_or_path: str | os.PathLike[str] | sqlite3.Connection,
        equity_daily_bar_reader: DailyBars | None,
        overwrite: bool = False,
    ) -> None:
        if isinstance(conn_or_path, sqlite3.Connection):
            self.conn = conn_or_path
        else:
            path = Path(conn_or_path)
            if overwrite:
                path.unlink(missing_ok=True)
            self.conn = sqlite3.connect(path)
        self._bars = equity_daily_bar_reader

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.conn.close()

    def write(
        self,
        splits: pd.DataFrame | None = None,
        mergers: pd.DataFrame | None = None,
        dividends: pd.DataFrame | None = None,
        stock_dividends: pd.DataFrame | None = None,
    ) -> None:
        """Write adjustments: all of these frames, or none if one is refused.

        Parameters
        ----------
        splits, mergers : DataFrame, optional
            Columns `sid`, `effective_date` (seconds since 1970, or dates) and `ratio`, the factor
            of earlier prices. Earlier volumes are divided by the ratio of a split.
        dividends : DataFrame, optional
            Columns `sid`, `ex_date`, `declared_date`, `record_date`, `pay_date` and `amount`, in
            cash per share. Earlier prices are multiplied by 1 - amount / close on the session
            before the ex-date.
        stock_dividends : DataFrame, optional
            Columns `sid`, `ex_date`, `declared_date`, `record_date`, `pay_date`, `payment_sid`
            and `ratio`, the shares of `payment_sid` for each share held.

        Raises
        ------
        InvalidAdjustmentsError
            If a frame has other columns, a sid or ex-date is missing, or a ratio or amount is not
            positive.
        """
        frames = {
            "splits": splits,
            "mergers": mergers,
            "dividends": self.calc_dividend_ratios(dividends),
            "dividend_payouts": dividends,
            "stock_dividend_payouts": stock_dividends,
        }
        checked = {table: _checked(table, frame) for table, frame in frames.items()}
        with self.conn:
            for table, types in _TABLES.items():
                self._create(table, types)
                if checked[table]:
                    self._insert(table, types, checked[table])

    def write_frame(self, tablename: str, frame: pd.DataFrame | None) -> None:
        """Write a frame of splits, mergers or dividend ratios."""
        _check_table(tablename, SQLITE_ADJUSTMENT_TABLENAMES)
        rows = _checked(tablename, frame)
        with self.conn:
            self._create(tablename, _TABLES[tablename])
            self._insert(tablename, _TABLES[tablename], rows)

    def _create(self, table: str, types: dict[str, str]) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
        self.conn.execute(f'CREATE TABLE IF NOT EXISTS {table} ("index" INTEGER, {columns})')
        for name in ("sid", "effective_date" if "effective_date" in types else "ex_date"):
            self.conn.execute(f"CREATE INDEX IF NOT EXISTS {table}_{name} ON {table}({name})")

    def _insert(self, table: str, types: dict[str, str], rows: list[tuple[Any, ...]]) -> None:
        places = ", ".join("?" * (1 + len(types)))
        self.conn.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608

    def calc_dividend_ratios(self, dividends: pd.DataFrame | None) -> pd.DataFrame:
        """Return the ratios of prices over ex-dates, 1 - amount / close on the session before.

        A dividend without such a close, or not smaller than it, is logged and left out.
        """
        if dividends is None or dividends.empty:
            return pd.DataFrame(
                {
                    "sid": np.empty(0, np.int64),
                    "effective_date": np.empty(0, "M8[ns]"),
                    "ratio": np.empty(0),
                }
            )
        _check_columns("dividend_payouts", dividends)
        if self._bars is None:
            raise InvalidAdjustmentsError(
                msg="dividends need daily bars, which give their ratios: pass "
                "equity_daily_bar_reader"
            )
        sessions = self._bars.sessions
        dates = sessions.as_unit("ns").asi8
        sids = dividends["sid"].to_numpy(dtype=np.int64)
        unique, column = np.unique(sids, return_inverse=True)
        (close,) = self._bars.load_raw_arrays(["close"], sessions[0], sessions[-1], unique.tolist())
        ex_dates = _seconds(dividends["ex_date"]) * 1_000_000_000
        amounts = dividends["amount"].to_numpy(dtype=np.float64)
        before = np.searchsorted(dates, ex_dates) - 1
        ratios = np.full(sids.size, np.nan)
        known = before >= 0
        ratios[known] = 1.0 - amounts[known] / close[before[known], column[known]]
        for row in np.flatnonzero(known & ~(ratios > 0)):
            log.warning(
                "no ratio for the dividend of sid %d, ex-date %s, amount %.3f: the close before "
                "it is %s",
                sids[row],
                np.datetime64(int(ex_dates[row]), "ns").astype("M8[D]"),
                amounts[row],
                close[before[row], column[row]],
            )
        valid = ratios > 0
        return pd.DataFrame(
            {
                "sid": sids[valid],
                "effective_date": ex_dates[valid].view("M8[ns]"),
                "ratio": ratios[valid],
            }
        )


_NONE = AssetAdjustments(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int8))


def _check_table(table: str, known: Iterable[str]) -> None:
    if table not in known:
        raise ValueError(f"there is no table {table!r}, but {', '.join(sorted(known))}")


def _check_columns(table: str, frame: pd.DataFrame) -> None:
    if set(frame.columns) != set(_TABLES[table]):
        raise InvalidAdjustmentsError(
            msg=f"{table} need the columns {', '.join(_TABLES[table])}, got "
            f"{', '.join(map(str, frame.columns))}"
        )


def _checked(table: str, frame: pd.DataFrame | None) -> list[tuple[Any, ...]]:
    """Return the rows to insert, each beginning with its index."""
    if frame is None or frame.empty:
        return []
    _check_columns(table, frame)
    arrays = [np.arange(len(frame))]
    for name, kind in _TABLES[table].items():
        column = frame[name]
        if name.endswith("_date"):
            values = _seconds(column)
            wrong = values == _MISSING if name not in _OPTIONAL_DATES else values != values
            rule = "must be a date"
        elif kind == "INTEGER":
            if column.dtype.kind not in "iu":
                raise InvalidAdjustmentsError(
                    msg=f"{table}: {name} must be whole numbers, got {column.dtype}"
                )
            values = column.to_numpy(dtype=np.int64)
            wrong = values < 0
            rule = "must not be negative"
        else:
            values = column.to_numpy(dtype=np.float64)
            wrong = ~((values > 0) & np.isfinite(values))
            rule = "must be positive and finite"
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InvalidAdjustmentsError(
                msg=f"{table}, row {row} (sid {frame['sid'].iloc[row]}): {name} {rule}, got "
                f"{column.iloc[row]}"
            )
        arrays.append(values)
    return list(zip(*(array.tolist() for array in arrays), strict=True))


def _seconds(column: pd.Series) -> NDArray[np.int64]:
    """Return dates as seconds since 1970, the least int64 for NaT; integers are seconds."""
    if column.dtype.kind in "iu":
        return column.to_numpy(dtype=np.int64)
    dates = pd.DatetimeIndex(pd.to_datetime(column, utc=True)).tz_localize(None)
    return dates.to_numpy().astype("M8[s]").astype(np.int64)


def _utc(second: int) -> pd.Timestamp | NaTType:
    return pd.NaT if second == _MISSING else pd.Timestamp(second, unit="s", tz="UTC").as_unit("ns")
