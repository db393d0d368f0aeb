"""Known answers of `rustybt.data._minute_bar_internal`."""

import numpy as np

from rustybt.data._minute_bar_internal import MarketMinutes

MINUTE = 60_000_000_000


def probe() -> tuple[object, object]:
    """Return (computed, expected) positions in a session of three minutes and one of two."""
    minutes = MarketMinutes(np.array([10, 20]) * MINUTE, np.array([12, 21]) * MINUTE)

    computed = [
        *(minutes.values() // MINUTE).tolist(),
        minutes.find_position_of_minute(21 * MINUTE),
        minutes.find_position_of_minute(15 * MINUTE, forward_fill=True),
        minutes.find_last_traded_position(np.array([0.0, 5.0, 0.0, 0.0, 0.0]), 20 * MINUTE),
    ]
    return computed, [10, 11, 12, 20, 21, 4, 2, 1]
