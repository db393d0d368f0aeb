"""Assets are immutable values, ordered and hashed by their sid."""

from __future__ import annotations

import copy
import operator
import pickle
import sys
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.assets import Asset, Equity, ExchangeInfo, Future, make_asset_array

NYSE = ExchangeInfo("NEW YORK STOCK EXCHANGE", "NYSE", "us")
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
SIDS = st.integers(-(2**63), 2**63 - 1)
DATES = st.one_of(
    st.none(),
    st.just(pd.NaT),
    st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(pd.Timestamp),  # noqa: DTZ001
)


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


@st.composite
def assets(draw: st.DrawFn) -> Asset:
    kind: type[Asset] = draw(st.sampled_from([Asset, Equity, Future]))
    keywords: dict[str, Any] = {
        "symbol": draw(st.one_of(st.none(), st.text(max_size=5))),
        "asset_name": draw(st.text(max_size=5)),
        "tick_size": draw(st.one_of(st.none(), st.floats(0.001, 1))),
        "multiplier": draw(st.floats(0.1, 1000)),
    }
    dates = ["start_date", "end_date", "first_traded", "auto_close_date"]
    if kind is Future:
        keywords["root_symbol"] = draw(st.text(max_size=2))
        dates += ["notice_date", "expiration_date"]
    keywords.update((date, draw(DATES)) for date in dates)
    return kind(draw(SIDS), NYSE, **keywords)


def same(left: object, right: object) -> bool:
    return left is right or left == right or (left is pd.NaT and right is pd.NaT)


def assert_same_asset(left: Asset, right: Asset) -> None:
    assert type(left) is type(right)
    ours, theirs = left.to_dict(), right.to_dict()
    assert list(ours) == list(theirs)
    assert all(same(ours[key], theirs[key]) for key in ours)


def apple(**changes: object) -> Equity:
    values: dict[str, Any] = {
        "symbol": "AAPL",
        "asset_name": "Apple Inc.",
        "start_date": day("2004-01-02"),
        "end_date": day("2014-12-31"),
        "first_traded": day("2004-01-05"),
        "auto_close_date": day("2015-01-02"),
    }
    values.update(changes)
    return Equity(24, NYSE, **values)


def crude(**changes: object) -> Future:
    values: dict[str, Any] = {
        "symbol": "CLF06",
        "root_symbol": "CL",
        "notice_date": day("2005-12-22"),
        "expiration_date": day("2005-12-20"),
        "multiplier": 1000,
    }
    values.update(changes)
    return Future(25, NYSE, **values)


def test_attributes_of_an_equity() -> None:
    asset = apple()
    assert asset.to_dict() == {
        "sid": 24,
        "symbol": "AAPL",
        "asset_name": "Apple Inc.",
        "start_date": day("2004-01-02"),
        "end_date": day("2014-12-31"),
        "first_traded": day("2004-01-05"),
        "auto_close_date": day("2015-01-02"),
        "exchange": "NYSE",
        "exchange_full": "NEW YORK STOCK EXCHANGE",
        "tick_size": 0.01,
        "multiplier": 1.0,
        "exchange_info": NYSE,
    }
    assert (asset.exchange, asset.exchange_full) == ("NYSE", "NEW YORK STOCK EXCHANGE")
    assert asset.country_code == "US"
    assert asset.price_multiplier == 1.0


def test_attributes_of_a_future() -> None:
    asset = crude()
    added = {key: asset.to_dict()[key] for key in asset.to_dict() if key not in apple().to_dict()}
    assert added == {
        "root_symbol": "CL",
        "notice_date": day("2005-12-22"),
        "expiration_date": day("2005-12-20"),
    }
    assert asset.root_symbol == "CL"
    assert (asset.tick_size, asset.price_multiplier) == (0.001, 1000.0)


def test_positional_parameters_have_ziplines_order() -> None:
    dates = [day(f"2004-01-0{number}") for number in range(1, 7)]
    values: tuple[Any, ...] = ("A", "name", *dates[:4], 0.5, 6)
    equity = Equity(1, NYSE, *values)
    assert [equity.start_date, equity.end_date, equity.first_traded] == dates[:3]
    assert (equity.auto_close_date, equity.tick_size, equity.price_multiplier) == (dates[3], 0.5, 6)
    values = ("A", "ROOT", "name", *dates, 0.5, 6)
    future = Future(1, NYSE, *values)
    assert (future.root_symbol, future.asset_name) == ("ROOT", "name")
    assert [future.start_date, future.end_date, future.notice_date] == dates[:3]
    assert [future.expiration_date, future.auto_close_date, future.first_traded] == dates[3:]
    assert (future.tick_size, future.price_multiplier) == (0.5, 6)


