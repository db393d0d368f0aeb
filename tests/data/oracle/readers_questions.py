"""What both engines are asked about the bars and adjustments of `readers_market`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from readers_market import (  # type: ignore[import-not-found]
    EQUITIES,
    FIELDS,
    OPEN,
    SESSIONS,
    asked_minutes,
    minutes,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

FIRST, LAST = SESSIONS[0], SESSIONS[-1]
FIRST_MINUTE = asked_minutes()[0]
LAST_MINUTE = (LAST + OPEN + pd.Timedelta(minutes=389)).tz_localize("UTC")


def ask(engine: SimpleNamespace) -> dict[str, Any]:
    """Return the answers of an engine, given by its readers and modules."""
    return {
        "daily": daily(engine.daily, EQUITIES),
        "minute": minute(engine.minute, engine.finder, EQUITIES),
        "sessions of minutes": daily(
            engine.resample.MinuteResampleSessionBarReader(engine.calendar, engine.minute),
            EQUITIES,
            engine.finder,
        ),
        "session so far": so_far(engine),
        "frame of sessions": table(
            engine.resample.minute_frame_to_session_frame(minutes(1), engine.calendar)[list(FIELDS)]
        ),
        "reindexed": reindexed(engine),
        "dispatched": dispatched(engine),
        "continuous": continuous(engine),
        "adjustments": adjustments(engine),
    }


def attempt(question: Callable[..., Any], *arguments: object) -> Any:
    """Return a plain answer, or the name of the error."""
    try:
        answer = question(*arguments)
    except Exception as error:  # noqa: BLE001 - which one it is, is the answer
        return type(error).__name__
    if isinstance(answer, pd.Timestamp):
        return stamp(answer)
    return None if pd.isna(answer) else float(answer)


def stamp(time: Any) -> str | None:
    """Return a time as text."""
    return None if pd.isna(time) else pd.Timestamp(time).isoformat()


def sparse(array: Any) -> dict[str, Any]:
    """Return the shape of an array and those of its values that are neither 0 nor NaN."""
    values = np.asarray(array, dtype=np.float64)
    missing = np.isnan(values)
    rows, columns = np.nonzero(~missing & (values != 0))
    cells = values[rows, columns].tolist()
    return {
        "shape": list(values.shape),
        "missing": int(missing.sum()),
        "rows": rows.tolist(),
        "columns": columns.tolist(),
        "values": [round(cell, 9) for cell in cells],
    }


def table(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a frame's rows by field."""
    return {"index": [stamp(time) for time in frame.index], **sparse(frame.to_numpy())}


def daily(reader: Any, sids: tuple[int, ...], finder: Any = None) -> dict[str, Any]:
    """Ask a reader of sessions for everything; inside the assets' ranges for values."""
    loaded = reader.load_raw_arrays(list(FIELDS), FIRST, LAST, list(sids))
    return {
        "arrays": {name: sparse(array) for name, array in zip(FIELDS, loaded, strict=True)},
        "values": {
            str(sid): [
                [attempt(reader.get_value, sid, day, field) for day in SESSIONS]
                for field in ("close", "volume")
            ]
            for sid in sids
        },
        "last traded": {
            str(sid): [
                attempt(
                    reader.get_last_traded_dt, finder.retrieve_asset(sid) if finder else sid, day
                )
                for day in SESSIONS
            ]
            for sid in sids
        },
        "last available": stamp(reader.last_available_dt),
        "first": stamp(reader.first_trading_day),
    }


def minute(reader: Any, finder: Any, sids: tuple[int, ...]) -> dict[str, Any]:
    """Ask a reader of minutes."""
    loaded = reader.load_raw_arrays(list(FIELDS), FIRST_MINUTE, LAST_MINUTE, list(sids))
    times = asked_minutes()
    closed = [times[6] - pd.Timedelta(minutes=1), LAST_MINUTE + pd.Timedelta(minutes=1)]
    return {
        "arrays": {name: sparse(array) for name, array in zip(FIELDS, loaded, strict=True)},
        "values": {
            str(sid): [
                [attempt(reader.get_value, sid, time, field) for time in times]
                for field in ("open", "volume")
            ]
            for sid in sids
        },
        "closed": [attempt(reader.get_value, sids[0], time, "close") for time in closed],
        "last traded": {
            str(sid): [
                attempt(reader.get_last_traded_dt, finder.retrieve_asset(sid), time)
                for time in times
            ]
            for sid in sids
        },
        "last available": stamp(reader.last_available_dt),
        "first": stamp(reader.first_trading_day),
    }


def so_far(engine: SimpleNamespace) -> dict[str, Any]:
    """Ask for the session so far, in order of time and out of it."""
    calendar = engine.calendar
    aggregator = engine.resample.DailyHistoryAggregator(
        calendar.first_minutes, engine.minute, calendar
    )
    assets = [engine.finder.retrieve_asset(sid) for sid in EQUITIES]
    names = ("opens", "highs", "lows", "closes", "volumes")
    return {
        name: sparse([getattr(aggregator, name)(assets, time) for time in asked_minutes()])
        for name in names
    }


