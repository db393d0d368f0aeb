"""Known answers of `rustybt.data._resample`."""

import numpy as np

from rustybt.data._resample import (
    _minute_to_session_close,
    _minute_to_session_high,
    _minute_to_session_low,
    _minute_to_session_open,
    _minute_to_session_volume,
)


def probe() -> tuple[object, object]:
    """Return (computed, expected) sessions of ten minutes, one session without a trade."""
    nan = float("nan")
    closes = np.array([3, 5, 9], dtype=np.intp)
    prices = np.array([nan, 2.5, -4, 1, nan, nan, 6, 9, 7, nan])
    volumes = np.array([0, 10, 20, 5, 0, 0, 1, 2, 3, 0], dtype=np.uint32)

    computed = []
    for aggregate in (
        _minute_to_session_open,
        _minute_to_session_high,
        _minute_to_session_low,
        _minute_to_session_close,
    ):
        sessions = np.zeros(3)
        aggregate(closes, prices, sessions)
        computed.append(np.where(np.isnan(sessions), 0, sessions).tolist())
    totals = np.zeros(3, dtype=np.uint32)
    _minute_to_session_volume(closes, volumes, totals)
    computed.append(totals.tolist())

    expected = [[2.5, 0, 6], [2.5, 0, 9], [-4, 0, 6], [1, 0, 7], [35, 0, 6]]
    return computed, expected
