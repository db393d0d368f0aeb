"""The comparison of results finds what differs, and names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import parity_results
import pytest
from parity_cases import CASES
from parity_results import difference

if TYPE_CHECKING:
    from pathlib import Path


def results() -> dict[str, np.ndarray]:
    return {key: values.copy() for key, values in parity_results.load("delisting").items()}


@pytest.mark.parametrize("prefix", ["perf/", "transactions/", "orders/", "positions/"])
def test_equal_results_do_not_differ(prefix: str) -> None:
    assert difference(results(), results(), prefix) == ""


@pytest.mark.parametrize(
    ("key", "row", "change", "sentence"),
    [
        ("perf/portfolio_value", 5, 0.01, "row 5, session 2018-08-27:\n  perf/portfolio_value"),
        ("transactions/price", 2, 1e-6, "row 2, session 2018-09-13:\n  transactions/price"),
        ("transactions/amount", 3, 1, "row 3, session 2018-09-19:\n  transactions/amount"),
        ("orders/status", 0, 1, "row 0, session 2018-08-22:\n  orders/status"),
    ],
)
def test_a_change_is_named(key: str, row: int, change: float, sentence: str) -> None:
    found = results()
    found[key][row] += change
    assert sentence in difference(results(), found, key.partition("/")[0] + "/")


def test_missing_rows_and_columns_are_named() -> None:
    found = {key: values[:-1] for key, values in results().items() if key.startswith("trans")}
    message = difference(results(), results() | found, "transactions/")
    assert "row 3, session 2018-09-19 (4 rows expected, 3 found)" in message
    found = results()
    found["perf/extra"] = found.pop("perf/pnl")
    message = difference(results(), found, "perf/")
    assert message == "columns differ: missing ['perf/pnl'], unexpected ['perf/extra']"


def test_differences_within_a_billionth_pass() -> None:
    found = results()
    found["perf/portfolio_value"] *= 1 + 5e-10
    found["perf/pnl"][4] += 1e-4
    assert difference(results(), found, "perf/portfolio_value") == ""
    assert difference(results(), found, "perf/pnl") != ""
    assert difference(results(), found, "perf/pnl", {"perf/pnl": 1e6}) == ""


def test_storing_and_reading_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = results()
    monkeypatch.setattr(parity_results, "FOLDER", tmp_path)
    parity_results.save("again", stored)
    for key, values in parity_results.load("again").items():
        np.testing.assert_array_equal(values, stored[key])


def test_every_case_has_its_results_and_no_other() -> None:
    names = {path.stem for path in parity_results.FOLDER.glob("*.xz")}
    assert names == {case.name for case in CASES}
