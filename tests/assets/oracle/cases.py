"""Questions about assets that zipline-reloaded and rustybt are both asked."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
from pandas.tseries.offsets import BDay

SYMBOLS = ["A", "B", "brk.a", "BRK_A", "BRKA", "BRK", "C", "D", "X", "NOPE", "FOO/B", "FOOB"]
DATES = [None, "2013-12-31", "2014-01-01", "2014-03-31", "2014-04-01", "2014-06-30", "2015-06-01"]
CENTERS = ["2014-01-06", "2014-01-20", "2014-02-18", "2014-02-20", "2014-03-31", "2014-06-02"]


def frames() -> dict[str, pd.DataFrame]:
    """Return the frames of the assets."""
    equities = pd.DataFrame(
        [
            (1, "A", "2014-01-01", "2014-03-31", "NYSE"),
            (1, "D", "2014-04-02", "2014-12-31", "NYSE"),
            (2, "A", "2014-06-01", "2014-12-31", "NYSE"),
            (3, "B", "2014-01-01", "2014-12-31", "NYSE"),
            (4, "BRK.A", "2014-01-01", "2014-12-31", "NYSE"),
            (5, "BRKA", "2014-03-01", "2014-12-31", "NYSE"),
            (6, "B", "2014-02-01", "2014-12-31", "TSX"),
            (7, "C", "2014-01-01", "2014-06-30", "TSX"),
            (8, "c", "2014-07-02", "2014-12-31", "TSX"),
            (9, "FOO.B", "2014-01-01", "2014-06-30", "NYSE"),
            (10, "FOO_B", "2014-07-02", "2014-12-31", "NYSE"),
        ],
        columns=["sid", "symbol", "start_date", "end_date", "exchange"],
    )
    equities["asset_name"] = "Name of " + equities["symbol"]
    for column in ("start_date", "end_date"):
        equities[column] = pd.to_datetime(equities[column])
    contracts = pd.DataFrame(
        [
            (100 + number, f"FO{code}14", "FO", "CME", *dates(month))
            for number, (code, month) in enumerate(zip("FGHJKMNQ", range(1, 9), strict=True))
        ],
        columns=[
            "sid",
            "symbol",
            "root_symbol",
            "exchange",
            "start_date",
            "end_date",
            "notice_date",
            "expiration_date",
            "auto_close_date",
        ],
    )
    contracts["multiplier"] = 50.0
    exchanges = pd.DataFrame(
        {
            "exchange": ["NYSE", "TSX", "CME"],
            "canonical_name": ["XNYS", "XTSE", "us_futures"],
            "country_code": ["US", "CA", "US"],
        }
    )
    values = pd.DataFrame(
        [
            (1, "ALT_ID", "100", "2014-01-01", "2014-03-31"),
            (2, "ALT_ID", "100", "2014-06-01", "2014-12-31"),
            (3, "ALT_ID", "300", "2014-01-01", "2014-12-31"),
            (4, "ALT_ID", "400", "2014-01-01", "2014-03-31"),
            (4, "ALT_ID", "401", "2014-05-01", "2014-12-31"),
        ],
        columns=["sid", "field", "value", "start_date", "end_date"],
    )
    for column in ("start_date", "end_date"):
        values[column] = pd.to_datetime(values[column])
    return {
        "equities": equities.set_index("sid"),
        "futures": contracts.set_index("sid"),
        "exchanges": exchanges,
        "root_symbols": pd.DataFrame({"root_symbol": ["FO"], "exchange": ["CME"]}),
        "equity_supplementary_mappings": values.set_index("sid"),
    }


def dates(month: int) -> tuple[pd.Timestamp, ...]:
    first = pd.Timestamp(2014, month, 1)
    close = first + BDay(14)
    return (first - BDay(60), close + BDay(3), close, close + BDay(3), close)


class Volumes:
    """Volumes that cross a week before the front contract closes, and once for a day before."""

    def __init__(self, calendar: Any) -> None:
        self.last_available_dt = pd.Timestamp("2014-07-15")
        self._sessions = calendar.sessions

    def get_value(self, sid: int, dt: pd.Timestamp, field: str) -> float:
        """Return the volume of a contract in a session."""
        assert field == "volume"
        close = dates(int(sid) - 99)[-1]
        left = int(self._sessions.searchsorted(close) - self._sessions.searchsorted(dt))
        if left < 0:
            return 0.0
        return 5.0 if left in (6, 2, 1, 0) else 1000.0 - 20.0 * abs(left - 14)


def answers(finder: Any, calendar: Any, rollers: dict[str, Any], synthetic: Any) -> dict[str, Any]:
    """Return the answers, as JSON can hold them, by their questions."""
    found: dict[str, Any] = {}
    for symbol, date, fuzzy, country in product(SYMBOLS, DATES, (False, True), (None, "US", "CA")):
        key = f"symbol {symbol} {date} {fuzzy} {country}"
        as_of = None if date is None else pd.Timestamp(date)
        found[key] = tried(lambda: finder.lookup_symbol(symbol, as_of, fuzzy, country).sid)  # noqa: B023
    for value, date in product(["100", "300", "400", "401", "500"], DATES):
        as_of = None if date is None else pd.Timestamp(date)
        found[f"value {value} {date}"] = tried(
            lambda: finder.lookup_by_supplementary_field("ALT_ID", value, as_of).sid  # noqa: B023
        )
    for sid, date in product([1, 4, 5], DATES):
        as_of = None if date is None else pd.Timestamp(date)
        found[f"field {sid} {date}"] = tried(
            lambda: finder.get_supplementary_field(sid, "ALT_ID", as_of)  # noqa: B023
        )
    for sid in finder.sids:
        asset = finder.retrieve_asset(sid).to_dict()
        del asset["exchange_info"]
        found[f"asset {sid}"] = {name: plain(value) for name, value in asset.items()}
    for include in (False, True):
        alive = finder.lifetimes(pd.date_range("2013-12-31", "2015-01-02"), include, ["US", "CA"])
        found[f"lifetimes {include}"] = {str(sid): int(alive[sid].sum()) for sid in alive}
    for offset, roll, style in product((0, 1), ("calendar", "volume"), (None, "mul", "add")):
        future = finder.create_continuous_future("FO", offset, roll, style)
        found[f"continuous {offset} {roll} {style}"] = [
            future.sid,
            str(future),
            repr(future),
            plain(future.start_date),
            plain(future.end_date),
        ]
    chain = finder.get_ordered_contracts("FO")
    for date in CENTERS:
        nanos = pd.Timestamp(date).value
        found[f"chain {date}"] = [
            chain.contract_before_auto_close(nanos),
            [chain.contract_at_offset(101, offset, nanos) for offset in range(6)],
            list(map(int, chain.active_chain(102, nanos))),
        ]
    for name, date, offset in product(rollers, CENTERS, (0, 1)):
        found[f"center {name} {date} {offset}"] = tried(
            lambda: int(rollers[name].get_contract_center("FO", pd.Timestamp(date), offset))  # noqa: B023
        )
    spans = [
        ("2014-01-06", "2014-06-02"),
        ("2014-02-18", "2014-03-31"),
        ("2014-01-20", "2014-01-21"),
    ]
    for name, (start, end), offset in product(rollers, spans, (0, 1)):
        rolls = rollers[name].get_rolls("FO", pd.Timestamp(start), pd.Timestamp(end), offset)
        found[f"rolls {name} {start} {end} {offset}"] = [
            [int(sid), plain(date)] for sid, date in rolls
        ]
    start, end = pd.Timestamp("2014-01-06"), pd.Timestamp("2014-06-02")
    for name, frame in {
        "rotating": synthetic.make_rotating_equity_info(4, start, calendar.day, 3, 5),
        "simple": synthetic.make_simple_equity_info([3, 1], start, end),
        "countries": synthetic.make_simple_multi_country_equity_info(
            {"US": [1, 2], "CA": [3]}, {"US": "NYSE", "CA": "TSX"}, start, end
        ),
        "jagged": synthetic.make_jagged_equity_info(
            3, start, end, calendar.day, 2, pd.Timedelta("2D")
        ),
        "futures": synthetic.make_commodity_future_info(
            5, ["CL", "GC"], [2014, "2015"], {"F": 1, "Z": 12}
        ),
    }.items():
        found[f"synthetic {name}"] = {
            column: {str(sid): plain(value) for sid, value in frame[column].items()}
            for column in frame
        }
    return found


def tried(question: Any) -> Any:
    """Return an answer, or the name of the error that is raised instead."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return type(error).__name__


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, pd.Timestamp):
        return str(value)
    return value.item() if hasattr(value, "item") else value