@pytest.mark.parametrize(
    ("notice", "expiration", "given_date", "expected"),
    [
        ("2005-12-22", "2005-12-20", None, "2005-12-20"),
        ("2005-12-20", "2005-12-22", None, "2005-12-20"),
        ("2005-12-20", None, None, "2005-12-20"),
        (None, "2005-12-22", None, "2005-12-22"),
        ("NaT", "2005-12-22", None, "2005-12-22"),
        ("2005-12-20", "NaT", None, "2005-12-20"),
        (None, None, None, None),
        ("2005-12-20", "2005-12-22", "2005-12-01", "2005-12-01"),
    ],
)
def test_a_future_closes_on_the_earlier_of_notice_and_expiration(
    notice: str | None, expiration: str | None, given_date: str | None, expected: str | None
) -> None:
    dates = [None if text is None else day(text) for text in (notice, expiration, given_date)]
    asset = crude(notice_date=dates[0], expiration_date=dates[1], auto_close_date=dates[2])
    assert asset.auto_close_date == (None if expected is None else day(expected))


@pytest.mark.parametrize(
    ("asset", "text"),
    [
        (apple(), "Equity(24 [AAPL])"),
        (crude(), "Future(25 [CLF06])"),
        (Asset(3, NYSE), "Asset(3)"),
        (Equity(3, NYSE, symbol=None), "Equity(3)"),
    ],
)
def test_repr(asset: Asset, text: str) -> None:
    assert repr(asset) == str(asset) == text


@given(SIDS, SIDS)
def test_assets_compare_and_hash_as_their_sids(left: int, right: int) -> None:
    for kinds in ((Equity, Equity), (Equity, Future), (Asset, Equity)):
        first, second = kinds[0](left, NYSE), kinds[1](right, NYSE)
        for compare in COMPARISONS:
            assert compare(first, second) is compare(left, right)
            assert compare(first, right) is compare(left, right)
            assert compare(left, second) is compare(left, right)
        assert hash(first) == hash(left)
        assert int(first) == operator.index(first) == left


@given(SIDS, st.integers())
def test_assets_compare_with_any_integer(sid: int, number: int) -> None:
    for compare in COMPARISONS:
        assert compare(Equity(sid, NYSE), number) is compare(sid, number)


@given(st.lists(SIDS, unique=True, max_size=20))
def test_assets_sort_and_look_up_as_their_sids(sids: list[int]) -> None:
    made = [Equity(sid, NYSE) for sid in sids]
    assert [asset.sid for asset in sorted(made)] == sorted(sids)
    positions = {asset: position for position, asset in enumerate(made)}
    assert [positions[sid] for sid in sids] == list(range(len(sids)))  # type: ignore[index]


@pytest.mark.parametrize("other", ["24", 24.0, None, [24], (24,), pd.NaT, object()])
def test_what_is_no_integer_is_unequal_and_unordered(other: object) -> None:
    assert apple() != other
    assert not apple() == other  # noqa: SIM201 - both operators are under test
    for compare in COMPARISONS[2:]:
        with pytest.raises(TypeError, match="not supported between"):
            compare(apple(), other)  # type: ignore[arg-type]


def test_numpy_integers_and_arrays_compare() -> None:
    assert apple() == np.int64(24)
    assert np.int64(24) == apple()
    assert apple() > np.uint8(23)
    assert (np.array([apple(), crude()], dtype=object) == apple()).tolist() == [True, False]
    assert (apple() == np.array([23, 24])).tolist() == [False, True]  # type: ignore[attr-defined]


def test_an_asset_serves_as_an_index() -> None:
    assert list(range(100))[apple()] == 24
    assert "%d" % apple() == "24"  # noqa: UP031 - the conversion is under test


@given(assets())
def test_pickle_and_dict_give_the_asset_back(asset: Asset) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert_same_asset(pickle.loads(pickle.dumps(asset, protocol)), asset)  # noqa: S301
    assert_same_asset(copy.deepcopy(asset), asset)
    assert_same_asset(type(asset).from_dict(asset.to_dict()), asset)


