"""Data of one column, with the adjustments that windows over it must show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import index
from textwrap import dedent
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

import numpy as np

from rustybt.lib import _float64window, _int64window, _labelwindow, _uint8window
from rustybt.lib._nanoseconds import DATETIME64, to_nanoseconds
from rustybt.lib.adjustment import (
    Adjustment,
    Object1DArrayOverwrite,
    ObjectOverwrite,
    in_order,
)
from rustybt.lib.labelarray import LabelArray

if TYPE_CHECKING:
    from numpy.typing import NDArray

Adjustments: TypeAlias = Mapping[int, Sequence[Adjustment]]
Window: TypeAlias = (
    _float64window.AdjustedArrayWindow
    | _int64window.AdjustedArrayWindow
    | _uint8window.AdjustedArrayWindow
    | _labelwindow.AdjustedArrayWindow
)

FLOAT64 = np.dtype("float64")
INT64 = np.dtype("int64")
UINT8 = np.dtype("uint8")
BOOL = np.dtype("bool")

WINDOWS: dict[np.dtype[Any], Callable[..., Window]] = {
    FLOAT64: _float64window.AdjustedArrayWindow,
    INT64: _int64window.AdjustedArrayWindow,
    UINT8: _uint8window.AdjustedArrayWindow,
}


class WindowLengthNotPositive(ValueError):  # noqa: N818 - Zipline's name
    """Raised for a window without rows."""


class WindowLengthTooLong(ValueError):  # noqa: N818 - Zipline's name
    """Raised for a window with more rows than the data."""


class AdjustedArray:
    """A two-dimensional array with adjustments, from which moving windows are made.

    Parameters
    ----------
    data : numpy.ndarray or LabelArray, shape (rows, columns)
        The unadjusted values, of float, integer, bool, datetime64, string or object dtype. Not
        copied where the dtype is kept already.
    adjustments : mapping of int to sequence of Adjustment
        The adjustments that apply from the moment a row comes into view, those of one row in
        order.
    missing_value : object
        What stands for a missing value; one that the data's dtype can hold.

    Attributes
    ----------
    adjustments : dict of int to list of Adjustment
    missing_value : object
        In the dtype of the data.

    Raises
    ------
    TypeError
        If the dtype of `data` is none of these, or an adjustment or `missing_value` does not
        fit it.
    ValueError
        If `data` is not two-dimensional or a row of `adjustments` is negative.
    IndexError
        If an adjustment reaches beyond the data.

    Notes
    -----
    Floats are kept as float64, integers as int64, datetime64 of any unit as datetime64[ns],
    strings and objects as LabelArray.
    """

    __slots__ = (
        "__weakref__",
        "_data",
        "_invalidated",
        "_view_dtype",
        "adjustments",
        "missing_value",
    )

    def __init__(
        self,
        data: NDArray[Any] | LabelArray,
        adjustments: Adjustments,
        missing_value: object,
    ) -> None:
        self._data, self._view_dtype, self.missing_value = _normalised(data, missing_value)
        self._invalidated = False
        self.adjustments: dict[int, list[Adjustment]] = self._checked(adjustments)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the windows; that of a LabelArray is void."""
        return self._view_dtype or self._data.dtype

    @property
    def data(self) -> NDArray[Any] | LabelArray:
        """The unadjusted data, as a read-only view.

        Raises
        ------
        ValueError
            If the data were given away by ``traverse(copy=False)``.
        """
        self._require_valid("read the data of")
        view: NDArray[Any] | LabelArray = self._data.view(**self._view_kwargs)
        view.setflags(write=False)
        return view

    @property
    def _view_kwargs(self) -> dict[str, np.dtype[Any]]:
        return {} if self._view_dtype is None else {"dtype": self._view_dtype}

    def _require_valid(self, action: str) -> None:
        if self._invalidated:
            raise ValueError(
                f"cannot {action} an invalidated AdjustedArray: traverse(copy=False) gave its "
                "data away; traverse with copy=True, or copy() first"
            )

    def _checked(self, adjustments: Adjustments) -> dict[int, list[Adjustment]]:
        """Return adjustments that fit the data, in containers of their own."""
        expected = np.dtype(object) if self._view_dtype is None else self._view_dtype
        for row, adjustment in zip(*in_order(adjustments, self._data.shape), strict=True):
            if adjustment.dtype != expected:
                kind = "label" if self._view_dtype is None else str(self.dtype)
                raise TypeError(
                    f"adjustments[{row}] holds a {type(adjustment).__name__}, which cannot "
                    f"change {kind} data of shape {self._data.shape}"
                )
        return {int(row): list(group) for row, group in adjustments.items()}

    def copy(self) -> AdjustedArray:
        """Return an AdjustedArray with a copy of the data and the same adjustments.

        Raises
        ------
        ValueError
            If the data were given away by ``traverse(copy=False)``.
        """
        self._require_valid("copy")
        data = self._data.copy()
        return AdjustedArray(data.view(**self._view_kwargs), self.adjustments, self.missing_value)

    def update_adjustments(self, adjustments: Adjustments, method: str) -> None:
        """Add adjustments to those there are.

        Parameters
        ----------
        adjustments : mapping of int to sequence of Adjustment
            The new ones.
        method : {"append", "prepend"}
            Whether the new ones of a row apply after or before its old ones.

        Raises
        ------
        ValueError
            If `method` is neither.
        TypeError, ValueError, IndexError
            If the adjustments do not fit, as for the class; the old ones stay as they are.
        """
        if method not in {"append", "prepend"}:
            raise ValueError(f"method must be 'append' or 'prepend', got {method!r}")
        for row, new in self._checked(adjustments).items():
            old = self.adjustments.get(row, [])
            self.adjustments[row] = [*old, *new] if method == "append" else [*new, *old]

    def traverse(
        self,
        window_length: int,
        offset: int = 0,
        perspective_offset: int = 0,
        copy: bool = True,
    ) -> Window:
        """Return an iterator of moving windows over the data.

        Parameters
        ----------
        window_length : int
            Number of rows of a window.
        offset : int
            Number of rows to skip before the first window.
        perspective_offset : int
            0 to see a window as it was known at its last row; 1 as it was known a row later.
        copy : bool
            False gives the data away: no copy is made, adjustments are written into them, and
            this object cannot be traversed again.

        Returns
        -------
        AdjustedArrayWindow
            Yields read-only arrays of shape (window_length, columns) that do not change later.

        Raises
        ------
        WindowLengthNotPositive
            If `window_length` is less than 1.
        WindowLengthTooLong
            If `window_length` exceeds the number of rows.
        TypeError
            If a number is no integer.
        ValueError
            If the data were given away before, or an offset is out of range.
        """
        self._require_valid("traverse")
        window_length = _whole("window_length", window_length)
        perspective_offset = _whole("perspective_offset", perspective_offset)
        # From the last row on, every offset leaves no window.
        offset = min(_whole("offset", offset), self._data.shape[0])
        if window_length < 1:
            raise WindowLengthNotPositive(f"window_length must be 1 or more, got {window_length}")
        if window_length > self._data.shape[0]:
            raise WindowLengthTooLong(
                f"window_length {window_length} is longer than the data of shape {self._data.shape}"
            )
        make = WINDOWS.get(self._data.dtype, _labelwindow.AdjustedArrayWindow)
        window = make(
            self._data.copy() if copy else self._data,
            self._view_kwargs,
            self.adjustments,
            offset,
            window_length,
            perspective_offset,
            None,
        )
        self._invalidated = not copy
        return window

    def inspect(self) -> str:
        """Return the data and the adjustments as text."""
        text = dedent(
            """\
            Adjusted Array ({dtype}):

            Data:
            {data!r}

            Adjustments:
            {adjustments}
            """
        )
        return text.format(dtype=self.dtype.name, data=self.data, adjustments=self.adjustments)

    def update_labels(self, func: Callable[[Any], Any]) -> None:
        """Replace each label, in the data and in the adjustments, by a function of it.

        Parameters
        ----------
        func : callable
            Takes a label (str, bytes or None) and returns one.

        Raises
        ------
        TypeError
            If the data are not labels.
        ValueError
            If the data were given away by ``traverse(copy=False)``.
        """
        self._require_valid("update the labels of")
        if not isinstance(self._data, LabelArray):
            raise TypeError(f"update_labels needs label data, this AdjustedArray has {self.dtype}")
        data = self._data.map(func)
        adjustments = {
            row: [_relabelled(adjustment, func) for adjustment in group]
            for row, group in self.adjustments.items()
        }
        self._data, self.adjustments = data, adjustments

    def __reduce__(self) -> tuple[Any, ...]:
        return AdjustedArray, (
            np.array(self.data, subok=True),
            self.adjustments,
            self.missing_value,
        )

    def __repr__(self) -> str:
        count = sum(map(len, self.adjustments.values()))
        return f"<AdjustedArray: {self.dtype.name}, shape {self._data.shape}, {count} adjustments>"


