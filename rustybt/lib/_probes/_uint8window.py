"""Known answer of `rustybt.lib._uint8window`."""

from __future__ import annotations

import numpy as np

from rustybt.lib._uint8window import AdjustedArrayWindow
from rustybt.lib.adjustment import BooleanOverwrite


def probe() -> tuple[object, object]:
    adjustments = {
        2: [BooleanOverwrite(1, 1, 0, 0, True)],
        3: [BooleanOverwrite(2, 3, 0, 0, False)],
    }
    windows = AdjustedArrayWindow(
        np.array([[1], [0], [1], [1]], dtype=np.uint8),
        {"dtype": np.dtype(np.bool_)},
        adjustments,
        0,
        2,
        0,
        None,
    )
    computed = [window.ravel().tolist() for window in windows]
    return computed, [[True, False], [True, True], [False, False]]
