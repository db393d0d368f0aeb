"""What goes in and what comes out: containers, dtypes, memory layouts, bad input, threads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rustybt import indicators

Function = Callable[[Any], Any]


def windowed(name: str, series: int) -> Function:
    """Give a rolling function its window, and the same series as often as it takes one."""
    function = getattr(indicators, name)
    return lambda x: function(*[x] * series, 5)


ONE: dict[str, Function] = {
    **{
        f"rolling_{name}": windowed(f"rolling_{name}", 1)
        for name in ("sum", "mean", "min", "max", "median", "var", "std", "zscore")
    },
    "ewm_mean": lambda x: indicators.ewm_mean(x, span=5),
    "ewm_mean plain": lambda x: indicators.ewm_mean(x, span=5, adjust=False),
    "ewm_var": lambda x: indicators.ewm_var(x, span=5),
    "rsi": lambda x: indicators.rsi(x, 5),
    "macd": lambda x: indicators.macd(x, 2, 4, 2).signal,
    "bollinger_bands": lambda x: indicators.bollinger_bands(x, 5).lower,
    "cumulative_returns": indicators.cumulative_returns,
    "drawdown": indicators.drawdown,
}
SEVERAL: dict[str, Function] = {
    **{f"rolling_{name}": windowed(f"rolling_{name}", 2) for name in ("cov", "corr", "beta")},
    "atr": lambda x: indicators.atr(x, x, x, 5),
}
ALL = {**ONE, **SEVERAL}
every = pytest.mark.parametrize("name", ALL)


def sample(rows: int = 700, columns: int = 70, *, gaps: bool = True) -> np.ndarray:
    generator = np.random.default_rng(rows)
    x = 10 + generator.standard_normal((rows, columns))
    if gaps:
        x[generator.random(x.shape) < 0.01] = np.nan
        x[:300, 3:4] = np.nan
        x[:, 4:5] = np.nan
    return x


@every
def test_memory_layout_and_neighbours_change_no_bit(name: str) -> None:
    function, x = ALL[name], sample()
    expected = function(x)
    for column in (0, 3, 4, 33, 69):
        np.testing.assert_array_equal(function(x[:, column]), expected[:, column])
        np.testing.assert_array_equal(function(x[:, column].copy()), expected[:, column])
    spread = np.zeros((1400, 210))
    spread[::2, ::3] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    for same in (np.asfortranarray(x), spread[::2, ::3], x[::-1][::-1], read_only):
        np.testing.assert_array_equal(function(same), expected)
    reversed_rows = np.ascontiguousarray(x[::-1])
    np.testing.assert_array_equal(function(x[::-1]), function(reversed_rows))


@every
def test_no_result_knows_the_future(name: str) -> None:
    function, x = ALL[name], sample(600, 3)
    expected = function(x)
    for rows in (5, 6, 17, 255, 256, 257, 599):
        np.testing.assert_array_equal(function(x[:rows]), expected[:rows])
    changed = x.copy()
    changed[301:] = np.nan
    np.testing.assert_array_equal(function(changed)[:301], expected[:301])


@every
def test_the_input_is_left_alone(name: str) -> None:
    x = sample(50, 4)
    before = x.copy()
    result = ALL[name](x)
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(result, x)
    assert result.dtype == np.float64
    assert result.flags.writeable


@every
@pytest.mark.parametrize("shape", [(0,), (0, 3), (5, 0), (0, 0)])
def test_nothing_in_nothing_out(name: str, shape: tuple[int, ...]) -> None:
    assert ALL[name](np.empty(shape)).shape == shape


@every
def test_pandas_objects_come_back_as_such(name: str) -> None:
    index = pd.date_range("2024-01-01", periods=30, name="session")
    values = sample(30, 2, gaps=False)
    frame = pd.DataFrame(values, index=index, columns=["A", "B"])
    expected = pd.DataFrame(ALL[name](values), index=index, columns=["A", "B"])
    pd.testing.assert_frame_equal(ALL[name](frame), expected)
    pd.testing.assert_series_equal(ALL[name](frame["B"]), expected["B"])


@pytest.mark.parametrize(
    "same",
    [
        [1, 2, 4],
        (1.0, 2.0, 4.0),
        np.array([1, 2, 4], dtype=np.int8),
        np.array([1, 2, 4], dtype=np.uint64),
        np.array([1, 2, 4], dtype=np.float32),
        np.array([1, 2, 4], dtype=">f8"),
        np.array([1, 2, 4], dtype=np.float16),
        np.frombuffer(b"\0" + np.array([1.0, 2.0, 4.0]).tobytes(), np.uint8)[1:].view(np.float64),
        np.array([(1.0, 0), (2.0, 0), (4.0, 0)], dtype="f8,i4")["f0"],
        np.array([(1.0, 0), (2.0, 0), (4.0, 0)], dtype=np.dtype("f8,i4", align=True))["f0"],
    ],
)
def test_real_numbers_of_any_kind_are_taken(same: object) -> None:
    assert np.asarray(indicators.rolling_sum(same, 2))[1:].tolist() == [3, 6]


def test_missing_values_of_other_kinds() -> None:
    nullable = pd.Series([1, None, 4], dtype="Int64")
    assert indicators.rolling_sum(nullable, 2, 1).tolist() == [1, 1, 4]
    masked = np.ma.masked_array([1, 7, 4], mask=[False, True, False])
    assert np.asarray(indicators.rolling_sum(masked, 2, 1)).tolist() == [1, 1, 4]
    assert indicators.rolling_sum(np.array([True, False, True]), 2)[1:].tolist() == [1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        ["a", "b"],
        np.array([1 + 2j]),
        np.array([1.0, None], dtype=object),
        np.array(["2024-01-01"], dtype="datetime64[D]"),
        np.array([1], dtype="timedelta64[s]"),
        pd.Series(["a", "b"]),
        pd.Series([1, 2], dtype="category"),
        pd.DataFrame({"price": [1.0, 2.0], "name": ["x", "y"]}),
        np.ma.masked_array(["a"]),
    ],
)
@every
def test_what_is_no_real_number_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(TypeError, match="must hold real numbers, got dtype"):
        ALL[name](wrong)


@pytest.mark.parametrize("shape", [(), (2, 2, 2)])
@every
def test_other_dimensions_are_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"got an array of shape {shape}")):
        ALL[name](np.zeros(shape))


def test_ragged_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="rows of different lengths"):
        indicators.rolling_sum([[1.0, 2.0], [3.0]], 1)


@pytest.mark.parametrize(
    "function",
    [
        indicators.rolling_sum,
        indicators.rolling_median,
        indicators.rolling_var,
        indicators.rsi,
        lambda x, *rest: indicators.rolling_cov(x, x, *rest),
        lambda x, *rest: indicators.atr(x, x, x, *rest),
        lambda x, window, periods=None: indicators.bollinger_bands(x, window, 2.0, periods),
    ],
)
@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        ((0,), ValueError, "window must be at least 1"),
        ((-3,), ValueError, "window must be at least 1"),
        ((11,), ValueError, "window of 11 is larger than the 10 rows of the array"),
        ((2**70,), ValueError, "window must be at least 1 and at most"),
        ((2.0,), TypeError, "window must be an integer, got 2.0 of type float"),
        (("5",), TypeError, "window must be an integer"),
        ((True,), TypeError, "window must be an integer"),
        ((5, 6), ValueError, "min_periods must be between 1 and the window of 5, got 6"),
        ((5, 0), ValueError, "min_periods must be at least 1"),
        ((5, 1.5), TypeError, "min_periods must be an integer"),
    ],
)
def test_bad_windows_are_refused(
    function: Callable[..., Any], arguments: tuple[Any, ...], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        function(np.arange(10.0), *arguments)


@pytest.mark.parametrize("name", ["var", "std", "zscore"])
def test_negative_degrees_of_freedom_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="ddof must be at least 0"):
        getattr(indicators, f"rolling_{name}")(np.arange(3.0), 2, ddof=-1)


@pytest.mark.parametrize("name", ["cov", "corr", "beta"])
def test_series_that_do_not_belong_together_are_refused(name: str) -> None:
    function = getattr(indicators, f"rolling_{name}")
    with pytest.raises(ValueError, match=re.escape("must have the same shape, got (3,) and (4,)")):
        function(np.arange(3.0), np.arange(4.0), 2)
    left = pd.Series([1.0, 2.0, 3.0], index=[0, 1, 2])
    with pytest.raises(ValueError, match="different index labels"):
        function(left, left.set_axis([1, 2, 3]), 2)
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 1.0]})
    with pytest.raises(ValueError, match="different columns labels"):
        function(frame, frame.rename(columns={"b": "c"}), 2)


def test_one_benchmark_serves_all_columns() -> None:
    x = sample(50, 4, gaps=False)
    benchmark = x.mean(axis=1)
    repeated = np.broadcast_to(benchmark[:, None], x.shape)
    result = indicators.rolling_beta(x, repeated, 10)
    expected = indicators.rolling_beta(x[:, 2], benchmark, 10)
    np.testing.assert_array_equal(result[:, 2], expected)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: indicators.rolling_mean(x, 5),
        lambda x: indicators.rolling_cov(x, x, 5),
        lambda x: indicators.ewm_mean(x, span=5),
        indicators.macd,
    ],
)
def test_a_result_that_no_memory_holds_is_a_memory_error(function: Callable[..., Any]) -> None:
    with pytest.raises(MemoryError, match="Unable to allocate"):
        function(np.broadcast_to(np.float64(1), (10**14,)))


DIGEST = """
import hashlib, numpy as np
from rustybt import indicators
x = 100 + np.random.default_rng(1).standard_normal((2000, 150)).cumsum(axis=0)
x[np.random.default_rng(2).random(x.shape) < 0.001] = np.nan
line = np.random.default_rng(3).standard_normal(300_000)
digest = hashlib.sha256()
for values in (x, line, np.asfortranarray(x)):
    for result in (
        indicators.rolling_sum(values, 20), indicators.rolling_mean(values, 21),
        indicators.rolling_std(values, 20), indicators.rolling_median(values, 9),
        indicators.rolling_max(values, 50), indicators.rolling_corr(values, values[::-1], 30),
        indicators.ewm_mean(values, span=20, adjust=False), indicators.rsi(values),
    ):
        digest.update(np.ascontiguousarray(result).tobytes())
print(digest.hexdigest())
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


def test_threads_change_no_bit() -> None:
    digests = {run(DIGEST, RAYON_NUM_THREADS=str(threads)) for threads in (1, 2, 5)}
    assert len(digests) == 1


FORK = """
import os, numpy as np
from rustybt import indicators
x = np.ones((1000, 500))
indicators.rolling_mean(x, 20)
child = os.fork()
if child == 0:
    correct = (indicators.rolling_mean(x, 20)[19:] == 1).all()
    os._exit(0 if correct else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes_too() -> None:
    assert run("import warnings; warnings.simplefilter('ignore')\n" + FORK) == "0"


def test_pandas_is_not_imported_for_arrays() -> None:
    code = (
        "import sys, numpy as np; from rustybt import indicators; "
        "indicators.rolling_mean(np.arange(9.0), 3); print('pandas' in sys.modules)"
    )
    assert run(code) == "False"
