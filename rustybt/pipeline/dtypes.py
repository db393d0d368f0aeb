"""The dtypes that terms may have, and what stands for a missing value in each."""

from __future__ import annotations

from typing import Any

import numpy as np

from rustybt.errors import DTypeNotSpecified, NotDType, UnsupportedDType
from rustybt.pipeline.sentinels import NotSpecified

BOOL = np.dtype(np.bool_)
FLOAT64 = np.dtype(np.float64)
INT64 = np.dtype(np.int64)
DATETIME64 = np.dtype("datetime64[ns]")
OBJECT = np.dtype(object)

CLASSIFIER_DTYPES = frozenset({OBJECT, INT64})
FACTOR_DTYPES = frozenset({DATETIME64, FLOAT64, INT64})
FILTER_DTYPES = frozenset({BOOL})

_MISSING: dict[np.dtype[Any], object] = {
    BOOL: False,
    FLOAT64: np.nan,
    DATETIME64: np.datetime64("NaT", "ns"),
    OBJECT: None,
}


class NoDefaultMissingValue(Exception):  # noqa: N818 - Zipline's name
    """A dtype, int64, has no value that could stand for a missing one."""


def checked_dtype(name: str, dtype: Any, missing_value: Any) -> tuple[np.dtype[Any], Any]:
    """Return the dtype of a term and what stands for a missing value of it.

    Parameters
    ----------
    name : str
        What the errors call the term.
    dtype : dtype-like
        bool, int64, float64, datetime64[ns] or object (strings).
    missing_value : object
        `NotSpecified` for the usual one: False, NaN, NaT, None; int64 has none.

    Raises
    ------
    DTypeNotSpecified, NotDType, UnsupportedDType
        If `dtype` was left out, is no dtype or is another one.
    NoDefaultMissingValue
        If an int64 term has no missing value.
    TypeError
        If the dtype cannot hold the missing value.
    """
    if dtype is NotSpecified:
        raise DTypeNotSpecified(termname=name)
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise NotDType(dtype=dtype, termname=name) from None
    if kind not in CLASSIFIER_DTYPES | FACTOR_DTYPES | FILTER_DTYPES:
        raise UnsupportedDType(dtype=kind, termname=name)
    if missing_value is NotSpecified:
        if kind not in _MISSING:
            raise NoDefaultMissingValue(
                f"{name} has dtype {kind}, in which no value means missing: pass missing_value"
            )
        return kind, _MISSING[kind]
    try:
        coerced(missing_value, kind)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"missing_value {missing_value!r} of {name} does not fit its dtype {kind}: {error}"
        ) from None
    return kind, missing_value


def coerced(value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a value as a dtype holds it.

    Raises
    ------
    TypeError
        If it would have to change.
    """
    if dtype == OBJECT:
        if not isinstance(value, (str, bytes, type(None))):
            raise TypeError(f"strings are str, bytes or None, got {type(value).__name__}")
        return value
    return np.array([value]).astype(dtype, casting="same_kind")[0]
