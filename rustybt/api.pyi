# ruff: noqa: ANN401 - where a strategy may pass or get values of any kind
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from rustybt.assets import Asset, ContinuousFuture, Equity, Future
from rustybt.finance import cancel_policy as cancel_policy
from rustybt.finance import commission as commission
from rustybt.finance import execution as execution
from rustybt.finance import slippage as slippage
from rustybt.finance.asset_restrictions import RESTRICTION_STATES as RESTRICTION_STATES
from rustybt.finance.asset_restrictions import HistoricalRestrictions as HistoricalRestrictions
from rustybt.finance.asset_restrictions import Restriction as Restriction
from rustybt.finance.asset_restrictions import StaticRestrictions as StaticRestrictions
from rustybt.finance.cancel_policy import CancelPolicy
from rustybt.finance.cancel_policy import EODCancel as EODCancel
from rustybt.finance.cancel_policy import NeverCancel as NeverCancel
from rustybt.finance.commission import CommissionModel
from rustybt.finance.controls import OnError
from rustybt.finance.execution import ExecutionStyle
from rustybt.finance.slippage import FixedBasisPointsSlippage as FixedBasisPointsSlippage
from rustybt.finance.slippage import FixedSlippage as FixedSlippage
from rustybt.finance.slippage import SlippageModel
from rustybt.finance.slippage import VolumeShareSlippage as VolumeShareSlippage
from rustybt.pipeline import Pipeline
from rustybt.utils import events as events
from rustybt.utils.events import EventRule
from rustybt.utils.events import calendars as calendars
from rustybt.utils.events import date_rules as date_rules
from rustybt.utils.events import time_rules as time_rules

__all__ = [
    "RESTRICTION_STATES",
    "EODCancel",
    "FixedBasisPointsSlippage",
    "FixedSlippage",
    "HistoricalRestrictions",
    "NeverCancel",
    "Restriction",
    "StaticRestrictions",
    "VolumeShareSlippage",
    "attach_pipeline",
    "batch_market_order",
    "calendars",
    "cancel_order",
    "cancel_policy",
    "commission",
    "continuous_future",
    "date_rules",
    "events",
    "execution",
    "fetch_csv",
    "future_symbol",
    "get_datetime",
    "get_environment",
    "get_open_orders",
    "get_order",
    "order",
    "order_percent",
    "order_target",
    "order_target_percent",
    "order_target_value",
    "order_value",
    "pipeline_output",
    "record",
    "schedule_function",
    "set_asset_restrictions",
    "set_benchmark",
    "set_cancel_policy",
    "set_commission",
    "set_do_not_order_list",
    "set_long_only",
    "set_max_leverage",
    "set_max_order_count",
    "set_max_order_size",
    "set_max_position_size",
    "set_min_leverage",
    "set_slippage",
    "set_symbol_lookup_date",
    "sid",
    "slippage",
    "symbol",
    "symbols",
    "time_rules",
]

def attach_pipeline(
    pipeline: Pipeline,
    name: str,
    chunks: int | Iterable[int] | None = None,
    eager: bool = True,
) -> Pipeline: ...
def batch_market_order(share_counts: pd.Series[int]) -> list[str | None]: ...
def cancel_order(order_param: Any) -> None: ...
def continuous_future(
    root_symbol_str: str, offset: int = 0, roll: str = "volume", adjustment: str | None = "mul"
) -> ContinuousFuture: ...
def fetch_csv(
    url: str,
    pre_func: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    post_func: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    date_column: str = "date",
    date_format: str | None = None,
    timezone: str = "UTC",
    symbol: str | None = None,
    mask: bool = True,
    symbol_column: str | None = None,
    special_params_checker: Callable[[str], tuple[str, dict[str, str]]] | None = None,
    country_code: str | None = None,
    **kwargs: Any,
) -> pd.DataFrame: ...
def future_symbol(symbol: str) -> Future: ...
def get_datetime(tz: Any = None) -> pd.Timestamp: ...
def get_environment(field: str = "platform") -> Any: ...
def get_open_orders(asset: Asset | None = None) -> Any: ...
def get_order(order_id: str) -> Any: ...
def order(
    asset: Asset,
    amount: float,
    limit_price: float | None = None,
    stop_price: float | None = None,
    style: ExecutionStyle | None = None,
) -> str | None: ...
def order_percent(
    asset: Asset,
    percent: float,
    limit_price: float | None = None,
    stop_price: float | None = None,
    style: ExecutionStyle | None = None,
) -> str | None: ...
def order_target(
    asset: Asset,
    target: float,
    limit_price: float | None = None,
    stop_price: float | None = None,
    style: ExecutionStyle | None = None,
) -> str | None: ...
def order_target_percent(
    asset: Asset,
    target: float,
    limit_price: float | None = None,
    stop_price: float | None = None,
    style: ExecutionStyle | None = None,
) -> str | None: ...
def order_target_value(
    asset: Asset,
    target: float,
    limit_price: float | None = None,
    stop_price: float | None = None,
    style: ExecutionStyle | None = None,
) -> str | None: ...
def order_value(
    asset: Asset,
    value: float,
    limit_price: float | None = None,
    stop_price: float | None = None,
    style: ExecutionStyle | None = None,
) -> str | None: ...
def pipeline_output(name: str) -> pd.DataFrame: ...
def record(*args: Any, **kwargs: Any) -> None: ...
def schedule_function(
    func: Callable[[Any, Any], object],
    date_rule: EventRule | None = None,
    time_rule: EventRule | None = None,
    half_days: bool = True,
    calendar: calendars | None = None,
) -> None: ...
def set_asset_restrictions(restrictions: Any, on_error: OnError = "fail") -> None: ...
def set_benchmark(benchmark: Asset) -> None: ...
def set_cancel_policy(cancel_policy: CancelPolicy) -> None: ...
def set_commission(
    us_equities: CommissionModel | None = None, us_futures: CommissionModel | None = None
) -> None: ...
def set_do_not_order_list(restricted_list: Iterable[Asset], on_error: OnError = "fail") -> None: ...
def set_long_only(on_error: OnError = "fail") -> None: ...
def set_max_leverage(max_leverage: float) -> None: ...
def set_max_order_count(max_count: int, on_error: OnError = "fail") -> None: ...
def set_max_order_size(
    asset: Asset | None = None,
    max_shares: float | None = None,
    max_notional: float | None = None,
    on_error: OnError = "fail",
) -> None: ...
def set_max_position_size(
    asset: Asset | None = None,
    max_shares: float | None = None,
    max_notional: float | None = None,
    on_error: OnError = "fail",
) -> None: ...
def set_min_leverage(min_leverage: float, grace_period: pd.Timedelta) -> None: ...
def set_slippage(
    us_equities: SlippageModel | None = None, us_futures: SlippageModel | None = None
) -> None: ...
def set_symbol_lookup_date(dt: Any) -> None: ...
def sid(sid: int) -> Asset: ...
def symbol(symbol_str: str, country_code: str | None = None) -> Equity: ...
def symbols(*args: str, **kwargs: str | None) -> list[Equity]: ...
