"""Factors: terms that are numbers or dates."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rustybt.errors import BadPercentileBounds, UnknownRankMethod
from rustybt.lib.normalize import naive_grouped_rowwise_apply
from rustybt.lib.rank import is_missing, masked_rankdata_2d
from rustybt.pipeline.classifiers import Classifier, Everything, Quantiles
from rustybt.pipeline.dtypes import (
    BOOL,
    CLASSIFIER_DTYPES,
    FACTOR_DTYPES,
    FILTER_DTYPES,
    FLOAT64,
)
from rustybt.pipeline.expression import (
    COMPARISONS,
    NumericalExpression,
    applied,
    combined,
)
from rustybt.pipeline.filters import Filter, MaximumFilter, NumExprFilter, PercentileFilter
from rustybt.pipeline.mixins import (
    CustomTermMixin,
    LatestMixin,
    PositiveWindowLengthMixin,
    RestrictedDTypeMixin,
    SingleInputMixin,
)
from rustybt.pipeline.sentinels import NotSpecified
from rustybt.pipeline.term import AssetExists, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

RANK_METHODS = ("average", "dense", "max", "min", "ordinal")


def _dtype_of(op: str) -> Callable[[Any, Any], Any]:
    """Return the function that finds the dtype of an operator's result."""

    def dtype(left: Any, right: Any) -> Any:
        if op in COMPARISONS:
            if left != right:
                raise TypeError(
                    f"cannot compute {left} {op} {right}: factors of one dtype only can be compared"
                )
            return BOOL
        if left != FLOAT64 or right != FLOAT64:
            raise TypeError(f"cannot compute {left} {op} {right}: arithmetic is for float64 only")
        return FLOAT64

    return dtype


def _binary(op: str, left: Any, right: Any) -> Any:
    tree, binds, dtype = combined(op, left, right, _dtype_of(op))
    return (NumExprFilter if op in COMPARISONS else NumExprFactor)(tree, binds, dtype)


def _operator(op: str, reflected: bool = False) -> Callable[[Factor, Any], Any]:
    def method(self: Factor, other: Any) -> Any:
        return _binary(op, other, self) if reflected else _binary(op, self, other)

    return method


def _function(name: str) -> Callable[[Factor], Factor]:
    def method(self: Factor) -> Factor:
        return NumExprFactor(*applied(name, self), FLOAT64)

    method.__name__ = name
    method.__doc__ = f"Return a factor of ``numpy.{name}`` of each value."
    return method


def _summary(name: str, what: str) -> Callable[..., Factor]:
    def method(self: Factor, mask: Any = NotSpecified) -> Factor:
        self._require_float64(name)
        return DailySummary(name, self, mask=mask)

    method.__name__ = name
    method.__doc__ = f"""Return a factor with one value a date: the {what}.

        Parameters
        ----------
        mask : Filter, optional
            The assets that count.
        """
    return method


