"""The commands of the engine, run as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from rustybt.cli import magic, strategy
from rustybt.cli.main import main
from rustybt.cli.progress import Progress
from rustybt.extensions import ExtensionArgumentError, create_args

if TYPE_CHECKING:
    from pathlib import Path

BUY = """\
from rustybt.api import order, record, symbol

def initialize(context):
    context.asset = symbol("AAPL")
    context.bars = 0

def handle_data(context, data):
    context.bars += 1
    if context.bars == 1:
        order(context.asset, 10)
    record(price=data.current(context.asset, "price"))
"""
FAILING = BUY + "    if context.bars == 3:\n        raise KeyError('lost')\n"
SPAN = ["--start", "2012-01-03", "--end", "2012-01-31"]

# A bundle of one asset whose last bar is wrong, as an extension that a user writes.
EXTENSION = """\
import pandas as pd
from rustybt.data.bundles import register

def write(environ, asset_db_writer, minute_bar_writer, daily_bar_writer, adjustment_writer,
          calendar, start_session, end_session, cache, show_progress, output_dir):
    sessions = calendar.sessions_in_range(start_session, end_session)
    asset_db_writer.write(equities=pd.DataFrame({
        "symbol": ["OWN"], "start_date": sessions[0], "end_date": sessions[-1],
        "exchange": "XNYS"}, index=[0]), exchanges=pd.DataFrame({
        "exchange": ["XNYS"], "country_code": ["US"]}))
    bars = pd.DataFrame({name: 10.0 for name in ("open", "high", "low", "close")}, index=sessions)
    bars["volume"] = 100.0
    bars.iloc[-1, 3] = 11.0
    daily_bar_writer.write([(0, bars)])
    adjustment_writer.write()

register("own", write, calendar_name="XNYS", start_session=pd.Timestamp("2012-01-03"),
         end_session=pd.Timestamp("2012-01-31"))
