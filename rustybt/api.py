"""The functions that a strategy calls, each of them a method of the algorithm that is running.

They import nothing until they are used: what else a strategy may take from here (the rules of
:func:`schedule_function`, models of costs, restrictions) is looked up when it is asked for. Their
signatures and what they do are documented at :class:`rustybt.algorithm.TradingAlgorithm`.
"""

from __future__ import annotations

from rustybt.utils.algo_instance import get_algo_instance

TYPE_CHECKING = False  # importing typing would cost more than this whole module
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_METHODS = (
    "attach_pipeline",
    "batch_market_order",
    "cancel_order",
    "continuous_future",
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
    "symbol",
    "symbols",
)

_HOMES = {
    "EODCancel": "rustybt.finance.cancel_policy",
    "FixedBasisPointsSlippage": "rustybt.finance.slippage",
    "FixedSlippage": "rustybt.finance.slippage",
    "HistoricalRestrictions": "rustybt.finance.asset_restrictions",
    "NeverCancel": "rustybt.finance.cancel_policy",
    "RESTRICTION_STATES": "rustybt.finance.asset_restrictions",
    "Restriction": "rustybt.finance.asset_restrictions",
    "StaticRestrictions": "rustybt.finance.asset_restrictions",
    "VolumeShareSlippage": "rustybt.finance.slippage",
    "calendars": "rustybt.utils.events",
    "cancel_policy": "rustybt.finance",
    "commission": "rustybt.finance",
    "date_rules": "rustybt.utils.events",
    "events": "rustybt.utils",
    "execution": "rustybt.finance",
    "slippage": "rustybt.finance",
    "time_rules": "rustybt.utils.events",
}

__all__ = sorted([*_METHODS, *_HOMES])  # noqa: PLE0605 - two lists of names, sorted


def _function(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the signature is the method's
        algorithm = get_algo_instance()
        if algorithm is None:
            raise RuntimeError(
                f"{name} is for strategies: call it while rustybt.run_algorithm runs one"
            )
        return getattr(algorithm, name)(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"See `rustybt.algorithm.TradingAlgorithm.{name}`."
    return call


for _name in _METHODS:
    globals()[_name] = _function(_name)
del _name


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    from importlib import import_module

    home = _HOMES[name]
    if home in {"rustybt.finance", "rustybt.utils"}:
        value: object = import_module(f"{home}.{name}")
    else:
        value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
