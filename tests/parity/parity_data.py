"""The data that the parity tests run on: made by whole numbers alone, the same on every machine.

Prices are whole thousandths of a dollar times 0.001, which is how zipline-reloaded's readers give
them back, so that its rounding to three decimals loses nothing. `VERSION` goes up with any change
that changes a bar; the stored results name the version that they were made with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VERSION = 1
FIELDS = ["open", "high", "low", "close", "volume"]
EXACT: dict[str, Any] = {"float_precision": "round_trip"}  # pandas by default misses the last bit
MONTH_CODES = "FGHJKMNQUVXZ"
EXCHANGES = pd.DataFrame(
    {
        "exchange": ["XNYS", "CMES"],
        "canonical_name": ["XNYS", "CMES"],
        "country_code": ["US", "US"],
    }
)


@dataclass(frozen=True)
class DataSet:
    """What an ingest function writes, in the frames that Zipline's writers take."""

    name: str
    calendar: str
    sessions: pd.DatetimeIndex
    equities: pd.DataFrame
    daily: dict[int, pd.DataFrame]
    minute: dict[int, pd.DataFrame] = field(default_factory=dict)
    futures: pd.DataFrame | None = None
    root_symbols: pd.DataFrame | None = None
    splits: pd.DataFrame | None = None
    mergers: pd.DataFrame | None = None
    dividends: pd.DataFrame | None = None
    stock_dividends: pd.DataFrame | None = None


def draws(seed: int, count: int, stop: int) -> np.ndarray:
    """Return `count` whole numbers in [0, stop): splitmix64 of a counter, frozen for good."""
    x = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed << 32)
    x *= np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return ((x >> np.uint64(11)) % np.uint64(stop)).astype(np.int64)


