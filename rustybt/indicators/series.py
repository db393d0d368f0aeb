"""What users pass as series, as arrays the core can read, and results in the form of the input."""

from __future__ import annotations

import operator
import sys
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ArrayT = TypeVar("ArrayT")

# Kinds of dtype that stand for real numbers: bool, signed, unsigned, floating point.
REAL = "biuf"
LARGEST = sys.maxsize


def _as_series(value: object) -> pd.Series | None:
    """Return `value` if it is a Series; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return value if pandas is not None and isinstance(value, pandas.Series) else None


def _as_frame(value: object) -> pd.DataFrame | None:
    """Return `value` if it is a DataFrame; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return value if pandas is not None and isinstance(value, pandas.DataFrame) else None


def _not_real(name: str, dtype: object) -> TypeError:
    return TypeError(
        f"{name} must hold real numbers, got dtype {dtype}; "
        "convert it with astype('float64') first or leave such columns out"
    )


def _from_pandas(name: str, value: pd.Series | pd.DataFrame, dtypes: list[object]) -> object:
    for dtype in dtypes:
        if getattr(dtype, "kind", "O") not in REAL:
            raise _not_real(name, dtype)
    if all(isinstance(dtype, np.dtype) for dtype in dtypes):
        return value.to_numpy()
    # NA of the nullable types has no float to convert to unless one is named.
    return value.to_numpy(dtype="float64", na_value=np.nan)


def _to_array(name: str, value: object) -> NDArray[np.generic]:
    if (series := _as_series(value)) is not None:
        value = _from_pandas(name, series, [series.dtype])
    elif (frame := _as_frame(value)) is not None:
        value = _from_pandas(name, frame, list(frame.dtypes))
    elif isinstance(value, np.ma.MaskedArray):
        if value.dtype.kind not in REAL:
            raise _not_real(name, value.dtype)
        value = np.where(np.ma.getmaskarray(value), np.nan, np.ma.getdata(value))
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{name} must be a series or a matrix, got rows of different lengths"
        ) from error


def as_float64(name: str, value: object) -> NDArray[np.float64]:
    """Return `value` as a float64 array of one or two dimensions, itself wherever possible.

    Raises
    ------
    TypeError
        If it does not hold real numbers.
    ValueError
        If it has no or more than two dimensions, or rows of different lengths.
    """
    array = _to_array(name, value)
    if array.dtype.kind not in REAL:
        raise _not_real(name, array.dtype)
    if array.ndim not in {1, 2}:
        raise ValueError(
            f"{name} must have 1 dimension (time) or 2 (time, asset), "
            f"got an array of shape {array.shape}"
        )
    converted = np.asarray(array, dtype=np.float64)
    whole = converted.flags.aligned and all(stride % 8 == 0 for stride in converted.strides)
    return converted if whole else converted.copy()


def aligned(names: tuple[str, ...], values: tuple[object, ...]) -> tuple[NDArray[np.float64], ...]:
    """Return several series as float64 arrays, after making sure that their rows belong together.

    Raises
    ------
    ValueError
        If the shapes differ, or the labels of two pandas objects do.
    TypeError
        As for `as_float64`.
    """
    arrays = tuple(as_float64(name, value) for name, value in zip(names, values, strict=True))
    labelled = [
        (name, value)
        for name, value in zip(names, values, strict=True)
        if _as_series(value) is not None or _as_frame(value) is not None
    ]
    for name, array in zip(names[1:], arrays[1:], strict=True):
        if array.shape != arrays[0].shape:
            raise ValueError(
                f"{names[0]} and {name} must have the same shape, "
                f"got {arrays[0].shape} and {array.shape}; numpy.broadcast_to repeats one "
                "series over several columns without copying it"
            )
    for name, value in labelled[1:]:
        first_name, first = labelled[0]
        for axes in ("index", "columns"):
            mine, other = getattr(first, axes, None), getattr(value, axes, None)
            if mine is not None and other is not None and not mine.equals(other):
                raise ValueError(
                    f"{first_name} and {name} have different {axes} labels; "
                    f"align them first, as with {first_name}.align({name}, join='inner')"
                )
    return arrays


def like(result: NDArray[np.float64], source: ArrayT, *others: object) -> ArrayT:
    """Return `result` in the form of the first pandas object among the sources, else as it is."""
    for candidate in (source, *others):
        made: object = None
        if (series := _as_series(candidate)) is not None:
            made = type(series)(result, index=series.index, name=series.name, copy=False)
        elif (frame := _as_frame(candidate)) is not None:
            made = type(frame)(result, index=frame.index, columns=frame.columns, copy=False)
        if made is not None:
            return cast("ArrayT", made)
    return cast("ArrayT", result)


def integer(name: str, value: object, least: int) -> int:
    """Return `value` as an int of at least `least`.

    Raises
    ------
    TypeError
        If it is not an integer (a bool is not).
    ValueError
        If it is too small or larger than any array.
    """
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"{name} must be an integer, got {value!r} of type {type(value).__name__}"
        ) from None
    if not least <= number <= LARGEST:
        raise ValueError(f"{name} must be at least {least} and at most {LARGEST}, got {number}")
    return number


def optional_integer(name: str, value: object, least: int) -> int | None:
    """Return `integer(...)` of a value that may be None."""
    return None if value is None else integer(name, value, least)


def real(name: str, value: object) -> float:
    """Return `value` as a finite float.

    Raises
    ------
    TypeError
        If it is not a real number.
    ValueError
        If it is NaN or infinite.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = None
    # numpy reads digits in text, and some of its versions take an array of one for a number.
    if array is None or array.ndim or isinstance(value, (str, bytes)):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    number = float(array)
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")
    return number
