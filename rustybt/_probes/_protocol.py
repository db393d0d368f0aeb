"""Known answers of `rustybt._protocol`."""

from types import SimpleNamespace

import numpy as np

from rustybt import _protocol


def probe() -> tuple[object, object]:
    """Return (computed, expected) closes before and after a split of two for one."""
    source = SimpleNamespace(
        range=lambda _: (1, 4),
        column=lambda _asset, _field: np.array([10.0, np.nan, 6.0, 7.0]),
        adjustments=lambda _: (np.array([3]), np.array([0.5]), np.array([2.0]), False),
        decimals=lambda _: 3,
    )
    asset = SimpleNamespace(start_date=None, end_date=None)
    bars = _protocol.AssetBars(asset, _protocol.Axis(np.arange(6)), source, (0, 5))

    computed = [bars.values("close", 1, 5, seen_from).tolist()[::2] for seen_from in (2, 4)]
    return computed, [[10.0, 6.0], [5.0, 6.0]]
