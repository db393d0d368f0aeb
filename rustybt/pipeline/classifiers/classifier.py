"""Classifiers: terms that put assets into groups."""

from __future__ import annotations

import operator
from numbers import Number
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np
import pandas as pd

from rustybt.lib.labelarray import LabelArray
from rustybt.lib.quantiles import quantiles
from rustybt.pipeline.dtypes import (
    CLASSIFIER_DTYPES,
    FACTOR_DTYPES,
    FILTER_DTYPES,
    INT64,
    OBJECT,
)
from rustybt.pipeline.filters import ArrayPredicate, Filter, NumExprFilter
from rustybt.pipeline.mixins import (
    CustomTermMixin,
    LatestMixin,
    PositiveWindowLengthMixin,
    RestrictedDTypeMixin,
    SingleInputMixin,
    StandardOutputs,
)
from rustybt.pipeline.sentinels import NotSpecified
from rustybt.pipeline.term import Term

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from rustybt.pipeline.factors import Factor


class InvalidClassifierComparison(TypeError):  # noqa: N818 - Zipline's name
    """A classifier is compared with a value of another type.

    Parameters
    ----------
    classifier : Classifier
    compval : object
    """

    def __init__(self, classifier: Classifier, compval: object) -> None:
        super().__init__(
            f"a classifier of dtype {classifier.dtype} cannot be compared with {compval!r} of "
            f"type {type(compval).__name__}"
        )


class Classifier(RestrictedDTypeMixin):
    """A term of dtype int64 or of strings, which names the group of each asset.

    See `ComputableTerm` for the parameters.
    """

    ALLOWED_DTYPES = CLASSIFIER_DTYPES

    @classmethod
    def principal_type(cls) -> Any:
        """Return Classifier."""
        return Classifier

    def eq(self, other: Any) -> Filter:
        """Return a filter of where the classifier has a value.

        Parameters
        ----------
        other : int or str

        Raises
        ------
        ValueError
            If it is the missing value: use `isnull`.
        TypeError
            If it is of another type.
        """
        if other == self.missing_value:
            raise ValueError(
                f"{other!r} is the missing value of {type(self).__name__}, which equals nothing: "
                "use isnull()"
            )
        self._require_fit(other)
        if isinstance(other, Number):
            return NumExprFilter.create(("==", ("x", 0), ("number", int(other))), (self,))  # type: ignore[call-overload] # an int
        return ArrayPredicate(term=self, op=operator.eq, opargs=(other,))

    def __ne__(self, other: object) -> Any:
        self._require_fit(other)
        if isinstance(other, Number):
            known = ("!=", ("x", 0), ("number", self.missing_value))
            differs = ("!=", ("x", 0), ("number", int(other)))  # type: ignore[call-overload] # an int
            return NumExprFilter.create(("&", differs, known), (self,))
        return ArrayPredicate(term=self, op=operator.ne, opargs=(other,))

    def __hash__(self) -> int:
        # Terms are looked up by identity; __ne__ alone makes a filter.
        return object.__hash__(self)

    def _require_fit(self, other: object) -> None:
        if isinstance(other, Number) != (self.dtype == INT64):
            raise InvalidClassifierComparison(self, other)

    def _no_order(self, other: object) -> NoReturn:
        raise TypeError("classifiers have no order: they can be compared by eq and != only")

    __lt__ = __le__ = __gt__ = __ge__ = _no_order

    def _require_strings(self, method: str) -> None:
        if self.dtype != OBJECT:
            raise TypeError(f"{method} is for classifiers of strings, this one is of {self.dtype}")

    def startswith(self, prefix: str | bytes) -> Filter:
        """Return a filter of where the string begins with another one.

        Parameters
        ----------
        prefix : str or bytes
        """
        return self._text("startswith", LabelArray.startswith, prefix)

    def endswith(self, suffix: str | bytes) -> Filter:
        """Return a filter of where the string ends with another one.

        Parameters
        ----------
        suffix : str or bytes
        """
        return self._text("endswith", LabelArray.endswith, suffix)

    def has_substring(self, substring: str | bytes) -> Filter:
        """Return a filter of where the string contains another one.

        Parameters
        ----------
        substring : str or bytes
        """
        return self._text("has_substring", LabelArray.has_substring, substring)

    def matches(self, pattern: str | bytes | re.Pattern[Any]) -> Filter:
        """Return a filter of where a regular expression matches the beginning of the string.

        Parameters
        ----------
        pattern : str, bytes or re.Pattern
        """
        return self._text("matches", LabelArray.matches, pattern)

    def _text(self, method: str, op: Callable[..., Any], argument: Any) -> Filter:
        self._require_strings(method)
        return ArrayPredicate(term=self, op=op, opargs=(argument,))

    def relabel(self, relabeler: Callable[[Any], Any]) -> Classifier:
        """Return a classifier of other strings.

        Parameters
        ----------
        relabeler : callable(str) -> str or None
        """
        self._require_strings("relabel")
        return Relabel(term=self, relabeler=relabeler)

    def element_of(self, choices: Iterable[Any]) -> Filter:
        """Return a filter of where the classifier has one of some values.

        Parameters
        ----------
        choices : iterable of int or str

        Raises
        ------
        ValueError
            If the missing value is among them.
        TypeError
            If they are not hashable, or not all of the type of the classifier.
        """
        try:
            chosen = frozenset(choices)
        except TypeError as error:
            raise TypeError(
                f"element_of takes an iterable of hashable values, got {choices!r}: {error}"
            ) from None
        if self.missing_value in chosen:
            raise ValueError(
                f"{self.missing_value!r} is the missing value of {type(self).__name__}, which is "
                "an element of nothing: use isnull()"
            )
        kinds = int if self.dtype == INT64 else (str, bytes)
        wrong = [value for value in chosen if not isinstance(value, kinds)]
        if wrong:
            raise TypeError(
                f"element_of of a classifier of dtype {self.dtype} got {sorted(wrong, key=repr)}"
            )
        op = _element_of if self.dtype == INT64 else LabelArray.element_of
        return ArrayPredicate(term=self, op=op, opargs=(chosen,))

    def postprocess(self, data: NDArray[Any]) -> Any:
        """Return strings as a Categorical.

        Parameters
        ----------
        data : ndarray or LabelArray, shape (rows,)
        """
        return data.as_categorical() if isinstance(data, LabelArray) else data

    def to_workspace_value(self, result: pd.Series[Any], assets: pd.Index[int]) -> Any:
        """Return a column of a pipeline's result as an array again.

        Parameters
        ----------
        result : pandas.Series
        assets : pandas.Index of int64
        """
        if self.dtype == INT64:
            return super().to_workspace_value(result, assets)
        text = result.astype(object).where(result.notna(), self.missing_value)
        frame: Any = text.unstack(fill_value=self.missing_value)
        frame = frame.reindex(columns=assets, fill_value=self.missing_value)
        return LabelArray(frame.to_numpy(dtype=object), self.missing_value)

    def to_integral(self, output_array: Any) -> tuple[NDArray[Any], int]:
        """Return the values as integers, and the integer that means missing.

        Parameters
        ----------
        output_array : ndarray of int64 or LabelArray
        """
        if self.dtype == INT64:
            return output_array, self.missing_value
        return output_array.as_int_array(), output_array.missing_value_code

    def peer_count(self, mask: Any = NotSpecified) -> Factor:
        """Return a factor of the number of assets in the same group.

        Parameters
        ----------
        mask : Filter, optional
        """
        from rustybt.pipeline.factors import PeerCount

        return PeerCount(inputs=(self,), mask=mask)


