"""Assets: what a strategy can own, where it is traded, and the database it is found in.

A module behind these names is imported when one of its names is first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rustybt.assets._assets import Asset, Equity, Future, make_asset_array
    from rustybt.assets.asset_db_schema import ASSET_DB_VERSION
    from rustybt.assets.asset_writer import AssetDBWriter
    from rustybt.assets.assets import AssetFinder
    from rustybt.assets.continuous_futures import (
        CHAIN_PREDICATES,
        ContinuousFuture,
        OrderedContracts,
    )
    from rustybt.assets.convertible import (
        AssetConvertible,
        NotAssetConvertible,
        PricingDataAssociable,
    )
    from rustybt.assets.exchange_info import ExchangeInfo

__all__ = [
    "ASSET_DB_VERSION",
    "CHAIN_PREDICATES",
    "Asset",
    "AssetConvertible",
    "AssetDBWriter",
    "AssetFinder",
    "ContinuousFuture",
    "Equity",
    "ExchangeInfo",
    "Future",
    "NotAssetConvertible",
    "OrderedContracts",
    "PricingDataAssociable",
    "make_asset_array",
]

_HOMES = {
    "ASSET_DB_VERSION": "asset_db_schema",
    "Asset": "_assets",
    "AssetConvertible": "convertible",
    "AssetDBWriter": "asset_writer",
    "AssetFinder": "assets",
    "CHAIN_PREDICATES": "continuous_futures",
    "ContinuousFuture": "continuous_futures",
    "Equity": "_assets",
    "ExchangeInfo": "exchange_info",
    "Future": "_assets",
    "NotAssetConvertible": "convertible",
    "OrderedContracts": "continuous_futures",
    "PricingDataAssociable": "convertible",
    "make_asset_array": "_assets",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