def walk(seed: int, count: int, first: int, step: int) -> np.ndarray:
    """Return prices in thousandths that change by up to `step` ten-thousandths a bar."""
    prices, price = [], first
    for change in draws(seed, count, 2 * step + 1).tolist():
        price = max(100, price + price * (change - step) // 10_000)
        prices.append(price)
    return np.array(prices, dtype=np.int64)


def bars(
    seed: int,
    index: pd.DatetimeIndex,
    first: int = 50_000,
    step: int = 200,
    volume: int = 200_000,
) -> pd.DataFrame:
    """Return bars that open near the close before, in thousandths; volume in [volume, 2 volume)."""
    count = len(index)
    close = walk(seed, count, first, step)
    opened = np.concatenate(([first], close[:-1]))
    spread = draws(seed + 1, 2 * count, 40) * np.repeat(close, 2) // 10_000
    high = np.maximum(opened, close) + spread[::2]
    low = np.minimum(opened, close) - spread[1::2]
    traded = volume + draws(seed + 2, count, volume)
    columns = dict(zip(FIELDS, (opened, high, low, close, traded), strict=True))
    return pd.DataFrame(columns, index=index)


def in_dollars(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn thousandths into dollars."""
    dollars = frame.astype(np.float64)
    dollars[FIELDS[:4]] *= 0.001
    return dollars


def scaled(frame: pd.DataFrame, since: str, numerator: int, denominator: int) -> pd.DataFrame:
    """Return bars whose prices are changed by a ratio from a session on, volumes by its inverse."""
    changed = frame.copy()
    rows = changed.index >= pd.Timestamp(since)
    prices = changed.loc[rows, FIELDS[:4]]
    changed.loc[rows, FIELDS[:4]] = prices * numerator // denominator
    changed.loc[rows, "volume"] = changed.loc[rows, "volume"] * denominator // numerator
    return changed


def halted(frame: pd.DataFrame, labels: Iterable[str]) -> pd.DataFrame:
    """Return bars without trade in these sessions: zeros, as Zipline's bundles have them."""
    changed = frame.copy()
    changed.loc[pd.DatetimeIndex(list(labels)), FIELDS] = 0
    return changed


@cache
def sessions(calendar: str, start: str, end: str) -> pd.DatetimeIndex:
    """Return the session labels of an exchange calendar, both ends included."""
    import exchange_calendars

    calendar_ = exchange_calendars.get_calendar(calendar, start=start, end=end)
    return pd.DatetimeIndex(calendar_.sessions.astype("datetime64[ns]"))


def equity_frame(
    symbols: dict[int, str],
    daily: dict[int, pd.DataFrame],
    last: dict[int, str] | None = None,
    auto_close: dict[int, str] | None = None,
) -> pd.DataFrame:
    """Return the frame of equities that AssetDBWriter takes, with the ranges of their bars."""
    ends = {sid: pd.Timestamp(end) for sid, end in (last or {}).items()}
    closes = {sid: pd.Timestamp(day) for sid, day in (auto_close or {}).items()}
    rows = []
    for sid, symbol in symbols.items():
        end = ends.get(sid, daily[sid].index[-1])
        rows.append(
            {
                "symbol": symbol,
                "asset_name": f"{symbol} Incorporated",
                "start_date": daily[sid].index[0],
                "end_date": end,
                "auto_close_date": closes.get(sid, end + pd.Timedelta(days=1)),
                "exchange": "XNYS",
            }
        )
    return pd.DataFrame(rows, index=pd.Index(symbols, name="sid"))


def ratios(rows: list[tuple[int, str, float]]) -> pd.DataFrame:
    """Return splits or mergers as the adjustment writer takes them."""
    frame = pd.DataFrame(rows, columns=["sid", "effective_date", "ratio"])
    frame["effective_date"] = dates(frame["effective_date"])
    return frame


def payouts(rows: list[tuple[int, str, str, float]]) -> pd.DataFrame:
    """Return cash dividends; they are declared ten days before the ex-date."""
    frame = pd.DataFrame(rows, columns=["sid", "ex_date", "pay_date", "amount"])
    frame["ex_date"] = dates(frame["ex_date"])
    frame["pay_date"] = dates(frame["pay_date"])
    frame["declared_date"] = frame["ex_date"] - pd.Timedelta(days=10)
    frame["record_date"] = frame["ex_date"] + pd.Timedelta(days=1)
    return frame


def dates(labels: Iterable[str]) -> pd.DatetimeIndex:
    """Return datetimes of unit ns."""
    return pd.DatetimeIndex(list(labels)).as_unit("ns")


@cache
def equities() -> DataSet:
    """Ten equities of 2018 with every corporate action, a delisting, a listing and halts."""
    days = sessions("XNYS", "2018-04-02", "2018-12-31")
    raw = {
        1: bars(10, days, 48_000, 180, 900_000),
        2: scaled(scaled(bars(20, days, 90_000), "2018-07-10", 1, 2), "2018-10-02", 3, 1),
        3: bars(30, days, 35_500, 120, 500_000),
        4: bars(40, days[days <= pd.Timestamp("2018-09-14")], 12_340, 300, 60_000),
        5: bars(50, days[days >= pd.Timestamp("2018-08-01")], 20_000, 350, 150_000),
        6: halted(
            bars(60, days, 7_250, 250, 900),
            ["2018-07-05", "2018-07-06", "2018-08-15", "2018-11-23"],
        ),
        7: bars(70, days, 66_600, 150, 300_000),
        8: scaled(bars(80, days, 25_000, 200, 250_000), "2018-08-20", 4, 5),
        9: bars(90, days, 730, 400, 4_000_000),
        10: bars(100, days, 270_000, 80, 5_000_000),
    }
    daily = {sid: in_dollars(frame) for sid, frame in raw.items()}
    letters = "ABCDEFGHI"
    symbols = {sid: letter * 3 for sid, letter in enumerate(letters, 1)} | {10: "IDX"}
    return DataSet(
        name="parity-equities",
        calendar="XNYS",
        sessions=days,
        equities=equity_frame(symbols, daily, auto_close={4: "2018-09-19"}),
        daily=daily,
        splits=ratios([(2, "2018-07-10", 0.5), (2, "2018-10-02", 3.0)]),
        mergers=ratios([(8, "2018-08-20", 0.8)]),
        dividends=payouts(
            [
                (3, "2018-06-14", "2018-06-28", 0.31),
                (3, "2018-09-13", "2018-09-27", 0.33),
                (3, "2018-12-13", "2018-12-27", 0.35),
                (1, "2018-08-09", "2018-08-16", 0.73),
                (2, "2018-07-10", "2018-07-20", 0.5),
                (10, "2018-09-21", "2018-10-31", 1.4),
            ]
        ),
        stock_dividends=pd.DataFrame(
            {
                "sid": [7, 7],
                "ex_date": dates(["2018-07-17", "2018-10-16"]),
                "declared_date": dates(["2018-07-02", "2018-10-01"]),
                "record_date": dates(["2018-07-18", "2018-10-17"]),
                "pay_date": dates(["2018-07-31", "2018-10-30"]),
                "payment_sid": [1, 7],
                "ratio": [0.25, 0.1],
            }
        ),
    )


def minute_index(days: pd.DatetimeIndex, half: str) -> pd.DatetimeIndex:
    """Return the minutes of summer sessions of New York, one of which closes at one o'clock."""
    parts = []
    for day in days:
        count = 210 if day == pd.Timestamp(half) else 390
        opened = day.tz_localize("UTC") + pd.Timedelta(hours=13, minutes=31)
        parts.append(pd.date_range(opened, periods=count, freq="min"))
    return pd.DatetimeIndex(np.concatenate([part.to_numpy() for part in parts]), tz="UTC")


def by_session(minutes: pd.DataFrame) -> pd.DataFrame:
    """Return the daily bars of minute bars."""
    labels = pd.DatetimeIndex(minutes.index).tz_localize(None).normalize()
    grouped = minutes.groupby(labels)
    return grouped.agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )


@cache
def minutes() -> DataSet:
    """Four equities with minute bars of eight sessions: a half day, gaps, split and dividend."""
    days = sessions("XNYS", "2018-05-01", "2018-07-09")
    within = days[days >= pd.Timestamp("2018-06-27")]
    index = minute_index(within, "2018-07-03")
    before = days[days < pd.Timestamp("2018-06-27")]
    split, sparse = pd.Timestamp("2018-06-29"), draws(230, len(index), 5) == 0
    raw = {
        1: bars(200, index, 50_000, 12, 3_000),
        2: bars(210, index, 80_000, 15, 2_000),
        3: bars(220, index, 9_990, 25, 400)[sparse],
        4: bars(240, index, 120_000, 10, 6_000),
    }
    halved = raw[2].index >= split.tz_localize("UTC")
    raw[2].loc[halved, FIELDS[:4]] //= 2
    raw[2].loc[halved, "volume"] *= 2
    daily = {
        sid: pd.concat(
            [
                bars(250 + sid, before, int(frame["open"].iloc[0]), 150, 390_000),
                by_session(frame),
            ]
        )
        for sid, frame in raw.items()
    }
    daily = {sid: in_dollars(frame) for sid, frame in daily.items()}
    return DataSet(
        name="parity-minutes",
        calendar="XNYS",
        sessions=days,
        equities=equity_frame({1: "AAA", 2: "BBB", 3: "CCC", 4: "IDX"}, daily),
        daily=daily,
        minute={sid: in_dollars(frame) for sid, frame in raw.items()},
        splits=ratios([(2, "2018-06-29", 0.5)]),
        dividends=payouts([(1, "2018-07-02", "2018-07-05", 0.4)]),
    )


@cache
def futures() -> DataSet:
    """Contracts of two roots that follow one another, and an equity, on the futures' calendar."""
    every_day = sessions("us_futures", "2018-01-02", "2019-04-30")
    days = every_day[every_day <= pd.Timestamp("2018-09-28")]
    rows: list[dict[str, object]] = []
    daily = {}
    roots = [("ES", 3, 2_650_000, 50.0, 0.25), ("CL", 1, 61_000, 1000.0, 0.01)]
    for root, every, first, multiplier, tick in roots:
        base = walk(300 + len(rows), len(days), first, 90)
        for order, month in enumerate(range(every, 16, every)):
            sid = 1_000 + len(rows)
            year, code = 18 + (month - 1) // 12, MONTH_CODES[(month - 1) % 12]
            last = pd.Timestamp(2000 + year, (month - 1) % 12 + 1, 20)
            expiry = every_day[every_day <= last][-1]
            held = (days >= expiry - pd.Timedelta(days=210)) & (days <= expiry)
            frame = bars(320 + sid, days[held], first, 5, 400)
            shift = base[held] * (1_000 + 3 * order) // 1_000 - frame["close"].to_numpy()
            frame[FIELDS[:4]] += shift[:, np.newaxis] // 10 * 10
            left = int(every_day.searchsorted(expiry)) - np.flatnonzero(held)
            front = np.where(left < 6, 40, np.where(left < 28, 12_000, 2_000 - 10 * left))
            frame["volume"] += np.maximum(front, 0)
            daily[sid] = in_dollars(frame)
            rows.append(
                {
                    "sid": sid,
                    "symbol": f"{root}{code}{year}",
                    "root_symbol": root,
                    "asset_name": f"{root} {code} 20{year}",
                    "start_date": days[held][0],
                    "end_date": days[held][-1],
                    "first_traded": days[held][0],
                    "notice_date": every_day[every_day < expiry][-4],
                    "expiration_date": expiry,
                    "auto_close_date": every_day[every_day < expiry][-2],
                    "tick_size": tick,
                    "multiplier": multiplier,
                    "exchange": "CMES",
                }
            )
    daily[1] = in_dollars(bars(390, days, 101_000, 100, 700_000))
    return DataSet(
        name="parity-futures",
        calendar="us_futures",
        sessions=days,
        equities=equity_frame({1: "AAA"}, daily),
        daily=daily,
        futures=pd.DataFrame(rows).set_index("sid"),
        root_symbols=pd.DataFrame(
            {
                "root_symbol": ["ES", "CL"],
                "root_symbol_id": [1, 2],
                "sector": ["index", "energy"],
                "description": ["Index", "Oil"],
                "exchange": ["CMES", "CMES"],
            }
        ),
    )


def stocks(folder: Path) -> DataSet:
    """Nine stocks from 2004 to 2014, of CSV files; rustybt ships the same as its sample."""
    splits = pd.read_csv(folder / "_splits.csv", index_col="index", **EXACT)
    paid = pd.read_csv(folder / "_dividend_payouts.csv", index_col="index", **EXACT)
    days = sessions("XNYS", "2004-01-02", "2014-12-31")
    names = sorted(path.stem for path in folder.glob("[A-Z]*.csv") if path.stem != "README")
    symbols = dict(enumerate(names))
    daily = {
        sid: pd.read_csv(folder / f"{name}.csv", index_col="date", parse_dates=True, **EXACT)
        for sid, name in symbols.items()
    }
    sids = {name: sid for sid, name in symbols.items()}
    for name in ("ex_date", "record_date", "declared_date", "pay_date"):
        paid[name] = pd.to_datetime(paid[name])
    return DataSet(
        name="sample",
        calendar="XNYS",
        sessions=days,
        equities=equity_frame(symbols, daily),
        daily=daily,
        splits=ratios(
            [
                (sids[row.symbol], row.effective_date, row.ratio)
                for row in splits.itertuples(index=False)
            ]
        ),
        dividends=paid.assign(sid=paid["symbol"].map(sids)).drop(columns="symbol"),
    )
