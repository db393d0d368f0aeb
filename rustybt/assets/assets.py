"""Finding assets in a database that an :class:`AssetDBWriter` has written."""

from __future__ import annotations

from functools import cached_property, lru_cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd
import sqlalchemy as sa

from rustybt.assets import asset_db_schema as schema
from rustybt.assets._assets import Asset, Equity, Future
from rustybt.assets.asset_db import Database, check_version, create_tables, is_empty, open_engine
from rustybt.assets.continuous_futures import (
    ADJUSTMENT_STYLES,
    CHAIN_PREDICATES,
    ROLL_STYLES,
    ContinuousFuture,
    OrderedContracts,
)
from rustybt.assets.convertible import (
    AssetConvertible,
    NotAssetConvertible,
    PricingDataAssociable,
)
from rustybt.assets.exchange_info import ExchangeInfo
from rustybt.assets.ownership import OwnershipPeriod, held_at, merge_ownership_periods
from rustybt.assets.symbol_lookup import SymbolOwnership
from rustybt.errors import (
    EquitiesNotFound,
    FutureContractsNotFound,
    MultipleValuesFoundForField,
    MultipleValuesFoundForSid,
    NoValueForSid,
    SidsNotFound,
    SymbolNotFound,
    ValueNotFoundForField,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

__all__ = [
    "AssetConvertible",
    "AssetFinder",
    "ContinuousFuture",
    "Lifetimes",
    "NotAssetConvertible",
    "PricingDataAssociable",
    "only_active_assets",
    "was_active",
]

AnyAsset = TypeVar("AnyAsset", bound=Asset)

# SQLite's least limit of parameters of a statement is 999.
_CHUNK = 900
_NAT = pd.NaT.value
# How many assets are read along with one that is asked for, at most.
_READ_AHEAD = 256
_DATES = (
    "start_date",
    "end_date",
    "first_traded",
    "notice_date",
    "expiration_date",
    "auto_close_date",
)
_ADJUSTMENT_DIGITS = {None: 0, "mul": 1, "add": 2}


class Lifetimes(NamedTuple):
    """Sids and their first and last dates, int64 arrays of one length; nanoseconds UTC."""

    sid: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


class AssetFinder:
    """Reader of a database of assets.

    Assets are made when they are first asked for, and are the same objects ever after.

    Parameters
    ----------
    engine : str, PathLike or sqlalchemy.Engine
        Path of the database; ``":memory:"`` for an empty one; or an engine.
    future_chain_predicates : mapping of str to callable, optional
        By root symbol, which contracts belong to the chain; None stands for all of every root.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    AssetDBVersionError
        If the database has another schema version.
    """

    def __init__(
        self,
        engine: Database,
        future_chain_predicates: Mapping[str, Callable[[Future], bool]] | None = CHAIN_PREDICATES,
    ) -> None:
        self.engine = open_engine(engine, must_exist=True)
        self._owns_engine = self.engine is not engine
        with self.engine.begin() as connection:
            if self._owns_engine and engine == ":memory:" and is_empty(connection):
                create_tables(connection)
            check_version(connection)
        self._asset_cache: dict[int, Asset | ContinuousFuture | None] = {}
        self._asset_type_cache: dict[int, str | None] = {}
        self._read_ahead = 0
        self._future_chain_predicates = future_chain_predicates or {}
        self._ordered_contracts: dict[str, OrderedContracts] = {}
        self._lifetimes: dict[frozenset[str], Lifetimes] = {}

    def close(self) -> None:
        """Close the connections of an engine that the finder has opened itself."""
        if self._owns_engine:
            self.engine.dispose()

    # Exchanges and sids

    @cached_property
    def exchange_info(self) -> dict[str, ExchangeInfo]:
        """Exchanges by their full names."""
        columns = schema.exchanges.c
        rows = self._rows(sa.select(columns.exchange, columns.canonical_name, columns.country_code))
        return {name: ExchangeInfo(name, canonical, country) for name, canonical, country in rows}

    @property
    def country_codes(self) -> tuple[str, ...]:
        """Countries in which equities have symbols."""
        return tuple(self._symbols.by_country)

    @property
    def sids(self) -> tuple[int, ...]:
        """Sids of all assets, ascending."""
        return self._sids(schema.asset_router)

    @property
    def equities_sids(self) -> tuple[int, ...]:
        """Sids of all equities, ascending."""
        return self._sids(schema.equities)

    @property
    def futures_sids(self) -> tuple[int, ...]:
        """Sids of all futures contracts, ascending."""
        return self._sids(schema.futures_contracts)

    def equities_sids_for_country_code(self, country_code: str) -> tuple[int, ...]:
        """Return the sids, ascending, of the equities that are listed in a country.

        Parameters
        ----------
        country_code : str
            ISO 3166-1 alpha-2 code.
        """
        where = schema.exchanges.c.country_code == country_code.upper()
        return tuple(self._select_lifetimes(where).sid.tolist())

    def equities_sids_for_exchange_name(self, exchange_name: str) -> tuple[int, ...]:
        """Return the sids, ascending, of the equities that are listed on an exchange.

        Parameters
        ----------
        exchange_name : str
            Full name of the exchange.
        """
        where = schema.exchanges.c.exchange == exchange_name
        return tuple(self._select_lifetimes(where).sid.tolist())

    def lookup_asset_types(self, sids: Iterable[int]) -> dict[int, str | None]:
        """Return the type of each sid: ``"equity"``, ``"future"``, or None if there is no asset."""
        sids = list(sids)
        known = self._asset_type_cache
        missing = [int(sid) for sid in dict.fromkeys(sids) if sid not in known]
        columns = schema.asset_router.c
        for chunk in _chunks(missing):
            known.update(dict.fromkeys(chunk))
            known.update(
                self._rows(sa.select(columns.sid, columns.asset_type).where(columns.sid.in_(chunk)))
            )
        return {sid: known[sid] for sid in sids}

    def group_by_type(self, sids: Iterable[int]) -> dict[str | None, set[int]]:
        """Return the sids by their type; those without an asset are under None."""
        groups: dict[str | None, set[int]] = {}
        for sid, kind in self.lookup_asset_types(sids).items():
            groups.setdefault(kind, set()).add(sid)
        return groups

    # Assets by sid

    def retrieve_asset(self, sid: int, default_none: bool = False) -> Any:  # noqa: ANN401
        """Return the asset with a sid.

        Parameters
        ----------
        sid : int
        default_none : bool, default False
            Whether to return None if there is none, rather than to raise.

        Returns
        -------
        Asset, ContinuousFuture or None

        Raises
        ------
        SidsNotFound
            If there is none.
        """
        asset = self._asset_cache.get(sid)
        if asset is not None:
            return asset
        return self.retrieve_all((sid, *self._following(sid)), default_none=default_none)[0]

    def _following(self, sid: int) -> list[int]:
        """Return sids to read along with one that is not known yet.

        Who asks for one asset after another is answered with ever fewer queries: none is read
        ahead the first time, then one, and twice as many each time.
        """
        count, self._read_ahead = self._read_ahead, min(2 * self._read_ahead or 1, _READ_AHEAD)
        if count == 0:
            return []
        column = schema.asset_router.c.sid
        query = sa.select(column).where(column > int(sid)).order_by(column).limit(count)
        return [found for (found,) in self._rows(query) if found not in self._asset_cache]

    def retrieve_all(self, sids: Iterable[int], default_none: bool = False) -> list[Any]:
        """Return the assets with some sids, in their order.

        Parameters
        ----------
        sids : iterable of int
        default_none : bool, default False
            Whether to return None where there is none, rather than to raise.

        Raises
        ------
        SidsNotFound
            If there is none for one of them.
        """
        sids = list(sids)
        cache = self._asset_cache
        missing = [sid for sid in dict.fromkeys(sids) if sid not in cache]
        if missing:
            by_type: dict[str | None, list[int]] = {}
            for sid, kind in self.lookup_asset_types(missing).items():
                by_type.setdefault(kind, []).append(sid)
            cache.update(dict.fromkeys(by_type.get(None, ())))
            self.retrieve_equities(by_type.get("equity", ()))
            self.retrieve_futures_contracts(by_type.get("future", ()))
        found = [cache[sid] for sid in sids]
        if not default_none and None in found:
            unknown = dict.fromkeys(sid for sid in sids if cache[sid] is None)
            raise SidsNotFound(sids=list(unknown))
        return found

    def retrieve_equities(self, sids: Iterable[int]) -> dict[int, Equity]:
        """Return the equities with some sids.

        Raises
        ------
        EquitiesNotFound
            If there is none for one of them.
        """
        return self._retrieve(sids, schema.equities, Equity, EquitiesNotFound)

    def retrieve_futures_contracts(self, sids: Iterable[int]) -> dict[int, Future]:
        """Return the futures contracts with some sids.

        Raises
        ------
        FutureContractsNotFound
            If there is none for one of them.
        """
        return self._retrieve(sids, schema.futures_contracts, Future, FutureContractsNotFound)

    # Assets by symbol

    @property
    def symbol_ownership_map(self) -> Mapping[tuple[str, str], Sequence[OwnershipPeriod]]:
        """Periods in which symbols, split into company and share class, were held."""
        return self._symbols.everywhere

    @property
    def symbol_ownership_maps_by_country_code(
        self,
    ) -> Mapping[str, Mapping[tuple[str, str], Sequence[OwnershipPeriod]]]:
        """Periods as in `symbol_ownership_map`, by country."""
        return self._symbols.by_country

    @property
    def fuzzy_symbol_ownership_map(self) -> Mapping[str, Sequence[OwnershipPeriod]]:
        """Periods in which symbols without their delimiters were held."""
        return self._symbols.fuzzy_everywhere

    @property
    def fuzzy_symbol_ownership_maps_by_country_code(
        self,
    ) -> Mapping[str, Mapping[str, Sequence[OwnershipPeriod]]]:
        """Periods as in `fuzzy_symbol_ownership_map`, by country."""
        return self._symbols.fuzzy_by_country

    def lookup_symbol(
        self,
        symbol: str,
        as_of_date: date | None,
        fuzzy: bool = False,
        country_code: str | None = None,
    ) -> Equity:
        """Return the equity that held a ticker symbol.

        An equity holds a symbol until another one takes it over, and the last one for ever.

        Parameters
        ----------
        symbol : str
            In either case; the delimiters ``. / - _`` of a share class are all the same.
        as_of_date : datetime or None
            When it held the symbol; None if it can only be one. UTC without a time zone.
        fuzzy : bool, default False
            Whether the delimiter may be missing: BRKA for BRK.A. Exact matches come first.
        country_code : str, optional
            ISO 3166-1 alpha-2 code of the country that it is listed in.

        Raises
        ------
        SymbolNotFound
            If none has held it then and there.
        MultipleSymbolsFound
            If several have and `as_of_date` is None, or several match in the fuzzy way; the
            subclass SameSymbolUsedAcrossCountries if `country_code` is needed.
        """
        if not isinstance(symbol, str):
            raise TypeError(
                f"symbol must be a string, got {type(symbol).__name__} {symbol!r} "
                f"(as of {as_of_date})"
            )
        lookup = self._symbols.fuzzy if fuzzy else self._symbols.strict
        country = None if country_code is None else country_code.upper()
        return cast("Equity", lookup(symbol, as_of_date, country))

    def lookup_symbols(
        self,
        symbols: Iterable[str],
        as_of_date: date | None,
        fuzzy: bool = False,
        country_code: str | None = None,
    ) -> list[Equity]:
        """Return the equities that held some ticker symbols, as :meth:`lookup_symbol` does."""
        symbols = list(symbols)
        found = {
            symbol: self.lookup_symbol(symbol, as_of_date, fuzzy, country_code)
            for symbol in dict.fromkeys(symbols)
        }
        return [found[symbol] for symbol in symbols]

    def lookup_future_symbol(self, symbol: str) -> Future:
        """Return the futures contract with a symbol.

        Raises
        ------
        SymbolNotFound
            If there is none.
        """
        columns = schema.futures_contracts.c
        rows = self._rows(sa.select(columns.sid).where(columns.symbol == symbol))
        if not rows:
            raise SymbolNotFound(symbol=symbol)
        return cast("Future", self.retrieve_asset(rows[0].sid))

    def lookup_generic(
        self,
        obj: object,
        as_of_date: date | None,
        country_code: str | None,
    ) -> tuple[Any, list[object]]:
        """Return the asset, or the assets, that an object stands for.

        Parameters
        ----------
        obj : int, str, Asset, ContinuousFuture or an iterable of them
            A sid, a ticker symbol of an equity or else of a futures contract, or an asset, which
            stands for itself.
        as_of_date, country_code
            As for :meth:`lookup_symbol`.

        Returns
        -------
        matches : asset or list of assets
        missing : list
            What of an iterable stands for no asset that is there.

        Raises
        ------
        SidsNotFound, SymbolNotFound
            If a single sid or symbol stands for none.
        NotAssetConvertible
            If the object cannot stand for one.
        """
        if isinstance(obj, AssetConvertible | ContinuousFuture):
            match = self._convert(obj, as_of_date, country_code)
            if match is None:
                if isinstance(obj, str):
                    raise SymbolNotFound(symbol=obj)
                raise SidsNotFound(sids=[obj])
            return match, []
        try:
            objects = list(cast("Iterable[object]", obj))
        except TypeError:
            raise NotAssetConvertible(
                "an asset, a symbol, a sid or an iterable of them is needed, got "
                f"{type(obj).__name__} {obj!r}"
            ) from None
        matches, missing = [], []
        for each in objects:
            match = self._convert(each, as_of_date, country_code)
            if match is None:
                missing.append(each)
            else:
                matches.append(match)
        return matches, missing

    # Supplementary fields

    @cached_property
    def equity_supplementary_map(
        self,
    ) -> dict[tuple[str, str], tuple[OwnershipPeriod, ...]]:
        """Periods in which fields had values, by field and value."""
        return merge_ownership_periods(
            ((field, period.value), period) for field, period in self._supplementary_rows()
        )

    @cached_property
    def equity_supplementary_map_by_sid(
        self,
    ) -> dict[tuple[str, int], tuple[OwnershipPeriod, ...]]:
        """Periods in which fields had values, by field and sid."""
        return merge_ownership_periods(
            ((field, period.sid), period) for field, period in self._supplementary_rows()
        )

    def lookup_by_supplementary_field(
        self, field_name: str, value: str, as_of_date: date | None
    ) -> Equity:
        """Return the equity that had a value of a supplementary field.

        Parameters
        ----------
        field_name, value : str
        as_of_date : datetime or None
            When it had the value; None if it can only be one.

        Raises
        ------
        ValueNotFoundForField
            If none has had it then.
        MultipleValuesFoundForField
            If several have and `as_of_date` is None.
        """
        owners = self.equity_supplementary_map.get((field_name, str(value)), ())
        if as_of_date is not None:
            owners = tuple(held_at(owners, as_of_date)[:1])
        if not owners:
            raise ValueNotFoundForField(field=field_name, value=value)
        if len(owners) > 1:
            options = self.retrieve_all(dict.fromkeys(owner.sid for owner in owners))
            raise MultipleValuesFoundForField(field=field_name, value=value, options=options)
        return cast("Equity", self.retrieve_asset(owners[0].sid))

    def get_supplementary_field(self, sid: int, field_name: str, as_of_date: date | None) -> str:
        """Return the value that an equity had of a supplementary field.

        Parameters
        ----------
        sid : int
        field_name : str
        as_of_date : datetime or None
            When it had the value; None if it can only be one.

        Raises
        ------
        NoValueForSid
            If it had none then.
        MultipleValuesFoundForSid
            If it had several and `as_of_date` is None.
        """
        periods = self.equity_supplementary_map_by_sid.get((field_name, sid), ())
        if as_of_date is not None:
            periods = tuple(held_at(periods, as_of_date)[:1])
        if not periods:
            raise NoValueForSid(field=field_name, sid=sid)
        if len(periods) > 1:
            options = list(dict.fromkeys(period.value for period in periods))
            raise MultipleValuesFoundForSid(field=field_name, sid=sid, options=options)
        return periods[0].value

    # Chains of futures

    def get_ordered_contracts(self, root_symbol: str) -> OrderedContracts:
        """Return the chain of the contracts of a root symbol, in order of their sids."""
        chain = self._ordered_contracts.get(root_symbol)
        if chain is None:
            columns = schema.futures_contracts.c
            rows = self._rows(
                sa.select(columns.sid)
                .where(columns.root_symbol == root_symbol, columns.start_date != _NAT)
                .order_by(columns.sid)
            )
            chain = self._ordered_contracts[root_symbol] = OrderedContracts(
                root_symbol,
                self.retrieve_all(sid for (sid,) in rows),
                self._future_chain_predicates.get(root_symbol),
            )
        return chain

    def create_continuous_future(
        self,
        root_symbol: str,
        offset: int,
        roll_style: Literal["calendar", "volume"],
        adjustment: Literal["add", "mul"] | None,
    ) -> ContinuousFuture:
        """Return the continuous future of a root symbol; its sid finds it again.

        Parameters
        ----------
        root_symbol : str
        offset : int
            Distance from the primary contract, 0 to 9.
        roll_style : {"calendar", "volume"}
        adjustment : {"add", "mul", None}

        Raises
        ------
        SymbolNotFound
            If there is no such root symbol.
        ValueError
            If another parameter is none of its values.
        """
        if adjustment not in ADJUSTMENT_STYLES:
            raise ValueError(
                f"the adjustment style {adjustment!r} is none of {list(ADJUSTMENT_STYLES)}"
            )
        if roll_style not in ROLL_STYLES:
            raise ValueError(f"the roll style {roll_style!r} is none of {list(ROLL_STYLES)}")
        if offset not in range(10):
            raise ValueError(f"the offset from the primary contract must be 0 to 9, got {offset!r}")
        columns = schema.futures_root_symbols.c
        rows = self._rows(sa.select(columns.exchange).where(columns.root_symbol == root_symbol))
        if not rows or rows[0].exchange is None:
            raise SymbolNotFound(symbol=root_symbol)
        chain = self.get_ordered_contracts(root_symbol)
        created: dict[str | None, ContinuousFuture] = {}
        for style in ADJUSTMENT_STYLES:
            created[style] = ContinuousFuture(
                _continuous_sid(root_symbol, offset, roll_style, style),
                root_symbol,
                offset,
                roll_style,
                chain.start_date,
                chain.end_date,
                self.exchange_info[rows[0].exchange],
                style,
            )
            self._asset_cache.setdefault(created[style].sid, created[style])
        return created[adjustment]

    # Lifetimes

    def lifetimes(
        self,
        dates: pd.DatetimeIndex,
        include_start_date: bool,
        country_codes: Iterable[str],
    ) -> pd.DataFrame:
        """Return which equities lived on which dates.

        Parameters
        ----------
        dates : pandas.DatetimeIndex
            Midnights; UTC without a time zone.
        include_start_date : bool
            Whether an equity lives on its start date already. Its data is complete after that
            day only.
        country_codes : iterable of str
            Countries of the equities.

        Returns
        -------
        pandas.DataFrame
            Of bool, shape (dates, equities); the columns are sids, ascending.
        """
        if isinstance(country_codes, str):
            raise TypeError(
                f"country_codes must be an iterable of strings, got the string {country_codes!r}"
            )
        countries = frozenset(code.upper() for code in country_codes)
        lifetimes = self._lifetimes.get(countries)
        if lifetimes is None:
            where = schema.exchanges.c.country_code.in_(sorted(countries))
            lifetimes = self._lifetimes[countries] = self._select_lifetimes(where)
        nanos = dates.as_unit("ns").asi8[:, np.newaxis]
        begun = lifetimes.start <= nanos if include_start_date else lifetimes.start < nanos
        return pd.DataFrame(begun & (nanos <= lifetimes.end), index=dates, columns=lifetimes.sid)

    # Reading the tables

    def _rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def _sids(self, table: sa.Table) -> tuple[int, ...]:
        return tuple(sid for (sid,) in self._rows(sa.select(table.c.sid).order_by(table.c.sid)))

    def _retrieve(
        self,
        sids: Iterable[int],
        table: sa.Table,
        kind: type[AnyAsset],
        not_found: type[SidsNotFound],
    ) -> dict[int, AnyAsset]:
        sids = list(dict.fromkeys(int(sid) for sid in sids))
        found: dict[int, AnyAsset] = {}
        missing = []
        for sid in sids:
            asset = self._asset_cache.get(sid)
            if isinstance(asset, kind):
                found[sid] = asset
            else:
                missing.append(sid)
        for chunk in _chunks(missing):
            symbols = self._last_symbols(chunk) if table is schema.equities else {}
            for row in self._rows(sa.select(table).where(table.c.sid.in_(chunk))):
                attributes = {**symbols.get(row.sid, {}), **row._mapping}  # noqa: SLF001 - public
                found[row.sid] = self._make(kind, attributes)
        self._asset_cache.update(found)
        unknown = [sid for sid in sids if sid not in found]
        if unknown:
            raise not_found(sids=unknown)
        return {sid: found[sid] for sid in sids}

    def _make(self, kind: type[AnyAsset], attributes: dict[str, Any]) -> AnyAsset:
        attributes["exchange_info"] = self.exchange_info[attributes.pop("exchange")]
        for name in _DATES:
            nanos = attributes.get(name)
            if nanos is not None:
                attributes[name] = _timestamp(nanos)
        return kind(**{name: value for name, value in attributes.items() if value is not None})

    def _last_symbols(self, sids: Sequence[int]) -> dict[int, dict[str, str]]:
        columns = schema.equity_symbol_mappings.c
        rows = self._rows(
            sa.select(columns.sid, columns.symbol)
            .where(columns.sid.in_(sids))
            .order_by(columns.end_date, columns.id)
        )
        return {sid: {"symbol": symbol} for sid, symbol in rows}

    @cached_property
    def _symbols(self) -> SymbolOwnership:
        symbols, equities, exchanges = (
            schema.equity_symbol_mappings.c,
            schema.equities.c,
            schema.exchanges.c,
        )
        rows = self._rows(
            sa.select(
                exchanges.country_code,
                symbols.company_symbol,
                symbols.share_class_symbol,
                symbols.start_date,
                symbols.end_date,
                symbols.sid,
                symbols.symbol,
            )
            .where(symbols.sid == equities.sid, equities.exchange == exchanges.exchange)
            .order_by(symbols.id)
        )
        return SymbolOwnership(
            (
                (country, (company, share_class), OwnershipPeriod(*period))
                for country, company, share_class, *period in rows
            ),
            self.retrieve_asset,
        )

    def _supplementary_rows(self) -> list[tuple[str, OwnershipPeriod]]:
        columns = schema.equity_supplementary_mappings.c
        rows = self._rows(
            sa.select(
                columns.field, columns.start_date, columns.end_date, columns.sid, columns.value
            )
        )
        return [(field, OwnershipPeriod(*period)) for field, *period in rows]

    def _select_lifetimes(self, where: sa.ColumnElement[bool]) -> Lifetimes:
        equities, exchanges = schema.equities.c, schema.exchanges.c
        rows = self._rows(
            sa.select(equities.sid, equities.start_date, equities.end_date)
            .where(exchanges.exchange == equities.exchange, where)
            .order_by(equities.sid)
        )
        return Lifetimes(*np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 3).T)

    def _convert(
        self, obj: object, as_of_date: date | None, country_code: str | None
    ) -> Asset | ContinuousFuture | None:
        """Return the asset that an object stands for, None if there is none."""
        if isinstance(obj, Asset | ContinuousFuture):
            return obj
        try:
            if isinstance(obj, Integral):
                return cast("Asset", self.retrieve_asset(int(obj)))
            if isinstance(obj, str):
                try:
                    return self.lookup_symbol(obj, as_of_date, country_code=country_code)
                except SymbolNotFound:
                    return self.lookup_future_symbol(obj)
        except (SidsNotFound, SymbolNotFound):
            return None
        raise NotAssetConvertible(
            f"an asset, a symbol or a sid is needed, got {type(obj).__name__} {obj!r}"
        )


