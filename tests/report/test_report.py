"""The tear sheet: its figures against pandas, its page against what a browser needs."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustybt.report import Figures, write_report
from rustybt.report.chart import POINTS, Line, date_ticks, draw, nice_ticks
from rustybt.report.figures import PerfError

if TYPE_CHECKING:
    from pathlib import Path


def make_perf(returns: list[float], benchmark: list[float] | None = None) -> pd.DataFrame:
    closes = pd.bdate_range("2011-12-20", periods=len(returns), tz="UTC") + pd.Timedelta("21h")
    wealth = np.cumprod(1.0 + np.array(returns))
    rivals = np.zeros(len(returns)) if benchmark is None else np.array(benchmark)
    fill = {"sid": "A<B", "dt": closes[0], "amount": 7, "price": 2.5}
    return pd.DataFrame(
        {
            "returns": returns,
            "algorithm_period_return": wealth - 1.0,
            "benchmark_period_return": np.cumprod(1.0 + rivals) - 1.0,
            "portfolio_value": 1000.0 * wealth,
            "starting_cash": 1000.0,
            "starting_value": 0.0,
            "ending_value": 0.0,
            "long_exposure": 500.0 * wealth,
            "short_exposure": 0.0,
            "gross_leverage": 0.5,
            "sharpe": 1.5,
            "alpha": None,
            "transactions": [[fill, {**fill, "amount": -3}]] + [[]] * (len(returns) - 1),
        },
        index=closes,
    )


class Page(HTMLParser):
    """What a page consists of; its tags must match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


RETURNS = st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=80)


@given(RETURNS)
def test_figures_agree_with_pandas(returns: list[float]) -> None:
    perf = make_perf(returns, returns[::-1])
    figures = Figures.from_perf(perf)
    wealth = pd.Series(np.cumprod(1.0 + np.array(returns)))
    peak = wealth.cummax().clip(lower=1.0)
    np.testing.assert_allclose(figures.drawdown, wealth / peak - 1.0, atol=1e-12)
    months = (1.0 + perf["returns"].tz_localize(None)).resample("ME").prod() - 1.0
    shown = figures.monthly.to_numpy()
    np.testing.assert_allclose(shown[np.isfinite(shown)], months.to_numpy(), atol=1e-12)
    assert figures.summary["total_return"] == pytest.approx(wealth.iloc[-1] - 1.0, abs=1e-12)
    years = len(returns) / 252
    assert figures.summary["annual_return"] == pytest.approx(wealth.iloc[-1] ** (1 / years) - 1)


def test_trades_add_up() -> None:
    (trades,) = Figures.from_perf(make_perf([0.0, 0.1])).trades
    assert (trades.symbol, trades.fills, trades.bought, trades.sold) == ("A<B", 2, 7, 3)
    assert trades.turnover == 25.0


def test_what_is_not_defined_is_nan() -> None:
    summary = Figures.from_perf(make_perf([-1.0, 0.0])).summary
    assert math.isnan(summary["annual_return"])
    assert math.isnan(summary["alpha"])
    assert math.isnan(summary["sortino"])


@pytest.mark.parametrize(
    ("perf", "reason"),
    [
        (pd.DataFrame({"returns": [0.0]}), "it has no column algorithm_period_return, "),
        (make_perf([0.1]).iloc[:0], "the perf frame has no session"),
    ],
)
def test_other_frames_are_refused(perf: pd.DataFrame, reason: str, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("older")
    with pytest.raises(PerfError, match=re.escape(reason)):
        write_report(perf, target)
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("benchmark", [None, [0.01] * 40])
def test_page_stands_alone(benchmark: list[float] | None, tmp_path: Path) -> None:
    perf = make_perf([0.01, -0.02] * 20, benchmark)
    path = write_report(perf, tmp_path / "r.html", title="A & <b>", partial="it <stopped>")
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    for _, attributes in page.tags:
        assert not {"src", "href", "srcset"} & set(attributes)
    assert "url(" not in text
    assert "@import" not in text
    shown = "".join(page.texts)
    assert "A & <b>" in shown
    assert "Partial result: it <stopped>" in shown
    assert "A<B" in shown
    assert ("Benchmark" in page.texts) == (benchmark is not None)
    assert [tag for tag, _ in page.tags].count("svg") == 3
    assert {"2011", "2012"} <= set(page.texts)


def test_points_lie_where_their_values_are() -> None:
    sessions = pd.bdate_range("2012-01-02", periods=3)
    picture = draw("t", sessions, [Line("a", np.array([0.0, 5.0, 10.0]), "algo")], str, height=236)
    (points,) = re.findall(r'<polyline class="algo" points="([^"]*)"', picture)
    assert points == "72.0,210.0 510.0,110.0 948.0,10.0"


def test_gaps_are_gaps() -> None:
    sessions = pd.bdate_range("2012-01-02", periods=5)
    values = np.array([1.0, 2.0, math.nan, 3.0, math.inf])
    picture = draw("t", sessions, [Line("a", values, "algo")], str)
    assert len(re.findall("<polyline", picture)) == 2
    assert "nan" not in picture
    assert "inf" not in picture


def test_long_lines_are_thinned_but_keep_their_spikes() -> None:
    values = np.zeros(50_000)
    values[31_415] = 7.0
    sessions = pd.date_range("1900-01-01", periods=values.size)
    picture = draw("t", sessions, [Line("a", values, "algo")], str, height=236)
    (points,) = re.findall(r'points="([^"]*)"', picture)
    assert len(points.split()) <= POINTS + 2
    heights = [float(point.partition(",")[2]) for point in points.split()]
    assert heights.count(min(heights)) == 1
    assert min(heights) < 100


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_enclose_and_are_even(lowest: float, span: float) -> None:
    ticks = nice_ticks(lowest, lowest + span)
    assert 2 <= len(ticks) <= 9
    slack = 1e-9 * max(abs(ticks[0]), abs(ticks[-1]))
    assert ticks[0] - slack <= lowest
    assert lowest + span <= ticks[-1] + slack
    np.testing.assert_allclose(np.diff(ticks), ticks[1] - ticks[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("first", "count", "label"),
    [("2005-01-03", 2520, "2006"), ("2012-01-02", 100, "2012-02"), ("2012-01-02", 4, "2012-01-02")],
)
def test_dates_are_labelled_by_what_changes(first: str, count: int, label: str) -> None:
    ticks: list[tuple[int, Any]] = date_ticks(pd.bdate_range(first, periods=count))
    assert ticks[0][1] == label
    assert len(ticks) <= 10