class Factor(RestrictedDTypeMixin):
    """A term of dtype float64, int64 or datetime64[ns].

    Factors of dtype float64 have arithmetic (``+ - * / % **``), comparisons (``< <= >= > !=`` and
    `eq`) with each other and with numbers, and the functions of numpy as methods.

    See `ComputableTerm` for the parameters.
    """

    ALLOWED_DTYPES = FACTOR_DTYPES

    @classmethod
    def principal_type(cls) -> Any:
        """Return Factor."""
        return Factor

    __add__ = _operator("+")
    __sub__ = _operator("-")
    __mul__ = _operator("*")
    __truediv__ = _operator("/")
    __mod__ = _operator("%")
    __pow__ = _operator("**")
    __radd__ = _operator("+", reflected=True)
    __rsub__ = _operator("-", reflected=True)
    __rmul__ = _operator("*", reflected=True)
    __rtruediv__ = _operator("/", reflected=True)
    __rmod__ = _operator("%", reflected=True)
    __rpow__ = _operator("**", reflected=True)
    __lt__ = _operator("<")
    __le__ = _operator("<=")
    __ge__ = _operator(">=")
    __gt__ = _operator(">")
    __ne__ = _operator("!=")

    def __hash__(self) -> int:
        # Terms are looked up by identity; __ne__ alone makes a filter.
        return object.__hash__(self)

    def __neg__(self) -> Factor:
        self._require_float64("-")
        return NumExprFactor(*applied("neg", self), FLOAT64)

    abs = _function("abs")
    arccos = _function("arccos")
    arccosh = _function("arccosh")
    arcsin = _function("arcsin")
    arcsinh = _function("arcsinh")
    arctan = _function("arctan")
    arctanh = _function("arctanh")
    cos = _function("cos")
    cosh = _function("cosh")
    exp = _function("exp")
    expm1 = _function("expm1")
    log = _function("log")
    log10 = _function("log10")
    log1p = _function("log1p")
    sin = _function("sin")
    sinh = _function("sinh")
    sqrt = _function("sqrt")
    tan = _function("tan")
    tanh = _function("tanh")

    mean = _summary("mean", "mean of the values that are not NaN")
    stddev = _summary("stddev", "standard deviation of the values that are not NaN, without ddof")
    max = _summary("max", "greatest value that is not NaN")
    min = _summary("min", "least value that is not NaN")
    median = _summary("median", "median of the values that are not NaN")
    sum = _summary("sum", "sum of the values that are not NaN")
    notnull_count = _summary("notnull_count", "number of values that are not missing")

    def _require_float64(self, method: str) -> None:
        if self.dtype != FLOAT64:
            raise TypeError(
                f"{method} is for factors of dtype float64, this one is of {self.dtype}"
            )

    def eq(self, other: Any) -> Filter:
        """Return a filter of where the values of two factors are equal.

        Parameters
        ----------
        other : Factor or number
        """
        made: Filter = _binary("==", self, other)
        return made

    def demean(self, mask: Any = NotSpecified, groupby: Any = NotSpecified) -> Factor:
        """Return the values less the mean of their date, or of their group on their date.

        Parameters
        ----------
        mask : Filter, optional
            The assets that count; elsewhere the result is NaN.
        groupby : Classifier, optional
        """
        return self._grouped("demean", _demean, mask, groupby, window_safe=self.window_safe)

    def zscore(self, mask: Any = NotSpecified, groupby: Any = NotSpecified) -> Factor:
        """Return the values less the mean of their date or group, over its standard deviation.

        Parameters
        ----------
        mask : Filter, optional
            The assets that count; elsewhere the result is NaN.
        groupby : Classifier, optional
        """
        return self._grouped("zscore", _zscore, mask, groupby, window_safe=True)

    def winsorize(
        self,
        min_percentile: float,
        max_percentile: float,
        mask: Any = NotSpecified,
        groupby: Any = NotSpecified,
    ) -> Factor:
        """Return the values with the extremes of their date or group replaced by less extreme ones.

        Parameters
        ----------
        min_percentile, max_percentile : float
            Between 0 and 1: values below and above these parts of the sorted values become the
            last ones within.
        mask : Filter, optional
            The assets that count; elsewhere the result is NaN.
        groupby : Classifier, optional

        Raises
        ------
        BadPercentileBounds
            If they are out of bounds or in the wrong order.
        """
        if not 0.0 <= min_percentile < max_percentile <= 1.0:
            raise BadPercentileBounds(
                min_percentile=min_percentile, max_percentile=max_percentile, upper_bound=1.0
            )
        return self._grouped(
            "winsorize",
            _winsorize,
            mask,
            groupby,
            (min_percentile, max_percentile),
            window_safe=self.window_safe,
        )

    def _grouped(
        self,
        name: str,
        transform: Callable[..., Any],
        mask: Any,
        groupby: Any,
        args: tuple[Any, ...] = (),
        *,
        window_safe: bool,
    ) -> Factor:
        self._require_float64(name)
        _require_filter(mask)
        _require_classifier(groupby)
        return GroupedRowTransform(
            transform=transform,
            transform_args=args,
            factor=self,
            groupby=groupby,
            dtype=self.dtype,
            missing_value=self.missing_value,
            mask=mask,
            window_safe=window_safe,
        )

    def rank(
        self,
        method: str = "ordinal",
        ascending: bool = True,
        mask: Any = NotSpecified,
        groupby: Any = NotSpecified,
    ) -> Factor:
        """Return the ranks of the values of each date, or of each group on each date, from 1.

        Parameters
        ----------
        method : {"ordinal", "min", "max", "dense", "average"}
            What equal values get; see `scipy.stats.rankdata`.
        ascending : bool, default True
            Whether the least value is the first.
        mask : Filter, optional
            The assets that count; elsewhere the result is NaN.
        groupby : Classifier, optional

        Raises
        ------
        UnknownRankMethod
            If there is no such method.
        """
        _require_filter(mask)
        _require_classifier(groupby)
        if method not in RANK_METHODS:
            raise UnknownRankMethod(method=method, choices=", ".join(RANK_METHODS))
        if groupby is NotSpecified:
            return Rank(self, method=method, ascending=ascending, mask=mask)
        return GroupedRowTransform(
            transform=_ranked,
            transform_args=(method, ascending, self.missing_value),
            factor=self,
            groupby=groupby,
            dtype=FLOAT64,
            missing_value=np.nan,
            mask=mask,
            window_safe=True,
        )

    def pearsonr(self, target: Term, correlation_length: int, mask: Any = NotSpecified) -> Factor:
        """Return rolling Pearson correlations with another term.

        Parameters
        ----------
        target : Term
            A factor or column, or one asset of it.
        correlation_length : int
            Number of dates, 2 at least.
        mask : Filter, optional
        """
        from rustybt.pipeline.factors.statistical import RollingPearson

        return RollingPearson(
            base_factor=self, target=target, correlation_length=correlation_length, mask=mask
        )

    def spearmanr(self, target: Term, correlation_length: int, mask: Any = NotSpecified) -> Factor:
        """Return rolling Spearman rank correlations with another term.

        Parameters
        ----------
        target : Term
            A factor or column, or one asset of it.
        correlation_length : int
            Number of dates, 2 at least.
        mask : Filter, optional
        """
        from rustybt.pipeline.factors.statistical import RollingSpearman

        return RollingSpearman(
            base_factor=self, target=target, correlation_length=correlation_length, mask=mask
        )

    def linear_regression(
        self, target: Term, regression_length: int, mask: Any = NotSpecified
    ) -> Factor:
        """Return rolling linear regressions on another term.

        Parameters
        ----------
        target : Term
            The independent variable: a factor or column, or one asset of it.
        regression_length : int
            Number of dates, 2 at least.
        mask : Filter, optional
        """
        from rustybt.pipeline.factors.statistical import RollingLinearRegression

        return RollingLinearRegression(
            dependent=self, independent=target, regression_length=regression_length, mask=mask
        )

    def quantiles(self, bins: int, mask: Any = NotSpecified) -> Classifier:
        """Return a classifier of the quantile that a value is in, from 0; -1 where it is NaN.

        Parameters
        ----------
        bins : int
            Number of quantiles.
        mask : Filter, optional
            The assets that count.
        """
        _require_filter(mask)
        return Quantiles(
            inputs=(self,), bins=bins, mask=self.mask if mask is NotSpecified else mask
        )

    def quartiles(self, mask: Any = NotSpecified) -> Classifier:
        """Return `quantiles` of 4 bins.

        Parameters
        ----------
        mask : Filter, optional
        """
        return self.quantiles(4, mask)

    def quintiles(self, mask: Any = NotSpecified) -> Classifier:
        """Return `quantiles` of 5 bins.

        Parameters
        ----------
        mask : Filter, optional
        """
        return self.quantiles(5, mask)

    def deciles(self, mask: Any = NotSpecified) -> Classifier:
        """Return `quantiles` of 10 bins.

        Parameters
        ----------
        mask : Filter, optional
        """
        return self.quantiles(10, mask)

    def top(self, N: int, mask: Any = NotSpecified, groupby: Any = NotSpecified) -> Filter:  # noqa: N803
        """Return a filter of the N greatest values of each date, or of each group on each date.

        Parameters
        ----------
        N : int
        mask : Filter, optional
            The assets that count.
        groupby : Classifier, optional
        """
        if N == 1:
            return MaximumFilter(self, groupby=groupby, mask=mask)
        found: Filter = self.rank(ascending=False, mask=mask, groupby=groupby) <= N
        return found

    def bottom(self, N: int, mask: Any = NotSpecified, groupby: Any = NotSpecified) -> Filter:  # noqa: N803
        """Return a filter of the N least values of each date, or of each group on each date.

        Parameters
        ----------
        N : int
        mask : Filter, optional
            The assets that count.
        groupby : Classifier, optional
        """
        found: Filter = self.rank(ascending=True, mask=mask, groupby=groupby) <= N
        return found

    def percentile_between(
        self, min_percentile: float, max_percentile: float, mask: Any = NotSpecified
    ) -> Filter:
        """Return a filter of the values between two percentiles of each date, both included.

        Parameters
        ----------
        min_percentile, max_percentile : float
            Between 0 and 100.
        mask : Filter, optional
            The assets that count.
        """
        return PercentileFilter(self, min_percentile, max_percentile, mask)

    def isnan(self) -> Filter:
        """Return a filter of where values are NaN."""
        self._require_float64("isnan")
        found: Filter = _binary("!=", self, self)
        return found

    def notnan(self) -> Filter:
        """Return a filter of where values are not NaN."""
        return ~self.isnan()

    def isfinite(self) -> Filter:
        """Return a filter of where values are neither NaN nor infinite."""
        self._require_float64("isfinite")
        found: Filter = _binary("<", -np.inf, self) & _binary("<", self, np.inf)
        return found

    def clip(self, min_bound: float, max_bound: float, mask: Any = NotSpecified) -> Factor:
        """Return the values, no less than one bound and no greater than another.

        Parameters
        ----------
        min_bound, max_bound : float
        mask : Filter, optional
        """
        from rustybt.pipeline.factors.basic import Clip

        return Clip(inputs=(self,), min_bound=min_bound, max_bound=max_bound, mask=mask)