"""


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSTYBT_ROOT", str(tmp_path / "root"))
    monkeypatch.chdir(tmp_path)


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_run_shows_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    algo = write(tmp_path / "buy.py", BUY)
    targets = ["--output", "perf.parquet", "--report", "report.html"]
    assert main(["run", algo, *SPAN, *targets]) == 0
    shown = capsys.readouterr()
    rows = dict(line.rsplit("  ", 1) for line in shown.out.splitlines())
    rows = {label.strip(): value for label, value in rows.items()}
    assert (rows["From"], rows["To"], rows["Sessions"]) == ("2012-01-03", "2012-01-31", "20")
    assert rows["Transactions"] == "1"
    assert shown.err == ""
    perf = pd.read_parquet("perf.parquet")
    assert rows["Final value"] == f"{perf['portfolio_value'].iloc[-1]:,.2f}"
    assert perf["positions"].iloc[-1][0]["symbol"] == "AAPL"
    assert perf["price"].iloc[-1] == pytest.approx(456.479)
    assert "buy" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_run_from_text_with_definitions_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    text = BUY.replace("10)", "SHARES)")
    arguments = ["-D", "HALF=50", "-D", "SHARES=2 * HALF", "--capital-base", "100000", "--json"]
    assert main(["run", "-t", text, *SPAN, *arguments]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["version"], summary["partial"], summary["alpha"]) == (1, None, None)
    # Bought at the second session's close: 10% of its volume is more than 100 shares.
    held = 100 * (456.479 - 413.44 * 1.0005) - 0.1
    assert summary["final_value"] == pytest.approx(100_000 + held, abs=0.02)


def test_run_writes_csv_to_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", write(tmp_path / "buy.py", BUY), *SPAN, "-o", "-"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 21
    assert shown.out.startswith("period_end,period_open,")
    assert "Final value" in shown.err


def test_benchmark_of_the_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-t", BUY, *SPAN, "--benchmark-symbol", "msft", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["benchmark_return"] == pytest.approx(29.53 / 25.96 - 1, abs=0.001)
    assert summary["beta"] is not None


def test_a_failing_strategy_keeps_what_there_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    algo = write(tmp_path / "lost.py", FAILING)
    assert main(["run", algo, *SPAN, "-o", "perf.csv", "--report", "r.html"]) == 1
    error = capsys.readouterr().err
    assert error == (
        f"rustybt: {algo}, line 13, at 2012-01-05 21:00: KeyError: 'lost'; "
        "the part up to there is in perf.csv and r.html\n"
    )
    perf = pd.read_csv("perf.csv")
    assert len(perf) == 2
    assert set(perf["partial"]) == {f"{algo}, line 13, at 2012-01-05 21:00: KeyError: 'lost'"}
    assert "Partial result" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "absent.py"], "cannot read the strategy absent.py: No such file or directory"),
        (["run", "-t", "def f(:"], "<algotext>, line 1: invalid syntax"),
        (["run", "-t", "x = 1"], "it defines none of initialize, handle_data"),
        (["run", "-t", "1 / 0"], "<algotext>, line 1: ZeroDivisionError: division by zero"),
        (["run", "-t", BUY, "-D", "X"], "-D X: write it as NAME=VALUE"),
        (["run", "-t", BUY, "-D", "X=Y"], "-D X=Y: NameError: name 'Y' is not defined"),
        (["run", "-t", BUY, "-o", "perf.txt"], "must end in one of .parquet, .csv"),
        (["run", "-t", BUY, "-o", "no/perf.csv"], "its folder does not exist"),
        (["run", "-t", BUY, "-s", "yesterday-ish"], "'yesterday-ish' is no date"),
        (["run", "-t", BUY, "-s", "2012-01-03 10:00"], "is no session; write a date"),
        (
            ["run", "-t", BUY, "-s", "1999-01-04", "-e", "1999-02-01"],
            "outside of the bundle sample",
        ),
        (["run", "-t", BUY, "-s", "2013-01-04", "-e", "2012-02-01"], "2013-01-04 is after the end"),
        (["run", "-t", BUY, "-b", "nothing"], "nothing"),
        (["run", "-t", BUY, "-b", "csvdir"], "csvdir"),
        (["run", "-t", BUY, "--metrics-set", "odd", *SPAN], "odd"),
        (["run", "-t", BUY, "--benchmark-symbol", "ZZZ", *SPAN], "ZZZ is no symbol"),
        (["run", "-t", BUY.replace("AAPL", "NOSUCH"), *SPAN], "<algotext>, line 4"),
        (["run", "-t", BUY, "--data-frequency", "minute"], "the bundle sample has no minute bars"),
        (["run"], "name one strategy"),
        (["run", "a.py", "-t", BUY], "name one strategy"),
        (["assets", "-b", "nothing"], "nothing"),
        (["assets", "NOSUCH"], "sample has no asset with the symbol NOSUCH"),
        (["ingest", "-b", "nothing"], "nothing"),
        (["clean", "-b", "sample"], "say what to remove"),
        (["clean", "-b", "sample", "-k", "1", "-a", "2012-01-01"], "--keep-last goes without"),
        (["-e", "absent.py", "--strict-extensions", "bundles"], "absent.py"),
        (["-x", "novalue", "bundles"], "-x novalue: write it as KEY=VALUE"),
        (["walk"], "No such command"),
    ],
)
def test_mistakes_get_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) in {1, 2}
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_assets_as_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == [
        "symbol", "AAPL", "AMD", "CERN", "COST", "DELL", "GPS", "INTC", "MMM", "MSFT",
    ]  # fmt: skip
    assert main(["assets", "dell", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["version"], found["bundle"]) == (1, "sample")
    (asset,) = found["assets"]
    assert (asset["symbol"], asset["end"]) == ("DELL", "2013-11-26")


def test_a_bundle_from_ingest_to_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extension = ["-e", write(tmp_path / "own.py", EXTENSION)]
    assert main([*extension, "ingest", "-b", "own"]) == 1
    refused = capsys.readouterr().err
    assert "2012-01-31" in refused
    assert "Traceback" not in refused
    with pytest.warns(UserWarning, match="2012-01-31"):
        assert main([*extension, "ingest", "-b", "own", "--lenient"]) == 0
    assert main([*extension, "assets", "-b", "own", "OWN"]) == 0
    assert main([*extension, "run", "-t", BUY.replace("AAPL", "OWN"), "-b", "own", "--json"]) == 0
    capsys.readouterr()
    assert main([*extension, "bundles"]) == 0
    listed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("own")]
    assert f"{pd.Timestamp.now(tz='UTC'):%Y-}" in listed[0]
    assert main([*extension, "clean", "-b", "own", "--keep-last", "0"]) == 0
    assert capsys.readouterr().out == "own: 1 removed\n"


def test_extension_arguments_become_attributes() -> None:
    from types import SimpleNamespace

    root = SimpleNamespace()
    create_args(["broker.name=acme", "broker.key=a=b", "level=3"], root)
    assert (root.broker.name, root.broker.key, root.level) == ("acme", "a=b", "3")
    with pytest.raises(ExtensionArgumentError, match="-x 1st=x"):
        create_args(["other=1", "1st=x"], root)
    assert not hasattr(root, "other")


class Shell:
    """Stands for IPython's shell."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.magics: dict[str, Any] = {}

    def register_magic_function(self, func: Any, magic_kind: str, magic_name: str) -> None:
        """Keep the magic."""
        assert magic_kind == "line_cell"
        self.magics[magic_name] = func