def _whole(name: str, value: SupportsIndex) -> int:
    """Return a number as int."""
    try:
        return index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be an integer, got {value!r} of type {type(value).__name__}"
        ) from None


def _relabelled(adjustment: Adjustment, func: Callable[[Any], Any]) -> Adjustment:
    """Return an adjustment of labels with a function applied to its labels."""
    rectangle = (
        adjustment.first_row,
        adjustment.last_row,
        adjustment.first_col,
        adjustment.last_col,
    )
    if isinstance(adjustment, Object1DArrayOverwrite):
        return Object1DArrayOverwrite(*rectangle, [func(label) for label in adjustment.values])
    if isinstance(adjustment, ObjectOverwrite):
        return ObjectOverwrite(*rectangle, func(adjustment.value))
    raise TypeError(f"{type(adjustment).__name__} holds no labels")


def _normalised(
    data: NDArray[Any] | LabelArray, missing_value: object
) -> tuple[NDArray[Any] | LabelArray, np.dtype[Any] | None, object]:
    """Return the data as stored, the dtype to view them as (None: labels), the missing value."""
    if not isinstance(data, np.ndarray):
        raise TypeError(f"data must be a numpy array or a LabelArray, got {type(data).__name__}")
    if data.ndim != 2:
        raise ValueError(f"data must be two-dimensional, got shape {data.shape}")
    if isinstance(data, LabelArray) or data.dtype.kind in "OSU":
        if not isinstance(missing_value, (str, bytes, type(None))):
            raise _bad_missing_value(missing_value, "label")
        labels = data if isinstance(data, LabelArray) else LabelArray(data, missing_value)
        return labels, None, missing_value
    dtype = _target(data.dtype)
    if dtype is None:
        raise TypeError(
            f"data of dtype {data.dtype} (shape {data.shape}) cannot be adjusted: use float, "
            "integer up to 64 bits with sign, bool, datetime64, string or object dtype"
        )
    missing_value = _missing(missing_value, dtype)
    if dtype == BOOL:
        return data.view(UINT8), BOOL, missing_value
    if dtype == DATETIME64:
        return to_nanoseconds(data, "data").view(INT64), DATETIME64, missing_value
    return data.astype(dtype, copy=False), dtype, missing_value


