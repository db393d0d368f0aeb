"""Ask zipline-reloaded 3.2.1 for prices and history, and store market and answers beside this file.

Run it with an interpreter that has zipline-reloaded, which rustybt's environments have not:

    python make_portal.py us-equities-2004-2014

The folder holds the daily bars of real stocks, of which three are used, with their splits and
dividends. Minutes are made here, sparse and from whole numbers, around a split, a merger, a
dividend, a holiday, a half day, a late listing and a delisting.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from zipline.assets import AssetDBWriter, AssetFinder
from zipline.data.adjustments import SQLiteAdjustmentReader, SQLiteAdjustmentWriter
from zipline.data.bcolz_daily_bars import BcolzDailyBarReader, BcolzDailyBarWriter
from zipline.data.bcolz_minute_bars import BcolzMinuteBarReader, BcolzMinuteBarWriter
from zipline.data.data_portal import DataPortal
from zipline.finance.asset_restrictions import NoRestrictions
from zipline.protocol import BarData
from zipline.utils.calendar_utils import get_calendar

HERE = Path(__file__).resolve().parent
STOCKS = ["CERN", "COST", "MSFT"]
START, END = pd.Timestamp("2011-03-01"), pd.Timestamp("2011-12-30")
MINUTE_START, MINUTE_END = pd.Timestamp("2011-11-21"), pd.Timestamp("2011-11-30")
FIELDS = ["open", "high", "low", "close", "volume"]
CALENDAR = get_calendar("XNYS")

# sid: first and last session; 0 to 2 are the stocks.
LIVES = {
    **dict.fromkeys(range(3), (START, END)),
    3: (START, END),
    4: (pd.Timestamp("2011-11-22"), pd.Timestamp("2011-11-28")),
}
SPLITS = pd.DataFrame(
    {
        "sid": [0, 3, 4],
        "effective_date": pd.to_datetime(["2011-06-27", "2011-11-25", "2011-11-25"]),
        "ratio": [0.5, 0.25, 3.0],
    }
)
MERGERS = pd.DataFrame(
    {"sid": [3], "effective_date": pd.to_datetime(["2011-11-28"]), "ratio": [0.8]}
)


def numbers(seed: int, count: int) -> np.ndarray:
    """Return whole numbers in [0, 2**16), the same everywhere: a linear congruential generator."""
    state, drawn = seed + 1, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        drawn.append(state >> 48)
    return np.array(drawn)


def bars(seed: int, times: pd.DatetimeIndex, holes: int) -> pd.DataFrame:
    """Return bars around 50 dollars of which one in `holes` is missing, or all but that one."""
    drawn = numbers(seed, len(times) * 3).reshape(-1, 3)
    close = 50_000 + drawn[:, 0] % 5_000
    frame = (
        pd.DataFrame(
            {
                "open": close + drawn[:, 1] % 100 - 50,
                "high": close + 60 + drawn[:, 1] % 40,
                "low": close - 60 - drawn[:, 2] % 40,
                "close": close,
            },
            index=times,
        )
        / 1000.0
    )
    frame["volume"] = 100 + drawn[:, 2] % 1000
    hit = drawn[:, 1] % abs(holes) == 0
    frame.loc[hit if holes > 0 else ~hit, :] = np.nan
    return frame


def daily_bars(folder: Path) -> dict[int, pd.DataFrame]:
    found = {}
    for sid, symbol in enumerate(STOCKS):
        frame = pd.read_csv(folder / f"{symbol}.csv", index_col="date", parse_dates=True)
        found[sid] = frame.loc[START:END, FIELDS]
    for sid in (3, 4):
        found[sid] = bars(sid, CALENDAR.sessions_in_range(*LIVES[sid]), 9)
    return found


def minute_bars() -> dict[int, pd.DataFrame]:
    found = {}
    for sid, (first, last) in LIVES.items():
        minutes = CALENDAR.sessions_minutes(max(first, MINUTE_START), min(last, MINUTE_END))
        found[sid] = bars(100 + sid, minutes, -11 if sid else -37)
    return found


def dividends(folder: Path) -> pd.DataFrame:
    paid = pd.read_csv(folder / "_dividend_payouts.csv", parse_dates=["ex_date"])
    paid = paid[paid.symbol.isin(STOCKS) & paid.ex_date.between(START, END)]
    made = pd.DataFrame(
        {
            "symbol": ["COST", "MSFT"],
            "ex_date": pd.to_datetime(["2011-11-23", "2011-11-28"]),
            "amount": [0.5, 0.25],
        }
    )
    paid = pd.concat([paid[["symbol", "ex_date", "amount"]], made])
    dates = dict.fromkeys(("ex_date", "declared_date", "record_date", "pay_date"), paid.ex_date)
    sids = paid.symbol.map(STOCKS.index)
    return pd.DataFrame({"sid": sids, "amount": paid.amount, **dates}).reset_index(drop=True)


def portal(work: Path, folder: Path) -> tuple[DataPortal, dict[str, Any]]:
    """Return the oracle's data portal, and the market it has as JSON takes it."""
    engine = sa.create_engine(f"sqlite:///{work / 'assets.db'}")
    equities = pd.DataFrame(
        {
            "symbol": [f"S{sid}" for sid in LIVES],
            "asset_name": "",
            "start_date": [first for first, _ in LIVES.values()],
            "end_date": [last for _, last in LIVES.values()],
            "auto_close_date": [last + CALENDAR.day for _, last in LIVES.values()],
            "exchange": "XNYS",
        },
        index=list(LIVES),
    )
    exchanges = pd.DataFrame(
        {"exchange": ["XNYS"], "canonical_name": ["XNYS"], "country_code": ["US"]}
    )
    AssetDBWriter(engine).write(equities=equities, exchanges=exchanges)

    daily, minute = daily_bars(folder), minute_bars()
    (work / "minute").mkdir()
    BcolzDailyBarWriter(str(work / "daily"), CALENDAR, START, END).write(
        (sid, frame.fillna(0)) for sid, frame in daily.items()
    )
    daily_reader = BcolzDailyBarReader(str(work / "daily"))
    BcolzMinuteBarWriter(str(work / "minute"), CALENDAR, MINUTE_START, MINUTE_END, 390).write(
        (sid, frame.dropna()) for sid, frame in minute.items()
    )
    minute_reader = BcolzMinuteBarReader(str(work / "minute"))
    path = str(work / "adjustments.db")
    with SQLiteAdjustmentWriter(path, daily_reader, overwrite=True) as writer:
        writer.write(splits=SPLITS, mergers=MERGERS, dividends=dividends(folder))
    reader = SQLiteAdjustmentReader(path)

    made = DataPortal(
        AssetFinder(engine),
        CALENDAR,
        first_trading_day=START,
        equity_daily_reader=daily_reader,
        equity_minute_reader=minute_reader,
        adjustment_reader=reader,
    )
    actions = {
        table: [
            [sid, f"{date:%Y-%m-%d}", ratio]
            for sid in LIVES
            for date, ratio in reader.get_adjustments_for_sid(table, sid)
        ]
        for table in ("splits", "mergers", "dividends")
    }
    market = {
        "lives": {sid: [f"{day:%Y-%m-%d}" for day in days] for sid, days in LIVES.items()},
        "daily": {sid: rows(daily_reader, sid, frame.index) for sid, frame in daily.items()},
        "minute": {sid: rows(minute_reader, sid, frame.index) for sid, frame in minute.items()},
        **actions,
    }
    return made, market


