"""Where an asset is listed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class ExchangeInfo:
    """An exchange: a value that compares by its three fields.

    Parameters
    ----------
    name : str
        Full name, such as ``"NEW YORK STOCK EXCHANGE"``.
    canonical_name : str or None
        Short name, also the name of its trading calendar, such as ``"NYSE"``. None stands for
        `name`.
    country_code : str
        ISO 3166-1 alpha-2 code of the country, in either case; kept in upper case.

    Raises
    ------
    TypeError
        If a field is not a string.
    """

    name: str
    canonical_name: str
    country_code: str

    def __init__(self, name: str, canonical_name: str | None, country_code: str) -> None:
        canonical_name = name if canonical_name is None else canonical_name
        fields = {"name": name, "canonical_name": canonical_name, "country_code": country_code}
        for field, value in fields.items():
            if not isinstance(value, str):
                given = type(value).__name__
                raise TypeError(f"ExchangeInfo: {field} must be a string, got {given} {value!r}")
        fields["country_code"] = country_code.upper()
        for field, value in fields.items():
            object.__setattr__(self, field, value)  # the class is frozen

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.name!r}, {self.canonical_name!r}, {self.country_code!r})"
        )

    @property
    def calendar(self) -> Any:  # noqa: ANN401 - typed by a package that need not be there
        """Trading calendar of the exchange, an ``exchange_calendars.ExchangeCalendar``.

        It starts in 1990 and labels a minute by its end, so that a session's minutes are those
        after its open up to and including its close.

        Raises
        ------
        ImportError
            If exchange_calendars is not installed.
        exchange_calendars.errors.InvalidCalendarName
            If no calendar goes by `canonical_name`.
        """
        try:
            calendars = import_module("exchange_calendars")
        except ImportError as error:
            raise ImportError(
                f"the trading calendar of {self.canonical_name} needs the package "
                "exchange_calendars: install it beside rustybt",
                name="exchange_calendars",
            ) from error
        return calendars.get_calendar(self.canonical_name, start="1990-01-01", side="right")
