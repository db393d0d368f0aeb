"""The names that a strategy's objects have under rustybt.protocol."""

from __future__ import annotations

import pickle

import pytest

from rustybt import protocol
from rustybt.protocol import DATASOURCE_TYPE, Account, Event, Order


def test_every_name_is_there() -> None:
    assert all(hasattr(protocol, name) for name in protocol.__all__)
    assert protocol.Position.__name__ == "PositionView"
    with pytest.raises(AttributeError, match=r"'rustybt\.protocol' has no attribute 'Nothing'"):
        protocol.Nothing  # noqa: B018 - looking it up is what fails


def test_event_has_its_values_as_attributes() -> None:
    event = Event({"sid": 24, "price": 10.0})
    assert (event.sid, event.price, list(event.keys())) == (24, 10.0, ["sid", "price"])
    assert "sid" in event
    assert "volume" not in event
    assert event == Event({"price": 10.0, "sid": 24})
    assert event != Event()
    assert repr(event) == "Event({'sid': 24, 'price': 10.0})"
    assert event.to_series().to_dict() == {"sid": 24, "price": 10.0}
    vars(event)["volume"] = 5
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301
    with pytest.raises(AttributeError, match="Event has no attribute 'amount'"):
        event.amount  # noqa: B018 - looking it up is what fails


def test_order_is_an_event() -> None:
    assert repr(Order({"amount": 5})) == "Order({'amount': 5})"


def test_numbers_of_sources_are_those_of_zipline() -> None:
    assert (DATASOURCE_TYPE.AS_TRADED_EQUITY, DATASOURCE_TYPE.CLOSE_POSITION) == (0, 12)
    assert (DATASOURCE_TYPE.TRANSACTION, DATASOURCE_TYPE.ORDER) == (5, 6)


def test_account_begins_with_nothing_and_without_limits() -> None:
    account = Account()
    assert (account.settled_cash, account.buying_power) == (0.0, float("inf"))
    assert repr(account).startswith("Account({'settled_cash': 0.0")
    with pytest.raises(AttributeError, match="cannot mutate Account"):
        account.leverage = 2.0
