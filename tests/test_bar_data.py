"""What a strategy sees of the market is what a plain model of it says, and never the future."""

from __future__ import annotations

import copy
import pickle
import warnings
from functools import cache
from operator import methodcaller
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import exchange_calendars
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt._protocol import AssetBars, Axis, BarData, PriceFeed, handle_non_market_minutes
from rustybt.assets import Asset, Equity, ExchangeInfo
from rustybt.data._equities import BarColumns
from rustybt.data.data_portal import DataPortal
from rustybt.data.history import HistorySeries
from rustybt.errors import HistoryWindowStartsBeforeData

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# What exchange_calendars 4.13 does with pandas 3.1; ours would be seen on any other line.
pytestmark = pytest.mark.filterwarnings("ignore:.*drops timezone information:DeprecationWarning")

FIELDS = ["open", "high", "low", "close", "volume"]
NYSE = ExchangeInfo("XNYS", "XNYS", "US")
BARS = 40

# A bar: its price in tenths of a thousandth, None where nothing was traded.
Bar = int | None
# An action: the ordinal it takes effect at, its ratio, whether it is a split.
Action = tuple[int, float, bool]


def columns_of(bars: list[Bar]) -> dict[str, NDArray[np.float64]]:
    """Return the columns of bars whose high and low lie around the close."""
    close = np.array([np.nan if bar is None else bar / 10_000 for bar in bars])
    volume = np.array([0.0 if bar is None else float(bar % 97 + 1) for bar in bars])
    return {
        "open": close + 0.0625,
        "high": close + 0.125,
        "low": close - 0.125,
        "close": close,
        "volume": volume,
    }


def asset_bars(first: int, bars: list[Bar], actions: list[Action]) -> AssetBars:
    columns = columns_of(bars)
    ordered = sorted(actions)
    source = SimpleNamespace(
        range=lambda _: (first, first + len(bars) - 1),
        column=lambda _, field: columns[field],
        adjustments=lambda _: (
            np.array([at for at, _, _ in ordered], dtype=np.intp),
            np.array([ratio for _, ratio, _ in ordered]),
            np.array([1 / ratio if split else 1.0 for _, ratio, split in ordered]),
            False,
        ),
        decimals=lambda _: 3,
    )
    asset = Equity(1, NYSE, "A")
    return AssetBars(asset, Axis(np.arange(BARS)), source, (first, first + len(bars) - 1))


def model(
    first: int, bars: list[Bar], actions: list[Action], field: str, start: int, stop: int, seen: int
) -> list[float]:
    """Return a window value by value: adjust, round, fill."""
    raw = columns_of(bars)["close" if field == "price" else field]

    def value(at: int, *, rounded: bool = True) -> float:
        inside = first <= at < first + len(bars)
        result = float(raw[at - first]) if inside else 0.0 if field == "volume" else np.nan
        for effective, ratio, split in sorted(actions):
            if at < effective <= seen:
                result *= (1 / ratio if split else 1.0) if field == "volume" else ratio
        return float(np.round(result, 3)) if rounded else result

    window = [value(at) for at in range(start, stop)]
    if field == "price":
        if np.isnan(window[0]):
            known = [at for at in range(start) if not np.isnan(value(at))]
            window[0] = value(known[-1], rounded=False) if known else np.nan
        window = pd.Series(window).ffill().tolist()
        window = [
            price if at < first + len(bars) else np.nan for at, price in enumerate(window, start)
        ]
    return window


BAR = st.one_of(st.none(), st.integers(10_000, 5_000_000))
ROUND_BAR = st.integers(10_000, 500_000).map(lambda price: price * 10)
ACTIONS = st.lists(
    st.tuples(st.integers(1, BARS), st.sampled_from([0.5, 0.25, 3.0, 0.997, 0.8]), st.booleans()),
    max_size=4,
    unique_by=lambda action: action[0],
)
ASSETS = st.tuples(
    st.integers(0, BARS - 2),
    st.one_of(st.lists(BAR, max_size=BARS), st.lists(ROUND_BAR, max_size=BARS)),
    ACTIONS,
).map(lambda asset: (asset[0], asset[1][: BARS - asset[0]], asset[2]))
WINDOWS = st.tuples(
    st.sampled_from(["price", *FIELDS]),
    st.integers(0, BARS - 1),
    st.integers(1, BARS),
    st.integers(0, 1),
).map(lambda window: (window[0], max(0, window[1] + 1 - window[2]), window[1] + 1, window[3]))


