from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from rustybt._protocol import BarData
from rustybt.algorithm import TradingAlgorithm
from rustybt.finance.metrics.tracker import MetricsTracker
from rustybt.utils.events import Event

@disjoint_base
class Scheduled:
    def __init__(self, event: Event, bars: NDArray[np.int64]) -> None: ...

@disjoint_base
class Simulation:
    def __init__(
        self,
        algorithm: TradingAlgorithm,
        tracker: MetricsTracker,
        data: BarData,
        labels: pd.DatetimeIndex,
        before_trading_starts: NDArray[np.int64] | None,
        minutes: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> None: ...
    @property
    def packets(self) -> list[dict[str, Any]]: ...
    def add_event(self, event: Event) -> None: ...
    def run(self) -> None: ...

def first_of_each_day(
    bars: NDArray[np.int64], candidates: NDArray[np.int64], day: int
) -> NDArray[np.bool_]: ...
