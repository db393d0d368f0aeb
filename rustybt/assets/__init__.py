"""Assets: what a strategy can own, and where it is traded.

The compiled module behind these names is imported when one of them is first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rustybt.assets._assets import Asset, Equity, Future, make_asset_array
    from rustybt.assets.exchange_info import ExchangeInfo

__all__ = ["Asset", "Equity", "ExchangeInfo", "Future", "make_asset_array"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    home = "exchange_info" if name == "ExchangeInfo" else "_assets"
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