def test_the_magic_runs_a_cell_and_the_notebooks_functions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell = Shell()
    magic.load_ipython_extension(shell)
    run = shell.magics["rustybt"]
    perf = run(" ".join([*SPAN, "--output", "result"]), BUY)
    assert shell.user_ns["result"] is perf
    assert len(perf) == 20
    exec(BUY, shell.user_ns)  # noqa: S102 - what a notebook's cell would do
    again = run(" ".join([*SPAN, "--quiet"]))
    np.testing.assert_array_equal(again["portfolio_value"], perf["portfolio_value"])
    capsys.readouterr()
    assert run("--start nonsense", BUY) is None
    assert "is no date" in capsys.readouterr().err
    assert run(" ".join(SPAN), "x = 1") is None
    assert "it defines none of" in capsys.readouterr().err


def test_extension_is_found_by_ipython() -> None:
    import rustybt

    assert rustybt.load_ipython_extension is magic.load_ipython_extension


class Terminal:
    """A stream that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        """Say so."""
        return True

    def write(self, text: str) -> int:
        """Keep the text."""
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("ci", "quiet", "is_drawn"), [("", False, True), ("true", False, False), ("", True, False)]
)
def test_progress_is_for_terminals(
    ci: str, quiet: bool, is_drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    terminal: Any = Terminal()
    with Progress(terminal, quiet=quiet) as progress:
        progress(20, 20)
    assert ("20/20 sessions" in terminal.text) is is_drawn


def test_line_of_a_strategy_that_calls_into_libraries() -> None:
    algo = strategy.from_text("import json\ndef handle_data(context, data):\n    json.loads('{')\n")
    with pytest.raises(json.JSONDecodeError) as caught:
        algo.functions["handle_data"](None, None)
    assert strategy.line_in(caught.value, algo.name) == 3
    assert strategy.line_in(caught.value, "other.py") is None


def test_interrupt_leaves_with_130(tmp_path: Path) -> None:
    algo = write(tmp_path / "stop.py", "def handle_data(c, d):\n    raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "rustybt", "run", algo, *SPAN],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=dict(os.environ),
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.strip() == "rustybt: interrupted"