def _element_of(data: NDArray[np.int64], choices: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(data, list(choices))


class Everything(Classifier):
    """One group of all assets."""

    dtype: Any = INT64
    missing_value: Any = -1
    inputs: Any = ()
    window_length: Any = 0

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        return np.where(mask, 0, self.missing_value)


class Quantiles(SingleInputMixin, Classifier):
    """Groups of about as many assets, by their values of a factor on a date."""

    params: Any = ("bins",)
    dtype: Any = INT64
    missing_value: Any = -1
    window_length: Any = 0

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        result = quantiles(np.where(mask, inputs[0], np.nan), self.params["bins"])
        return np.where(np.isnan(result), self.missing_value, result).astype(np.int64)

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return f"{type(self).__name__}({self.params['bins']})"


class Relabel(SingleInputMixin, Classifier):
    """A classifier with other strings.

    Parameters
    ----------
    term : Classifier
    relabeler : callable(str) -> str or None
    """

    params: Any = ("relabeler",)
    window_length: Any = 0

    def __new__(cls, term: Term, relabeler: Callable[[Any], Any]) -> Self:
        """Return the classifier of this one."""
        if term.dtype != OBJECT:
            raise TypeError(f"only classifiers of strings can be relabeled, not of {term.dtype}")
        return super().__new__(
            cls,
            inputs=(term,),
            dtype=term.dtype,
            missing_value=term.missing_value,
            mask=term.mask,
            relabeler=relabeler,
        )

    def _compute(self, inputs: list[Any], dates: Any, assets: Any, mask: NDArray[np.bool_]) -> Any:
        result = inputs[0].map(self.params["relabeler"])
        result[~mask] = result.missing_value
        return result


class CustomClassifier(PositiveWindowLengthMixin, StandardOutputs, CustomTermMixin, Classifier):
    """Base of classifiers of your own; see `CustomTermMixin` for what they define."""

    def _dtype_hint(self) -> str:
        if self.dtype in FACTOR_DTYPES:
            return "Did you mean to create a CustomFactor?"
        return "Did you mean to create a CustomFilter?" if self.dtype in FILTER_DTYPES else ""

    def _allocate_output(self, windows: list[Any], shape: tuple[int, int]) -> Any:
        if self.dtype == INT64:
            return super()._allocate_output(windows, shape)
        # Labels are codes: those of the output mean what those of the input mean.
        return windows[0].empty_like(shape)


class Latest(LatestMixin, CustomClassifier):
    """The last known value of a column of strings or int64."""