def _chunks(sids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (sids[first : first + _CHUNK] for first in range(0, len(sids), _CHUNK))


def was_active(reference_date_value: int, asset: Asset) -> bool:
    """Return whether an asset lived at a time, in nanoseconds since 1970 UTC.

    Raises
    ------
    ValueError
        If the asset has no start or no end date.
    """
    return asset.is_alive_for_session(pd.Timestamp(reference_date_value))


def only_active_assets(reference_date_value: int, assets: Iterable[AnyAsset]) -> list[AnyAsset]:
    """Return those of some assets that lived at a time, in nanoseconds since 1970 UTC."""
    return [asset for asset in assets if was_active(reference_date_value, asset)]


@lru_cache(maxsize=4096)
def _timestamp(nanos: int) -> pd.Timestamp | None:
    """Return a date of the tables; most assets share theirs with others."""
    return None if nanos == _NAT else pd.Timestamp(nanos)


def _continuous_sid(root_symbol: str, offset: int, roll_style: str, adjustment: str | None) -> int:
    """Return the sid of a continuous future: the digits of what it is, after a leading 1."""
    letters = "".join(str(ord(letter)) for letter in root_symbol.upper())
    return int(f"1{offset}{letters}{ROLL_STYLES.index(roll_style)}{_ADJUSTMENT_DIGITS[adjustment]}")
