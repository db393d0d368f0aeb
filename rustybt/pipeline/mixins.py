"""What several kinds of terms have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rustybt.errors import UnsupportedDataType, WindowLengthNotPositive
from rustybt.pipeline.sentinels import NotSpecified
from rustybt.pipeline.term import ComputableTerm

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray


class PositiveWindowLengthMixin(ComputableTerm):
    """A term that has a window."""

    def _validate(self) -> None:
        super()._validate()
        if not self.windowed:
            raise WindowLengthNotPositive(window_length=self.window_length)


class SingleInputMixin(ComputableTerm):
    """A term of one input."""

    def _validate(self) -> None:
        super()._validate()
        if len(self.inputs) != 1:
            raise ValueError(f"{type(self).__name__} takes one input, got {len(self.inputs)}")


class StandardOutputs(ComputableTerm):
    """A term of one output."""

    def _validate(self) -> None:
        super()._validate()
        if self.outputs is not NotSpecified:
            raise ValueError(
                f"{type(self).__name__} has one output only, got outputs={self.outputs}"
            )


class RestrictedDTypeMixin(ComputableTerm):
    """A term that can have some dtypes only."""

    ALLOWED_DTYPES: frozenset[np.dtype[Any]] = frozenset()

    def _validate(self) -> None:
        super()._validate()
        if self.dtype not in self.ALLOWED_DTYPES:
            raise UnsupportedDataType(
                typename=type(self).__name__, dtype=self.dtype, hint=self._dtype_hint()
            )

    def _dtype_hint(self) -> str:
        """Return what the user may have meant."""
        return ""


class CustomTermMixin(ComputableTerm):
    """A term whose class defines how one date is computed.

    A subclass defines ``compute(self, today, assets, out, *inputs, **params)``: `today` is the
    date, `assets` the sids that exist, `inputs` a window of each input, of shape (window_length,
    assets), or (window_length, 1) of an input with one value a date; the result is written into
    `out`, of shape (assets,). With several `outputs`, `out` has a field of each.
    """

    # Terms of this package promise not to change the windows they are given.
    _writes_windows = True

    def __new__(
        cls,
        inputs: Any = NotSpecified,
        outputs: Any = NotSpecified,
        window_length: Any = NotSpecified,
        mask: Any = NotSpecified,
        dtype: Any = NotSpecified,
        missing_value: Any = NotSpecified,
        ndim: Any = NotSpecified,
        **kwargs: Any,
    ) -> Self:
        """Return the term of these arguments, the one there is or a new one."""
        unknown = sorted(set(kwargs) - set(cls.params))
        if unknown:
            raise TypeError(f"{cls.__name__} does not know the arguments {', '.join(unknown)}")
        return super().__new__(
            cls,
            inputs=inputs,
            outputs=outputs,
            window_length=window_length,
            mask=mask,
            dtype=dtype,
            missing_value=missing_value,
            ndim=ndim,
            **kwargs,
        )

    def _validate(self) -> None:
        super()._validate()
        for name in self.params:
            if hasattr(type(self), name):
                raise TypeError(
                    f"the parameter {name!r} of {type(self).__name__} has the name of an attribute"
                )

    def compute(self, today: Any, assets: Any, out: Any, *arrays: Any, **params: Any) -> None:
        """Compute one date; see the class.

        Parameters
        ----------
        today : pandas.Timestamp
        assets : pandas.Index of int64, shape (assets,)
        out : ndarray, shape (assets,)
        *arrays : ndarray, shape (window_length, assets) or (window_length, 1)
        **params
        """
        raise NotImplementedError(f"{type(self).__name__} must define compute")

    def _allocate_output(self, windows: list[Any], shape: tuple[int, int]) -> Any:
        """Return an array full of missing values; `windows` are those of the first date."""
        if self.outputs is NotSpecified:
            return np.full(shape, self.missing_value, dtype=self.dtype)
        out = np.recarray(
            shape, formats=[self.dtype.str] * len(self.outputs), names=list(self.outputs)
        )
        for name in self.outputs:
            out[name] = self.missing_value
        return out

    def _compute(
        self,
        inputs: list[Iterator[Any]],
        dates: pd.DatetimeIndex,
        assets: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> Any:
        params = self.params
        one = self.ndim == 1
        windows = [next(window) for window in inputs]
        out = self._allocate_output(windows, (len(mask), 1) if one else mask.shape)
        whole = mask.all(axis=1).tolist()
        for row, date in enumerate(dates):
            if row:
                windows = [next(window) for window in inputs]
            if whole[row]:
                if self._writes_windows:
                    windows = [window.copy() for window in windows]
                self.compute(date, assets, out[row], *windows, **params)
                continue
            exist = mask[row]
            windows = [window if window.shape[1] == 1 else window[:, exist] for window in windows]
            if one:
                self.compute(date, assets[exist], out[row], *windows, **params)
                continue
            values = out[row][exist]
            self.compute(date, assets[exist], values, *windows, **params)
            out[row][exist] = values
        return out

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"{type(self).__name__}:\\l  window_length: {self.window_length}\\l"


class LatestMixin(SingleInputMixin):
    """The last known value of a column."""

    window_length: Any = 1

    def compute(self, today: Any, assets: Any, out: Any, data: Any) -> None:
        """Compute one date."""
        out[:] = data[-1]

    def _validate(self) -> None:
        super()._validate()
        if self.inputs[0].dtype != self.dtype:
            raise TypeError(
                f"{type(self).__name__} of dtype {self.dtype} needs an input of that dtype, got "
                f"{self.inputs[0].dtype}"
            )

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        allocate: Any = self._allocate_output  # type: ignore[attr-defined] # of CustomTermMixin
        window = next(inputs[0])
        out = allocate([window], (len(mask), 1) if self.ndim == 1 else mask.shape)
        for row in range(len(mask)):
            if row:
                window = next(inputs[0])
            out[row] = window[-1]
        if self.ndim == 2:
            out[~mask] = self.missing_value
        return out

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return "Latest"
