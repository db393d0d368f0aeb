"""Known answers of `rustybt.gens.sim_engine`."""

import numpy as np

from rustybt.gens import sim_engine


def probe() -> tuple[object, object]:
    """Return (computed, expected) events of a session of three minutes and one of one."""
    clock = sim_engine.MinuteSimulationClock(
        np.array(["2020-01-02", "2020-01-03"], dtype="M8[D]"),
        np.array(["2020-01-02T14:31", "2020-01-03T14:31"], dtype="M8[m]"),
        np.array(["2020-01-02T14:33", "2020-01-03T14:31"], dtype="M8[m]"),
        np.array(["2020-01-02T14:32", "2020-01-03T13:45"], dtype="M8[m]"),
        minute_emission=True,
    )

    computed = [f"{time:%d %H:%M} {event}" for time, event in clock]
    expected = [
        "02 00:00 1",
        "02 14:31 0",
        "02 14:31 3",
        "02 14:32 4",
        "02 14:32 0",
        "02 14:32 3",
        "02 14:33 0",
        "02 14:33 3",
        "02 14:33 2",
        "03 00:00 1",
        "03 13:45 4",
        "03 14:31 0",
        "03 14:31 3",
        "03 14:31 2",
    ]
    return computed, expected