def _require_filter(mask: Any) -> None:
    if mask is not NotSpecified and not isinstance(mask, Filter):
        raise TypeError(f"mask must be a filter, got {mask!r}")


def _require_classifier(groupby: Any) -> None:
    if groupby is not NotSpecified and not isinstance(groupby, Classifier):
        raise TypeError(f"groupby must be a classifier, got {groupby!r}")


class NumExprFactor(NumericalExpression, Factor):
    """A factor that is an expression: arithmetic or a function of factors."""


class GroupedRowTransform(Factor):
    """A function of the values of each date, or of each group on each date.

    Parameters
    ----------
    transform : callable
        Takes the values of a group, of shape (assets,), and `transform_args`; returns as many
        values.
    transform_args : tuple
    factor : Factor
    groupby : Classifier, optional
        One group of all assets by default.
    dtype : numpy.dtype
    missing_value : object
    mask : Filter, optional
    """

    window_length: Any = 0
    params: Any = ("transform", "transform_args")

    def __new__(
        cls,
        transform: Callable[..., Any],
        transform_args: tuple[Any, ...],
        factor: Factor,
        groupby: Any,
        dtype: Any,
        missing_value: Any,
        mask: Any,
        **kwargs: Any,
    ) -> Self:
        """Return the term of this function."""
        mask = factor.mask if mask is NotSpecified else mask & factor.mask
        return super().__new__(
            cls,
            inputs=(factor, Everything(mask=mask) if groupby is NotSpecified else groupby),
            transform=transform,
            transform_args=transform_args,
            dtype=dtype,
            missing_value=missing_value,
            mask=mask,
            **kwargs,
        )

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        data, groups = inputs
        labels, none = self.inputs[1].to_integral(groups)
        labels = np.where(mask, labels, none)
        whole = _WHOLE.get(self.params["transform"])
        if whole is not None and isinstance(self.inputs[1], Everything):
            result = whole(np.where(mask, data, np.nan))
        else:
            result = naive_grouped_rowwise_apply(
                data=data,
                group_labels=labels,
                func=self.params["transform"],
                func_args=self.params["transform_args"],
                out=np.empty(data.shape, dtype=self.dtype),
            )
        return np.where(labels != none, result, self.missing_value)

    @property
    def transform_name(self) -> str:
        """Name of the function."""
        return str(self.params["transform"].__name__).lstrip("_")

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"{type(self).__name__}({self.transform_name!r})"