@given(ASSETS, st.lists(WINDOWS, min_size=1, max_size=8))
def test_windows_are_those_of_the_model(
    asset: tuple[int, list[Bar], list[Action]], windows: list[tuple[str, int, int, int]]
) -> None:
    bars = asset_bars(*asset)
    for field, start, stop, after in windows:  # of one asset: what one leaves behind, others meet
        seen = stop - 1 + after
        values = bars.values(field, start, stop, seen)
        expected = model(*asset, field, start, stop, seen)
        np.testing.assert_allclose(values, expected, rtol=1e-15)
        assert not values.flags.writeable


@given(ASSETS, st.integers(0, BARS - 1))
def test_price_is_the_last_close_adjusted(
    asset: tuple[int, list[Bar], list[Action]], at: int
) -> None:
    first, bars, actions = asset
    prices = [bar for bar in bars[: max(at - first + 1, 0)] if bar is not None]
    expected = np.nan
    if prices and at < first + len(bars):
        closed = max(i for i in range(at - first + 1) if bars[i] is not None)
        ratios = [ratio for effective, ratio, _ in actions if first + closed < effective <= at]
        expected = prices[-1] / 10_000 * np.prod(ratios)
    assert asset_bars(*asset).seen("price", at, at) == pytest.approx(expected, nan_ok=True)


@given(ASSETS, st.lists(BAR, min_size=BARS, max_size=BARS), ACTIONS, st.lists(WINDOWS, min_size=1))
def test_no_future_bar_or_action_changes_a_window(
    asset: tuple[int, list[Bar], list[Action]],
    other: list[Bar],
    later: list[Action],
    windows: list[tuple[str, int, int, int]],
) -> None:
    first, bars, actions = asset
    original = asset_bars(*asset)
    for field, start, stop, _ in windows:
        known = max(stop - first, 0)
        changed = bars[:known] + other[: max(len(bars) - known, 0)]
        known_actions = [action for action in actions if action[0] < stop]
        unknown = [action for action in later if action[0] >= stop]
        future = asset_bars(first, changed, known_actions + unknown)
        np.testing.assert_array_equal(
            original.values(field, start, stop, stop - 1),
            future.values(field, start, stop, stop - 1),
        )


def test_a_window_is_a_view_where_nothing_changes_it() -> None:
    bars = asset_bars(0, [10_000 * price for price in range(10, 40)], [(20, 0.5, True)])
    before = bars.values("close", 2, 12, 11)
    assert np.shares_memory(before, bars.values("close", 5, 15, 14))
    assert np.shares_memory(before, bars.values("price", 2, 12, 11))
    across = bars.values("close", 15, 25, 24)
    assert not np.shares_memory(before, across)
    assert np.shares_memory(across, bars.values("close", 16, 26, 25))
    after = asset_bars(0, [10_000 * price for price in range(10, 40)], [(20, 0.5, True)])
    column = after.values("close", 0, 20, 19)
    memory = column.__array_interface__["data"][0]
    assert after.values("close", 20, 28, 27).__array_interface__["data"][0] == memory + 20 * 8


@cache
def calendar() -> Any:
    with warnings.catch_warnings():  # exchange_calendars 4.13 with pandas 3.1
        warnings.simplefilter("ignore")
        return exchange_calendars.get_calendar("XNYS", side="right", start="2020-01-02")


def sessions() -> Any:
    return calendar().sessions_in_range("2020-11-16", "2020-12-04")


