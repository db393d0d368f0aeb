"""The algorithm: a strategy, its market data and its books, run over its sessions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rustybt._algorithm.lookups import Lookups
from rustybt._algorithm.orders import Orders
from rustybt._algorithm.pipelines import Pipelines
from rustybt._algorithm.settings import Settings
from rustybt._protocol import BarData, handle_non_market_minutes
from rustybt.errors import ZeroCapitalError
from rustybt.finance import metrics
from rustybt.finance.asset_restrictions import NoRestrictions
from rustybt.finance.blotter import SimulationBlotter
from rustybt.finance.metrics.frame import from_packets
from rustybt.finance.metrics.tracker import MetricsTracker
from rustybt.gens._simulation import Simulation
from rustybt.utils.algo_instance import running
from rustybt.utils.events import EventManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from exchange_calendars import ExchangeCalendar

    from rustybt.data.data_portal import DataPortal
    from rustybt.finance.cancel_policy import CancelPolicy
    from rustybt.finance.trading import SimulationParameters
    from rustybt.sources.benchmark_source import BenchmarkSource

BEFORE_TRADING_STARTS = dt.time(8, 45)
BEFORE_TRADING_ZONE = "US/Eastern"


class TradingAlgorithm(Orders, Lookups, Settings, Pipelines):
    """A strategy over market data; `run` simulates it.

    Its methods are the functions of :mod:`rustybt.api`; to the strategy it is the context, whose
    attributes it may set as it likes.

    Parameters
    ----------
    sim_params : SimulationParameters
        Sessions, capital, frequency.
    data_portal : DataPortal, optional
        The market data; it can also be given to `run`.
    asset_finder : AssetFinder, optional
        Needed where there is no data portal yet.
    namespace : dict, optional
        Names that `script` finds when it runs.
    script : str, optional
        A strategy as text, in the place of the functions.
    algo_filename : str, optional
        What tracebacks call the script.
    initialize : callable, optional
        Called once with the context before the first session.
    handle_data : callable, optional
        Called with the context and the data at every bar.
    before_trading_start : callable, optional
        Called with the context and the data before the first bar of each session.
    analyze : callable, optional
        Called with the context and the perf frame at the end.
    trading_calendar : exchange_calendars.ExchangeCalendar, optional
        That of `sim_params`, if it is given at all.
    metrics_set : iterable, optional
        What is computed; the default set if left out.
    blotter : Blotter, optional
        Where orders wait; a new SimulationBlotter if left out.
    blotter_class : type, optional
        Its class, in the place of `blotter`.
    cancel_policy : CancelPolicy, optional
        When open orders are cancelled; never by default.
    benchmark_sid : int, optional
        Asset to compare with.
    benchmark_returns : Series of float64, optional
        Returns to compare with, by session; zero where nothing else is said.
    platform : str, default "zipline"
        What `get_environment` says.
    capital_changes : dict of Timestamp to dict, optional
        Cash paid in or out: ``{"type": "delta", "value": amount}``, or a portfolio value to come
        to as ``{"type": "target", "value": amount}``; at a session's label (before it opens), or
        at a minute.
    create_event_context : callable, optional
        Called with the data of a bar; returns a context manager around the strategy's functions.
    progress : callable, optional
        Called after each session with the number of those done and of all.
    get_pipeline_loader : callable(BoundColumn) -> PipelineLoader, optional
        Finds the loaders of the columns of pipelines; without it there can be no pipelines.
    **initialize_kwargs
        Passed to `initialize`.

    Raises
    ------
    ValueError
        If parameters contradict each other.
    ZeroCapitalError
        If there is no capital to start with.
    """

    def __init__(
        self,
        sim_params: SimulationParameters,
        data_portal: DataPortal | None = None,
        asset_finder: Any = None,  # noqa: ANN401 - any with AssetFinder's methods
        namespace: dict[str, Any] | None = None,
        script: str | None = None,
        algo_filename: str | None = None,
        initialize: Callable[..., object] | None = None,
        handle_data: Callable[[Any, Any], object] | None = None,
        before_trading_start: Callable[[Any, Any], object] | None = None,
        analyze: Callable[[Any, pd.DataFrame], object] | None = None,
        trading_calendar: ExchangeCalendar | None = None,
        metrics_set: Iterable[object] | None = None,
        blotter: Any = None,  # noqa: ANN401 - any Blotter
        blotter_class: type | None = None,
        cancel_policy: CancelPolicy | None = None,
        benchmark_sid: Any = None,  # noqa: ANN401 - a sid or an Asset
        benchmark_returns: pd.Series[float] | None = None,
        platform: str = "zipline",
        capital_changes: Mapping[pd.Timestamp, Mapping[str, Any]] | None = None,
        create_event_context: Callable[[Any], Any] | None = None,
        progress: Callable[[int, int], object] | None = None,
        get_pipeline_loader: Callable[[Any], Any] | None = None,
        **initialize_kwargs: Any,  # noqa: ANN401 - the strategy's own
    ) -> None:
        if data_portal is None and asset_finder is None:
            raise ValueError("TradingAlgorithm needs a data_portal or an asset_finder")
        if data_portal is not None:
            if asset_finder is not None and asset_finder is not data_portal.asset_finder:
                raise ValueError(
                    "the asset_finder is not that of the data_portal: pass one of them"
                )
            asset_finder = data_portal.asset_finder
        if trading_calendar is not None and (
            trading_calendar.name != sim_params.trading_calendar.name
        ):
            raise ValueError(
                f"the trading_calendar {trading_calendar.name} is not that of sim_params, "
                f"{sim_params.trading_calendar.name}"
            )
        if not sim_params.capital_base > 0:
            raise ZeroCapitalError
        functions: dict[str, Any] = {
            "initialize": initialize,
            "handle_data": handle_data,
            "before_trading_start": before_trading_start,
            "analyze": analyze,
        }
        if script is not None:
            functions = _functions_of(script, algo_filename, namespace or {}, functions)
        self.sim_params = sim_params
        self.trading_calendar = sim_params.trading_calendar
        self.data_portal = data_portal
        self.asset_finder = asset_finder
        self.benchmark_sid = benchmark_sid
        self.benchmark_returns = benchmark_returns
        self._blotter = blotter or (blotter_class or SimulationBlotter)(cancel_policy=cancel_policy)
        self.event_manager = EventManager(create_event_context)
        self.trading_controls = []
        self.account_controls = []
        self.restrictions = NoRestrictions()
        self._recorded_vars = {}
        self.initialized = False
        self.initialize_kwargs = initialize_kwargs
        self._handle_data = functions["handle_data"]
        self._capital_changes = {
            pd.Timestamp(time).as_unit("ns").value: (time, change)
            for time, change in (capital_changes or {}).items()
        }
        self.capital_change_deltas: dict[pd.Timestamp, float] = {}
        self.partial_perf: pd.DataFrame | None = None
        self.risk_report: dict[str, Any] | None = None
        self._initialize = functions["initialize"]
        self._before_trading_start = functions["before_trading_start"]
        self._analyze = functions["analyze"]
        self._metrics_set = metrics.load("default") if metrics_set is None else metrics_set
        self._platform = platform
        self._progress = progress
        self._get_pipeline_loader = get_pipeline_loader
        self._pipelines = {}
        self._engine = None
        self._in_before_trading_start = False
        self._symbol_lookup_date = None
        self._last_orders = {}
        self._dated = 0
        self._feed = None
        self._simulation = None

    @property
    def data_frequency(self) -> str:
        """Frequency of the bars, "daily" or "minute"."""
        return self.sim_params.data_frequency

    @property
    def _has_before_trading_start(self) -> bool:
        """Whether anything is to be done before a session's first bar."""
        return (
            self._before_trading_start is not None
            or any(attached.eager for attached in self._pipelines.values())
            or type(self).before_trading_start is not TradingAlgorithm.before_trading_start
        )

    def initialize(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the strategy's own
        """Have the strategy set itself up."""
        if self._initialize is not None:
            self._initialize(self, *args, **kwargs)

    def before_trading_start(self, data: BarData) -> None:
        """Compute the pipelines, and have the strategy prepare for a session."""
        self.compute_eager_pipelines()
        if self._before_trading_start is None:
            return
        self._in_before_trading_start = True
        try:
            if self.data_frequency == "minute":
                with handle_non_market_minutes(data):
                    self._before_trading_start(self, data)
            else:
                self._before_trading_start(self, data)
        finally:
            self._in_before_trading_start = False

    def analyze(self, perf: pd.DataFrame) -> None:
        """Have the strategy look at its results."""
        if self._analyze is not None:
            self._analyze(self, perf)

    def run(self, data_portal: DataPortal | None = None) -> pd.DataFrame:
        """Simulate the strategy.

        Parameters
        ----------
        data_portal : DataPortal, optional
            The market data, where the constructor was given none.

        Returns
        -------
        DataFrame
            The perf frame: one row a session, indexed by its close.

        Raises
        ------
        Exception
            Whatever the strategy raises. The perf frame of the sessions before then is its
            attribute `partial_perf` and that of the algorithm, the time its attribute `simulated`,
            which a note names too.
        """
        if data_portal is not None:
            self.data_portal = data_portal
            self.asset_finder = data_portal.asset_finder
        if self.data_portal is None:
            raise RuntimeError("there is no data portal: pass one to TradingAlgorithm or to run")
        with running(self):
            try:
                self._prepare()
                self._simulation.run()
                perf = self._performance()
            except Exception as error:
                self._keep_partial(error)
                raise
            self.analyze(perf)
        return perf

    def _prepare(self) -> None:
        params = self.sim_params
        self.metrics_tracker = tracker = MetricsTracker(
            trading_calendar=self.trading_calendar,
            first_session=params.start_session,
            last_session=params.end_session,
            capital_base=params.capital_base,
            emission_rate=params.emission_rate,
            data_frequency=params.data_frequency,
            asset_finder=self.asset_finder,
            metrics=self._metrics_set,
        )
        feed = self.data_portal.feed(params.sessions, params.data_frequency)
        tracker.feed = feed
        self._blotter.set_date(self.datetime)
        if not self.initialized:
            self.initialize(**self.initialize_kwargs)
            self.initialized = True
        # From here on there is a market: no sooner, so that initialize sees none.
        self._feed = feed
        self._data = BarData(feed, restrictions=self.restrictions)
        tracker.handle_start_of_simulation(self._benchmark_source())
        self._simulation = Simulation(
            self,
            tracker,
            self._data,
            params.sessions,
            self._before_trading_starts() if self._has_before_trading_start else None,
            self._minutes() if params.data_frequency == "minute" else None,
            self._progress,
        )

    def _benchmark_source(self) -> BenchmarkSource:
        from rustybt.sources.benchmark_source import BenchmarkSource

        asset, returns = None, self.benchmark_returns
        if self.benchmark_sid is not None:
            asset, returns = self.asset_finder.retrieve_asset(int(self.benchmark_sid)), None
        elif returns is None:
            returns = pd.Series(0.0, index=self.sim_params.sessions)
        return BenchmarkSource(
            benchmark_asset=asset,
            benchmark_returns=returns,
            trading_calendar=self.trading_calendar,
            sessions=self.sim_params.sessions,
            data_portal=self.data_portal,
            emission_rate=self.sim_params.emission_rate,
        )

    def _before_trading_starts(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return when each session's before_trading_start is due, nanoseconds in UTC."""
        morning = pd.Timedelta(
            hours=BEFORE_TRADING_STARTS.hour, minutes=BEFORE_TRADING_STARTS.minute
        )
        local = (self.sim_params.sessions + morning).tz_localize(BEFORE_TRADING_ZONE)
        return local.tz_convert("UTC").as_unit("ns").asi8

    def _minutes(self) -> tuple[Any, Any]:
        """Return the ordinals of each session's first and last bar on the feed's minutes."""
        from rustybt.utils.execution import execution_times

        assert self._feed is not None  # noqa: S101 - _prepare has made it
        minutes: Any = self._feed.minutes
        labels = self.trading_calendar.sessions
        first = int(labels.searchsorted(self.sim_params.start_session))
        sessions = slice(first, first + len(self.sim_params.sessions))
        opens, closes = execution_times(self.trading_calendar)
        return (
            np.searchsorted(minutes, opens[sessions]).astype(np.intp),
            np.searchsorted(minutes, closes[sessions], side="right").astype(np.intp) - 1,
        )

    def _performance(self) -> pd.DataFrame:
        tracker = self.metrics_tracker
        self.risk_report = tracker.handle_simulation_end(self.data_portal)
        if tracker.columnar:
            return tracker.performance()
        return from_packets(self._simulation.packets)

    def _keep_partial(self, error: Exception) -> None:
        """Note when `error` came, and keep the books of the sessions before."""
        simulation = self._simulation
        if simulation is None:
            return
        tracker = self.metrics_tracker
        perf = tracker.performance() if tracker.columnar else from_packets(simulation.packets)
        self.partial_perf = perf
        error.add_note(f"in the simulation at {self.datetime}, after {len(perf)} whole sessions")
        # For whoever catches it.
        error.partial_perf = perf  # type: ignore[attr-defined]
        error.simulated = self.datetime  # type: ignore[attr-defined]

    def _change_capital(self, nanos: int) -> list[dict[str, Any]]:
        """Pay the capital change of a time in or out.

        Parameters
        ----------
        nanos : int
            The time, a key of `_capital_changes`.

        Returns
        -------
        list of dict
            One packet that tells of it.

        Raises
        ------
        ValueError
            If its type is neither "delta" nor "target".
        """
        time, change = self._capital_changes[nanos]
        target = None
        match change["type"]:
            case "target":
                target = change["value"]
                delta = target - self.portfolio.portfolio_value
            case "delta":
                delta = change["value"]
            case other:
                raise ValueError(
                    f"the capital change at {time} must be a 'delta' or a 'target', got {other!r}"
                )
        self.capital_change_deltas[time] = delta
        self.metrics_tracker.capital_change(delta)
        return [
            {"capital_change": {"date": time, "type": "cash", "target": target, "delta": delta}}
        ]

    def validate_account_controls(self) -> None:
        """Ask the account controls.

        Raises
        ------
        AccountControlViolation
            If one of them is violated.
        """
        for control in self.account_controls:
            control.validate(self.portfolio, self.account, self.datetime, self._data)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(\n    sim_params={self.sim_params!r},\n"
            f"    initialized={self.initialized},\n    blotter={self._blotter!r},\n"
            f"    recorded_vars={self._recorded_vars!r})"
        )


def _functions_of(
    script: str,
    name: str | None,
    namespace: dict[str, Any],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Run a script and return the functions of the strategy that it defines."""
    twice = [function for function, value in given.items() if value is not None]
    if twice:
        raise ValueError(f"pass a script or functions, not both: got {', '.join(twice)} too")
    exec(compile(script, name or "<string>", "exec"), namespace)  # noqa: S102 - the user's own
    return {function: namespace.get(function) for function in given}
