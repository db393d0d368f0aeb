"""Filters: terms that are true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rustybt.errors import BadPercentileBounds, NonExistentAssetInTimeFrame
from rustybt.lib.labelarray import LabelArray
from rustybt.lib.rank import grouped_masked_is_maximal, is_missing
from rustybt.pipeline.dtypes import (
    BOOL,
    CLASSIFIER_DTYPES,
    FACTOR_DTYPES,
    FILTER_DTYPES,
)
from rustybt.pipeline.expression import BadBinaryOperator, NumericalExpression, applied, combined
from rustybt.pipeline.mixins import (
    CustomTermMixin,
    LatestMixin,
    PositiveWindowLengthMixin,
    RestrictedDTypeMixin,
    SingleInputMixin,
    StandardOutputs,
)
from rustybt.pipeline.sentinels import NotSpecified
from rustybt.pipeline.term import ComputableTerm, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from rustybt.assets import Asset


class Filter(RestrictedDTypeMixin):
    """A term of dtype bool; combine filters with ``&``, ``|`` and ``~``.

    See `ComputableTerm` for the parameters.
    """

    ALLOWED_DTYPES = FILTER_DTYPES
    dtype: Any = BOOL
    window_safe = True

    @classmethod
    def principal_type(cls) -> Any:
        """Return Filter."""
        return Filter

    def __and__(self, other: Any) -> Filter:
        return _logic("&", self, other)

    def __or__(self, other: Any) -> Filter:
        return _logic("|", self, other)

    def __rand__(self, other: Any) -> Filter:
        return _logic("&", other, self)

    def __ror__(self, other: Any) -> Filter:
        return _logic("|", other, self)

    def __invert__(self) -> Filter:
        tree, binds = applied("~", self)
        return NumExprFilter.create(tree, binds)

    def if_else(self, if_true: ComputableTerm, if_false: ComputableTerm) -> Any:
        """Return a term of the values of two others.

        Parameters
        ----------
        if_true, if_false : ComputableTerm
            Both factors, both filters or both classifiers, of one dtype.

        Raises
        ------
        TypeError, ValueError
            If they differ in kind or dtype, or in their outputs or missing values.
        """
        from rustybt.pipeline.derived import IfElse, derived

        for term in (if_true, if_false):
            if not isinstance(term, ComputableTerm):
                raise TypeError(f"if_else takes factors, filters or classifiers, got {term!r}")
        kind = if_true.principal_type()
        both = f"if_true={if_true!r} and if_false={if_false!r}"
        if kind is not if_false.principal_type():
            raise TypeError(f"if_else takes two terms of one kind, got {both}")
        if if_true.dtype != if_false.dtype:
            raise TypeError(
                f"if_else takes two terms of one dtype, got {if_true.dtype} and {if_false.dtype}"
            )
        if if_true.outputs != if_false.outputs:
            raise ValueError(f"if_else takes two terms with the same outputs, got {both}")
        if not _same(if_true.missing_value, if_false.missing_value):
            raise ValueError(
                "if_else takes two terms with the same missing value, got "
                f"{if_true.missing_value!r} and {if_false.missing_value!r}"
            )
        return derived(IfElse, kind)(condition=self, if_true=if_true, if_false=if_false)


def _same(left: Any, right: Any) -> bool:
    return bool(left == right or (left != left and right != right))


def _bool(*_dtypes: Any) -> Any:
    return BOOL


def _logic(op: str, left: Any, right: Any) -> Filter:
    for value in (left, right):
        if not (isinstance(value, (bool, int)) or getattr(value, "dtype", None) == BOOL):
            raise BadBinaryOperator(op, left, right)
    tree, binds, _ = combined(op, left, right, _bool)
    return NumExprFilter.create(tree, binds)


class NumExprFilter(NumericalExpression, Filter):
    """A filter that is an expression: a comparison, or logic of filters."""

    @classmethod
    def create(cls, expr: tuple[Any, ...], binds: tuple[Term, ...]) -> Self:
        """Return the filter of a tree and its inputs; see `NumericalExpression`."""
        return cls(expr, binds, BOOL)

    def _compute(
        self,
        inputs: list[Any],
        dates: pd.DatetimeIndex,
        assets: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> Any:
        return super()._compute(inputs, dates, assets, mask) & mask


def _missing(data: Any, missing_value: Any) -> NDArray[np.bool_]:
    if isinstance(data, LabelArray):
        return data.is_missing()
    return is_missing(data, missing_value)


class NullFilter(SingleInputMixin, Filter):
    """Where values are missing."""

    window_length: Any = 0

    def __new__(cls, term: Term) -> Self:
        """Return the filter of this term."""
        return super().__new__(cls, inputs=(term,))

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: Any) -> Any:
        return _missing(inputs[0], self.inputs[0].missing_value)


class NotNullFilter(NullFilter):
    """Where values are not missing."""

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: Any) -> Any:
        return ~_missing(inputs[0], self.inputs[0].missing_value)


class PercentileFilter(SingleInputMixin, Filter):
    """Where values lie between two percentiles of those of their date, both included.

    Parameters
    ----------
    factor : Factor
    min_percentile, max_percentile : float
        Between 0 and 100.
    mask : Filter, optional

    Raises
    ------
    BadPercentileBounds
        If they are out of bounds or in the wrong order.
    """

    window_length: Any = 0
    params: Any = ("min_percentile", "max_percentile")

    def __new__(
        cls,
        factor: Term,
        min_percentile: float,
        max_percentile: float,
        mask: Any = NotSpecified,
    ) -> Self:
        """Return the filter of this factor."""
        return super().__new__(
            cls,
            inputs=(factor,),
            mask=mask,
            min_percentile=min_percentile,
            max_percentile=max_percentile,
        )

    def _validate(self) -> None:
        low, high = self.params.values()
        if not 0.0 <= low < high <= 100.0:
            raise BadPercentileBounds(min_percentile=low, max_percentile=high, upper_bound=100.0)
        super()._validate()

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        data = inputs[0].astype(np.float64)
        data[~mask] = np.nan
        inside = np.zeros(mask.shape, dtype=np.bool_)
        some = ~np.isnan(data).all(axis=1)
        if some.any():
            rows = data[some]
            low, high = np.nanpercentile(rows, list(self.params.values()), axis=1)
            inside[some] = (low[:, None] <= rows) & (rows <= high[:, None])
        return inside

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        low, high = self.params.values()
        return f"{type(self).__name__}:\\l  min: {low}, max: {high}\\l"


class CustomFilter(PositiveWindowLengthMixin, CustomTermMixin, Filter):
    """Base of filters of your own; see `CustomTermMixin` for what they define."""

    def _dtype_hint(self) -> str:
        if self.dtype in CLASSIFIER_DTYPES:
            return "Did you mean to create a CustomClassifier?"
        return "Did you mean to create a CustomFactor?" if self.dtype in FACTOR_DTYPES else ""


class ArrayPredicate(SingleInputMixin, Filter):
    """A function of the array of a term that is true or false for each value.

    Parameters
    ----------
    term : Term
    op : callable
        Takes the array and `opargs`; returns an ndarray of bool.
    opargs : tuple of hashable
    """

    params: Any = ("op", "opargs")
    window_length: Any = 0

    def __new__(cls, term: Term, op: Callable[..., Any], opargs: tuple[Any, ...]) -> Self:
        """Return the filter of this term."""
        return super().__new__(cls, inputs=(term,), mask=term.mask, op=op, opargs=opargs)

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        return self.params["op"](inputs[0], *self.params["opargs"]) & mask

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"{type(self).__name__}:\\l  op: {self.params['op'].__name__}()\\l"


class Latest(LatestMixin, CustomFilter):
    """The last known value of a column of dtype bool."""


class SingleAsset(Filter):
    """True for one asset.

    Parameters
    ----------
    asset : Asset
    """

    inputs: Any = ()
    window_length: Any = 1
    params: Any = ("asset",)

    def __new__(cls, asset: Asset) -> Self:
        """Return the filter of this asset."""
        return super().__new__(cls, asset=asset)

    def _compute(
        self,
        inputs: list[Any],
        dates: pd.DatetimeIndex,
        assets: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> Any:
        asset = self.params["asset"]
        columns = np.flatnonzero(assets == asset.sid)
        if len(columns) != 1 or not mask[:, columns].all():
            raise NonExistentAssetInTimeFrame(asset=asset, start_date=dates[0], end_date=dates[-1])
        out = np.zeros(mask.shape, dtype=np.bool_)
        out[:, columns] = True
        return out

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"SingleAsset:\\l  asset: {self.params['asset']!r}\\l"


class StaticSids(Filter):
    """True for the assets of some sids.

    Parameters
    ----------
    sids : iterable of int
    """

    inputs: Any = ()
    window_length: Any = 0
    params: Any = ("sids",)

    def __new__(cls, sids: Iterable[int]) -> Self:
        """Return the filter of these sids."""
        return super().__new__(cls, sids=frozenset(sids))

    def _compute(
        self, inputs: list[Any], dates: Any, assets: pd.Index[int], mask: NDArray[np.bool_]
    ) -> Any:
        return assets.isin(list(self.params["sids"])) & mask


class StaticAssets(StaticSids):
    """True for some assets.

    Parameters
    ----------
    assets : iterable of Asset
    """

    def __new__(cls, assets: Iterable[Asset]) -> Self:
        """Return the filter of these assets."""
        return super().__new__(cls, (asset.sid for asset in assets))


class AllPresent(CustomFilter, SingleInputMixin, StandardOutputs):
    """Where no value of a window is missing."""

    _writes_windows = False

    def _validate(self) -> None:
        super()._validate()
        if isinstance(self.inputs[0], Filter):
            raise TypeError("AllPresent is not for filters, which have no missing values")

    def compute(self, today: Any, assets: Any, out: Any, value: Any) -> None:
        """Compute one date."""
        out[:] = ~_missing(value, self.inputs[0].missing_value).any(axis=0)


class MaximumFilter(StandardOutputs, Filter):
    """True for the first asset with the greatest value of each date and group.

    Parameters
    ----------
    factor : Factor
    groupby : Classifier, optional
    mask : Filter, optional
    """

    window_length: Any = 0

    def __new__(cls, factor: Term, groupby: Any = NotSpecified, mask: Any = NotSpecified) -> Self:
        """Return the filter of this factor."""
        from rustybt.pipeline.classifiers import Everything

        groups = Everything() if groupby is NotSpecified else groupby
        return super().__new__(cls, inputs=(factor, groups), mask=mask)

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        data, groups = inputs
        labels, none = self.inputs[1].to_integral(groups)
        valid = mask & (labels != none) & ~is_missing(data, self.inputs[0].missing_value)
        return grouped_masked_is_maximal(data, labels.astype(np.int64), valid)

    def __repr__(self) -> str:
        factor, groups = (term.recursive_repr() for term in self.inputs)
        return f"Maximum({factor}, groupby={groups}, mask={self.mask.recursive_repr()})"

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"Maximum:\\l  groupby: {self.inputs[1].recursive_repr()}\\l"
