"""Tables of an asset database, of the schema version that this rustybt reads and writes.

Dates are int64 nanoseconds since 1970 UTC; a missing one is NaT's, the least int64. The schema is
Zipline's of the same version, whose files can be read.
"""

from __future__ import annotations

import sqlalchemy as sa

ASSET_DB_VERSION = 7

metadata = sa.MetaData()


def _key(name: str, kind: type[sa.BigInteger | sa.Text]) -> sa.Column[object]:
    return sa.Column(name, kind, unique=True, nullable=False, primary_key=True)


exchanges = sa.Table(
    "exchanges",
    metadata,
    _key("exchange", sa.Text),
    sa.Column("canonical_name", sa.Text, nullable=False),
    sa.Column("country_code", sa.Text, nullable=False),
)

equities = sa.Table(
    "equities",
    metadata,
    _key("sid", sa.BigInteger),
    sa.Column("asset_name", sa.Text),
    sa.Column("start_date", sa.BigInteger, nullable=False),
    sa.Column("end_date", sa.BigInteger, nullable=False),
    sa.Column("first_traded", sa.BigInteger),
    sa.Column("auto_close_date", sa.BigInteger),
    sa.Column("exchange", sa.Text, sa.ForeignKey(exchanges.c.exchange)),
)

equity_symbol_mappings = sa.Table(
    "equity_symbol_mappings",
    metadata,
    _key("id", sa.BigInteger),
    sa.Column("sid", sa.BigInteger, sa.ForeignKey(equities.c.sid), nullable=False, index=True),
    sa.Column("symbol", sa.Text, nullable=False),
    sa.Column("company_symbol", sa.Text, index=True),
    sa.Column("share_class_symbol", sa.Text),
    sa.Column("start_date", sa.BigInteger, nullable=False),
    sa.Column("end_date", sa.BigInteger, nullable=False),
)

equity_supplementary_mappings = sa.Table(
    "equity_supplementary_mappings",
    metadata,
    sa.Column(
        "sid", sa.BigInteger, sa.ForeignKey(equities.c.sid), nullable=False, primary_key=True
    ),
    sa.Column("field", sa.Text, nullable=False, primary_key=True),
    sa.Column("start_date", sa.BigInteger, nullable=False, primary_key=True),
    sa.Column("end_date", sa.BigInteger, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
)

futures_root_symbols = sa.Table(
    "futures_root_symbols",
    metadata,
    _key("root_symbol", sa.Text),
    sa.Column("root_symbol_id", sa.BigInteger),
    sa.Column("sector", sa.Text),
    sa.Column("description", sa.Text),
    sa.Column("exchange", sa.Text, sa.ForeignKey(exchanges.c.exchange)),
)

futures_contracts = sa.Table(
    "futures_contracts",
    metadata,
    _key("sid", sa.BigInteger),
    sa.Column("symbol", sa.Text, unique=True, index=True),
    sa.Column(
        "root_symbol", sa.Text, sa.ForeignKey(futures_root_symbols.c.root_symbol), index=True
    ),
    sa.Column("asset_name", sa.Text),
    sa.Column("start_date", sa.BigInteger, nullable=False),
    sa.Column("end_date", sa.BigInteger, nullable=False),
    sa.Column("first_traded", sa.BigInteger),
    sa.Column("exchange", sa.Text, sa.ForeignKey(exchanges.c.exchange)),
    sa.Column("notice_date", sa.BigInteger, nullable=False),
    sa.Column("expiration_date", sa.BigInteger, nullable=False),
    sa.Column("auto_close_date", sa.BigInteger, nullable=False),
    sa.Column("multiplier", sa.Float),
    sa.Column("tick_size", sa.Float),
)

asset_router = sa.Table(
    "asset_router",
    metadata,
    _key("sid", sa.BigInteger),
    sa.Column("asset_type", sa.Text),
)

version_info = sa.Table(
    "version_info",
    metadata,
    sa.Column("id", sa.Integer, unique=True, nullable=False, primary_key=True),
    sa.Column("version", sa.Integer, unique=True, nullable=False),
    sa.CheckConstraint("id <= 1"),  # one row only
)

asset_db_table_names = frozenset(metadata.tables)
