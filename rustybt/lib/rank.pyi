from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Method: TypeAlias = Literal["ordinal", "average", "min", "max", "dense"]
_Rankable: TypeAlias = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.datetime64]
_Mask: TypeAlias = NDArray[np.bool_] | NDArray[np.uint8]

def rankdata_1d_descending(data: _Rankable, method: _Method) -> NDArray[np.float64]: ...
def rankdata_2d_ordinal(array: _Rankable) -> NDArray[np.float64]: ...
def rankdata_2d_f64(
    array: NDArray[np.float64],
    method: _Method = "ordinal",
    ascending: bool = True,
    mask: _Mask | None = None,
) -> NDArray[np.float64]: ...
def masked_rankdata_2d(
    data: _Rankable,
    mask: _Mask,
    missing_value: object,
    method: _Method,
    ascending: bool,
) -> NDArray[np.float64]: ...
def grouped_masked_is_maximal(
    data: _Rankable,
    groupby: NDArray[np.int64],
    mask: _Mask,
) -> NDArray[np.bool_]: ...
def is_missing(data: NDArray[Any], missing_value: object) -> NDArray[np.bool_]: ...
