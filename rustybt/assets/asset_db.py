"""Opening an asset database, and the schema version it has."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa
import sqlalchemy.dialects.sqlite  # what the first create_engine would stop to load

from rustybt.assets.asset_db_schema import ASSET_DB_VERSION, metadata, version_info
from rustybt.errors import AssetDBVersionError

if TYPE_CHECKING:
    from collections.abc import Iterator

Database: TypeAlias = str | os.PathLike[str] | sa.Engine

OLDEST_VERSION = 5


def open_engine(database: Database, *, must_exist: bool) -> sa.Engine:
    """Return the engine of a database given by a path, an URL, ``":memory:"`` or an engine.

    Raises
    ------
    FileNotFoundError
        If the path must exist and does not.
    TypeError
        If `database` is none of these.
    """
    if isinstance(database, sa.Engine):
        return database
    if not isinstance(database, str | os.PathLike):
        raise TypeError(
            "an asset database must be a path, ':memory:' or a SQLAlchemy engine, got "
            f"{type(database).__name__} {database!r}"
        )
    name = os.fspath(database)
    if "://" in name:
        return sa.create_engine(name)
    if name == ":memory:":
        # One connection that all threads share: another one would see a database of its own.
        return sa.create_engine(
            "sqlite://",
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False},
        )
    if must_exist and not Path(name).is_file():
        raise FileNotFoundError(
            f"there is no asset database {name}: ingest the bundle, or write one with AssetDBWriter"
        )
    # No pool: an open file could not be deleted on Windows.
    return sa.create_engine(sa.URL.create("sqlite", database=name), poolclass=sa.NullPool)


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Begin a transaction that also covers changes of tables, and commit it or roll it back."""
    with engine.begin() as connection:
        raw = connection.connection.dbapi_connection
        # Python's SQLite driver begins one before a change of rows only, if not told to.
        if engine.dialect.name == "sqlite" and not getattr(raw, "in_transaction", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def schema_version(connection: sa.Connection) -> int:
    """Return the schema version of a database; 0 if it has none."""
    if not sa.inspect(connection).has_table(version_info.name):
        return 0
    return int(connection.execute(sa.select(version_info.c.version)).scalar() or 0)


def is_empty(connection: sa.Connection) -> bool:
    """Return whether a database has none of an asset database's tables."""
    return not metadata.tables.keys() & set(sa.inspect(connection).get_table_names())


def write_version(connection: sa.Connection, version: int) -> None:
    """Replace the schema version of a database."""
    connection.execute(version_info.delete())
    connection.execute(version_info.insert().values(id=1, version=version))


def create_tables(connection: sa.Connection) -> None:
    """Create the tables of a database that has none."""
    metadata.create_all(connection)
    write_version(connection, ASSET_DB_VERSION)


def check_version(connection: sa.Connection) -> None:
    """Refuse a database of another schema version.

    Raises
    ------
    AssetDBVersionError
    """
    version = schema_version(connection)
    if version == ASSET_DB_VERSION:
        return
    database = connection.engine.url.database or ":memory:"
    if version > ASSET_DB_VERSION:
        remedy = "update rustybt, or downgrade the file with the version that wrote it"
    elif version >= OLDEST_VERSION:
        remedy = f"upgrade it with rustybt.assets.asset_db_migrations.upgrade({database!r})"
    else:
        remedy = "it is too old to be upgraded or no asset database, so ingest the bundle again"
    raise AssetDBVersionError(
        database=database, db_version=version, expected_version=ASSET_DB_VERSION, remedy=remedy
    )
