"""``rustybt run``: a strategy from a file, over the data of a bundle."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rustybt.errors import RustybtError

from . import perf_file, strategy
from .options import Time
from .progress import Progress

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_BUNDLE = "sample"
DEFAULT_CAPITAL = 10_000_000.0


class RunError(RustybtError):
    """A backtest that could not be run, or not to its end."""

    msg = "{reason}"


@click.command()
@click.argument("algofile", required=False, type=click.Path(path_type=Path))
@click.option(
    "-f",
    "--algofile",
    "algofile_option",
    type=click.Path(path_type=Path),
    help="The file of the strategy; the same as the argument.",
)
@click.option("-t", "--algotext", help="The strategy itself, in the place of a file.")
@click.option(
    "-D",
    "--define",
    "defines",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a name of the strategy to a Python expression first. May be repeated.",
)
@click.option(
    "--data-frequency",
    type=click.Choice(["daily", "minute"]),
    default="daily",
    show_default=True,
    help="Bars that the simulation steps through.",
)
@click.option(
    "--capital-base",
    type=float,
    default=DEFAULT_CAPITAL,
    show_default=True,
    help="Cash at the start.",
)
@click.option(
    "-b",
    "--bundle",
    default=DEFAULT_BUNDLE,
    show_default=True,
    metavar="BUNDLE",
    help="The data: nine US stocks that come with rustybt, or a bundle of yours.",
)
@click.option(
    "--bundle-timestamp",
    type=Time(),
    help="Use what was last ingested at or before this time.  [default: now]",
)
@click.option(
    "-bf",
    "--benchmark-file",
    type=click.Path(path_type=Path),
    help="A CSV with columns date and return: the benchmark's returns.",
)
@click.option("--benchmark-symbol", metavar="SYMBOL", help="An asset of the bundle as benchmark.")
@click.option("--benchmark-sid", type=int, metavar="SID", help="The same, by its sid.")
@click.option("--no-benchmark", is_flag=True, help="Compare with returns of zero, the default.")
@click.option("-s", "--start", type=Time(as_session=True), help="First session.  [default: data's]")
@click.option("-e", "--end", type=Time(as_session=True), help="Last session.  [default: data's]")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write the perf here: .parquet, .csv or .pickle; - is CSV on standard output.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write the tear sheet here, one HTML page.",
)
@click.option(
    "--trading-calendar",
    default="XNYS",
    show_default=True,
    metavar="NAME",
    help="Calendar of sessions and minutes.",
)
@click.option("--print-algo/--no-print-algo", help="Print the strategy first.")
@click.option(
    "--metrics-set",
    default="default",
    show_default=True,
    metavar="NAME",
    help="Metrics to compute; extensions may register more.",
)
@click.option(
    "--blotter",
    default="default",
    show_default=True,
    metavar="NAME",
    help="Blotter to use; extensions may register more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON (version 1).")
@click.option("-q", "--quiet", is_flag=True, help="Show neither progress nor summary.")
def run(**options: Any) -> None:  # noqa: ANN401 - the options above
    """Run the strategy ALGOFILE and show what came of it.

    On a terminal a bar shows the progress. The closing table goes to standard output. A strategy
    that fails half-way exits with status 1, and --output and --report hold what there was, marked
    as partial.
    """
    algo = _strategy(options)
    if options["print_algo"]:
        click.echo(algo.source)
    backtest(algo, options)


def parse_options(arguments: list[str]) -> dict[str, Any]:
    """Parse the options of ``rustybt run`` without running anything.

    Raises
    ------
    click.UsageError
        If they are wrong.
    """
    return dict(run.make_context("rustybt run", arguments).params)


def backtest(algo: strategy.Strategy, options: dict[str, Any]) -> pd.DataFrame:
    """Run `algo` and write and show what `options` ask for; return the perf frame.

    Raises
    ------
    RunError
        If the strategy failed half-way; what there was is written then, marked as partial.
    """
    targets = _targets(options)
    perf, partial = _simulate(algo, options)
    if perf is not None and len(perf):
        _write(perf, targets, algo.name, partial)
        if not options["quiet"]:
            _show(perf, partial, as_json=options["as_json"], on_stderr=options["output"] == "-")
        if options["output"] == "-":
            perf_file.write_csv(perf, sys.stdout)
    if perf is None or partial is not None:
        kept = [str(path) for path in targets if path is not None and perf is not None]
        where = f"; the part up to there is in {' and '.join(kept)}" if kept else ""
        raise RunError(reason=f"{partial}{where}")
    return perf


def _strategy(options: dict[str, Any]) -> strategy.Strategy:
    files = [path for path in (options["algofile"], options["algofile_option"]) if path is not None]
    if len(files) + (options["algotext"] is not None) != 1:
        raise click.UsageError("name one strategy: a file, or --algotext")
    if files:
        return strategy.from_file(files[0], options["defines"])
    return strategy.from_text(options["algotext"], options["defines"])


def _targets(options: dict[str, Any]) -> tuple[Path | None, Path | None]:
    """Return where to write; what cannot be written is said before the backtest, not after."""
    output = options["output"]
    perf_path = None if output in {None, "-"} else Path(output)
    if perf_path is not None:
        try:
            perf_file.file_format(perf_path)
        except perf_file.PerfFileError as error:
            raise click.UsageError(f"--output {error}") from None
    for path in (perf_path, options["report"]):
        if path is not None and not path.absolute().parent.is_dir():
            raise click.UsageError(f"{path}: its folder does not exist; make it first")
    return perf_path, options["report"]


def _simulate(
    algo: strategy.Strategy, options: dict[str, Any]
) -> tuple[pd.DataFrame | None, str | None]:
    """Return the perf frame, and why it is partial if the strategy failed half-way."""
    from rustybt.utils.calendar_utils import get_calendar
    from rustybt.utils.run_algo import BenchmarkSpec, run_backtest

    with Progress(quiet=options["quiet"]) as progress:
        try:
            perf = run_backtest(
                start=options["start"],
                end=options["end"],
                capital_base=options["capital_base"],
                data_frequency=options["data_frequency"],
                bundle=options["bundle"],
                bundle_timestamp=options["bundle_timestamp"],
                trading_calendar=get_calendar(options["trading_calendar"]),
                metrics_set=options["metrics_set"],
                blotter=options["blotter"],
                benchmark_spec=BenchmarkSpec.from_cli_params(
                    benchmark_sid=options["benchmark_sid"],
                    benchmark_symbol=options["benchmark_symbol"],
                    benchmark_file=options["benchmark_file"],
                    no_benchmark=options["no_benchmark"],
                ),
                environ=os.environ,
                progress=progress,
                **algo.functions,
            )
        except Exception as error:
            line = strategy.line_in(error, algo.name)
            if line is None and not isinstance(error, RustybtError):
                raise  # neither the strategy's fault nor the user's
            return getattr(error, "partial_perf", None), _sentence(error, algo.name, line)
    return perf, None


def _sentence(error: Exception, name: str, line: int | None) -> str:
    """Say where in the strategy, at which session and why a backtest ended."""
    said = str(error) if isinstance(error, RustybtError) else f"{type(error).__name__}: {error}"
    if line is None:
        return said
    time = getattr(error, "simulated", None)
    when = "" if time is None else f", at {time:%Y-%m-%d %H:%M}"
    return f"{name}, line {line}{when}: {said}"


def _write(
    perf: pd.DataFrame,
    targets: tuple[Path | None, Path | None],
    title: str,
    partial: str | None,
) -> None:
    perf_path, report_path = targets
    if perf_path is not None:
        perf_file.write_perf(perf, perf_path, partial=partial)
    if report_path is not None:
        from rustybt.report import write_report

        write_report(perf, report_path, title=Path(title).stem, partial=partial)


def _show(perf: pd.DataFrame, partial: str | None, *, as_json: bool, on_stderr: bool) -> None:
    from rustybt.report import Figures

    from . import summary

    figures = Figures.from_perf(perf)
    if as_json:
        text = json.dumps(summary.as_json(figures, partial), indent=2)
    else:
        text = summary.table(figures)
    click.echo(text, err=on_stderr)