def rows(reader: Any, sid: int, times: Any) -> list[list[Any]]:
    """Return the bars with a trade as the oracle has stored them: time and values."""
    columns = reader.load_raw_arrays(FIELDS, times[0], times[-1], [sid])
    form = "%Y-%m-%d" if times.tz is None else "%Y-%m-%dT%H:%M"
    values = np.column_stack([column[:, 0].astype(float) for column in columns])
    bars = zip(times.strftime(form), values.tolist(), strict=True)
    return [[time, *row] for time, row in bars if row[-1] > 0]


def plain(value: Any) -> Any:
    """Return a value as JSON has it; times as text, what is missing as None."""
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return bool(value) if isinstance(value, np.bool_) else float(value)


def questions(mode: str) -> list[tuple[pd.Timestamp, bool]]:
    """Return the times to ask at, and whether each lies before the open."""
    before = ["2011-11-25 13:45", "2011-11-28 13:45", "2011-11-29 13:45"]
    asked = [(pd.Timestamp(time, tz="UTC"), True) for time in before]
    if mode == "daily":
        days = [
            "2011-06-24",
            "2011-06-27",
            "2011-06-28",
            "2011-09-15",
            "2011-11-22",
            "2011-11-25",
            "2011-11-28",
            "2011-11-29",
            "2011-12-30",
        ]
        closes = [CALENDAR.session_close(day) for day in days]
        return [(close, False) for close in closes] + asked
    minutes = [
        "2011-11-21 14:31",
        "2011-11-22 14:31",
        "2011-11-22 14:40",
        "2011-11-23 21:00",
        "2011-11-25 14:31",
        "2011-11-25 14:32",
        "2011-11-25 18:00",
        "2011-11-28 14:31",
        "2011-11-28 16:05",
        "2011-11-29 14:33",
        "2011-11-30 20:59",
    ]
    return [(pd.Timestamp(minute, tz="UTC"), False) for minute in minutes] + asked


def answers(source: DataPortal, mode: str, now: pd.Timestamp, before: bool) -> dict[str, Any]:
    """Return everything that BarData says at one time."""
    data = BarData(source, lambda: now, mode, CALENDAR, NoRestrictions())
    assets = source.asset_finder.retrieve_all(list(LIVES))
    data._handle_non_market_minutes = before
    spot = ["price", *FIELDS] + ([] if before else ["last_traded"])
    windows = [("1d", count) for count in (1, 2, 7, 40)]
    if mode == "minute":
        windows += [("1m", count) for count in (1, 2, 50, 120)]
    history: dict[str, Any] = {}
    for frequency, count in windows:
        for field in ("price", "volume") if count >= 40 else ("price", *FIELDS):
            try:
                frame = data.history(assets, field, count, frequency)
            except LookupError as error:
                history[f"{field} {count} {frequency}"] = type(error).__name__
            else:
                history[f"{field} {count} {frequency}"] = {
                    "first": frame.index[0].isoformat(),
                    "values": [[plain(value) for value in frame[asset]] for asset in assets],
                }
    return {
        "mode": mode,
        "now": now.isoformat(),
        "before": before,
        "current": {f: [plain(data.current(asset, f)) for asset in assets] for f in spot},
        "can_trade": [plain(value) for value in data.can_trade(assets)],
        "is_stale": [plain(data.is_stale(asset)) for asset in assets],
        "history": history,
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        source, market = portal(Path(work), Path(sys.argv[1]))
        asked = [
            answers(source, mode, now, before)
            for mode in ("daily", "minute")
            for now, before in questions(mode)
        ]
    for name, content in (("portal_market", market), ("portal_answers", asked)):
        text = json.dumps(content, separators=(",", ":")).replace("],[", "],\n[")
        (HERE / f"{name}.json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
