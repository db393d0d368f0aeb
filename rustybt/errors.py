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


class AccountControlViolation(RustybtError):
    """The account is in a state that an account control forbids."""

    msg = "The account violates the control {constraint}."


class BadOrderParameters(RustybtError):
    """An order has an impossible price: not a number, not finite or negative."""


class HistoryWindowStartsBeforeData(RustybtError):
    """A history window would begin before the first session of the data."""

    msg = (
        "A history window of {bar_count} bars begins before the first session of the data, "
        "{first_trading_day}: start the simulation on or after {suggested_start_day}."
    )


class TradingControlViolation(RustybtError):
    """An order would break a trading control."""

    msg = (
        "The order for {amount} shares of {asset} at {datetime} violates the control {constraint}."
    )
