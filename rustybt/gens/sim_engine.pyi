from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import disjoint_base

BAR: Final = 0
SESSION_START: Final = 1
SESSION_END: Final = 2
MINUTE_END: Final = 3
BEFORE_TRADING_START_BAR: Final = 4
NANOS_IN_MINUTE: Final[int]

_Times: TypeAlias = pd.DatetimeIndex | pd.Series[pd.Timestamp] | NDArray[np.datetime64]

@disjoint_base
class MinuteSimulationClock:
    def __init__(
        self,
        sessions: _Times,
        market_opens: _Times,
        market_closes: _Times,
        before_trading_start_minutes: _Times,
        minute_emission: bool = False,
    ) -> None: ...
    def __iter__(self) -> Iterator[tuple[pd.Timestamp, Literal[0, 1, 2, 3, 4]]]: ...
    def __reduce__(self) -> tuple[type[MinuteSimulationClock], tuple[Any, ...]]: ...
