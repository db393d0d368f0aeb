"""Bringing an asset database from one schema version to another, rows and all.

Version 5 has a table of the symbols that equities held; 6 adds the supplementary fields of
equities; 7 has one table of exchanges, with their countries, for equities and futures alike.
"""

# ruff: noqa: S608 - statements are put together of this module's own names only

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from rustybt.assets.asset_db import (
    OLDEST_VERSION,
    Database,
    open_engine,
    schema_version,
    transaction,
    write_version,
)
from rustybt.assets.asset_db_schema import ASSET_DB_VERSION
from rustybt.errors import AssetDBImpossibleDowngrade, AssetDBVersionError

if TYPE_CHECKING:
    from collections.abc import Callable

_EQUITIES = """
    sid BIGINT NOT NULL PRIMARY KEY UNIQUE,
    asset_name TEXT,
    start_date BIGINT NOT NULL,
    end_date BIGINT NOT NULL,
    first_traded BIGINT,
    auto_close_date BIGINT,
"""
_ROOT_SYMBOLS = """
    root_symbol TEXT NOT NULL PRIMARY KEY UNIQUE,
    root_symbol_id BIGINT,
    sector TEXT,
    description TEXT,
    exchange TEXT REFERENCES {exchanges} (exchange)
"""
_CONTRACTS = """
    sid BIGINT NOT NULL PRIMARY KEY UNIQUE,
    symbol TEXT,
    root_symbol TEXT REFERENCES futures_root_symbols (root_symbol),
    asset_name TEXT,
    start_date BIGINT NOT NULL,
    end_date BIGINT NOT NULL,
    first_traded BIGINT,
    exchange TEXT REFERENCES {exchanges} (exchange),
    notice_date BIGINT NOT NULL,
    expiration_date BIGINT NOT NULL,
    auto_close_date BIGINT NOT NULL,
    multiplier FLOAT,
    tick_size FLOAT
"""
_DATES_OF_EQUITIES = "asset_name, start_date, end_date, first_traded, auto_close_date"


def upgrade(engine: Database, desired_version: int = ASSET_DB_VERSION) -> None:
    """Bring an asset database up to a later schema version; nothing is lost.

    Parameters
    ----------
    engine : str, PathLike or sqlalchemy.Engine
    desired_version : int, default ASSET_DB_VERSION

    Raises
    ------
    AssetDBVersionError
        If there is no way from its version to the desired one; it is left as it is.
    """
    _migrate(engine, desired_version, upwards=True)


def downgrade(engine: Database, desired_version: int) -> None:
    """Bring an asset database down to an earlier schema version.

    What that version has no place for is lost: below 6 the supplementary fields, below 7 the
    countries of the exchanges, and the equities of other countries than the US.

    Parameters
    ----------
    engine : str, PathLike or sqlalchemy.Engine
    desired_version : int
        At least 5.

    Raises
    ------
    AssetDBImpossibleDowngrade
        If its version is lower than the desired one.
    AssetDBVersionError
        If there is no way from its version to the desired one; it is left as it is.
    """
    _migrate(engine, desired_version, upwards=False)


def _migrate(database: Database, desired_version: int, *, upwards: bool) -> None:
    engine = open_engine(database, must_exist=True)
    with transaction(engine) as connection:
        version = schema_version(connection)
        if not upwards and version < desired_version:
            raise AssetDBImpossibleDowngrade(db_version=version, desired_version=desired_version)
        versions = range(OLDEST_VERSION, ASSET_DB_VERSION + 1)
        wrong_way = upwards and version > desired_version
        if version not in versions or desired_version not in versions or wrong_way:
            raise AssetDBVersionError(
                database=engine.url.database or ":memory:",
                db_version=version,
                expected_version=ASSET_DB_VERSION,
                remedy=f"it cannot be brought from {version} to {desired_version}, only between "
                f"{OLDEST_VERSION} and {ASSET_DB_VERSION} and with upgrade() to a later version, "
                "so ingest the bundle again",
            )
        step = 1 if upwards else -1
        for reached in range(version + step, desired_version + step, step):
            (_UPGRADES if upwards else _DOWNGRADES)[reached](connection)
            write_version(connection, reached)