def reader(axis: pd.DatetimeIndex, seed: int) -> Any:
    """Return a reader of assets 1 and 2, of which the second misses bars."""
    rng = np.random.default_rng(seed)
    size = len(axis)
    close = np.round(50 + rng.random(2 * size) * 10, 3)
    missing = np.zeros(2 * size, dtype=bool)
    missing[size:] = rng.random(size) < 0.4
    prices = {name: close + step for name, step in zip(FIELDS, (0.5, 1.0, -1.0, 0.0), strict=False)}
    for values in prices.values():
        values[missing] = np.nan
    volume = np.where(missing, 0.0, np.round(rng.random(2 * size) * 1000) + 1)
    columns = BarColumns(
        np.array([1, 2]),
        axis.as_unit("ns").asi8,
        np.array([0, 0]),
        np.array([size - 1, size - 1]),
        volume=volume,
        **prices,
    )
    return SimpleNamespace(
        columns=columns,
        trading_calendar=calendar(),
        data_frequency="daily" if axis.tz is None else "minute",
        first_trading_day=sessions()[0],
        last_available_dt=axis[-1],
    )


@cache
def portal() -> DataPortal:
    days = sessions()
    actions = {"splits": [[pd.Timestamp("2020-11-30"), 0.5]]}
    return DataPortal(
        None,
        calendar(),
        days[0],
        equity_daily_reader=reader(days, 1),
        equity_minute_reader=reader(calendar().sessions_minutes(days[0], days[-1]), 2),
        adjustment_reader=SimpleNamespace(
            get_adjustments_for_sid=lambda table, sid: actions.get(table, []) if sid == 1 else []
        ),
    )


def asset(sid: int = 1) -> Equity:
    days = sessions()
    return Equity(sid, NYSE, f"S{sid}", start_date=days[0], end_date=days[-2 if sid == 2 else -1])


def daily(session: int = 10, restrictions: Any = None) -> tuple[PriceFeed, BarData]:
    feed = portal().feed(sessions(), "daily")
    feed.move(session, -1)
    return feed, BarData(feed, restrictions=restrictions)


def by_minute(minute: str) -> tuple[PriceFeed, BarData]:
    feed = portal().feed(sessions(), "minute")
    feed.seek(pd.Timestamp(minute, tz="UTC"))
    return feed, BarData(feed)


def raw(field: str, sid: int = 1, *, minute: bool = False) -> Any:
    days = sessions()
    times = calendar().sessions_minutes(days[0], days[-1]) if minute else days
    columns = reader(times, 2 if minute else 1).columns
    size = len(times)
    return pd.Series(columns.column(field)[(sid - 1) * size : sid * size], index=times)


def test_daily_cursor() -> None:
    feed, data = daily(9)
    days = sessions()
    assert feed.session_ns == days[9].value
    assert feed.now() == calendar().session_close(days[9]) == data.current_dt
    assert data.current_session == days[9]
    assert len(data.current_session_minutes) == 390
    assert data.current(asset(), "price") == raw("close").iloc[9]
    assert feed.prices([asset(), asset(2)]).tolist() == [feed.price(asset()), feed.price(asset(2))]
    assert feed.bar(asset(), 4) == raw("volume").iloc[9] == data.current(asset(), "volume")


def test_before_the_open_the_last_bar_is_seen_as_the_new_session_sees_it() -> None:
    days = sessions()
    split = days.get_loc("2020-11-30")
    before = days[split] + pd.Timedelta(hours=13, minutes=45)
    for frequency in ("daily", "minute"):
        feed = portal().feed(days, frequency)
        data = BarData(feed)
        feed.move_before_open(split, before.value)
        close = (
            raw("close", minute=frequency == "minute").loc[: str(days[split - 1].date())].iloc[-1]
        )
        assert data.current(asset(), "price") == close * 0.5
        assert data.history(asset(), "price", 1, "1d").iloc[0] == pytest.approx(close * 0.5)
        assert feed.now() == before.tz_localize("UTC") == data.current_dt
        assert data.current_session == days[split]


