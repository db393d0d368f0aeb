from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, Self, final

import numpy as np
from numpy.typing import NDArray

from rustybt.lib._exhausted import Exhausted
from rustybt.lib.adjustment import Adjustment

__all__ = ["AdjustedArrayWindow", "Exhausted"]

@final
class AdjustedArrayWindow(Iterator[NDArray[Any]]):
    @property
    def view_kwargs(self) -> dict[str, Any]: ...
    @property
    def window_length(self) -> int: ...
    def __new__(
        cls,
        data: NDArray[np.int64],
        view_kwargs: Mapping[str, Any],
        adjustments: Mapping[int, Sequence[Adjustment]],
        offset: int,
        window_length: int,
        perspective_offset: int,
        rounding_places: int | None,
    ) -> Self: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> NDArray[Any]: ...
    def seek(self, target_ix: int) -> NDArray[Any]: ...
    def __reduce__(self) -> NoReturn: ...
