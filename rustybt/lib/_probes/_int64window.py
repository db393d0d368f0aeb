"""Known answer of `rustybt.lib._int64window`."""

from __future__ import annotations

import numpy as np

from rustybt.lib._int64window import AdjustedArrayWindow
from rustybt.lib.adjustment import Adjustment, Datetime64Overwrite, Int64Overwrite


def probe() -> tuple[object, object]:
    adjustments: dict[int, list[Adjustment]] = {
        2: [Int64Overwrite(0, 1, 0, 0, 7)],
        3: [Datetime64Overwrite(2, 3, 0, 0, np.datetime64(5, "ns"))],
    }
    windows = AdjustedArrayWindow(np.array([[1], [2], [3], [4]]), {}, adjustments, 0, 2, 0, None)
    computed = [window.ravel().tolist() for window in windows]
    return computed, [[1, 2], [7, 3], [5, 5]]
