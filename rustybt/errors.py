"""Errors that a strategy or its set-up can cause; the names are Zipline's."""

# ruff: noqa: N818 - Zipline's names do not end in Error

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable


class RustybtError(Exception):
    """Base of rustybt's own errors.

    Parameters
    ----------
    **kwargs
        What the class's sentence `msg` names.
    """

    msg: str = "{msg}"

    def __init__(self, **kwargs: object) -> None:
        super().__init__()
        self.kwargs = kwargs

    @property
    def message(self) -> str:
        """The sentence, filled in."""
        return str(self)

    def __str__(self) -> str:
        return self.msg.format(**self.kwargs)

    __repr__ = __str__


ZiplineError = RustybtError


class AssetDBImpossibleDowngrade(RustybtError):
    """An asset database is older than the version it is to be brought down to."""

    msg = (
        "The asset database has schema version {db_version}, which is lower than the version "
        "{desired_version} it is to be downgraded to: upgrade it instead."
    )


class AssetDBVersionError(RustybtError):
    """An asset database has another schema version than this rustybt reads."""

    msg = (
        "The asset database {database} has schema version {db_version}, this rustybt reads and "
        "writes version {expected_version}: {remedy}."
    )


class MultipleSymbolsFound(RustybtError):
    """Several assets have held a symbol, and no date says which is meant."""

    msg = (
        "Multiple symbols with the name '{symbol}' found: use the as_of_date argument to say when "
        "the symbol was held. Possible options: {options}."
    )


class MultipleSymbolsFoundForFuzzySymbol(MultipleSymbolsFound):
    """Several assets hold symbols that differ from the given one only by their delimiters."""

    msg = (
        "Multiple symbols were found fuzzy matching the name '{symbol}': use the as_of_date and "
        "country_code arguments to say when and where it was held. Possible options: {options}."
    )


class MultipleValuesFoundForField(RustybtError):
    """Several assets have had one value of a supplementary field, and no date is given."""

    msg = (
        "Multiple assets with the value '{value}' found for field '{field}': use the as_of_date "
        "argument to say when it was valid. Possible options: {options}."
    )


class MultipleValuesFoundForSid(RustybtError):
    """An asset has had several values of a supplementary field, and no date is given."""

    msg = (
        "Multiple '{field}' values found for sid '{sid}': use the as_of_date argument to say when "
        "it was valid. Possible options: {options}."
    )


class NoValueForSid(RustybtError):
    """An asset has no value of a supplementary field."""

    msg = "No '{field}' value found for sid '{sid}'."


class RootSymbolNotFound(RustybtError):
    """No futures contracts have the root symbol."""

    msg = "Root symbol '{root_symbol}' was not found."


class SameSymbolUsedAcrossCountries(MultipleSymbolsFound):
    """Assets of several countries hold a symbol, and no country is given."""

    msg = (
        "The symbol '{symbol}' is used in more than one country: use the country_code argument to "
        "specify the country. Possible options by country: {options}."
    )


class SidsNotFound(RustybtError):
    """Assets with the given sids do not exist."""

    kind = ("asset", "assets")

    @property
    def sids(self) -> tuple[object, ...]:
        """The sids that were not found."""
        return tuple(cast("Iterable[object]", self.kwargs["sids"]))

    @property
    def plural(self) -> bool:
        """Whether several were not found."""
        return len(self.sids) > 1

    def __str__(self) -> str:
        if self.plural:
            return f"No {self.kind[1]} found for sids: {list(self.sids)}."
        return f"No {self.kind[0]} found for sid: {self.sids[0]}."

    __repr__ = __str__


class EquitiesNotFound(SidsNotFound):
    """Equities with the given sids do not exist."""

    kind = ("equity", "equities")


class FutureContractsNotFound(SidsNotFound):
    """Futures contracts with the given sids do not exist."""

    kind = ("future contract", "future contracts")


class SymbolNotFound(RustybtError):
    """No asset has held the symbol, at the date and in the country asked for."""

    msg = "Symbol '{symbol}' was not found."


class ValueNotFoundForField(RustybtError):
    """No asset has had the value of a supplementary field, at the date asked for."""

    msg = "Value '{value}' was not found for field '{field}'."
