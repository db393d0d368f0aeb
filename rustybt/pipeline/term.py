"""Terms: what a pipeline computes, as a graph of objects that are made once each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast
from weakref import WeakValueDictionary

import numpy as np

from rustybt.assets import Asset
from rustybt.errors import (
    InvalidOutputName,
    NonPipelineInputs,
    NonSliceableTerm,
    NonWindowSafeInput,
    TermInputsNotSpecified,
    TermOutputsEmpty,
    WindowLengthNotSpecified,
)
from rustybt.pipeline.domain import GENERIC, Domain, infer_domain
from rustybt.pipeline.dtypes import BOOL, DATETIME64, FLOAT64, checked_dtype, coerced
from rustybt.pipeline.sentinels import NotSpecified

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rustybt.pipeline.filters import Filter


class Term:
    """Something that has a value for each asset on each date, or for each date.

    Terms that are made of the same arguments are one object, so that what several terms of a
    pipeline need is computed once. They must not be changed after they are made.

    Attributes
    ----------
    dtype : numpy.dtype
    missing_value : object
        What stands for a missing value.
    params : dict of str to object
        Further arguments; a class names them, with or without values to fall back on.
    domain : Domain
        The calendar and the country that its values belong to.
    window_safe : bool
        Whether the values of past dates mean the same on later ones, whatever splits and dividends
        there were in between, so that other terms may look at windows of them.
    ndim : int
        2, or 1 for one value a date.
    """

    dtype: Any = NotSpecified
    missing_value: Any = NotSpecified
    params: Any = ()
    domain: Any = GENERIC
    window_safe: bool = False
    ndim: int = 2
    inputs: Any = ()
    mask: Any = None
    windowed: bool = False

    _made: ClassVar[WeakValueDictionary[Any, Term]] = WeakValueDictionary()

    def __new__(
        cls,
        *,
        domain: Any = NotSpecified,
        dtype: Any = NotSpecified,
        missing_value: Any = NotSpecified,
        window_safe: Any = NotSpecified,
        ndim: Any = NotSpecified,
        **kwargs: Any,
    ) -> Self:
        """Return the term of these arguments, the one there is or a new one."""
        given = {"domain": domain, "window_safe": window_safe, "ndim": ndim}
        attributes = {
            name: getattr(cls, name) if value is NotSpecified else value
            for name, value in given.items()
        }
        attributes["dtype"], attributes["missing_value"] = checked_dtype(
            cls.__name__,
            cls.dtype if dtype is NotSpecified else dtype,
            cls.missing_value if missing_value is NotSpecified else missing_value,
        )
        params = cls._pop_params(kwargs)
        attributes |= kwargs
        identity = (cls, tuple(attributes.items()), params)
        found = cls._made.get(identity)
        if found is not None:
            return cast("Self", found)
        made = super().__new__(cls)
        for name, value in attributes.items():
            setattr(made, name, value)
        made.params = dict(params)
        made._validate()
        cls._made[identity] = made
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: a term that was made before is not set up again."""

    @classmethod
    def _pop_params(cls, kwargs: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
        """Take the parameters that the class names out of keyword arguments."""
        defaults = cls.params if isinstance(cls.params, Mapping) else {}
        values = []
        for name in cls.params:
            value = kwargs.pop(name, defaults.get(name, NotSpecified))
            if value is NotSpecified:
                raise TypeError(f"{cls.__name__} needs the keyword argument {name!r}")
            try:
                hash(value)
            except TypeError:
                raise TypeError(
                    f"{cls.__name__} needs a hashable value for {name!r}, got {value!r}"
                ) from None
            values.append((name, value))
        return tuple(values)

    def _validate(self) -> None:
        """Raise unless the term is well-formed; subclasses call this one too."""

    @property
    def dependencies(self) -> dict[Term, int]:
        """The terms to be computed before, and how many rows before the first one of them."""
        return {}

    def compute_extra_rows(
        self,
        all_dates: pd.DatetimeIndex,
        start_date: pd.Timestamp,
        end_date: pd.Timestamp,
        min_extra_rows: int,
    ) -> int:
        """Return the number of rows to compute before the first date asked for.

        Parameters
        ----------
        all_dates : pandas.DatetimeIndex
            The sessions of the domain.
        start_date, end_date : pandas.Timestamp
            First and last date asked for.
        min_extra_rows : int
            What other terms need.
        """
        return min_extra_rows

    def __getitem__(self, key: Asset) -> Any:
        if not isinstance(key, Asset):
            raise TypeError(f"terms are indexed by assets, got {key!r}")
        raise NonSliceableTerm(term=self)

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        return type(self).__name__

    def recursive_repr(self) -> str:
        """Return what other terms call this one as their input."""
        return type(self).__name__


class AssetExists(Term):
    """Whether an asset existed on a date; the mask of terms that have no other one.

    The engine knows its values: an asset exists from the day after its first session, when there
    are data of it in the morning, to its last one.
    """

    dtype: Any = BOOL

    def __repr__(self) -> str:
        return "AssetExists()"


class InputDates(Term):
    """The dates themselves; the engine knows them."""

    dtype: Any = DATETIME64
    ndim = 1
    window_safe = True

    def __repr__(self) -> str:
        return "InputDates()"


class LoadableTerm(Term):
    """A term whose values a loader gets from somewhere else; columns of datasets are."""

    def specialize(self, domain: Domain) -> Self:
        """Return this term in a domain."""
        raise NotImplementedError(f"{type(self).__name__} defines no specialize")

    @cached_property
    def dependencies(self) -> dict[Term, int]:
        """The mask, and no rows before it."""
        return {self.mask: 0}


class ComputableTerm(Term):
    """A term that is computed of other ones: a factor, a filter or a classifier.

    Parameters
    ----------
    inputs : iterable of Term
    outputs : iterable of str, optional
        Names of several outputs.
    window_length : int
        Number of rows of the inputs that a row is computed of; 0 for the row itself.
    mask : Filter, optional
        The assets and dates to compute it for; where they exist, by default.
    domain : Domain, optional
        That of the inputs by default.

    Raises
    ------
    TermInputsNotSpecified, WindowLengthNotSpecified, TermOutputsEmpty
        If neither the arguments nor the class have them.
    NonPipelineInputs
        If inputs are no terms.
    NonWindowSafeInput
        If a window is asked of an input that is not window safe.
    AmbiguousDomain
        If inputs are of several domains.
    """

    inputs: Any = NotSpecified
    outputs: Any = NotSpecified
    window_length: Any = NotSpecified
    mask: Any = NotSpecified
    domain: Any = NotSpecified

    def __new__(
        cls,
        inputs: Any = NotSpecified,
        outputs: Any = NotSpecified,
        window_length: Any = NotSpecified,
        mask: Any = NotSpecified,
        domain: Any = NotSpecified,
        **kwargs: Any,
    ) -> Self:
        """Return the term of these arguments, the one there is or a new one."""
        inputs = cls.inputs if inputs is NotSpecified else inputs
        outputs = cls.outputs if outputs is NotSpecified else outputs
        mask = cls.mask if mask is NotSpecified else mask
        domain = cls.domain if domain is NotSpecified else domain
        if inputs is not NotSpecified:
            inputs = tuple(inputs)
            strangers = [term for term in inputs if not isinstance(term, Term)]
            if strangers:
                raise NonPipelineInputs(term=cls.__name__, inputs=strangers)
            domain = infer_domain(inputs) if domain is NotSpecified else domain
        return super().__new__(
            cls,
            inputs=inputs,
            outputs=outputs if outputs is NotSpecified else tuple(outputs),
            window_length=cls.window_length if window_length is NotSpecified else window_length,
            mask=AssetExists() if mask is NotSpecified else mask,
            domain=GENERIC if domain is NotSpecified else domain,
            **kwargs,
        )

    def _validate(self) -> None:
        super()._validate()
        name = type(self).__name__
        if self.inputs is NotSpecified:
            raise TermInputsNotSpecified(termname=name)
        if not isinstance(self.domain, Domain):
            raise TypeError(f"the domain of {name} must be a Domain, got {self.domain!r}")
        if self.outputs is not NotSpecified:
            self._validate_outputs()
        if self.window_length is NotSpecified:
            raise WindowLengthNotSpecified(termname=name)
        if self.window_length > 1:
            for term in self.inputs:
                if not term.window_safe:
                    raise NonWindowSafeInput(parent=self, child=term)

    def _validate_outputs(self) -> None:
        name = type(self).__name__
        if not self.outputs:
            raise TermOutputsEmpty(termname=name)
        taken = {attribute for attribute in dir(ComputableTerm) if not attribute.startswith("_")}
        taken.add("compute")
        for output in self.outputs:
            if output.startswith("_") or output in taken:
                raise InvalidOutputName(
                    output_name=output, termname=name, disallowed_names=", ".join(sorted(taken))
                )

    @property
    def windowed(self) -> bool:  # type: ignore[override] # it follows from the length
        """Whether it is computed of windows of its inputs."""
        return self.window_length is not NotSpecified and self.window_length > 0

    @cached_property
    def dependencies(self) -> dict[Term, int]:
        """Inputs and mask, and how many rows of them before the first one."""
        rows = max(0, self.window_length - 1)
        return {**dict.fromkeys(self.inputs, rows), self.mask: 0}

    @classmethod
    def principal_type(cls) -> Any:
        """Return Factor, Filter or Classifier."""
        raise NotImplementedError(f"{cls.__name__} is no factor, filter or classifier")

    def _compute(
        self,
        inputs: list[Any],
        dates: pd.DatetimeIndex,
        assets: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> Any:
        """Return the values of the term.

        Parameters
        ----------
        inputs : list
            Of each input its array, or where the term has a window an iterator of its windows.
        dates : pandas.DatetimeIndex
            Rows of the result.
        assets : pandas.Index of int64
            Sids; columns of the result.
        mask : ndarray of bool, shape (dates, assets)
            Where values are wanted.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no _compute")

    def postprocess(self, data: NDArray[Any]) -> Any:
        """Return values as the column of a frame holds them.

        Parameters
        ----------
        data : ndarray, shape (rows,)
            What passed the screen of the pipeline.
        """
        if data.dtype.names:
            return [tuple(row) for row in data]
        return data

    def to_workspace_value(self, result: pd.Series[Any], assets: pd.Index[int]) -> Any:
        """Return a column of a pipeline's result as an array again.

        Parameters
        ----------
        result : pandas.Series
            Values by date and asset.
        assets : pandas.Index of int64
            Columns of the array.

        Returns
        -------
        ndarray, shape (dates, assets)
        """
        frame: Any = result.unstack(fill_value=self.missing_value)
        frame = frame.fillna(self.missing_value)
        return frame.reindex(columns=assets, fill_value=self.missing_value).to_numpy()

    def downsample(self, frequency: str) -> Any:
        """Return a term that is computed at times only and keeps its value in between.

        Parameters
        ----------
        frequency : {"year_start", "quarter_start", "month_start", "week_start"}
            When it is computed anew: on the first session of a period.
        """
        from rustybt.pipeline.derived import Downsampled, derived

        return derived(Downsampled, self.principal_type())(term=self, frequency=frequency)

    def alias(self, name: str) -> Any:
        """Return this term under a name, which reprs and drawings show.

        Parameters
        ----------
        name : str
        """
        from rustybt.pipeline.derived import Aliased, derived

        return derived(Aliased, self.principal_type())(term=self, name=name)

    def isnull(self) -> Filter:
        """Return a filter of where values are missing.

        Raises
        ------
        TypeError
            If this is a filter.
        """
        from rustybt.pipeline.filters import NullFilter

        self._refuse_bool("isnull")
        if self.dtype == FLOAT64:
            return cast("Any", self).isnan()  # type: ignore[no-any-return] # factors have it
        return NullFilter(self)

    def notnull(self) -> Filter:
        """Return a filter of where values are not missing.

        Raises
        ------
        TypeError
            If this is a filter.
        """
        from rustybt.pipeline.filters import NotNullFilter

        self._refuse_bool("notnull")
        return NotNullFilter(self)

    def fillna(self, fill_value: Any) -> Any:
        """Return this term with something else where values are missing.

        Parameters
        ----------
        fill_value : object or ComputableTerm
            A value of its dtype, or a term to take the values of.

        Raises
        ------
        TypeError
            If this is a filter, or `fill_value` is a column or does not fit the dtype.
        """
        from rustybt.pipeline.derived import Constant, derived

        self._refuse_bool("fillna")
        if isinstance(fill_value, LoadableTerm):
            raise TypeError(f"{fill_value} is a column, which cannot fill: append .latest to it")
        if not isinstance(fill_value, ComputableTerm):
            try:
                value = coerced(fill_value, self.dtype)
            except (TypeError, ValueError) as error:
                raise TypeError(
                    f"fill_value {fill_value!r} does not fit {type(self).__name__} of dtype "
                    f"{self.dtype}: {error}"
                ) from None
            fill_value = derived(Constant, self.principal_type())(
                const=value, dtype=self.dtype, missing_value=self.missing_value
            )
        return self.notnull().if_else(if_true=self, if_false=fill_value)

    def _refuse_bool(self, method: str) -> None:
        if self.dtype == BOOL:
            raise TypeError(f"{method} is not for filters, which have no missing values")

    def __getitem__(self, key: Asset) -> Any:
        from rustybt.pipeline.derived import Slice, derived

        if not isinstance(key, Asset):
            raise TypeError(f"terms are indexed by assets, got {key!r}")
        return derived(Slice, self.principal_type())(term=self, asset=key)

    def __iter__(self) -> Iterator[Any]:
        # Without this, indexing would make every term an endless iterable.
        raise TypeError(f"{type(self).__name__} is not iterable")

    def __repr__(self) -> str:
        names = ", ".join(term.recursive_repr() for term in self.inputs)
        return f"{type(self).__name__}([{names}], {self.window_length})"

    def recursive_repr(self) -> str:
        """Return what other terms call this one as their input."""
        return f"{type(self).__name__}(...)"