def test_from_dict_ignores_what_it_has_no_use_for() -> None:
    asset = Asset.from_dict(crude().to_dict() | {"colour": "black"})
    assert type(asset) is Asset
    assert asset.to_dict() == {
        key: value for key, value in crude().to_dict().items() if key in asset.to_dict()
    }


@pytest.mark.parametrize("key", ["sid", "exchange_info"])
def test_from_dict_names_what_is_missing(key: str) -> None:
    content = apple().to_dict()
    del content[key]
    with pytest.raises(TypeError, match=rf"Equity.from_dict: the dict has no {key}"):
        Equity.from_dict(content)


@pytest.mark.parametrize("name", [*apple().to_dict(), "country_code", "price_multiplier", "new"])
def test_an_asset_cannot_be_changed(name: str) -> None:
    asset = apple()
    before = asset.to_dict()
    with pytest.raises(AttributeError):
        setattr(asset, name, 1)
    with pytest.raises(AttributeError):
        delattr(asset, name)
    assert asset.to_dict() == before


@pytest.mark.parametrize("asset", [apple(), crude(), Asset(3, NYSE)])
def test_an_asset_cannot_be_initialised_again(asset: Asset) -> None:
    before = asset.to_dict()
    with pytest.raises(TypeError, match="is immutable: it cannot be initialised a second time"):
        asset.__init__(1, NYSE)  # type: ignore[misc]
    assert asset.to_dict() == before


@pytest.mark.parametrize(
    ("label", "alive"),
    [
        ("2004-01-01", False),
        ("2004-01-02", True),
        ("2009-06-15", True),
        ("2014-12-31", True),
        ("2015-01-01", False),
    ],
)
@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_alive_between_start_and_end(
    label: str, alive: bool, zone: str | None, unit: Literal["s", "us", "ns"]
) -> None:
    session = pd.Timestamp(label, tz=zone).as_unit(unit)
    assert apple().is_alive_for_session(session) is alive


@pytest.mark.parametrize("name", ["start_date", "end_date"])
@pytest.mark.parametrize("unknown", [None, pd.NaT])
def test_alive_needs_dates(name: str, unknown: object) -> None:
    with pytest.raises(ValueError, match=r"Equity\(24 \[AAPL\]\) needs a start_date and an end"):
        apple(**{name: unknown}).is_alive_for_session(day("2005-01-03"))


def test_alive_needs_a_timestamp() -> None:
    with pytest.raises(TypeError, match=r"session_label must be a pandas\.Timestamp, got str"):
        apple().is_alive_for_session("2005-01-03")  # type: ignore[arg-type]


def test_exchange_open_asks_the_calendar_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get_calendar(name: str, **settings: object) -> SimpleNamespace:
        asked.append((name, settings))
        return SimpleNamespace(is_open_on_minute=lambda minute: np.bool_(minute.hour == 15))

    module = SimpleNamespace(get_calendar=get_calendar)
    monkeypatch.setitem(sys.modules, "exchange_calendars", module)
    assert apple().is_exchange_open(day("2014-12-31 15:00")) is True
    assert apple().is_exchange_open(day("2014-12-31 22:00")) is False
    assert asked == [("NYSE", {"start": "1990-01-01", "side": "right"})] * 2


def test_exchange_open_without_calendars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(ImportError, match="calendar of NYSE needs the package exchange_calendars"):
        apple().is_exchange_open(day("2014-12-31 15:00"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sid": "24"}, "Equity: sid must be an integer, got str '24'"),
        ({"sid": 1.5}, "Equity: sid must be an integer, got float 1.5"),
        ({"sid": None}, "Equity: sid must be an integer, got NoneType None"),
        ({"exchange_info": "NYSE"}, "exchange_info must be an ExchangeInfo, got str 'NYSE'"),
        ({"exchange_info": None}, "exchange_info must be an ExchangeInfo, got NoneType"),
        ({"symbol": 3}, "symbol must be a string or None, got int 3"),
        ({"asset_name": b"A"}, "asset_name must be a string or None, got bytes"),
        ({"start_date": "2004"}, "start_date must be a pandas.Timestamp, NaT or None, got str"),
        ({"end_date": datetime(2004, 1, 2)}, "end_date must be .* got datetime"),  # noqa: DTZ001
        ({"first_traded": 7}, "first_traded must be a pandas.Timestamp, NaT or None, got int"),
        ({"auto_close_date": np.datetime64("2004-01-02")}, "auto_close_date .* got datetime64"),
        ({"tick_size": "0.01"}, "tick_size must be a number, got str"),
        ({"multiplier": None}, "multiplier must be a number, got NoneType"),
    ],
)
def test_wrong_types_are_named(changes: dict[str, Any], sentence: str) -> None:
    values: dict[str, Any] = {"sid": 24, "exchange_info": NYSE}
    values.update(changes)
    with pytest.raises(TypeError, match=sentence):
        Equity(**values)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"root_symbol": 3}, "Future: root_symbol must be a string or None, got int 3"),
        ({"notice_date": "2005"}, "Future: notice_date must be a pandas.Timestamp"),
        ({"expiration_date": 3.5}, "Future: expiration_date must be a pandas.Timestamp"),
    ],
)
def test_wrong_types_of_a_future_are_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        crude(**changes)