def test_minute_cursor_and_the_session_so_far() -> None:
    feed, data = by_minute("2020-11-27 15:30")
    first, last = feed.session_minutes(sessions().get_loc("2020-11-27"))
    assert last - first == 209  # a half day
    assert feed.minutes is not None
    assert feed.minutes[first] == pd.Timestamp("2020-11-27 14:31", tz="UTC").value
    for sid in (1, 2):
        so_far = slice("2020-11-27 14:31", "2020-11-27 15:30")
        expected = {
            "open": raw("open", sid, minute=True).loc[so_far].dropna().iloc[0],
            "high": raw("high", sid, minute=True).loc[so_far].max(),
            "low": raw("low", sid, minute=True).loc[so_far].min(),
            "close": raw("close", sid, minute=True).loc[so_far].dropna().iloc[-1],
            "volume": raw("volume", sid, minute=True).loc[so_far].sum(),
        }
        for field, value in expected.items():
            window = data.history(asset(sid), field, 3, "1d")
            assert window.iloc[-1] == value
            assert window.index[-1] == pd.Timestamp("2020-11-27")
            np.testing.assert_array_equal(
                window.iloc[:-1], raw(field, sid).loc["2020-11-24":"2020-11-25"].iloc[-2:]
            )


def test_minute_windows_cross_sessions() -> None:
    _, data = by_minute("2020-11-30 14:32")
    window = data.history(asset(), "close", 4, "1m")
    closes = raw("close", minute=True)
    expected = [*(closes.loc["2020-11-27"].iloc[-2:] * 0.5), *closes.loc["2020-11-30"].iloc[:2]]
    np.testing.assert_allclose(window, np.round(expected, 3))
    assert [f"{time:%d %H:%M}" for time in window.index] == [
        "27 17:59",
        "27 18:00",
        "30 14:31",
        "30 14:32",
    ]


def test_shapes_of_current() -> None:
    _, data = daily()
    one, two = asset(1), asset(2)
    assert type(data.current(one, "price")) is float
    assert type(data.current(one, "volume")) is int
    assert data.current(one, "last_traded") == sessions()[10]
    by_field = data.current(one, ["price", "volume"])
    assert by_field.index.tolist() == ["price", "volume"]
    assert by_field.name == "S1"
    by_asset = data.current([two, one], "volume")
    assert by_asset.index.tolist() == [two, one]
    assert (by_asset.dtype, by_asset.name) == (np.int64, "volume")
    frame = data.current([two, one], ["volume", "price"])
    assert frame.index.tolist() == [two, one]
    assert frame.columns.tolist() == ["volume", "price"]
    assert frame.loc[one, "price"] == data.current(one, "price")


def test_shapes_of_history() -> None:
    _, data = daily()
    one, two = asset(1), asset(2)
    days = sessions()[8:11]
    series = data.history(one, "price", 3, "1d")
    assert series.index.equals(days)
    assert series.index.freq == sessions().freq
    assert series.name == one
    frame = data.history([two, one], "close", 3, "1d")
    assert frame.columns.tolist() == [two, one]
    assert frame.index.equals(days)
    pd.testing.assert_series_equal(frame[one], pd.Series(data.history(one, "close", 3, "1d")))
    rows = data.history([two, one], ["volume", "close"], 3, "1d")
    assert rows.index.names == ["date", None]
    assert rows.index.tolist() == [(day, each) for day in days for each in (one, two)]
    assert rows.columns.tolist() == ["volume", "close"]
    assert rows.columns.name == "fields"
    pd.testing.assert_frame_equal(
        rows["close"].unstack(), frame[[one, two]], check_freq=False, check_names=False
    )
    assert data.history(one, ["close"], 3, "1d").index.tolist() == [(day, one) for day in days]
    assert data.history([], "price", 3, "1d").shape == (3, 0)


