"""Which asset a ticker symbol means, by date and country."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from rustybt.assets.ownership import OwnershipPeriod, held_at, merge_ownership_periods
from rustybt.assets.symbols import split_delimited_symbol
from rustybt.errors import (
    MultipleSymbolsFound,
    MultipleSymbolsFoundForFuzzySymbol,
    SameSymbolUsedAcrossCountries,
    SymbolNotFound,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from rustybt.assets._assets import Asset

    Owners: TypeAlias = Sequence[OwnershipPeriod]
    Parts: TypeAlias = tuple[str, str]


class SymbolOwnership:
    """Holders of ticker symbols.

    Parameters
    ----------
    rows : iterable of (country, (company_symbol, share_class_symbol), OwnershipPeriod)
    retrieve : callable
        Takes a sid, returns its asset.
    """

    def __init__(
        self,
        rows: Iterable[tuple[str, Parts, OwnershipPeriod]],
        retrieve: Callable[[int], Asset],
    ) -> None:
        by_country: dict[str, list[tuple[Parts, OwnershipPeriod]]] = {}
        for country, parts, period in rows:
            by_country.setdefault(country, []).append((parts, period))
        self.by_country = {
            country: merge_ownership_periods(periods) for country, periods in by_country.items()
        }
        self._retrieve = retrieve

    @cached_property
    def everywhere(self) -> dict[Parts, list[OwnershipPeriod]]:
        """Holders of a split symbol in all countries."""
        joined: dict[Parts, list[OwnershipPeriod]] = {}
        for holders in self.by_country.values():
            for parts, periods in holders.items():
                joined.setdefault(parts, []).extend(periods)
        return joined

    @cached_property
    def fuzzy_everywhere(self) -> dict[str, list[OwnershipPeriod]]:
        """Holders of a symbol without its delimiters, in all countries."""
        return _without_delimiters(self.everywhere)

    @cached_property
    def fuzzy_by_country(self) -> dict[str, dict[str, list[OwnershipPeriod]]]:
        """Holders of a symbol without its delimiters, by country."""
        return {
            country: _without_delimiters(holders) for country, holders in self.by_country.items()
        }

    def strict(self, symbol: str, as_of_date: date | None, country_code: str | None) -> Asset:
        """Return the asset that held a symbol, delimiters being all the same."""
        holders: Mapping[Parts, Owners] = (
            self.everywhere if country_code is None else self.by_country.get(country_code, {})
        )
        owners = holders.get(split_delimited_symbol(symbol))
        if owners is None:
            raise SymbolNotFound(symbol=symbol)
        if as_of_date is None:
            return self._only_owner(symbol, owners, country_code)
        held = held_at(owners, as_of_date)
        if not held:
            raise SymbolNotFound(symbol=symbol)
        if len(held) > 1 and country_code is None:
            raise SameSymbolUsedAcrossCountries(
                symbol=symbol, options=_by_country(self._assets(held))
            )
        return self._retrieve(held[0].sid)

    def fuzzy(self, symbol: str, as_of_date: date | None, country_code: str | None) -> Asset:
        """Return the asset that held a symbol with or without delimiters, exact ones first."""
        symbol = symbol.upper()
        parts = split_delimited_symbol(symbol)
        holders: Mapping[str, Owners] = (
            self.fuzzy_everywhere
            if country_code is None
            else self.fuzzy_by_country.get(country_code, {})
        )
        owners = holders.get("".join(parts))
        if owners is None:
            raise SymbolNotFound(symbol=symbol)
        if as_of_date is None:
            held = list(owners)
            exact = [owner.sid for owner in owners if owner.value == symbol]
        else:
            # The last symbol of an asset that held several at once, as Zipline has it.
            held = list({owner.sid: owner for owner in held_at(owners, as_of_date)}.values())
            exact = [owner.sid for owner in held if split_delimited_symbol(owner.value) == parts]
            if country_code is not None:
                exact = exact[:1]
        if not held:
            raise SymbolNotFound(symbol=symbol)
        if len(held) == 1:
            return self._retrieve(held[0].sid)
        if len(exact) != 1:
            raise MultipleSymbolsFoundForFuzzySymbol(symbol=symbol, options=self._assets(owners))
        return self._retrieve(exact[0])

    def _only_owner(self, symbol: str, owners: Owners, country_code: str | None) -> Asset:
        if len(owners) == 1:
            return self._retrieve(owners[0].sid)
        options = self._assets(owners)
        countries = _by_country(options)
        if country_code is None and len(countries) > 1:
            raise SameSymbolUsedAcrossCountries(symbol=symbol, options=countries)
        raise MultipleSymbolsFound(symbol=symbol, options=options)

    def _assets(self, owners: Owners) -> list[Asset]:
        return [self._retrieve(sid) for sid in dict.fromkeys(owner.sid for owner in owners)]


def _without_delimiters(
    holders: Mapping[Parts, Owners],
) -> dict[str, list[OwnershipPeriod]]:
    fuzzy: dict[str, list[OwnershipPeriod]] = {}
    for parts, periods in holders.items():
        fuzzy.setdefault("".join(parts), []).extend(periods)
    for periods in fuzzy.values():
        periods.sort()
    return fuzzy


def _by_country(assets: Iterable[Asset]) -> dict[str, Asset]:
    return {asset.country_code: asset for asset in assets}
