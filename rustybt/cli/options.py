"""Kinds of command line values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd


class Time(click.ParamType):  # type: ignore[type-arg] # generic since click 8.2, in name only
    """A date or a time, as a Timestamp in UTC or, with `as_session`, a session label.

    Parameters
    ----------
    as_session
        Take dates only, without time of day and time zone.
    """

    def __init__(self, *, as_session: bool = False) -> None:
        self.as_session = as_session
        self.name = "date" if as_session else "timestamp"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> pd.Timestamp:
        """Parse `value`; what is no date is a usage error."""
        import pandas as pd

        try:
            time = pd.Timestamp(value)  # type: ignore[arg-type] # anything: it says so if it can't
        except (TypeError, ValueError):
            self.fail(f"{value!r} is no date; write 2012-01-31", param, ctx)
        if pd.isna(time):
            self.fail(f"{value!r} is no date; write 2012-01-31", param, ctx)
        if not self.as_session:
            return time.tz_localize("UTC") if time.tz is None else time.tz_convert("UTC")
        if time.tz is not None or time != time.normalize():
            self.fail(f"{value!r} is no session; write a date, as 2012-01-31", param, ctx)
        return time
