from collections.abc import Iterable
from typing import Any, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Label: TypeAlias = str | bytes | None
_Factorized: TypeAlias = tuple[
    NDArray[np.unsignedinteger[Any]], NDArray[np.object_], dict[Any, int]
]

def smallest_uint_that_can_hold(
    maxval: SupportsIndex,
) -> np.dtype[np.unsignedinteger[Any]]: ...
def factorize_strings(
    values: NDArray[Any],
    missing_value: _Label,
    sort: bool,
) -> _Factorized: ...
def factorize_strings_known_categories(
    values: NDArray[Any],
    categories: Iterable[_Label],
    missing_value: _Label,
    sort: bool,
) -> _Factorized: ...
