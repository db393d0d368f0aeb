"""Made-up bars and adjustments that both engines write and read; nothing of it is random."""

from __future__ import annotations

import numpy as np
import pandas as pd

CALENDAR = "XNYS"
# A holiday on the 26th of November, and a half day after it.
NOVEMBER = [f"2020-11-{day}" for day in (23, 24, 25, 27, 30)]
SESSIONS = pd.DatetimeIndex([*NOVEMBER, "2020-12-01", "2020-12-02"])
EQUITIES = (1, 2)
FUTURES = (11, 12, 13, 14, 15, 16)
RANGES = {
    1: (0, 6),
    2: (2, 5),
    11: (0, 3),
    12: (0, 5),
    13: (1, 6),
    14: (2, 6),
    15: (6, 6),
    16: (6, 6),
}
AUTO_CLOSE = {
    11: SESSIONS[3],
    12: SESSIONS[5],
    13: SESSIONS[6],
    14: pd.Timestamp("2020-12-10"),
    15: pd.Timestamp("2021-02-10"),
    16: pd.Timestamp("2021-03-10"),
}
FIELDS = ("open", "high", "low", "close", "volume")
OPEN = pd.Timedelta(hours=14, minutes=31)


def noise(sid: int, number: np.ndarray) -> np.ndarray:
    """Return whole numbers from 0 to 999 that look irregular."""
    mixed: np.ndarray = (number * 7919 + sid * 104729 + number * number * 31) % 1000
    return mixed


def bars(sid: int, index: pd.DatetimeIndex, start: int = 0) -> pd.DataFrame:
    """Return bars: prices are multiples of a cent, every fifth has no volume, some no trade."""
    number = np.arange(start, start + len(index))
    close = 100.0 + sid + noise(sid, number) / 100
    open_ = close + (noise(sid + 1, number) % 9 - 4) / 100
    high = np.maximum(open_, close) + noise(sid + 2, number) % 5 / 100
    low = np.minimum(open_, close) - noise(sid + 3, number) % 5 / 100
    volume = (100.0 + noise(sid + 4, number)) * (number % 5 != 3)
    prices = {"open": open_, "high": high, "low": low, "close": close}
    frame = pd.DataFrame({name: np.round(value, 2) for name, value in prices.items()}, index=index)
    frame["volume"] = volume
    frame[np.asarray(number % 7 == 4)] = 0.0  # how Zipline's bundles say that nothing was traded
    return frame


def daily(sid: int) -> pd.DataFrame:
    """Return daily bars."""
    first, last = RANGES[sid]
    frame = bars(sid, SESSIONS[first : last + 1])
    if sid in FUTURES:
        # Volume moves from each contract to the next before it closes, but not to the last one.
        nearness = 10.0 - abs(np.arange(first, last + 1) - 2 * (sid - 11))
        frame["volume"] = nearness * (100 if sid < FUTURES[3] else 1)
        return frame.replace({name: {0.0: 50.0 + sid} for name in FIELDS[:4]})
    return frame


def minutes(sid: int) -> pd.DataFrame:
    """Return minute bars: nineteen of every session, a half day's last minute among them."""
    first, last = RANGES[sid]
    pieces = []
    for place in range(first, last + 1):
        session = SESSIONS[place]
        length = 210 if session == pd.Timestamp("2020-11-27") else 390
        offsets = np.unique((np.arange(17) * (11 + sid) + place) % length)
        offsets = np.union1d(offsets, [length - 1] if sid % 2 else [0])
        index = pd.DatetimeIndex(
            [session + OPEN + pd.Timedelta(minutes=int(offset)) for offset in offsets]
        )
        pieces.append(bars(sid, index.tz_localize("UTC"), place * 19))
    return pd.concat(pieces)


def asked_minutes() -> pd.DatetimeIndex:
    """Return times for which readers are asked, at which the market is open."""
    offsets = [0, 1, 5, 17, 100, 209]
    stamps = [s + OPEN + pd.Timedelta(minutes=m) for s in SESSIONS for m in offsets]
    return pd.DatetimeIndex(stamps).tz_localize("UTC")


def splits() -> pd.DataFrame:
    """Return splits, one of them outside of any window."""
    days = [SESSIONS[2], SESSIONS[4], pd.Timestamp("2020-01-02")]
    return pd.DataFrame({"sid": [1, 2, 1], "effective_date": days, "ratio": [0.5, 0.25, 0.1]})


def mergers() -> pd.DataFrame:
    """Return a merger."""
    return pd.DataFrame({"sid": [2], "effective_date": [SESSIONS[5]], "ratio": [0.8]})


def dividends() -> pd.DataFrame:
    """Return dividends: on the day of a split, without known dates, before any bar."""
    return pd.DataFrame(
        {
            "sid": [1, 1, 2, 2, 1],
            "ex_date": [SESSIONS[2], SESSIONS[5], SESSIONS[5], SESSIONS[2], SESSIONS[0]],
            "declared_date": [SESSIONS[0], pd.NaT, pd.NaT, SESSIONS[0], SESSIONS[0]],
            "record_date": [SESSIONS[3], pd.NaT, pd.NaT, SESSIONS[3], SESSIONS[0]],
            "pay_date": [SESSIONS[4], SESSIONS[6], SESSIONS[6], SESSIONS[6], SESSIONS[1]],
            "amount": [1.25, 0.5, 0.33, 1.0, 2.0],
        }
    )


def stock_dividends() -> pd.DataFrame:
    """Return a stock dividend."""
    return pd.DataFrame(
        {
            "sid": [1],
            "ex_date": [SESSIONS[5]],
            "declared_date": [SESSIONS[0]],
            "record_date": [SESSIONS[5]],
            "pay_date": [SESSIONS[6]],
            "payment_sid": [2],
            "ratio": [0.15],
        }
    )


def assets() -> dict[str, pd.DataFrame]:
    """Return the tables of the asset database."""

    def days(sids: tuple[int, ...], end: int) -> list[pd.Timestamp]:
        return [SESSIONS[RANGES[sid][end]] for sid in sids]

    closes = [AUTO_CLOSE[sid] for sid in FUTURES]
    return {
        "equities": pd.DataFrame(
            {
                "symbol": ["ONE", "TWO"],
                "start_date": days(EQUITIES, 0),
                "end_date": days(EQUITIES, 1),
                "exchange": "X",
            },
            index=list(EQUITIES),
        ),
        "futures": pd.DataFrame(
            {
                "symbol": ["FOZ20", "FOF21", "FOG21", "FOH21", "FOJ21", "FOK21"],
                "root_symbol": "FO",
                "start_date": days(FUTURES, 0),
                "end_date": days(FUTURES, 1),
                "notice_date": closes,
                "expiration_date": closes,
                "auto_close_date": closes,
                "tick_size": 0.01,
                "multiplier": 10.0,
                "exchange": "X",
            },
            index=list(FUTURES),
        ),
        "root_symbols": pd.DataFrame(
            {"root_symbol": ["FO"], "root_symbol_id": [1], "exchange": ["X"]}
        ),
        "exchanges": pd.DataFrame(
            {"exchange": ["X"], "canonical_name": ["X"], "country_code": ["US"]}
        ),
    }