class Rank(SingleInputMixin, Factor):
    """Ranks of the values of each date, from 1.

    Parameters
    ----------
    factor : Factor
    method : str
    ascending : bool
    mask : Filter, optional
    """

    window_length: Any = 0
    dtype: Any = FLOAT64
    window_safe = True
    params: Any = ("method", "ascending")

    def __new__(cls, factor: Term, method: str, ascending: bool, mask: Any) -> Self:
        """Return the ranks of this factor."""
        return super().__new__(cls, inputs=(factor,), method=method, ascending=ascending, mask=mask)

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        missing = self.inputs[0].missing_value
        return masked_rankdata_2d(inputs[0], mask, missing, *self.params.values())

    def __repr__(self) -> str:
        known = self.mask is AssetExists()
        mask = "" if known else f", mask={self.mask.recursive_repr()}"
        inner = self.inputs[0].recursive_repr()
        return f"{type(self).__name__}({inner}, method={self.params['method']!r}{mask})"

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"Rank:\\l  method: {self.params['method']!r}\\l"


class CustomFactor(PositiveWindowLengthMixin, CustomTermMixin, Factor):
    """Base of factors of your own; see `CustomTermMixin` for what they define.

    Each of several outputs is a factor too: ``factor.output``, or by iterating over the factor.
    """

    dtype: Any = FLOAT64

    def _dtype_hint(self) -> str:
        if self.dtype in CLASSIFIER_DTYPES:
            return "Did you mean to create a CustomClassifier?"
        return "Did you mean to create a CustomFilter?" if self.dtype in FILTER_DTYPES else ""

    def __getattr__(self, name: str) -> Any:
        # Names of outputs are never names of attributes: _validate_outputs sees to it.
        outputs = self.__dict__.get("outputs", NotSpecified)
        if outputs is NotSpecified:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        if name not in outputs:
            raise AttributeError(
                f"{type(self).__name__} has no output {name!r}; there are {', '.join(outputs)}"
            )
        return RecarrayField(factor=self, attribute=name)

    def __iter__(self) -> Iterator[Any]:
        if self.outputs is NotSpecified:
            raise ValueError(f"{type(self).__name__} has one output only")
        return (RecarrayField(factor=self, attribute=name) for name in self.outputs)


