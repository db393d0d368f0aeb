"""Functions applied to groups of values within each row of a 2-D array."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


def naive_grouped_rowwise_apply(
    data: NDArray[Any],
    group_labels: NDArray[np.integer[Any]],
    func: Callable[..., Any],
    func_args: tuple[Any, ...] = (),
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Apply a function to the values of each group of each row.

    Parameters
    ----------
    data : ndarray, shape (rows, columns)
        Values to work on.
    group_labels : ndarray of integers, shape (rows, columns)
        The group of each value; a label means one group per row.
    func : callable
        Called with each group's values, 1-D and in order of their columns, and with `func_args`.
        It returns as many values, or one for all of them.
    func_args : tuple, optional
        Further positional arguments of `func`.
    out : ndarray, shape (rows, columns), optional
        Array to write the result into.

    Returns
    -------
    ndarray, shape (rows, columns)
        `out`, or a new array of the dtype of `data`.

    Raises
    ------
    TypeError
        If `data` is no array, the labels are no integers, or the result of `func` does not fit the
        dtype of the output.
    ValueError
        If the arrays are not 2-D of one shape, or `func` returns another number of values.

    Examples
    --------
    >>> import numpy as np
    >>> prices = np.array([[10.0, 20.0, 50.0], [1.0, 5.0, 3.0]])
    >>> sectors = np.array([[7, 7, 8], [7, 8, 7]])
    >>> naive_grouped_rowwise_apply(prices, sectors, lambda group: group - group.mean())
    array([[-5.,  5.,  0.],
           [-1.,  0.,  1.]])
    """
    for name, array in (("data", data), ("group_labels", group_labels)):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name} must be an array, got {type(array).__name__}")
    if data.ndim != 2:
        raise ValueError(f"data must be 2-D, got shape {data.shape}")
    if group_labels.dtype.kind not in "iu":
        raise TypeError(f"group_labels must be integers, got dtype {group_labels.dtype}")
    if group_labels.shape != data.shape:
        raise ValueError(f"group_labels has shape {group_labels.shape}, data has {data.shape}")
    if out is None:
        out = np.empty_like(data)
    elif out.shape != data.shape:
        raise ValueError(f"out has shape {out.shape}, data has {data.shape}")

    # Sorting every row by label, stably, makes each group a slice in order of its columns.
    order = np.argsort(group_labels, axis=1, kind="stable")
    labels = np.take_along_axis(group_labels, order, axis=1)
    values = np.take_along_axis(data, order, axis=1)
    starts = np.ones(data.shape, dtype=np.bool_)
    starts[:, 1:] = labels[:, 1:] != labels[:, :-1]
    for row in range(data.shape[0]):
        bounds = [*np.flatnonzero(starts[row]).tolist(), data.shape[1]]
        for first, last in pairwise(bounds):
            result = np.asarray(func(values[row, first:last], *func_args))
            _require_fit(result, last - first, out.dtype)
            out[row, order[row, first:last]] = result
    return out


def _require_fit(result: NDArray[Any], count: int, dtype: np.dtype[Any]) -> None:
    """Raise unless a group's result can be written to its places in the output."""
    if result.shape not in {(), (count,)}:
        raise ValueError(
            f"func must return {count} values for a group of {count}, or one, got shape "
            f"{result.shape}"
        )
    if not np.can_cast(result.dtype, dtype, "same_kind"):
        raise TypeError(
            f"func returned {result.dtype}, which the {dtype} output cannot hold; pass data or "
            f"out as {result.dtype}"
        )