def test_minutes_of_history_are_utc() -> None:
    _, data = by_minute("2020-11-30 14:32")
    series = data.history(asset(), "price", 3, "1m")
    assert str(series.index.dtype) == "datetime64[ns, UTC]"
    assert series.index.freq is None
    assert data.history([asset()], ["price"], 3, "1m").index.names == ["date_time", None]


def test_arrays_of_history_are_read_only() -> None:
    _, data = daily()
    one = data.history_array(asset(), "close", 3, "1d")
    several = data.history_array([asset(), asset(2)], "close", 3, "1d")
    assert one.shape == (3,)
    assert several.shape == (3, 2)
    np.testing.assert_array_equal(several[:, 0], one)
    for array in (one, several, data.history(asset(), "close", 3, "1d")[1:]._window.values):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_can_trade_and_is_stale() -> None:
    _, data = daily()
    one, two = asset(1), asset(2)
    late = Equity(2, NYSE, start_date=sessions()[11], end_date=sessions()[-1])
    closed = Equity(
        1, NYSE, start_date=sessions()[0], end_date=sessions()[-1], auto_close_date=sessions()[9]
    )
    assert data.can_trade([one, two]).tolist() == [True, True]
    feed = portal.__wrapped__().feed(sessions(), "daily")
    feed.move(10, -1)
    assert [BarData(feed).can_trade(each) for each in (closed, late)] == [False, False]
    stale = [daily(session)[1].is_stale(two) for session in range(len(sessions()))]
    traded = raw("volume", 2) > 0
    expected = (~traded & traded.cummax()).tolist()
    expected[-1] = False  # it is not alive any more
    assert stale == expected
    assert daily(len(sessions()) - 1)[1].can_trade([one, two]).to_dict() == {one: True, two: False}


def test_restricted_assets_cannot_be_traded() -> None:
    asked: list[Any] = []

    def is_restricted(one: Asset, dt: pd.Timestamp) -> bool:
        asked.append(dt)
        return one.sid == 1

    _, data = daily(restrictions=SimpleNamespace(is_restricted=is_restricted))
    assert data.can_trade([asset(1), asset(2)]).tolist() == [False, True]
    assert asked == [calendar().session_close(sessions()[10])] * 2


def test_a_portal_and_a_clock_serve_as_in_zipline() -> None:
    now = [calendar().session_close(sessions()[10])]
    data = BarData(portal(), lambda: now[0], "daily", calendar())
    feed, expected = daily(10)
    assert data.current(asset(), "price") == expected.current(asset(), "price")
    now[0] = calendar().session_close(sessions()[11])
    feed.move(11, -1)
    assert data.current(asset(), "price") == expected.current(asset(), "price")
    now[0] = sessions()[12].tz_localize("UTC") + pd.Timedelta(hours=13, minutes=45)
    with handle_non_market_minutes(data):
        assert data.current(asset(), "close") == raw("close").iloc[11]
    with pytest.raises(TypeError, match="simulation_dt_func"):
        BarData(portal())


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda d: d.history(asset(), "price", 0, "1d"), ValueError, "bar_count must be >= 1"),
        (lambda d: d.history(asset(), "price", -3, "1d"), ValueError, "but got -3"),
        (lambda d: d.history([asset()], "price", 0, "1d"), ValueError, "bar_count must be >= 1"),
        (lambda d: d.history([asset()], ["price"], 0, "1d"), ValueError, "bar_count must be >= 1"),
        (lambda d: d.history(asset(), "price", 2.5, "1d"), TypeError, "bar_count"),
        (lambda d: d.history(asset(), "prize", 3, "1d"), ValueError, "Invalid field: 'prize'"),
        (lambda d: d.history([asset()], "prize", 3, "1d"), ValueError, "Invalid field: 'prize'"),
        (lambda d: d.history([], "prize", 3, "1d"), ValueError, "Invalid field: 'prize'"),
        (lambda d: d.history(asset(), "price", 3, "1h"), ValueError, "Invalid frequency: '1h'"),
        (lambda d: d.history(asset(), "price", 3, "1m"), ValueError, "no minutes"),
        (lambda d: d.history("S1", "price", 3, "1d"), TypeError, "symbol"),
        (lambda d: d.history(["S1"], "price", 3, "1d"), TypeError, "symbol"),
        (lambda d: d.history(asset(), 5, 3, "1d"), TypeError, "fields"),
        (
            lambda d: d.history(asset(), "price", 12, "1d"),
            HistoryWindowStartsBeforeData,
            "12 bars .* 2020-11-16.* 2020-12-03",
        ),
        (lambda d: d.current(asset(), "prize"), ValueError, "Invalid field: 'prize'"),
        (lambda d: d.current(3, "price"), TypeError, "got int 3"),
        (lambda d: d.current(["S1"], "price"), TypeError, "'S1' among them"),
        (lambda d: d.current(asset(), 3), TypeError, "fields"),
        (lambda d: d.can_trade("S1"), TypeError, "'S1'"),
        (lambda d: d.feed.bar(asset(), 7), ValueError, "from 0 to 4"),
    ],
)
def test_mistakes_get_a_sentence(
    call: Callable[[BarData], Any], error: type[Exception], sentence: str
) -> None:
    _, data = daily()
    with pytest.raises(error, match=sentence):
        call(data)


