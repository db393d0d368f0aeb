"""The api functions that set a simulation up and ask about it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from rustybt._algorithm.state import State
from rustybt.errors import (
    IncompatibleCommissionModel,
    IncompatibleSlippageModel,
    RegisterAccountControlPostInit,
    RegisterTradingControlPostInit,
    ScheduleFunctionInvalidCalendar,
    SetBenchmarkOutsideInitialize,
    SetCancelPolicyPostInit,
    SetCommissionPostInit,
    SetSlippagePostInit,
    UnsupportedCancelPolicy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from rustybt.assets import Asset
    from rustybt.finance.cancel_policy import CancelPolicy
    from rustybt.finance.commission import CommissionModel
    from rustybt.finance.controls import AccountControl, OnError, TradingControl
    from rustybt.finance.slippage import SlippageModel
    from rustybt.utils.events import EventManager, EventRule, calendars


class Settings(State):
    """Costs, controls, schedules and what is recorded."""

    event_manager: EventManager
    _platform: str

    def record(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - values of any kind
        """Record values under names; each becomes a column of the perf frame.

        Parameters
        ----------
        *args
            Names and values by turns, for names that are no identifiers.
        **kwargs
            Values by name.
        """
        if args:
            self._recorded_vars.update(zip(args[::2], args[1::2], strict=False))
        self._recorded_vars.update(kwargs)

    @property
    def recorded_vars(self) -> dict[str, Any]:
        """What was recorded last, by name."""
        return self._recorded_vars.copy()

    def schedule_function(
        self,
        func: Callable[[Any, Any], object],
        date_rule: EventRule | None = None,
        time_rule: EventRule | None = None,
        half_days: bool = True,
        calendar: calendars | None = None,
    ) -> None:
        """Have a function called with the context and the data once a day where rules hold.

        Parameters
        ----------
        func : callable
            Takes the context and the data.
        date_rule : EventRule, optional
            From `date_rules`; every session by default.
        time_rule : EventRule, optional
            From `time_rules`; every minute, that is the first, by default. On daily bars it is
            without effect.
        half_days : bool, default True
            Whether it also runs in sessions that close early.
        calendar : calendars, optional
            Calendar that the rules go by; that of the simulation by default.

        Raises
        ------
        ScheduleFunctionInvalidCalendar
            If it is no member of `calendars`.
        TypeError
            If a rule was not called.
        """
        from rustybt.utils import events

        if isinstance(date_rule, events.AfterOpen | events.BeforeClose) and time_rule is None:
            warnings.warn(
                "Got a time rule for the second positional argument date_rule. You should use "
                "keyword argument time_rule= when calling schedule_function without specifying a "
                "date_rule",
                stacklevel=3,
            )
        if calendar is None:
            rule_calendar = self.trading_calendar
        elif isinstance(calendar, events.calendars):
            from rustybt.utils.calendar_utils import get_calendar

            rule_calendar = get_calendar(calendar.value)
        else:
            raise ScheduleFunctionInvalidCalendar(
                given_calendar=calendar,
                allowed_calendars="[calendars.US_EQUITIES, calendars.US_FUTURES]",
            )
        minutes = self.sim_params.data_frequency == "minute"
        rule = events.make_eventrule(
            events.date_rules.every_day() if date_rule is None else date_rule,
            time_rule if minutes and time_rule is not None else events.time_rules.every_minute(),
            rule_calendar,
            half_days,
        )
        self.add_event(rule, func)

    def add_event(self, rule: EventRule, callback: Callable[[Any, Any], object]) -> None:
        """Have a function called with the context and the data at every bar where a rule holds."""
        from rustybt.utils.events import Event

        event = Event(rule, callback)
        self.event_manager.add_event(event)
        if self._simulation is not None:
            self._simulation.add_event(event)

    def fetch_csv(
        self,
        url: str,
        pre_func: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
        post_func: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
        date_column: str = "date",
        date_format: str | None = None,
        timezone: str = "UTC",
        symbol: str | None = None,
        mask: bool = True,  # noqa: ARG002 - Zipline's signature
        symbol_column: str | None = None,
        special_params_checker: Callable[[str], tuple[str, dict[str, str]]] | None = None,
        country_code: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - pandas' own
    ) -> pd.DataFrame:
        """Read values of the strategy's own from a CSV file; only in `initialize`.

        ``data.current(name_or_asset, column)`` gives the last one known on a day.

        Parameters
        ----------
        url : str
            An address, or the path of a file.
        pre_func, post_func : callable, optional
            Change the frame as it was read, and as it is used.
        date_column : str, default "date"
            The column with the dates.
        date_format : str, optional
            How they are written.
        timezone : str, default "UTC"
            Where they were written.
        symbol : str, optional
            The name of all values, where they are of no asset.
        mask : bool
            Without effect: rows of unknown symbols are always left out.
        symbol_column : str, default "symbol"
            The column with the symbols of assets.
        special_params_checker : callable, optional
            Takes the address; returns the one to be used and parameters for it.
        country_code : str, optional
            Only assets of this country.
        **kwargs
            Passed on to `pandas.read_csv`.

        Returns
        -------
        DataFrame
            What was read.

        Raises
        ------
        FetchError
            If the file cannot be read, or a column is missing.
        """
        from urllib.parse import urlencode

        from rustybt.sources import csv_source

        if special_params_checker is not None:
            url, parameters = special_params_checker(url)
            url = f"{url}?{urlencode(parameters)}" if parameters else url
        frame = csv_source.read(
            url,
            asset_finder=self.asset_finder,
            pre_func=pre_func,
            post_func=post_func,
            date_column=date_column,
            date_format=date_format,
            timezone=timezone,
            symbol=symbol,
            symbol_column=symbol_column,
            country_code=country_code,
            **kwargs,
        )
        self.data_portal.handle_extra_source(frame, self.sim_params)
        return frame

    def set_benchmark(self, benchmark: Asset) -> None:
        """Compare with an asset's returns; only in `initialize`.

        Raises
        ------
        SetBenchmarkOutsideInitialize
            If it is called later.
        """
        if self.initialized:
            raise SetBenchmarkOutsideInitialize
        self.benchmark_sid = benchmark

    def set_slippage(
        self,
        us_equities: SlippageModel | None = None,
        us_futures: SlippageModel | None = None,
    ) -> None:
        """Set how orders are filled; only in `initialize`.

        Raises
        ------
        SetSlippagePostInit
            If it is called later.
        IncompatibleSlippageModel
            If a model is not for that kind of asset.
        """
        if self.initialized:
            raise SetSlippagePostInit
        _set_models(
            self._blotter.slippage_models, us_equities, us_futures, IncompatibleSlippageModel
        )

    def set_commission(
        self,
        us_equities: CommissionModel | None = None,
        us_futures: CommissionModel | None = None,
    ) -> None:
        """Set what fills cost; only in `initialize`.

        Raises
        ------
        SetCommissionPostInit
            If it is called later.
        IncompatibleCommissionModel
            If a model is not for that kind of asset.
        """
        if self.initialized:
            raise SetCommissionPostInit
        _set_models(
            self._blotter.commission_models, us_equities, us_futures, IncompatibleCommissionModel
        )

    def set_cancel_policy(self, cancel_policy: CancelPolicy) -> None:
        """Set when open orders are cancelled; only in `initialize`.

        Raises
        ------
        UnsupportedCancelPolicy
            If it is no CancelPolicy.
        SetCancelPolicyPostInit
            If it is called later.
        """
        from rustybt.finance.cancel_policy import CancelPolicy

        if not isinstance(cancel_policy, CancelPolicy):
            raise UnsupportedCancelPolicy
        if self.initialized:
            raise SetCancelPolicyPostInit
        self._blotter.cancel_policy = cancel_policy

    def set_max_leverage(self, max_leverage: float) -> None:
        """Stop the simulation with an error if the leverage exceeds a limit at a session's end."""
        from rustybt.finance.controls import MaxLeverage

        self.register_account_control(MaxLeverage(max_leverage))

    def set_min_leverage(self, min_leverage: float, grace_period: pd.Timedelta) -> None:
        """Stop with an error if the leverage is below a limit once `grace_period` has passed."""
        from rustybt.finance.controls import MinLeverage

        deadline = self.sim_params.start_session + grace_period
        self.register_account_control(MinLeverage(min_leverage, deadline))

    def set_max_position_size(
        self,
        asset: Asset | None = None,
        max_shares: float | None = None,
        max_notional: float | None = None,
        on_error: OnError = "fail",
    ) -> None:
        """Forbid orders that would make a position larger than a number of shares or a value.

        Parameters
        ----------
        asset : Asset, optional
            Only for this asset; for every asset by default.
        max_shares, max_notional : float, optional
            The limits.
        on_error : {"fail", "log"}, default "fail"
            Whether a forbidden order raises or is logged.
        """
        from rustybt.finance.controls import MaxPositionSize

        self.register_trading_control(
            MaxPositionSize(
                asset=asset, max_shares=max_shares, max_notional=max_notional, on_error=on_error
            )
        )

    def set_max_order_size(
        self,
        asset: Asset | None = None,
        max_shares: float | None = None,
        max_notional: float | None = None,
        on_error: OnError = "fail",
    ) -> None:
        """Forbid orders for more than a number of shares or a value.

        Parameters are those of `set_max_position_size`.
        """
        from rustybt.finance.controls import MaxOrderSize

        self.register_trading_control(
            MaxOrderSize(
                asset=asset, max_shares=max_shares, max_notional=max_notional, on_error=on_error
            )
        )

    def set_max_order_count(self, max_count: int, on_error: OnError = "fail") -> None:
        """Forbid more than a number of orders a day."""
        from rustybt.finance.controls import MaxOrderCount

        self.register_trading_control(MaxOrderCount(on_error, max_count))

    def set_long_only(self, on_error: OnError = "fail") -> None:
        """Forbid orders that would make a position short."""
        from rustybt.finance.controls import LongOnly

        self.register_trading_control(LongOnly(on_error))

    def set_do_not_order_list(
        self, restricted_list: Iterable[Asset], on_error: OnError = "fail"
    ) -> None:
        """Forbid orders for some assets; `set_asset_restrictions` says the same and more."""
        from rustybt.finance.asset_restrictions import StaticRestrictions

        self.set_asset_restrictions(StaticRestrictions(restricted_list), on_error)

    def set_asset_restrictions(
        self,
        restrictions: Any,  # noqa: ANN401 - see below
        on_error: OnError = "fail",
    ) -> None:
        """Forbid orders for assets while they are restricted.

        Parameters
        ----------
        restrictions : rustybt.finance.asset_restrictions.Restrictions
            Tells which assets are restricted when.
        on_error : {"fail", "log"}, default "fail"
            Whether a forbidden order raises or is logged.

        Raises
        ------
        TypeError
            If `restrictions` is something else.
        """
        from rustybt.finance.asset_restrictions import Restrictions
        from rustybt.finance.controls import RestrictedListOrder

        if not isinstance(restrictions, Restrictions):
            raise TypeError(
                "set_asset_restrictions takes an object of rustybt.finance.asset_restrictions, "
                f"got {type(restrictions).__name__}"
            )
        self.register_trading_control(RestrictedListOrder(on_error, restrictions))
        self.restrictions |= restrictions

    def register_trading_control(self, control: TradingControl) -> None:
        """Have a control asked before each order; only in `initialize`.

        Raises
        ------
        RegisterTradingControlPostInit
            If it is called later.
        """
        if self.initialized:
            raise RegisterTradingControlPostInit
        self.trading_controls.append(control)

    def register_account_control(self, control: AccountControl) -> None:
        """Have a control asked at the end of each session; only in `initialize`.

        Raises
        ------
        RegisterAccountControlPostInit
            If it is called later.
        """
        if self.initialized:
            raise RegisterAccountControlPostInit
        self.account_controls.append(control)

    def get_environment(self, field: str = "platform") -> Any:  # noqa: ANN401 - by field
        """Return something about where and how the strategy runs.

        Parameters
        ----------
        field : {"platform", "arena", "data_frequency", "start", "end", "capital_base", "*"}
            What to return; all of it as a dict for "*".

        Raises
        ------
        ValueError
            If it is another field.
        """
        params = self.sim_params
        environment = {
            "arena": params.arena,
            "data_frequency": params.data_frequency,
            "start": params.first_open,
            "end": params.last_close,
            "capital_base": params.capital_base,
            "platform": self._platform,
        }
        if field == "*":
            return environment
        if field not in environment:
            raise ValueError(
                f"{field!r} is not a valid field for get_environment: use one of "
                f"{', '.join(environment)} or *"
            )
        return environment[field]


def _set_models(
    models: dict[Any, Any],
    us_equities: Any,  # noqa: ANN401 - a model of any kind
    us_futures: Any,  # noqa: ANN401
    error: type[IncompatibleSlippageModel | IncompatibleCommissionModel],
) -> None:
    from rustybt.assets import Equity, Future

    for kind, name, model in (
        (Equity, "equities", us_equities),
        (Future, "futures", us_futures),
    ):
        if model is None:
            continue
        if kind not in model.allowed_asset_types:
            raise error(
                asset_type=name,
                given_model=model,
                supported_asset_types=model.allowed_asset_types,
            )
        models[kind] = model
