"""Values of a strategy's own out of CSV files, as zipline-reloaded 3.2.1 gives them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from rustybt import run_algorithm
from rustybt.api import fetch_csv, symbol
from rustybt.sources.csv_source import FetchError

if TYPE_CHECKING:
    from pathlib import Path

START, END = pd.Timestamp("2012-01-03"), pd.Timestamp("2012-01-12")
PALLADIUM = "date,value,other\n2012-01-03,10.5,a\n2012-01-05,11.5,b\n2012-01-09,12.25,c\n"
SIGNALS = (
    "date,symbol,signal,sid\n2012-01-03,AAPL,1,9\n2012-01-04,msft,2,9\n"
    "2012-01-05,NOSUCH,7,9\n,AAPL,8,9\n2012-01-06,AAPL,3,9\n"
)


def run(initialize: Any, look: Any) -> list[Any]:
    seen: list[Any] = []
    run_algorithm(
        start=START,
        end=END,
        initialize=lambda _: initialize(),
        handle_data=lambda _, data: seen.append(look(data)),
    )
    return seen


def test_values_of_a_name_are_known_from_their_day_on(tmp_path: Path) -> None:
    path = tmp_path / "palladium.csv"
    path.write_text(PALLADIUM)
    fields = ["value", "double", "third"]
    seen = run(
        lambda: fetch_csv(
            str(path),
            symbol="palladium",
            pre_func=lambda frame: frame.rename(columns={"other": "third"}),
            post_func=lambda frame: frame.assign(double=frame["value"] * 2),
        ),
        lambda data: tuple(data.current("palladium", field) for field in fields),
    )
    # What the oracle printed for the same file and the same sessions.
    first, second, third = (10.5, 21.0, "a"), (11.5, 23.0, "b"), (12.25, 24.5, "c")
    assert seen == [first] * 2 + [second] * 2 + [third] * 4


def test_values_of_assets_are_found_by_their_symbols(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "signals.csv"
    path.write_text(SIGNALS)
    with caplog.at_level(logging.WARNING):
        seen = run(
            lambda: fetch_csv(str(path)),
            lambda data: (
                data.current(symbol("AAPL"), "signal"),
                data.current(symbol("MSFT"), "signal"),
                sorted(asset.symbol for asset in data.fetcher_assets),
            ),
        )
    assert [aapl for aapl, *_ in seen] == [1.0] * 3 + [3.0] * 5
    assert [msft for _, msft, _ in seen[1:]] == [2.0] * 7
    assert pd.isna(seen[0][1])
    assert seen[-1][2] == ["AAPL", "MSFT"]
    assert "Dropped 1 rows from fetched csv." in caplog.text


@pytest.mark.parametrize(
    ("text", "options", "day"),
    [
        ("when,value\n03.01.2012,1\n", {"date_column": "when", "date_format": "%d.%m.%Y"}, 3),
        ("date,value\n2012-01-04 15:00,1\n", {"timezone": "US/Eastern"}, 4),
        ("date,value\n2012-01-04 17:00,1\n", {"timezone": "US/Eastern"}, 5),
    ],
)
def test_dates_of_any_form_and_zone(
    tmp_path: Path, text: str, options: dict[str, Any], day: int
) -> None:
    path = tmp_path / "values.csv"
    path.write_text(text)
    seen = run(
        lambda: fetch_csv(str(path), symbol="x", **options),
        lambda data: (data.current_session.day, data.current("x", "value")),
    )
    assert next(number for number, value in seen if value == 1) == day


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "it cannot be read: No such file or directory"),
        ("day,value\n2012-01-03,1\n", "there is no column 'date'"),
        ("date,value\n2012-01-03,1\n", "there is no column 'symbol'"),
        ("", "No columns to parse from file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "values.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(FetchError, match=reason):
        run(lambda: fetch_csv(str(path)), lambda _: None)


def test_addresses_go_through_the_checker(tmp_path: Path) -> None:
    path = tmp_path / "palladium.csv"
    path.write_text(PALLADIUM)
    asked: list[str] = []

    def checker(url: str) -> tuple[str, dict[str, str]]:
        asked.append(url)
        return str(path), {}

    seen = run(
        lambda: fetch_csv("there", symbol="p", special_params_checker=checker),
        lambda data: data.current("p", "value"),
    )
    assert asked == ["there"]
    assert seen[-1] == 12.25
