"""Terms made of any other term: of a factor a factor, of a filter a filter, and so on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from rustybt.errors import NoFurtherDataError, NonExistentAssetInTimeFrame
from rustybt.lib.labelarray import LabelArray, labelarray_where
from rustybt.pipeline.dtypes import BOOL, OBJECT
from rustybt.pipeline.mixins import SingleInputMixin, StandardOutputs
from rustybt.pipeline.term import ComputableTerm, Term

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rustybt.assets import Asset


@cache
def derived(kind: Any, principal: Any) -> Any:
    """Return the class of one of the kinds below that is a Factor, Filter or Classifier too.

    Parameters
    ----------
    kind : type
        One of this module.
    principal : type
        Factor, Filter or Classifier.
    """
    return type(f"{kind.__name__}{principal.__name__}", (kind, principal), {"__module__": __name__})


class Aliased(SingleInputMixin):
    """A term under another name."""

    params: Any = ("name",)
    window_length: Any = 0

    def __new__(cls, term: ComputableTerm, name: str) -> Self:
        """Return the term under this name."""
        return super().__new__(
            cls,
            inputs=(term,),
            outputs=term.outputs,
            name=name,
            dtype=term.dtype,
            missing_value=term.missing_value,
            ndim=term.ndim,
            window_safe=term.window_safe,
        )

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: Any) -> Any:
        return inputs[0]

    @property
    def name(self) -> str:
        """The name."""
        return cast("str", self.params["name"])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inputs[0].recursive_repr()}, name={self.name!r})"

    def graph_repr(self) -> str:
        """Return the name."""
        return self.name


class Slice(ComputableTerm):
    """The values of one asset; one a date."""

    params: Any = ("asset",)
    window_length: Any = 0
    ndim = 1

    def __new__(cls, term: ComputableTerm, asset: Asset) -> Self:
        """Return the values of this asset."""
        return super().__new__(
            cls,
            inputs=(term,),
            mask=term.mask,
            asset=asset,
            dtype=term.dtype,
            missing_value=term.missing_value,
            window_safe=term.window_safe,
        )

    def _compute(
        self, inputs: list[Any], dates: pd.DatetimeIndex, assets: pd.Index[int], mask: Any
    ) -> Any:
        place = int(assets.searchsorted(self.asset.sid))
        if place == len(assets) or assets[place] != self.asset.sid:
            raise NonExistentAssetInTimeFrame(
                asset=self.asset, start_date=dates[0], end_date=dates[-1]
            )
        return inputs[0][:, [place]]

    @property
    def asset(self) -> Asset:
        """The asset."""
        return cast("Asset", self.params["asset"])

    def __repr__(self) -> str:
        return f"{self.inputs[0].recursive_repr()}[{self.asset}]"


class IfElse(ComputableTerm):
    """The values of one term where a filter is true, of another one elsewhere."""

    window_length: Any = 0

    def __new__(cls, condition: Term, if_true: ComputableTerm, if_false: ComputableTerm) -> Self:
        """Return the choice between these."""
        if condition.dtype != BOOL:
            raise TypeError(f"the condition must be a filter, got dtype {condition.dtype}")
        terms = (condition, if_true, if_false)
        return super().__new__(
            cls,
            inputs=terms,
            outputs=if_true.outputs,
            dtype=if_true.dtype,
            missing_value=if_true.missing_value,
            ndim=if_true.ndim,
            window_safe=all(term.window_safe for term in terms),
        )

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: Any) -> Any:
        choose: Any = labelarray_where if self.dtype == OBJECT else np.where
        return choose(*inputs)


class Constant(StandardOutputs):
    """One value everywhere."""

    inputs: Any = ()
    window_length: Any = 0
    params: Any = ("const",)

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        value = self.params["const"]
        out = np.full(mask.shape, value, dtype=self.dtype)
        if self.dtype == OBJECT:
            return LabelArray(out, self.missing_value, categories=[value])
        return out


class Downsampled(StandardOutputs):
    """A term that is computed on the first session of each period only."""

    params: Any = ("frequency", "wrapped")
    window_safe = False

    def __new__(cls, term: ComputableTerm, frequency: str) -> Self:
        """Return the term at this frequency."""
        if frequency not in PERIODS:
            raise ValueError(f"frequency must be one of {', '.join(PERIODS)}, got {frequency!r}")
        return super().__new__(
            cls,
            inputs=term.inputs,
            outputs=term.outputs,
            window_length=term.window_length,
            mask=term.mask,
            frequency=frequency,
            wrapped=term,
            dtype=term.dtype,
            missing_value=term.missing_value,
            ndim=term.ndim,
        )

    def compute_extra_rows(
        self,
        all_dates: pd.DatetimeIndex,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        min_extra_rows: int,
    ) -> int:
        """Return the rows needed, so that the first one begins a period.

        Parameters
        ----------
        all_dates : pandas.DatetimeIndex
        start_date, end_date : pandas.Timestamp
        min_extra_rows : int

        Raises
        ------
        NoFurtherDataError
            If there are not as many sessions.
        """
        first = int(all_dates.searchsorted(start_date)) - min_extra_rows
        if first < 0:
            raise NoFurtherDataError.from_lookback_window(
                "The pipeline reaches back too far:", all_dates[0], start_date, min_extra_rows
            )
        begins = select_sampling_indices(all_dates[: first + 1], self.params["frequency"])
        return min_extra_rows + first - int(begins[-1])

    def _compute(
        self,
        inputs: list[Any],
        dates: pd.DatetimeIndex,
        assets: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> Any:
        begins = set(select_sampling_indices(dates, self.params["frequency"]).tolist())
        compute = self.params["wrapped"]._compute  # noqa: SLF001 - a term too
        rows: list[Any] = []
        for row in range(len(dates)):
            here = slice(row, row + 1)
            if row in begins:
                given = inputs if self.windowed else [array[here] for array in inputs]
                rows.append(compute(given, dates[here], assets, mask[here]))
                continue
            if self.windowed:
                for window in inputs:
                    next(window)
            rows.append(rows[-1])
        if self.dtype == OBJECT:
            return _stacked(rows)
        return np.vstack(rows)


def _stacked(rows: list[LabelArray]) -> LabelArray:
    """Return label arrays below each other, with the categories of all of them."""
    missing = rows[0].missing_value
    return LabelArray(np.vstack([row.as_string_array() for row in rows]), missing)


# ISO weeks: where the year of a week is not that of the day, its number tells them apart.
PERIODS = {
    "year_start": lambda dates: dates.year,
    "quarter_start": lambda dates: dates.quarter,
    "month_start": lambda dates: dates.month,
    "week_start": lambda dates: dates.isocalendar().week,
}


def select_sampling_indices(dates: pd.DatetimeIndex, frequency: str) -> NDArray[np.int64]:
    """Return the first date of each period, and the first date of all.

    Parameters
    ----------
    dates : pandas.DatetimeIndex
        Ascending, without gaps of a year.
    frequency : {"year_start", "quarter_start", "month_start", "week_start"}

    Returns
    -------
    ndarray of int64
        Positions in `dates`.
    """
    periods = np.asarray(PERIODS[frequency](dates))
    return np.concatenate([[0], np.flatnonzero(np.diff(periods)) + 1]).astype(np.int64)
