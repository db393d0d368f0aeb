from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, Literal, Self, SupportsFloat, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from typing_extensions import disjoint_base

from rustybt.lib.labelarray import LabelArray

__all__ = [
    "ADD",
    "MULTIPLY",
    "OVERWRITE",
    "Adjustment",
    "AdjustmentKind",
    "ArrayAdjustment",
    "Boolean1DArrayOverwrite",
    "BooleanOverwrite",
    "Datetime64Overwrite",
    "Datetime641DArrayOverwrite",
    "Float64Add",
    "Float64Adjustment",
    "Float64Multiply",
    "Float64Overwrite",
    "Float641DArrayOverwrite",
    "Int64Overwrite",
    "Object1DArrayOverwrite",
    "ObjectOverwrite",
    "choose_adjustment_type",
    "get_adjustment_locs",
    "in_order",
    "make_adjustment_from_indices",
    "make_adjustment_from_labels",
]

_Dates: TypeAlias = pd.DatetimeIndex | NDArray[np.datetime64]
_Assets: TypeAlias = pd.Index[Any] | ArrayLike
_Moment: TypeAlias = pd.Timestamp | np.datetime64
_Values: TypeAlias = ArrayLike | Sequence[object]
_End: TypeAlias = _Moment | str | None

class AdjustmentKind(IntEnum):
    MULTIPLY = 0
    ADD = 1
    OVERWRITE = 2

MULTIPLY: Final = AdjustmentKind.MULTIPLY
ADD: Final = AdjustmentKind.ADD
OVERWRITE: Final = AdjustmentKind.OVERWRITE

@disjoint_base
class Adjustment:
    @property
    def first_row(self) -> int: ...
    @property
    def last_row(self) -> int: ...
    @property
    def first_col(self) -> int: ...
    @property
    def last_col(self) -> int: ...
    @property
    def dtype(self) -> np.dtype[Any] | None: ...
    def __init__(self, first_row: int, last_row: int, first_col: int, last_col: int) -> None: ...
    @classmethod
    def from_assets_and_dates(
        cls,
        dates_index: _Dates,
        assets_index: _Assets,
        start_date: _End,
        end_date: _End,
        asset_id: int,
        value: object,
    ) -> Self: ...
    def mutate(self, array: LabelArray | NDArray[Any]) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@disjoint_base
class Float64Adjustment(Adjustment):
    @property
    def value(self) -> float: ...
    def __init__(
        self, first_row: int, last_row: int, first_col: int, last_col: int, value: SupportsFloat
    ) -> None: ...

class Float64Multiply(Float64Adjustment): ...
class Float64Add(Float64Adjustment): ...
class Float64Overwrite(Float64Adjustment): ...

@disjoint_base
class Int64Overwrite(Adjustment):
    @property
    def value(self) -> int: ...
    def __init__(
        self,
        first_row: int,
        last_row: int,
        first_col: int,
        last_col: int,
        value: int | np.integer[Any],
    ) -> None: ...

@disjoint_base
class Datetime64Overwrite(Adjustment):
    @property
    def value(self) -> int: ...
    def __init__(
        self,
        first_row: int,
        last_row: int,
        first_col: int,
        last_col: int,
        value: _Moment,
    ) -> None: ...

@disjoint_base
class BooleanOverwrite(Adjustment):
    @property
    def value(self) -> bool: ...
    def __init__(
        self,
        first_row: int,
        last_row: int,
        first_col: int,
        last_col: int,
        value: bool | np.bool_ | Literal[0, 1],
    ) -> None: ...

@disjoint_base
class ObjectOverwrite(Adjustment):
    @property
    def value(self) -> object: ...
    def __init__(
        self,
        first_row: int,
        last_row: int,
        first_col: int,
        last_col: int,
        value: object,
    ) -> None: ...

@disjoint_base
class ArrayAdjustment(Adjustment):
    @property
    def values(self) -> NDArray[Any]: ...
    def __init__(
        self, first_row: int, last_row: int, first_col: int, last_col: int, values: _Values
    ) -> None: ...

class Float641DArrayOverwrite(ArrayAdjustment): ...
class Datetime641DArrayOverwrite(ArrayAdjustment): ...
class Boolean1DArrayOverwrite(ArrayAdjustment): ...
class Object1DArrayOverwrite(ArrayAdjustment): ...

def choose_adjustment_type(
    adjustment_kind: AdjustmentKind | int, value: object
) -> type[Adjustment]: ...
def make_adjustment_from_indices(
    first_row: int,
    last_row: int,
    first_column: int,
    last_column: int,
    adjustment_kind: AdjustmentKind | int,
    value: object,
) -> Adjustment: ...
def make_adjustment_from_labels(
    dates_index: _Dates,
    assets_index: _Assets,
    start_date: _End,
    end_date: _End,
    asset_id: int,
    adjustment_kind: AdjustmentKind | int,
    value: object,
) -> Adjustment: ...
def get_adjustment_locs(
    dates_index: _Dates,
    assets_index: _Assets,
    start_date: _End,
    end_date: _End,
    asset_id: int,
) -> tuple[int, int, int]: ...
def in_order(
    adjustments: Mapping[int, Sequence[Adjustment]], shape: tuple[int, ...]
) -> tuple[list[int], list[Adjustment]]: ...
