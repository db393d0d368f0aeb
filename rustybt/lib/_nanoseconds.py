"""Points in time in the one unit the project keeps them in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DATETIME64 = np.dtype("datetime64[ns]")


def to_nanoseconds(values: NDArray[Any], name: str) -> NDArray[np.datetime64]:
    """Convert points in time to datetime64[ns].

    Parameters
    ----------
    values : ndarray of datetime64 of any unit, any shape
    name : str
        What the values are, for messages.

    Returns
    -------
    ndarray of datetime64[ns]
        `values` themselves if they are of that dtype.

    Raises
    ------
    TypeError
        If the values are no datetime64, or have no unit and are not missing.
    ValueError
        If one lies outside the years that datetime64[ns] covers.
    """
    if values.dtype.kind != "M":
        raise TypeError(
            f"{name} must be datetime64, got {values.dtype} values of shape {values.shape}"
        )
    if np.datetime_data(values.dtype)[0] == "generic":
        if not np.isnat(values).all():
            raise TypeError(f"{name} must be datetime64 with a unit, got {values.dtype}")
        return np.full(values.shape, np.datetime64("NaT", "ns"))
    # Where numpy notices an overflow it raises; where it does not, the values do not come back.
    try:
        converted: NDArray[np.datetime64] = values.astype(DATETIME64, copy=False)
        lost = ~np.isnat(values) & (converted.astype(values.dtype) != values)
    except OverflowError:
        lost = np.ones(values.shape, dtype=np.bool_)
    if lost.any():
        known = values[lost & ~np.isnat(values)]
        raise ValueError(
            f"{name} ({values.dtype} of shape {values.shape}, from {known.min()} to {known.max()}) "
            "must fit datetime64[ns], the years 1678 to 2261"
        )
    return converted
