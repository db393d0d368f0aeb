from typing import Any

import numpy as np
from numpy.typing import NDArray

def _minute_to_session_open(
    close_locs: NDArray[np.intp], data: NDArray[np.float64], out: NDArray[np.float64]
) -> None: ...
def _minute_to_session_high(
    close_locs: NDArray[np.intp], data: NDArray[np.float64], out: NDArray[np.float64]
) -> None: ...
def _minute_to_session_low(
    close_locs: NDArray[np.intp], data: NDArray[np.float64], out: NDArray[np.float64]
) -> None: ...
def _minute_to_session_close(
    close_locs: NDArray[np.intp], data: NDArray[np.float64], out: NDArray[np.float64]
) -> None: ...
def _minute_to_session_volume(
    close_locs: NDArray[np.intp], data: NDArray[Any], out: NDArray[Any]
) -> None: ...
