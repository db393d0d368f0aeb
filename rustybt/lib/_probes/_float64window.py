"""Known answer of `rustybt.lib._float64window`."""

from __future__ import annotations

import numpy as np

from rustybt.lib._float64window import AdjustedArrayWindow
from rustybt.lib.adjustment import Adjustment, Float64Add, Float64Multiply


def probe() -> tuple[object, object]:
    adjustments: dict[int, list[Adjustment]] = {
        2: [Float64Multiply(0, 1, 0, 0, 0.5)],
        3: [Float64Add(0, 3, 0, 0, 1.0)],
    }
    windows = AdjustedArrayWindow(
        np.array([[2.0], [4.0], [8.0], [16.0]]), {}, adjustments, 0, 2, 0, None
    )
    computed = [window.ravel().tolist() for window in windows]
    return computed, [[2.0, 4.0], [2.0, 8.0], [9.0, 17.0]]