def reindexed(engine: SimpleNamespace) -> dict[str, Any]:
    """Ask for daily bars on a calendar that has every day."""
    reader = engine.resample.ReindexSessionBarReader(engine.every_day, engine.daily, FIRST, LAST)
    loaded = reader.load_raw_arrays(list(FIELDS), FIRST, LAST, list(EQUITIES))
    holiday = pd.Timestamp("2020-11-26")
    return {
        "arrays": {name: sparse(array) for name, array in zip(FIELDS, loaded, strict=True)},
        "holiday": [attempt(reader.get_value, 1, holiday, field) for field in FIELDS],
        "session": [attempt(reader.get_value, 1, FIRST, field) for field in FIELDS],
    }


def dispatched(engine: SimpleNamespace) -> dict[str, Any]:
    """Ask for equities and futures at once."""
    module, finder = engine.dispatch, engine.finder
    sessions = module.AssetDispatchSessionBarReader(
        engine.calendar, finder, {engine.Equity: engine.daily, engine.Future: engine.future_daily}
    )
    sids = [12, 1, 11]
    loaded = sessions.load_raw_arrays(list(FIELDS), FIRST, LAST, sids)
    assets = [finder.retrieve_asset(sid) for sid in sids]
    return {
        "arrays": {name: sparse(array) for name, array in zip(FIELDS, loaded, strict=True)},
        "values": [attempt(sessions.get_value, asset, SESSIONS[1], "close") for asset in assets],
        "last traded": [
            attempt(sessions.get_last_traded_dt, asset, SESSIONS[2]) for asset in assets
        ],
    }


def continuous(engine: SimpleNamespace) -> dict[str, Any]:
    """Ask for continuous futures by the calendar and by volume, daily and by the minute."""
    finder, module = engine.finder, engine.continuous
    days = module.ContinuousFutureSessionBarReader(engine.future_daily, engine.roll_finders)
    clock = module.ContinuousFutureMinuteBarReader(engine.future_minute, engine.roll_finders)
    stop = SESSIONS[4]
    last = (stop + OPEN + pd.Timedelta(minutes=389)).tz_localize("UTC")
    columns = [*FIELDS, "sid"]
    asked = [time for time in asked_minutes() if time <= last]
    answers = {}
    for style in ("calendar", "volume"):
        for offset in (0, 1):
            future = finder.create_continuous_future("FO", offset, style, None)
            by_day = days.load_raw_arrays(columns, FIRST, stop, [future])
            by_minute = clock.load_raw_arrays(["close", "sid"], FIRST_MINUTE, last, [future])
            sids = np.asarray(by_minute[1])[:, 0]
            changes = np.flatnonzero(np.diff(sids, prepend=-1))
            answers[f"{style} {offset}"] = {
                "daily": {n: sparse(a) for n, a in zip(columns, by_day, strict=True)},
                "minute": sparse(by_minute[0]),
                "minute sids": [[int(at), int(sids[at])] for at in changes],
                "values": [attempt(days.get_value, future, day, "close") for day in SESSIONS[:5]],
                "minute values": [
                    attempt(clock.get_value, future, time, "close") for time in asked
                ],
                "last traded": [
                    attempt(days.get_last_traded_dt, future, day) for day in SESSIONS[:5]
                ],
                "last traded minute": [
                    attempt(clock.get_last_traded_dt, future, time) for time in asked
                ],
            }
    return answers


def adjustments(engine: SimpleNamespace) -> dict[str, Any]:
    """Ask a reader of adjustments."""
    reader, finder = engine.adjustments, engine.finder
    assets = [finder.retrieve_asset(sid) for sid in EQUITIES]
    zones = engine.adjustment_sessions
    pricing = reader.load_pricing_adjustments(["close", "volume"], zones, pd.Index(EQUITIES))
    kinds = {}
    for flags in ((True, False, False), (False, True, True)):
        for kind in ("price", "volume", "all"):
            made = reader.load_adjustments(zones, pd.Index(EQUITIES), *flags, kind)
            kinds[f"{flags} {kind}"] = {name: objects(of) for name, of in made.items()}
    return {
        "pricing": [objects(of) for of in pricing],
        "kinds": kinds,
        "rows": {
            f"{name} {sid}": sorted(
                [stamp(row[0]), row[1]] for row in reader.get_adjustments_for_sid(name, sid)
            )
            for name in ("splits", "mergers", "dividends")
            for sid in EQUITIES
        },
        "owed": [
            sorted(
                [owed.asset.sid, owed.amount, stamp(owed.pay_date)]
                for owed in reader.get_dividends_with_ex_date(assets, day, finder)
            )
            for day in SESSIONS
        ],
        "owed in stock": [
            sorted(
                [owed.asset.sid, owed.payment_asset.sid, owed.ratio, stamp(owed.pay_date)]
                for owed in reader.get_stock_dividends_with_ex_date(assets, day, finder)
            )
            for day in SESSIONS
        ],
    }


def objects(by_row: dict[int, list[Any]]) -> list[list[float]]:
    """Return adjustment objects as rows of numbers, in order."""
    return sorted(
        [int(row), one.first_row, one.last_row, one.first_col, one.last_col, round(one.value, 12)]
        for row, group in by_row.items()
        for one in group
    )
