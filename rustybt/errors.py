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


# Of pipelines


class AttachPipelineAfterInitialize(RustybtError):
    """A pipeline is attached after initialize."""

    msg = "attach_pipeline can only be called in initialize."


class BadPercentileBounds(RustybtError):
    """Percentiles are out of bounds or in the wrong order."""

    msg = (
        "Percentiles must be 0.0 <= min_percentile < max_percentile <= {upper_bound}, got "
        "min_percentile={min_percentile} and max_percentile={max_percentile}."
    )


class DTypeNotSpecified(RustybtError):
    """A term has no dtype."""

    msg = "{termname} has no dtype: pass one, or define it in the class."


class DuplicatePipelineName(RustybtError):
    """Two pipelines are attached under one name."""

    msg = "A pipeline named {name!r} is attached already: choose another name."


class IncompatibleTerms(RustybtError):
    """Two terms that are computed together have different masks."""

    msg = "{term_1} and {term_2} must have the same mask to be computed together."


class InvalidOutputName(RustybtError):
    """An output of a term has the name of something else."""

    msg = (
        "{output_name!r} cannot be an output of {termname}: names must not begin with an "
        "underscore or be one of {disallowed_names}."
    )


class NoFurtherDataError(RustybtError):
    """A pipeline needs more sessions than there are before its start."""

    msg = "{msg}"

    @classmethod
    def from_lookback_window(
        cls, initial_message: str, first_date: object, lookback_start: object, lookback_length: int
    ) -> NoFurtherDataError:
        """Return the error of a window that is too long.

        Parameters
        ----------
        initial_message : str
            How the sentence begins.
        first_date : pandas.Timestamp
            First session there is.
        lookback_start : pandas.Timestamp
            Where the window is counted back from.
        lookback_length : int
            Number of sessions before it that are needed.
        """
        return cls(
            msg=f"{initial_message} {lookback_length} sessions before {lookback_start} are needed, "
            f"and the first one is {first_date}: start later, or shorten the windows."
        )


class NonExistentAssetInTimeFrame(RustybtError):
    """An asset that a term is about does not exist on the dates of the pipeline."""

    msg = "{asset} does not exist on every session between {start_date} and {end_date}."


class NonPipelineInputs(RustybtError):
    """Inputs of a term are no terms."""

    def __str__(self) -> str:
        inputs = cast("Iterable[object]", self.kwargs["inputs"])
        shown = ", ".join(f"{value!r} of type {type(value).__name__}" for value in inputs)
        return (
            f"The inputs of {self.kwargs['term']} must be terms: columns of datasets, factors, "
            f"filters or classifiers; got {shown}."
        )


class NonSliceableTerm(RustybtError):
    """A term that is no factor, filter or classifier is indexed by an asset."""

    msg = "{term} cannot be indexed by an asset: append .latest to it first."


class NonWindowSafeInput(RustybtError):
    """A window is asked of values that splits and dividends make incomparable over time."""

    msg = (
        "{parent} cannot look at windows of {child}: values of different dates are not comparable, "
        "because splits and dividends lie between them. Columns of datasets, returns, ranks and "
        "z-scores can be looked at; so can a term whose class says window_safe = True."
    )


class NoSuchPipeline(RustybtError):
    """No pipeline of a name is attached."""

    msg = "No pipeline named {name!r} is attached; there are {valid}."


class NotDType(RustybtError):
    """The dtype of a term is no dtype."""

    msg = "The dtype of {termname} must be a numpy dtype, got {dtype!r}."


class PipelineOutputDuringInitialize(RustybtError):
    """The output of a pipeline is asked for in initialize."""

    msg = "pipeline_output cannot be called in initialize: there is no session yet."


class TermInputsNotSpecified(RustybtError):
    """A term has no inputs."""

    msg = "{termname} has no inputs: pass some, or define them in the class."


class TermOutputsEmpty(RustybtError):
    """A term has an empty list of outputs."""

    msg = "The outputs of {termname} are empty: name one at least, or leave them out."


class UnknownRankMethod(RustybtError):
    """There is no such method of ranking."""

    msg = "Unknown ranking method {method!r}: use one of {choices}."


class UnsupportedDataType(RustybtError):
    """A kind of term cannot have a dtype."""

    def __init__(self, hint: str = "", **kwargs: object) -> None:
        super().__init__(hint=f" {hint}" if hint else "", **kwargs)

    msg = "{typename} cannot have dtype {dtype}.{hint}"


class UnsupportedDType(RustybtError):
    """No term can have a dtype."""

    msg = (
        "{termname} cannot have dtype {dtype}: terms are of bool, int64, float64, datetime64[ns] "
        "or object."
    )


class UnsupportedPipelineOutput(RustybtError):
    """A term with one value a date is to be a column."""

    msg = (
        "{term} cannot be the column {column_name!r}: it has one value a date, not one for each "
        "asset."
    )


class WindowLengthNotPositive(RustybtError):
    """A window has no rows."""

    msg = "window_length must be 1 or more, got {window_length}."


class WindowLengthNotSpecified(RustybtError):
    """A term has no window length."""

    msg = "{termname} has no window_length: pass one, or define it in the class."
