"""Perf frames as files: what is read back is what was written."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from rustybt.assets import Equity, ExchangeInfo
from rustybt.cli.perf_file import PerfFileError, write_perf

if TYPE_CHECKING:
    from pathlib import Path

EQUITY = Equity(7, ExchangeInfo("NEW YORK", "NYSE", "US"), symbol="ABC")
CLOSES = pd.DatetimeIndex(["2012-01-03 21:00", "2012-01-04 21:00"], tz="UTC")


class Status(Enum):
    """Stands for the status of an order."""

    FILLED = 1


ORDER = {
    "id": "00ff",
    "dt": CLOSES[1],
    "reason": None,
    "created": CLOSES[0],
    "amount": 10,
    "filled": 10,
    "commission": 0.01,
    "stop": None,
    "limit": 12.5,
    "stop_reached": False,
    "limit_reached": True,
    "sid": EQUITY,
    "status": Status.FILLED,
}
TRANSACTION = {
    "amount": 10,
    "dt": CLOSES[1],
    "price": 11.25,
    "order_id": "00ff",
    "sid": EQUITY,
    "commission": None,
}
POSITION = {"sid": EQUITY, "amount": 10, "cost_basis": 11.251, "last_sale_price": 11.2}


def make_perf() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "portfolio_value": [100.0, 100.1 + 0.2],
            "longs_count": [0, 1],
            "orders": [[], [ORDER]],
            "transactions": [[], [TRANSACTION]],
            "positions": [[], [POSITION, POSITION]],
            "alpha": [None, 0.25],
            "period_label": ["2012-01", "2012-01"],
            "weights": [{"a": np.float64(1.5)}, [EQUITY, CLOSES[0]]],
            "seen": [np.array([1.0, 2.0]), None],
        },
        index=CLOSES,
    )


def test_pickle_is_the_frame_itself(tmp_path: Path) -> None:
    perf = make_perf().drop(columns="seen")
    path = tmp_path / "perf.pickle"
    write_perf(perf, path)
    pd.testing.assert_frame_equal(pd.read_pickle(path), perf)  # noqa: S301 - written above


def test_parquet_holds_every_value(tmp_path: Path) -> None:
    path = tmp_path / "perf.parquet"
    write_perf(make_perf(), path)
    read = pd.read_parquet(path)
    assert list(read["portfolio_value"]) == [100.0, 100.1 + 0.2]
    assert read["longs_count"].dtype == np.int64
    assert list(read.index) == list(CLOSES)
    assert np.isnan(read["alpha"].iloc[0])
    assert read["alpha"].iloc[1] == 0.25
    (order,) = read["orders"].iloc[1]
    expected = {key: value for key, value in ORDER.items() if key != "sid"}
    assert order == {**expected, "sid": 7, "symbol": "ABC", "status": "FILLED"}
    (transaction,) = read["transactions"].iloc[1]
    assert (transaction["price"], transaction["dt"]) == (11.25, CLOSES[1])
    assert [item["amount"] for item in read["positions"].iloc[1]] == [10, 10]
    assert len(read["orders"].iloc[0]) == 0
    assert json.loads(read["weights"].iloc[0]) == {"a": 1.5}
    assert json.loads(read["weights"].iloc[1]) == ["ABC", "2012-01-03T21:00:00+00:00"]


def test_csv_holds_every_number(tmp_path: Path) -> None:
    path = tmp_path / "perf.csv"
    write_perf(make_perf(), path)
    read = pd.read_csv(path, index_col="period_end", parse_dates=True)
    assert list(read["portfolio_value"]) == [100.0, 100.1 + 0.2]
    (order,) = json.loads(read["orders"].iloc[1])
    assert (order["sid"], order["symbol"], order["status"]) == (7, "ABC", "FILLED")
    assert order["created"] == "2012-01-03T21:00:00+00:00"
    assert json.loads(read["seen"].iloc[0]) == [1.0, 2.0]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".pickle"])
def test_partial_results_say_why(suffix: str, tmp_path: Path) -> None:
    readers: dict[str, Any] = {
        ".parquet": pd.read_parquet,
        ".csv": pd.read_csv,
        ".pickle": pd.read_pickle,
    }
    path = tmp_path / f"perf{suffix}"
    write_perf(make_perf(), path)
    assert "partial" not in readers[suffix](path).columns
    write_perf(make_perf(), path, partial="it raised")
    assert list(readers[suffix](path)["partial"]) == ["it raised", "it raised"]


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "perf.xlsx"
    message = f"{path}: the name must end in one of .parquet, .csv, .pickle, .pkl"
    with pytest.raises(PerfFileError, match=re.escape(message)):
        write_perf(make_perf(), path)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "perf.parquet"
    path.write_text("older")
    broken = make_perf()
    broken["orders"] = pd.Series([[{"amount": 1}], []], index=CLOSES)
    with pytest.raises(KeyError):
        write_perf(broken, path)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]