def test_minutes_begin_where_there_are_some() -> None:
    _, data = by_minute("2020-11-16 14:33")
    assert len(data.history(asset(), "price", 3, "1m")) == 3
    with pytest.raises(HistoryWindowStartsBeforeData, match="2020-11-17"):
        data.history(asset(), "price", 4, "1m")


def test_ordinals_outside_are_refused() -> None:
    bars = asset_bars(0, [None] * BARS, [])
    for start, stop in ((-1, 2), (3, 3), (5, 4), (BARS - 1, BARS + 1)):
        with pytest.raises(IndexError, match=f"axis of {BARS} bars"):
            bars.values("close", start, stop, stop)
    feed, _ = by_minute("2020-11-16 14:33")
    assert feed.minutes is not None
    with pytest.raises(IndexError, match="none of"):
        feed.move(0, len(feed.minutes))
    for call in (feed.session_minutes, lambda at: feed.move(at, -1)):
        with pytest.raises(IndexError, match="outside of the calendar"):
            call(10**6)


def test_sessions_of_a_feed_are_consecutive() -> None:
    with pytest.raises(ValueError, match="consecutive sessions of the calendar XNYS"):
        portal().feed(sessions()[::2], "daily")
    with pytest.raises(ValueError, match="'daily' or 'minute', got 'hourly'"):
        portal().feed(sessions(), "hourly")


def history() -> tuple[HistorySeries, pd.Series[float]]:
    """Return a history, not made yet, and the Series that it is."""
    _, data = daily()
    values = data.history_array(asset(2), "close", 8, "1d").copy()
    expected = pd.Series(values, index=sessions()[3:11], name=asset(2))
    return data.history(asset(2), "close", 8, "1d"), expected


USES: list[Callable[[Any], Any]] = [
    lambda s: s + 1,
    lambda s: 2 * s - s.shift(),
    lambda s: s > 50,
    lambda s: s.rolling(3).mean(),
    methodcaller("copy"),
    copy.deepcopy,
    lambda s: pickle.loads(pickle.dumps(s)),  # noqa: S301 - of our own making
    methodcaller("dropna"),
    lambda s: s.loc["2020-11-20":],
    lambda s: s[s > 50],
    lambda s: s.iloc[[0, 2]],
    lambda s: s.iloc[::2],
    pd.Series,
    lambda s: s.to_frame()[s.name],
    lambda s: s.pct_change(fill_method=None),
    lambda s: s.ewm(span=3).mean(),
    lambda s: s.astype(int, errors="ignore"),
    lambda s: pd.concat([s, s]),
    lambda s: s.rename("other"),
    np.log,
    lambda s: s[2:5],
    lambda s: s[-3:],
    lambda s: s[:100],
    lambda s: s.iloc[-4:-1],
    lambda s: s.iloc[5:2],
    lambda s: s.resample("W").last(),
    lambda s: s.describe(),
]


