"""Writing assets into a database."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeGuard

import pandas as pd
import sqlalchemy as sa

from rustybt.assets import asset_db_schema as schema
from rustybt.assets import asset_frames as frames
from rustybt.assets.asset_db import (
    Database,
    check_version,
    create_tables,
    is_empty,
    open_engine,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager


class AssetDBWriter:
    """Writer of assets into a database, all of one call or nothing.

    Parameters
    ----------
    engine : str, PathLike or sqlalchemy.Engine
        Path of the database, which is created if it is not there; ``":memory:"``; or an engine.
    """

    DEFAULT_CHUNK_SIZE = 999

    def __init__(self, engine: Database) -> None:
        self.engine = open_engine(engine, must_exist=False)

    def init_db(self, txn: sa.Connection | None = None) -> sa.MetaData:
        """Create the tables where there are none.

        Parameters
        ----------
        txn : sqlalchemy.Connection, optional
            Connection, with a transaction begun, to use; by default a new one.

        Returns
        -------
        sqlalchemy.MetaData
            The tables.

        Raises
        ------
        AssetDBVersionError
            If the database has another schema version.
        """
        begun: AbstractContextManager[sa.Connection] = (
            transaction(self.engine) if txn is None else nullcontext(txn)
        )
        with begun as connection:
            if is_empty(connection):
                create_tables(connection)
            else:
                check_version(connection)
        return schema.metadata

    def write(
        self,
        equities: pd.DataFrame | None = None,
        futures: pd.DataFrame | None = None,
        exchanges: pd.DataFrame | None = None,
        root_symbols: pd.DataFrame | None = None,
        equity_supplementary_mappings: pd.DataFrame | None = None,
        chunk_size: int = DEFAULT_CHUNK_SIZE,
    ) -> None:
        """Write assets.

        Frames are keyed by their index, or by a column of the key's name. Dates may be of any
        type and time zone that pandas reads as dates; UTC where they have none. Columns that are
        not listed are ignored.

        Parameters
        ----------
        equities : pandas.DataFrame, keyed by sid
            Columns `symbol` and `exchange`, optionally `asset_name`, `start_date`, `end_date`,
            `first_traded` and `auto_close_date`. Several rows of a sid tell which symbols it held
            from start to end date, both included.
        futures : pandas.DataFrame, keyed by sid
            Column `exchange`, optionally `symbol`, `root_symbol`, `asset_name`, `start_date`,
            `end_date`, `first_traded`, `notice_date`, `expiration_date`, `auto_close_date`,
            `tick_size` and `multiplier`.
        exchanges : pandas.DataFrame, keyed by exchange
            Optionally `canonical_name` and `country_code` (ISO 3166-1 alpha-2, or "??"). By default
            those that the other frames name, of unknown country.
        root_symbols : pandas.DataFrame, keyed by root_symbol
            Optionally `root_symbol_id`, `sector`, `description` and `exchange`.
        equity_supplementary_mappings : pandas.DataFrame, keyed by sid
            Columns `field` and `value`, optionally `start_date` and `end_date`.
        chunk_size : int, default 999
            How many rows are handed to the database at a time.

        Raises
        ------
        ValueError
            If a column is missing or a row is wrong or contradicts another; nothing is written.
        AssetDBVersionError
            If the database has another schema version.
        """
        assets = symbols = None
        if _has_rows(equities):
            assets, symbols = frames.equities_with_symbols(equities)
        self._write(
            assets,
            symbols,
            futures,
            exchanges,
            root_symbols,
            equity_supplementary_mappings,
            chunk_size,
        )

    def write_direct(
        self,
        equities: pd.DataFrame | None = None,
        equity_symbol_mappings: pd.DataFrame | None = None,
        equity_supplementary_mappings: pd.DataFrame | None = None,
        futures: pd.DataFrame | None = None,
        exchanges: pd.DataFrame | None = None,
        root_symbols: pd.DataFrame | None = None,
        chunk_size: int = DEFAULT_CHUNK_SIZE,
    ) -> None:
        """Write assets whose symbols come in a frame of their own.

        Parameters
        ----------
        equities : pandas.DataFrame, keyed by sid
            As for :meth:`write`, without `symbol` and with one row a sid.
        equity_symbol_mappings : pandas.DataFrame
            Columns `sid` and `symbol`, optionally `company_symbol`, `share_class_symbol`,
            `start_date` and `end_date`; needed with `equities`.
        equity_supplementary_mappings, futures, exchanges, root_symbols, chunk_size
            As for :meth:`write`.

        Raises
        ------
        ValueError
            If a column is missing or a row is wrong or contradicts another; nothing is written.
        AssetDBVersionError
            If the database has another schema version.
        """
        assets = symbols = None
        if _has_rows(equities):
            if equity_symbol_mappings is None:
                raise ValueError(
                    "equities need their symbols: pass the frame equity_symbol_mappings too"
                )
            assets = frames.equities(equities)
            symbols = frames.equity_symbols(equity_symbol_mappings)
        self._write(
            assets,
            symbols,
            futures,
            exchanges,
            root_symbols,
            equity_supplementary_mappings,
            chunk_size,
        )

    def _write(
        self,
        equities: pd.DataFrame | None,
        symbols: pd.DataFrame | None,
        futures: pd.DataFrame | None,
        exchanges: pd.DataFrame | None,
        root_symbols: pd.DataFrame | None,
        supplementary: pd.DataFrame | None,
        chunk_size: int,
    ) -> None:
        contracts = frames.futures(futures) if _has_rows(futures) else None
        roots = frames.root_symbols(root_symbols) if _has_rows(root_symbols) else None
        values = frames.supplementary_mappings(supplementary) if _has_rows(supplementary) else None
        using = {"equities": equities, "futures": contracts, "root_symbols": roots}
        places = (
            frames.exchanges_named_by(using) if exchanges is None else frames.exchanges(exchanges)
        )
        with transaction(self.engine) as connection:
            self.init_db(connection)
            countries = _add_exchanges(
                connection, places, replaceable=exchanges is None, chunk_size=chunk_size
            )
            for name, frame in using.items():
                if frame is not None:
                    frames.check_exchanges(name, frame, countries)
            if equities is not None and symbols is not None:
                _check_symbols(equities, symbols, countries)
            _check_sids(connection, equities, contracts, values)
            tables: list[tuple[sa.Table, pd.DataFrame | None]] = [
                (schema.futures_root_symbols, roots),
                (schema.equities, equities),
                (schema.futures_contracts, contracts),
                (schema.equity_supplementary_mappings, values),
            ]
            for table, frame in tables:
                if frame is not None:
                    _insert(connection, table, frames.rows_of(frame, index=True), chunk_size)
            if symbols is not None:
                _insert(
                    connection,
                    schema.equity_symbol_mappings,
                    _numbered(connection, frames.rows_of(symbols, index=False)),
                    chunk_size,
                )
            router = [
                {"sid": sid, "asset_type": kind}
                for kind, frame in (("equity", equities), ("future", contracts))
                if frame is not None
                for sid in frame.index.tolist()
            ]
            _insert(connection, schema.asset_router, router, chunk_size)


def _has_rows(frame: pd.DataFrame | None) -> TypeGuard[pd.DataFrame]:
    return frame is not None and len(frame) > 0


def _insert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]], chunk_size: int
) -> None:
    for first in range(0, len(rows), chunk_size):
        connection.execute(table.insert(), list(rows[first : first + chunk_size]))


def _add_exchanges(
    connection: sa.Connection, places: pd.DataFrame, *, replaceable: bool, chunk_size: int
) -> dict[str, str]:
    """Write the exchanges that are new; return the country of every exchange.

    An exchange that is there already must be the same, unless its row is only a default.
    """
    stored = {
        row["exchange"]: dict(row)
        for row in connection.execute(sa.select(schema.exchanges)).mappings()
    }
    new = []
    for row in frames.rows_of(places, index=True):
        known = stored.setdefault(row["exchange"], row)
        if known is row:
            new.append(row)
        elif known != row and not replaceable:
            raise ValueError(
                f"exchanges: {row['exchange']!r} is in the database already, as "
                f"{known['canonical_name']!r} of {known['country_code']}"
            )
    _insert(connection, schema.exchanges, new, chunk_size)
    return {name: row["country_code"] for name, row in stored.items()}


def _check_symbols(
    equities: pd.DataFrame, symbols: pd.DataFrame, countries: dict[str, str]
) -> None:
    country_by_sid = {
        sid: countries[exchange]
        for sid, exchange in zip(equities.index.tolist(), equities["exchange"], strict=True)
    }
    for sid in symbols["sid"].tolist():
        if sid not in country_by_sid:
            raise ValueError(f"equity_symbol_mappings: sid {sid} is not in the frame of equities")
    frames.check_symbol_ownership(symbols, country_by_sid)


def _check_sids(
    connection: sa.Connection,
    equities: pd.DataFrame | None,
    futures: pd.DataFrame | None,
    supplementary: pd.DataFrame | None,
) -> None:
    """Refuse sids that are taken, and values of equities that are not there."""
    router = schema.asset_router.c
    rows = connection.execute(sa.select(router.sid, router.asset_type)).all()
    kinds: dict[int, str] = {row.sid: row.asset_type for row in rows}
    for name, kind, frame in (("equities", "equity", equities), ("futures", "future", futures)):
        for sid in [] if frame is None else frame.index.tolist():
            if sid in kinds:
                raise ValueError(
                    f"{name}: sid {sid} is taken already, by an asset of type {kinds[sid]}"
                )
            kinds[sid] = kind
    for sid in [] if supplementary is None else supplementary.index.tolist():
        if kinds.get(sid) != "equity":
            raise ValueError(f"equity_supplementary_mappings: sid {sid} is no equity")


def _numbered(connection: sa.Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give rows of symbols the ids that follow those in the database."""
    last = connection.execute(sa.select(sa.func.max(schema.equity_symbol_mappings.c.id))).scalar()
    first = 0 if last is None else last + 1
    return [{"id": number, **row} for number, row in enumerate(rows, start=first)]