def _run(connection: sa.Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(sa.text(statement))


def _replace(connection: sa.Connection, table: str, columns: str, query: str, *keys: str) -> None:
    """Make a table anew from a query on itself, with an index on each of some columns."""
    indexes = [
        f"CREATE {'UNIQUE' if key == 'symbol' else ''} INDEX ix_{table}_{key} ON {table} ({key})"
        for key in keys
    ]
    _run(
        connection,
        f"CREATE TABLE _new_{table} ({columns})",
        f"INSERT INTO _new_{table} {query}",
        f"DROP TABLE {table}",
        f"ALTER TABLE _new_{table} RENAME TO {table}",
        *indexes,
    )


def _up_to_6(connection: sa.Connection) -> None:
    _run(
        connection,
        """
        CREATE TABLE equity_supplementary_mappings (
            sid BIGINT NOT NULL REFERENCES equities (sid),
            field TEXT NOT NULL,
            start_date BIGINT NOT NULL,
            end_date BIGINT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (sid, field, start_date)
        )
        """,
    )


def _down_to_5(connection: sa.Connection) -> None:
    _run(connection, "DROP TABLE equity_supplementary_mappings")


def _up_to_7(connection: sa.Connection) -> None:
    # Equities named an exchange by two names; futures by one, which is both.
    _run(
        connection,
        """
        CREATE TABLE exchanges (
            exchange TEXT NOT NULL PRIMARY KEY UNIQUE,
            canonical_name TEXT NOT NULL,
            country_code TEXT NOT NULL
        )
        """,
        """
        INSERT INTO exchanges
        SELECT coalesce(exchange_full, exchange), min(coalesce(exchange, exchange_full)), 'US'
        FROM equities
        WHERE coalesce(exchange_full, exchange) IS NOT NULL
        GROUP BY coalesce(exchange_full, exchange)
        """,
        """
        INSERT INTO exchanges
        SELECT exchange, exchange, 'US' FROM futures_exchanges
        WHERE exchange NOT IN (SELECT exchange FROM exchanges)
        """,
    )
    _replace(
        connection,
        "equities",
        _EQUITIES + "exchange TEXT REFERENCES exchanges (exchange)",
        f"SELECT sid, {_DATES_OF_EQUITIES}, coalesce(exchange_full, exchange) FROM equities",
    )
    _replace_futures(connection, exchanges="exchanges")
    _run(connection, "DROP TABLE futures_exchanges")


def _down_to_6(connection: sa.Connection) -> None:
    _replace(
        connection,
        "equities",
        _EQUITIES + "exchange TEXT, exchange_full TEXT",
        f"""
        SELECT sid, {_DATES_OF_EQUITIES}, canonical_name, exchanges.exchange
        FROM equities JOIN exchanges ON equities.exchange = exchanges.exchange
        WHERE country_code IN ('US', '??')
        """,
    )
    _run(
        connection,
        "CREATE TABLE futures_exchanges (exchange TEXT NOT NULL PRIMARY KEY UNIQUE, timezone TEXT)",
        "INSERT INTO futures_exchanges SELECT exchange, NULL FROM exchanges",
    )
    _replace_futures(connection, exchanges="futures_exchanges")
    _run(
        connection,
        "DROP TABLE exchanges",
        *(
            f"DELETE FROM {table} WHERE sid NOT IN (SELECT sid FROM equities)"
            for table in ("equity_symbol_mappings", "equity_supplementary_mappings")
        ),
        """
        DELETE FROM asset_router
        WHERE asset_type = 'equity' AND sid NOT IN (SELECT sid FROM equities)
        """,
    )


def _replace_futures(connection: sa.Connection, exchanges: str) -> None:
    for table, columns, keys in (
        ("futures_root_symbols", _ROOT_SYMBOLS, ()),
        ("futures_contracts", _CONTRACTS, ("symbol", "root_symbol")),
    ):
        names = ", ".join(line.split()[0] for line in columns.strip().splitlines())
        query = f"SELECT {names} FROM {table}"
        _replace(connection, table, columns.format(exchanges=exchanges), query, *keys)


_UPGRADES: dict[int, Callable[[sa.Connection], None]] = {6: _up_to_6, 7: _up_to_7}
_DOWNGRADES: dict[int, Callable[[sa.Connection], None]] = {6: _down_to_6, 5: _down_to_5}
