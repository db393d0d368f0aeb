"""Known answers of `rustybt.data._equities`."""

import numpy as np

from rustybt.data._equities import BarColumns


def probe() -> tuple[object, object]:
    """Return (computed, expected) bars of one asset that trades first and last on three days."""
    close = np.array([10.0, np.nan, 12.0])
    bars = BarColumns(
        np.array([7]),
        np.array([0, 1, 2, 3]),
        np.array([1], dtype=np.intp),
        np.array([3], dtype=np.intp),
        open=close,
        high=close,
        low=close,
        close=close,
        volume=np.array([100.0, 0.0, 300.0]),
    )

    computed = [bars.position(7), bars.last_traded(0, 2), *bars.window("volume", 0, 0, 4)]
    return computed, [0, 1, 0.0, 100.0, 0.0, 300.0]