@pytest.mark.parametrize("sid", [2**63, -(2**63) - 1, 10**30])
def test_a_sid_has_64_bits(sid: int) -> None:
    with pytest.raises(OverflowError, match=f"sid must fit a signed 64-bit integer, got {sid}"):
        Equity(sid, NYSE)


@pytest.mark.parametrize("size", [0, 1, 5, np.int64(3)])
def test_make_asset_array(size: int) -> None:
    asset = crude()
    array = make_asset_array(size, asset)
    assert array.dtype == object
    assert array.shape == (size,)
    assert all(element is asset for element in array)


@pytest.mark.parametrize(
    ("size", "asset", "error", "sentence"),
    [
        (-1, apple(), ValueError, "size must be at least 0, got -1"),
        ("2", apple(), TypeError, "size must be an integer, got str '2'"),
        (2.0, apple(), TypeError, r"size must be an integer, got float 2\.0"),
        (2, 24, TypeError, "asset must be an Asset, got int 24"),
        (2, None, TypeError, "asset must be an Asset, got NoneType None"),
    ],
)
def test_make_asset_array_refuses(
    size: object, asset: object, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        make_asset_array(size, asset)  # type: ignore[arg-type]


def test_making_assets_leaks_no_references() -> None:
    symbol, name = "AAPL"[:3].lower(), "Apple"[:4].lower()
    apple(symbol=symbol, asset_name=name)
    before = sys.getrefcount(symbol), sys.getrefcount(name)
    for _ in range(100):
        asset = apple(symbol=symbol, asset_name=name)
        make_asset_array(10, asset)
        pickle.loads(pickle.dumps(asset))  # noqa: S301
        del asset
    assert (sys.getrefcount(symbol), sys.getrefcount(name)) == before


def test_exchange_info_is_a_value() -> None:
    assert ExchangeInfo("NEW YORK STOCK EXCHANGE", "NYSE", "US") == NYSE
    assert len({NYSE, ExchangeInfo("NEW YORK STOCK EXCHANGE", "NYSE", "US")}) == 1
    assert ExchangeInfo("NEW YORK STOCK EXCHANGE", "NYSE", "CA") != NYSE
    assert NYSE != "NYSE"  # type: ignore[comparison-overlap]
    assert repr(NYSE) == "ExchangeInfo('NEW YORK STOCK EXCHANGE', 'NYSE', 'US')"
    assert ExchangeInfo("TEST", None, "us").canonical_name == "TEST"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(NYSE, protocol)) == NYSE  # noqa: S301
    with pytest.raises(AttributeError):
        NYSE.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ((3, "A", "US"), "name must be a string, got int 3"),
        (("A", 3, "US"), "canonical_name must be a string, got int 3"),
        (("A", "A", None), "country_code must be a string, got NoneType None"),
    ],
)
def test_exchange_info_refuses(fields: tuple[Any, Any, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=f"ExchangeInfo: {sentence}"):
        ExchangeInfo(*fields)


def test_the_package_names_what_it_offers() -> None:
    import rustybt.assets

    assert set(rustybt.assets.__all__) <= set(dir(rustybt.assets))
    assert rustybt.assets.Equity is Equity
    with pytest.raises(AttributeError, match=r"module 'rustybt\.assets' has no attribute 'Bond'"):
        rustybt.assets.Bond  # noqa: B018
