"""Known answers of `rustybt.gens._simulation`."""

import numpy as np

from rustybt.gens import _simulation


def probe() -> tuple[object, object]:
    """Return (computed, expected) choices of the first candidates of days of ten."""
    bars = np.array([0, 4, 8, 11, 13, 20, 30])
    candidates = np.array([4, 8, 13, 20, 30])
    chosen = _simulation.first_of_each_day(bars, candidates, 10)
    # The first day begins with bar 0, the next with 11, the last with 30.
    return chosen.tolist(), [True, False, True, False, True]