def _target(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """Return the dtype that windows over data of this dtype have; None if there are none."""
    if dtype.kind == "f" and dtype.itemsize <= FLOAT64.itemsize:
        return FLOAT64
    # Zipline keeps truth values as uint8, so that uint8 means bool here.
    if dtype in {BOOL, UINT8}:
        return BOOL
    if dtype.kind in "iu" and np.can_cast(dtype, INT64):
        return INT64
    return DATETIME64 if dtype.kind == "M" else None


def _bad_missing_value(missing_value: object, kind: str) -> TypeError:
    return TypeError(
        f"missing_value {missing_value!r} of type {type(missing_value).__name__} cannot stand "
        f"in {kind} data"
    )


def _missing(value: object, dtype: np.dtype[Any]) -> object:
    """Return a missing value in the given dtype."""
    if dtype == DATETIME64:
        moment = value.to_datetime64() if hasattr(value, "to_datetime64") else value
        if isinstance(moment, np.datetime64):
            return to_nanoseconds(np.array(moment), "missing_value")[()]
    elif dtype == BOOL:
        if isinstance(value, (bool, np.bool_)) or (
            isinstance(value, (int, np.integer)) and value in {0, 1}
        ):
            return bool(value)
    elif dtype == INT64:
        if isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64):
            return int(value)
    elif isinstance(value, (int, float, np.integer, np.floating)):
        return float(value)
    raise _bad_missing_value(value, str(dtype))


def ensure_adjusted_array(
    ndarray_or_adjusted_array: NDArray[Any] | AdjustedArray, missing_value: object
) -> AdjustedArray:
    """Return the input as AdjustedArray: as it is, or made of an array without adjustments.

    Parameters
    ----------
    ndarray_or_adjusted_array : numpy.ndarray or AdjustedArray
    missing_value : object
        Used for an array only.

    Raises
    ------
    TypeError
        If the input is neither, or its dtype cannot be adjusted.
    """
    if isinstance(ndarray_or_adjusted_array, AdjustedArray):
        return ndarray_or_adjusted_array
    if not isinstance(ndarray_or_adjusted_array, np.ndarray):
        raise TypeError(
            "a numpy array or an AdjustedArray is needed, "
            f"got {type(ndarray_or_adjusted_array).__name__}"
        )
    return AdjustedArray(ndarray_or_adjusted_array, {}, missing_value)


def ensure_ndarray(
    ndarray_or_adjusted_array: NDArray[Any] | AdjustedArray,
) -> NDArray[Any] | LabelArray:
    """Return the input as numpy array: as it is, or the data of an AdjustedArray, read-only.

    Parameters
    ----------
    ndarray_or_adjusted_array : numpy.ndarray or AdjustedArray

    Raises
    ------
    TypeError
        If the input is neither.
    """
    if isinstance(ndarray_or_adjusted_array, AdjustedArray):
        return ndarray_or_adjusted_array.data
    if not isinstance(ndarray_or_adjusted_array, np.ndarray):
        raise TypeError(
            "a numpy array or an AdjustedArray is needed, "
            f"got {type(ndarray_or_adjusted_array).__name__}"
        )
    return ndarray_or_adjusted_array
