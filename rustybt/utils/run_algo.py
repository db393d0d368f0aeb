"""Running a strategy over a bundle."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from rustybt.errors import RustybtError, SymbolNotFound
from rustybt.finance.trading import SimulationParameters, session_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from exchange_calendars import ExchangeCalendar

    from rustybt.data.bundles import BundleData

DEFAULT_BUNDLE = "sample"
DEFAULT_CALENDAR = "XNYS"

_loaded_extensions: set[str] = set()


class RunError(RustybtError):
    """A backtest that cannot begin."""

    msg = "{reason}"


@dataclass(frozen=True)
class BenchmarkSpec:
    """What a strategy is compared with; at most one of these, returns of zero without any.

    Parameters
    ----------
    benchmark_returns : Series of float64, optional
        Returns by session.
    benchmark_file : str or Path, optional
        A CSV file with the columns ``date`` and ``return``.
    benchmark_sid : int, optional
        An asset of the bundle.
    benchmark_symbol : str, optional
        The same by its symbol, as of the end of the simulation.
    no_benchmark : bool
        Say that there is none; the same as saying nothing.
    """

    benchmark_returns: pd.Series[float] | None = None
    benchmark_file: str | Path | None = None
    benchmark_sid: int | None = None
    benchmark_symbol: str | None = None
    no_benchmark: bool = False

    @classmethod
    def from_cli_params(
        cls,
        benchmark_sid: int | None,
        benchmark_symbol: str | None,
        benchmark_file: str | Path | None,
        no_benchmark: bool,
    ) -> BenchmarkSpec:
        """Make one of what a command line says."""
        return cls(None, benchmark_file, benchmark_sid, benchmark_symbol, no_benchmark)

    @classmethod
    def from_returns(cls, benchmark_returns: pd.Series[float] | None) -> BenchmarkSpec:
        """Make one of returns."""
        return cls(benchmark_returns, no_benchmark=benchmark_returns is None)

    def resolve(
        self,
        asset_finder: Any,  # noqa: ANN401 - any with AssetFinder's methods
        sessions: pd.DatetimeIndex,
    ) -> tuple[int | None, pd.Series[float] | None]:
        """Return the sid of the benchmark or its returns; one of them is None.

        Parameters
        ----------
        asset_finder : AssetFinder
            Knows the symbols.
        sessions : DatetimeIndex, shape (sessions,)
            Labels of the simulation's sessions.

        Raises
        ------
        RunError
            If more than one benchmark is stated, or if it cannot be found or read.
        """
        stated = [
            self.benchmark_returns is not None,
            self.benchmark_file is not None,
            self.benchmark_sid is not None,
            self.benchmark_symbol is not None,
        ]
        if sum(stated) + self.no_benchmark > 1:
            raise RunError(reason="state one benchmark: returns, a file, a sid or a symbol")
        if self.benchmark_returns is not None:
            return None, self.benchmark_returns
        if self.benchmark_file is not None:
            return None, read_returns(self.benchmark_file)
        if self.benchmark_sid is not None:
            return self.benchmark_sid, None
        if self.benchmark_symbol is not None:
            try:
                asset = asset_finder.lookup_symbol(
                    self.benchmark_symbol.upper(), as_of_date=sessions[-1]
                )
            except SymbolNotFound:
                raise RunError(
                    reason=f"the benchmark {self.benchmark_symbol} is no symbol of this bundle "
                    f"on {sessions[-1]:%Y-%m-%d}"
                ) from None
            return int(asset), None
        return None, pd.Series(0.0, index=sessions)


def read_returns(path: str | Path) -> pd.Series[float]:
    """Read returns by session from a CSV file with the columns ``date`` and ``return``.

    Raises
    ------
    RunError
        If the file cannot be read or holds something else.
    """
    try:
        table = pd.read_csv(path, usecols=["date", "return"], float_precision="round_trip")
        dates = pd.to_datetime(table["date"], utc=True).dt.tz_localize(None).dt.normalize()
        returns = table["return"].astype(float)
    except OSError as error:
        raise RunError(reason=f"cannot read the benchmark {path}: {error.strerror}") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise RunError(
            reason=f"the benchmark {path} must be a CSV with the columns date and return: {error}"
        ) from None
    series = pd.Series(returns.to_numpy(), index=pd.DatetimeIndex(dates).as_unit("ns"))
    return series[~series.index.duplicated(keep="last")].sort_index()


def load_extensions(
    default: bool,
    extensions: Iterable[str],
    strict: bool,
    environ: Mapping[str, str],
    reload: bool = False,
) -> None:
    """Load extensions: code of the user's that registers bundles, metrics sets, blotters.

    Parameters
    ----------
    default : bool
        Whether to begin with ``extension.py`` of the data folder, if there is one.
    extensions : iterable of str
        Files, if they end in ``.py``, or modules.
    strict : bool
        Whether one that fails raises; otherwise it is warned of.
    environ : mapping
        Environment variables, which say where the data folder is.
    reload : bool, default False
        Whether to load again what was loaded before.
    """
    from rustybt.utils.paths import default_extension

    wanted = list(extensions)
    if default and Path(default_extension(environ)).is_file():
        wanted.insert(0, default_extension(environ))
    for extension in wanted:
        if extension in _loaded_extensions and not reload:
            continue
        try:
            _load_extension(extension)
        except Exception as error:
            if strict:
                raise
            warnings.warn(f"Failed to load extension: {extension!r}\n{error}", stacklevel=2)
        else:
            _loaded_extensions.add(extension)


def _load_extension(extension: str) -> None:
    from importlib import import_module, reload

    if extension.endswith(".py"):
        source = Path(extension).read_text(encoding="utf-8")
        names: dict[str, Any] = {"__name__": "rustybt_extension", "__file__": extension}
        exec(compile(source, extension, "exec"), names)  # noqa: S102 - the user's own code
    elif extension in sys.modules:
        reload(sys.modules[extension])
    else:
        import_module(extension)


def run_algorithm(
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    initialize: Callable[[Any], object] | None = None,
    capital_base: float = 10_000_000.0,
    handle_data: Callable[[Any, Any], object] | None = None,
    before_trading_start: Callable[[Any, Any], object] | None = None,
    analyze: Callable[[Any, pd.DataFrame], object] | None = None,
    data_frequency: str = "daily",
    bundle: str = DEFAULT_BUNDLE,
    bundle_timestamp: pd.Timestamp | None = None,
    trading_calendar: ExchangeCalendar | None = None,
    metrics_set: str | Iterable[object] = "default",
    benchmark_returns: pd.Series[float] | None = None,
    default_extension: bool = True,
    extensions: Iterable[str] = (),
    strict_extensions: bool = True,
    environ: Mapping[str, str] = os.environ,
    custom_loader: Mapping[Any, Any] | None = None,
    blotter: Any = "default",  # noqa: ANN401 - a name or a Blotter
) -> pd.DataFrame:
    """Run a backtest.

    Parameters
    ----------
    start, end : pandas.Timestamp, optional
        First and last day; those of the bundle's data by default. Where they are no sessions, the
        next and the previous one count.
    initialize : callable, optional
        Called once with the context before the first session.
    capital_base : float, default 10000000.0
        Cash at the start.
    handle_data : callable, optional
        Called with the context and the data at every bar.
    before_trading_start : callable, optional
        Called with the context and the data before the first bar of each session.
    analyze : callable, optional
        Called with the context and the perf frame at the end.
    data_frequency : {"daily", "minute"}, default "daily"
        Frequency of the bars.
    bundle : str, default "sample"
        The data; the default is nine US stocks that come with rustybt.
    bundle_timestamp : pandas.Timestamp, optional
        Use what was last ingested at or before this time; now by default.
    trading_calendar : exchange_calendars.ExchangeCalendar, optional
        Calendar of the sessions; XNYS by default.
    metrics_set : str or iterable, default "default"
        Name of a registered metrics set, or the metrics themselves.
    benchmark_returns : Series of float64, optional
        Returns to compare with, by session; zero by default.
    default_extension : bool, default True
        Whether to load ``extension.py`` of the data folder first.
    extensions : iterable of str
        Files or modules to load after that.
    strict_extensions : bool, default True
        Whether an extension that fails raises or is warned of.
    environ : mapping
        Environment variables; those of the process by default.
    custom_loader : mapping of BoundColumn to PipelineLoader, optional
        Loaders of the columns of pipelines; those of `EquityPricing` come from the bundle.
    blotter : str or Blotter, default "default"
        Name of a registered blotter, or the blotter itself.

    Returns
    -------
    DataFrame
        The perf frame: one row a session, indexed by its close.

    Raises
    ------
    RunError
        If the backtest cannot begin: days outside of the bundle, say.
    Exception
        Whatever the strategy raises; the perf frame up to there is its `partial_perf`.
    """
    load_extensions(default_extension, extensions, strict_extensions, environ)
    return run_backtest(
        start=start,
        end=end,
        initialize=initialize,
        capital_base=capital_base,
        handle_data=handle_data,
        before_trading_start=before_trading_start,
        analyze=analyze,
        data_frequency=data_frequency,
        bundle=bundle,
        bundle_timestamp=bundle_timestamp,
        trading_calendar=trading_calendar,
        metrics_set=metrics_set,
        benchmark_spec=BenchmarkSpec.from_returns(benchmark_returns),
        environ=environ,
        blotter=blotter,
        custom_loader=custom_loader,
    )


def run_backtest(
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    initialize: Callable[[Any], object] | None = None,
    capital_base: float = 10_000_000.0,
    handle_data: Callable[[Any, Any], object] | None = None,
    before_trading_start: Callable[[Any, Any], object] | None = None,
    analyze: Callable[[Any, pd.DataFrame], object] | None = None,
    data_frequency: str = "daily",
    bundle: str = DEFAULT_BUNDLE,
    bundle_timestamp: pd.Timestamp | None = None,
    trading_calendar: ExchangeCalendar | None = None,
    metrics_set: str | Iterable[object] = "default",
    benchmark_spec: BenchmarkSpec | None = None,
    environ: Mapping[str, str] = os.environ,
    blotter: Any = "default",  # noqa: ANN401 - a name or a Blotter
    custom_loader: Mapping[Any, Any] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> pd.DataFrame:
    """Run a backtest as `run_algorithm` does, without loading extensions.

    Parameters
    ----------
    benchmark_spec : BenchmarkSpec, optional
        What to compare with.
    progress : callable, optional
        Called after each session with the number of those done and of all.

    The others, the result and the errors are those of `run_algorithm`.
    """
    from rustybt.algorithm import TradingAlgorithm
    from rustybt.data import bundles
    from rustybt.data.data_portal import DataPortal
    from rustybt.finance import metrics
    from rustybt.finance.blotter import Blotter
    from rustybt.registry import load
    from rustybt.utils.calendar_utils import get_calendar

    calendar = get_calendar(DEFAULT_CALENDAR) if trading_calendar is None else trading_calendar
    try:
        chosen = metrics.load(metrics_set) if isinstance(metrics_set, str) else metrics_set
        if isinstance(blotter, str):
            blotter = load(Blotter, blotter)  # type: ignore[type-abstract] # it names the registry
    except ValueError as error:
        raise RunError(reason=str(error)) from None
    with bundles.load(bundle, environ, bundle_timestamp) as data:
        params = _parameters(start, end, calendar, capital_base, data_frequency, bundle, data)
        spec = benchmark_spec or BenchmarkSpec()
        sid, returns = spec.resolve(data.asset_finder, params.sessions)
        daily, minute = data.equity_daily_bar_reader, data.equity_minute_bar_reader
        portal = DataPortal(
            data.asset_finder,
            trading_calendar=calendar,
            first_trading_day=session_label(_reader(data, data_frequency).first_trading_day),
            equity_daily_reader=daily,
            equity_minute_reader=minute,
            future_daily_reader=daily,
            future_minute_reader=minute,
            adjustment_reader=data.adjustment_reader,
        )
        return TradingAlgorithm(
            params,
            data_portal=portal,
            initialize=initialize,
            handle_data=handle_data,
            before_trading_start=before_trading_start,
            analyze=analyze,
            metrics_set=chosen,
            blotter=blotter,
            benchmark_sid=sid,
            benchmark_returns=returns,
            progress=progress,
            get_pipeline_loader=_pipeline_loaders(data, custom_loader or {}),
        ).run()


def _pipeline_loaders(data: BundleData, custom: Mapping[Any, Any]) -> Callable[[Any], Any]:
    """Return a function that finds the loader of a column of a pipeline."""

    @cache
    def prices() -> Any:  # noqa: ANN401 - imported when it is needed
        from rustybt.pipeline.loaders import EquityPricingLoader

        return EquityPricingLoader.without_fx(data.equity_daily_bar_reader, data.adjustment_reader)

    def choose(column: Any) -> Any:  # noqa: ANN401 - a BoundColumn; a PipelineLoader
        from rustybt.pipeline.data import EquityPricing

        generic = column.unspecialize()
        if generic in EquityPricing.columns:
            return prices()
        for known in (column, generic):
            if known in custom:
                return custom[known]
        raise ValueError(f"there is no loader of {column.qualname}: pass one in custom_loader")

    return choose


def _reader(data: BundleData, data_frequency: str) -> Any:  # noqa: ANN401 - of either kind
    minutes = data_frequency == "minute"
    return data.equity_minute_bar_reader if minutes else data.equity_daily_bar_reader


def _parameters(
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
    calendar: ExchangeCalendar,
    capital_base: float,
    data_frequency: str,
    bundle: str,
    data: BundleData,
) -> SimulationParameters:
    """Return the parameters of a simulation within the data of a bundle."""
    reader = _reader(data, data_frequency)
    if reader is None or pd.isna(reader.first_trading_day):
        raise RunError(reason=f"the bundle {bundle} has no {data_frequency} bars")
    first = session_label(reader.first_trading_day)
    last = session_label(reader.last_available_dt)
    try:
        begin = first if start is None else session_label(start)
        finish = last if end is None else session_label(end)
        params = SimulationParameters(
            begin, finish, calendar, capital_base=capital_base, data_frequency=data_frequency
        )
    except (TypeError, ValueError) as error:
        raise RunError(reason=str(error)) from None
    if params.start_session < first or params.end_session > last:
        raise RunError(
            reason=f"{begin:%Y-%m-%d} to {finish:%Y-%m-%d} is outside of the bundle {bundle}, "
            f"which has {data_frequency} bars from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        )
    return params