class RecarrayField(SingleInputMixin, Factor):
    """One of several outputs of a factor.

    Parameters
    ----------
    factor : CustomFactor
    attribute : str
    """

    window_length: Any = 0
    params: Any = ("attribute",)

    def __new__(cls, factor: Factor, attribute: str) -> Self:
        """Return this output."""
        return super().__new__(
            cls,
            inputs=(factor,),
            attribute=attribute,
            mask=factor.mask,
            dtype=factor.dtype,
            missing_value=factor.missing_value,
            window_safe=factor.window_safe,
        )

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: Any) -> Any:
        return np.ascontiguousarray(inputs[0][self.params["attribute"]])

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"{self.inputs[0].recursive_repr()}.{self.params['attribute']}"


class Latest(LatestMixin, CustomFactor):
    """The last known value of a column."""


def _defined(reduce: Callable[[Any], Any], data: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a statistic of each row, NaN where a row has no values."""
    out = np.full(len(data), np.nan)
    some = ~np.isnan(data).all(axis=1)
    if some.any():
        out[some] = reduce(data[some])
    return out


_STATISTICS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda rows: np.nanmean(rows, axis=1),
    "stddev": lambda rows: np.nanstd(rows, axis=1),
    "max": lambda rows: np.nanmax(rows, axis=1),
    "min": lambda rows: np.nanmin(rows, axis=1),
    "median": lambda rows: np.nanmedian(rows, axis=1),
}


class DailySummary(SingleInputMixin, Factor):
    """A statistic of the values of each date; one a date.

    Parameters
    ----------
    func : str
        Name of the statistic.
    input_ : Factor
    mask : Filter, optional
    """

    ndim = 1
    window_length: Any = 0
    dtype: Any = FLOAT64
    params: Any = ("func",)

    def __new__(cls, func: str, input_: Factor, mask: Any = NotSpecified) -> Self:
        """Return the statistic of this factor."""
        return super().__new__(
            cls, inputs=(input_,), func=func, mask=mask, window_safe=input_.window_safe
        )

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        valid = mask & ~is_missing(inputs[0], self.inputs[0].missing_value)
        data = np.where(valid, inputs[0], np.nan)
        name = self.params["func"]
        if name == "notnull_count":
            values = (~np.isnan(data)).sum(axis=1).astype(np.float64)
        elif name == "sum":
            values = np.nansum(data, axis=1)
        else:
            values = _defined(_STATISTICS[name], data)
        return values[:, np.newaxis]

    def __repr__(self) -> str:
        return f"{self.inputs[0].recursive_repr()}.{self.params['func']}()"

    graph_repr = recursive_repr = __repr__


# Transforms of the values of one group


def _demean(values: NDArray[np.float64]) -> Any:
    valid = values[~np.isnan(values)]
    return values - valid.mean() if len(valid) else values


def _zscore(values: NDArray[np.float64]) -> Any:
    valid = values[~np.isnan(values)]
    if not len(valid):
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return (values - valid.mean()) / valid.std()


def _winsorize(
    values: NDArray[np.float64], min_percentile: float, max_percentile: float
) -> NDArray[np.float64]:
    order = values.argsort()
    # NaN sorts last.
    known = order[: len(values) - int(np.isnan(values).sum())]
    out = values.copy()
    low, high = int(min_percentile * len(known)), ceil(max_percentile * len(known))
    if low:
        out[known[:low]] = values[known[low]]
    if high < len(known):
        out[known[high:]] = values[known[high - 1]]
    return out


def _ranked(values: NDArray[Any], method: Any, ascending: bool, missing: Any) -> Any:
    mask: Any = np.ones((1, len(values)), dtype=np.bool_)
    return masked_rankdata_2d(values[np.newaxis], mask, missing, method, ascending)[0]


def _row_means(data: NDArray[np.float64]) -> NDArray[np.float64]:
    return _defined(_STATISTICS["mean"], data)[:, np.newaxis]


def _demean_rows(data: NDArray[np.float64]) -> NDArray[np.float64]:
    return data - _row_means(data)


def _zscore_rows(data: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _demean_rows(data) / _defined(_STATISTICS["stddev"], data)[:, np.newaxis]


# What the transforms do to all rows at once where each row is one group.
_WHOLE: dict[Any, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    _demean: _demean_rows,
    _zscore: _zscore_rows,
}