@pytest.mark.parametrize("use", USES)
def test_what_comes_of_a_history_is_a_series(use: Callable[[Any], Any]) -> None:
    made, expected = history()
    result = pd.Series(use(made)) if isinstance(use(made), HistorySeries) else use(made)
    assert type(result) is pd.Series
    pd.testing.assert_series_equal(result, use(expected), check_freq=False)
    pd.testing.assert_series_equal(pd.Series(made), expected)


ANSWERS: list[Callable[[Any], Any]] = [
    repr,
    str,
    len,
    list,
    sum,
    lambda s: s.mean(),
    lambda s: s.std(ddof=0),
    lambda s: s.std(),
    lambda s: s.min(),
    lambda s: s.max(skipna=False),
    lambda s: s.sum(),
    lambda s: s.var(),
    lambda s: s.count(),
    lambda s: s.iloc[-1],
    lambda s: s.iloc[0],
    lambda s: s.iat[3],
    lambda s: s.name,
    lambda s: s.dtype,
    lambda s: s.shape,
    lambda s: s.index.tolist(),
    lambda s: s.index.freq,
    lambda s: s.values.tolist(),
    lambda s: np.asarray(s).tolist(),
    np.mean,
    lambda s: s.loc[s.index[2]],
    lambda s: s.idxmax(),
    lambda s: s.quantile(0.3),
    lambda s: s.equals(pd.Series(s)),
    lambda s: s.attrs,
    lambda s: s.flags.allows_duplicate_labels,
    lambda s: s.empty,
    lambda s: s.hasnans,
    lambda s: s.index[0] in s,
    lambda s: dict(s.items()),
]


@pytest.mark.parametrize("ask", ANSWERS)
def test_a_history_answers_as_a_series(ask: Callable[[Any], Any]) -> None:
    made, expected = history()
    assert isinstance(made, pd.Series)
    for _ in range(2):  # before and after it has been made
        np.testing.assert_equal(ask(made), ask(expected))
        assert made.index is not None


def test_a_history_can_be_written_to() -> None:
    made, _ = history()
    made.iloc[0] = 1.0
    made.loc[made.index[1]] = 2.0
    assert made.iloc[:2].tolist() == [1.0, 2.0]
    assert made.mean() == pytest.approx(np.nanmean(made.to_numpy()))
    again, expected = history()
    pd.testing.assert_series_equal(pd.Series(again), expected)


def test_an_integer_is_a_position() -> None:
    made, expected = history()
    for _ in range(2):
        positions = (-1, 0, 7)
        np.testing.assert_equal(
            [made[at] for at in positions], [expected.iloc[at] for at in positions]
        )
        with pytest.raises(IndexError):
            made[8]
        assert made.index is not None


@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(-1e9, 1e9)), min_size=1, max_size=400),
    st.sampled_from(["sum", "mean", "std", "var", "min", "max"]),
)
def test_reductions_are_those_of_pandas(values: list[float], name: str) -> None:
    array = np.array(values)
    source = SimpleNamespace(
        range=lambda _: (0, len(array) - 1),
        column=lambda *_: array,
        adjustments=lambda _: None,
        decimals=lambda _: 30,
    )
    axis = Axis(np.arange(len(array)))
    bars = AssetBars(asset(), axis, source, (0, len(array) - 1))
    window = bars.window_of("close", 0, len(array), len(array) - 1)
    with pd.option_context("compute.use_bottleneck", False):
        expected = getattr(pd.Series(array), name)()
    reduced = getattr(window, name)()
    assert type(reduced) is np.float64
    scale = np.nanmax(np.abs(array)) if not np.isnan(array).all() else 0.0
    tolerance = {"sum": 1e-9, "mean": 1e-9, "var": 1e-6 * max(scale, 1.0)}.get(name, 1e-7)
    assert reduced == pytest.approx(expected, rel=1e-12, abs=tolerance * 1e-3, nan_ok=True)
