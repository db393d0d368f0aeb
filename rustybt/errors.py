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


class AccountControlViolation(RustybtError):
    """The account is in a state that an account control forbids."""

    msg = "The account violates the control {constraint}."


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


class BadOrderParameters(RustybtError):
    """An order has an impossible price: not a number, not finite or negative."""


class NoTradeDataAvailable(RustybtError):
    """An asset does not trade when it is needed."""


class NoTradeDataAvailableTooEarly(NoTradeDataAvailable):
    """An asset is needed before it starts to trade."""

    msg = "{sid} does not exist on {dt}. It started trading on {start_dt}."


class BenchmarkAssetNotAvailableTooEarly(NoTradeDataAvailableTooEarly):
    """The benchmark starts to trade after the simulation does."""


class NoTradeDataAvailableTooLate(NoTradeDataAvailable):
    """An asset is needed after it has stopped trading."""

    msg = "{sid} does not exist on {dt}. It stopped trading on {end_dt}."


class BenchmarkAssetNotAvailableTooLate(NoTradeDataAvailableTooLate):
    """The benchmark stops trading before the simulation ends."""


class CannotOrderDelistedAsset(RustybtError):
    """An order is for an asset that does not trade or has no price."""

    msg = "{msg}"


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


class HistoryWindowStartsBeforeData(RustybtError):
    """A history window would begin before the first session of the data."""

    msg = (
        "A history window of {bar_count} bars begins before the first session of the data, "
        "{first_trading_day}: start the simulation on or after {suggested_start_day}."
    )


class IncompatibleCommissionModel(RustybtError):
    """A commission model is not for the kind of asset it was set for."""

    msg = (
        "You attempted to set an incompatible commission model for {asset_type}. The model "
        "'{given_model}' only supports {supported_asset_types}."
    )


class IncompatibleSlippageModel(RustybtError):
    """A slippage model is not for the kind of asset it was set for."""

    msg = (
        "You attempted to set an incompatible slippage model for {asset_type}. The slippage model "
        "'{given_model}' only supports {supported_asset_types}."
    )


class InvalidBenchmarkAsset(RustybtError):
    """The benchmark pays a dividend in shares of another asset."""

    msg = (
        "{sid} cannot be used as the benchmark because it has a stock dividend on {dt}. Choose "
        "another asset to use as the benchmark."
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


class OrderDuringInitialize(RustybtError):
    """An order is placed in initialize."""

    msg = "{msg}"


class OrderInBeforeTradingStart(RustybtError):
    """An order is placed in before_trading_start."""

    msg = (
        "Cannot place orders inside before_trading_start: place them in handle_data or in a "
        "scheduled function."
    )


class RegisterAccountControlPostInit(RustybtError):
    """An account control is set too late."""

    msg = "Account controls can only be set in initialize."


class RegisterTradingControlPostInit(RustybtError):
    """A trading control is set too late."""

    msg = "Trading controls can only be set in initialize."


class RootSymbolNotFound(RustybtError):
    """No futures contracts have the root symbol."""

    msg = "Root symbol '{root_symbol}' was not found."


class SameSymbolUsedAcrossCountries(MultipleSymbolsFound):
    """Assets of several countries hold a symbol, and no country is given."""

    msg = (
        "The symbol '{symbol}' is used in more than one country: use the country_code argument to "
        "specify the country. Possible options by country: {options}."
    )


class ScheduleFunctionInvalidCalendar(RustybtError):
    """A function is scheduled by a calendar that there is not."""

    msg = (
        "Invalid calendar {given_calendar!r} passed to schedule_function. Allowed options are "
        "{allowed_calendars}."
    )


class SetBenchmarkOutsideInitialize(RustybtError):
    """A benchmark is set too late."""

    msg = "set_benchmark can only be called in initialize."


class SetCancelPolicyPostInit(RustybtError):
    """A cancel policy is set too late."""

    msg = "set_cancel_policy can only be called in initialize."


class SetCommissionPostInit(RustybtError):
    """A commission model is set too late."""

    msg = "set_commission can only be called in initialize."


class SetSlippagePostInit(RustybtError):
    """A slippage model is set too late."""

    msg = "set_slippage can only be called in initialize."


class SymbolNotFound(RustybtError):
    """No asset has held the symbol, at the date and in the country asked for."""

    msg = "Symbol '{symbol}' was not found."


class TradingControlViolation(RustybtError):
    """An order would break a trading control."""

    msg = (
        "The order for {amount} shares of {asset} at {datetime} violates the control {constraint}."
    )


class UnsupportedCancelPolicy(RustybtError):
    """A cancel policy is no CancelPolicy."""

    msg = "set_cancel_policy takes a CancelPolicy: EODCancel(), NeverCancel() or one of your own."


class UnsupportedDatetimeFormat(RustybtError):
    """A date is none."""

    msg = "The input {input!r} passed to {method} is no date: write it as 2012-01-31."


class UnsupportedOrderParameters(RustybtError):
    """The parameters of an order contradict each other."""

    msg = "{msg}"


class ValueNotFoundForField(RustybtError):
    """No asset has had the value of a supplementary field, at the date asked for."""

    msg = "Value '{value}' was not found for field '{field}'."


class ZeroCapitalError(RustybtError):
    """A simulation starts without capital."""

    msg = "The capital at the start must be greater than zero."
