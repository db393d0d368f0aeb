"""What a caller may name an asset by."""

from __future__ import annotations

from abc import ABC
from numbers import Integral

from rustybt.assets._assets import Asset, Future
from rustybt.assets.continuous_futures import ContinuousFuture


class AssetConvertible(ABC):  # noqa: B024 - classes are registered with it
    """What stands for one asset: an Asset, a str (its symbol) or an integer (its sid)."""


AssetConvertible.register(Integral)  # type: ignore[type-abstract]
AssetConvertible.register(Asset)
AssetConvertible.register(str)


class NotAssetConvertible(ValueError):  # noqa: N818 - Zipline's name
    """An object stands for no asset."""


class PricingDataAssociable(ABC):  # noqa: B024 - classes are registered with it
    """What has prices: an Asset or a ContinuousFuture."""


PricingDataAssociable.register(Asset)
PricingDataAssociable.register(Future)
PricingDataAssociable.register(ContinuousFuture)
