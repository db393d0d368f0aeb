"""Errors that a strategy or its set-up can cause; the names are Zipline's."""

# ruff: noqa: N818 - Zipline's names do not end in Error

from __future__ import annotations


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


class NoTradeDataAvailable(RustybtError):
    """An asset does not trade when it is needed."""


class NoTradeDataAvailableTooEarly(NoTradeDataAvailable):
    """An asset is needed before it starts to trade."""

    msg = "{sid} does not exist on {dt}. It started trading on {start_dt}."


class NoTradeDataAvailableTooLate(NoTradeDataAvailable):
    """An asset is needed after it has stopped trading."""

    msg = "{sid} does not exist on {dt}. It stopped trading on {end_dt}."


class AccountControlViolation(RustybtError):
    """The account is in a state that an account control forbids."""

    msg = "The account violates the control {constraint}."


class BadOrderParameters(RustybtError):
    """An order has an impossible price: not a number, not finite or negative."""


class BenchmarkAssetNotAvailableTooEarly(NoTradeDataAvailableTooEarly):
    """The benchmark starts to trade after the simulation does."""


class BenchmarkAssetNotAvailableTooLate(NoTradeDataAvailableTooLate):
    """The benchmark stops trading before the simulation ends."""


class HistoryWindowStartsBeforeData(RustybtError):
    """A history window would begin before the first session of the data."""

    msg = (
        "A history window of {bar_count} bars begins before the first session of the data, "
        "{first_trading_day}: start the simulation on or after {suggested_start_day}."
    )


class InvalidBenchmarkAsset(RustybtError):
    """The benchmark pays a dividend in shares of another asset."""

    msg = (
        "{sid} cannot be used as the benchmark because it has a stock dividend on {dt}. Choose "
        "another asset to use as the benchmark."
    )


class TradingControlViolation(RustybtError):
    """An order would break a trading control."""

    msg = (
        "The order for {amount} shares of {asset} at {datetime} violates the control {constraint}."
    )
