"""Datasets: groups of columns that loaders know how to get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, Self, cast
from weakref import WeakKeyDictionary

import numpy as np

from rustybt.pipeline.domain import GENERIC, Domain
from rustybt.pipeline.dtypes import (
    CLASSIFIER_DTYPES,
    FILTER_DTYPES,
    FLOAT64,
    NoDefaultMissingValue,
    checked_dtype,
)
from rustybt.pipeline.sentinels import NotSpecified
from rustybt.pipeline.term import AssetExists, LoadableTerm

if TYPE_CHECKING:
    from rustybt.pipeline.term import ComputableTerm

# The rate that is used where a loader's reader has several.
DEFAULT_FX_RATE = "default"


class CurrencyConversion(NamedTuple):
    """What a column is converted to."""

    currency: str
    """Three letters, as ISO 4217 has them."""
    field: str
    """Name of the rate."""


class Column:
    """A column in the definition of a dataset.

    Parameters
    ----------
    dtype : dtype-like
        bool, int64, float64, datetime64[ns] or object (strings).
    missing_value : object, optional
        What stands for a missing value; an int64 column needs one.
    doc : str, optional
    metadata : mapping, optional
        Further facts for whoever asks.
    currency_aware : bool, default False
        Whether values are amounts of money, of dtype float64.

    Raises
    ------
    ValueError
        If amounts of money are not of dtype float64.
    """

    def __init__(
        self,
        dtype: Any,
        missing_value: Any = NotSpecified,
        doc: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        currency_aware: bool = False,
    ) -> None:
        if currency_aware and np.dtype(dtype) != FLOAT64:
            raise ValueError(f"a currency_aware column must be of dtype float64, got {dtype}")
        self.dtype = dtype
        self.missing_value = missing_value
        self.doc = doc
        self.metadata = dict(metadata or {})
        self.currency_aware = currency_aware

    def bind(self, name: str) -> _ColumnDescriptor:
        """Return what a dataset has in the place of the column.

        Parameters
        ----------
        name : str

        Raises
        ------
        NoDefaultMissingValue
            If the dtype needs a missing value.
        """
        return _ColumnDescriptor(self, name)


class _ColumnDescriptor:
    """A column of a dataset and of all that derive from it."""

    def __init__(self, column: Column, name: str) -> None:
        try:
            dtype, missing = checked_dtype(f"Column {name!r}", column.dtype, column.missing_value)
        except NoDefaultMissingValue as error:
            raise NoDefaultMissingValue(f"{error} to Column") from None
        self._attributes: dict[str, Any] = {
            "dtype": dtype,
            "missing_value": missing,
            "name": name,
            "doc": column.doc,
            "metadata": tuple(sorted(column.metadata.items())),
            "currency_aware": column.currency_aware,
            "currency_conversion": None,
        }

    def __get__(self, instance: object, owner: Any) -> BoundColumn:
        return BoundColumn(dataset=owner, **self._attributes)


class BoundColumn(LoadableTerm):
    """A column of a dataset: a term that a loader gets the values of.

    Columns are made by accessing the attributes of a dataset.

    Attributes
    ----------
    dataset : type
        The dataset.
    name : str
    metadata : dict
    currency_aware : bool
    currency_conversion : CurrencyConversion or None
    """

    mask: Any = AssetExists()
    window_safe = True
    params: Any = ("dataset", "name", "doc", "metadata", "currency_aware", "currency_conversion")

    def __new__(cls, *, dataset: Any, **attributes: Any) -> Self:
        """Return the column of this dataset."""
        made = super().__new__(
            cls, dataset=dataset, domain=dataset.domain, ndim=dataset.ndim, **attributes
        )
        made.__doc__ = attributes["doc"]
        return made

    @property
    def dataset(self) -> Any:
        """The dataset."""
        return self.params["dataset"]

    @property
    def name(self) -> str:
        """Name of the column."""
        return cast("str", self.params["name"])

    @property
    def metadata(self) -> dict[str, Any]:
        """Further facts."""
        return dict(self.params["metadata"])

    @property
    def currency_aware(self) -> bool:
        """Whether values are amounts of money."""
        return cast("bool", self.params["currency_aware"])

    @property
    def currency_conversion(self) -> CurrencyConversion | None:
        """What they are converted to."""
        return cast("CurrencyConversion | None", self.params["currency_conversion"])

    @property
    def qualname(self) -> str:
        """Names of the dataset and the column."""
        conversion = self.currency_conversion
        shown = "" if conversion is None else f".fx({conversion.currency!r})"
        return f"{self.dataset.qualname}.{self.name}{shown}"

    def _replace(self, **changes: Any) -> Self:
        kept = {"dtype": self.dtype, "missing_value": self.missing_value, **self.params}
        return type(self)(**{**kept, **changes})

    def specialize(self, domain: Domain) -> Self:
        """Return this column in a domain.

        Parameters
        ----------
        domain : Domain
        """
        if domain == self.domain:
            return self
        return self._replace(dataset=self.dataset.specialize(domain))

    def unspecialize(self) -> Self:
        """Return this column in the generic domain."""
        return self.specialize(GENERIC)

    def fx(self, currency: str) -> Self:
        """Return this column converted to a currency.

        Parameters
        ----------
        currency : str
            Three letters, as ISO 4217 has them.

        Raises
        ------
        TypeError
            If the values are no amounts of money.
        """
        if not self.currency_aware:
            raise TypeError(f"{self.qualname} is no amount of money: it cannot be converted")
        code = currency.upper()
        if self.currency_conversion is not None and self.currency_conversion.currency == code:
            return self
        return self._replace(currency_conversion=CurrencyConversion(code, DEFAULT_FX_RATE))

    @property
    def latest(self) -> Any:
        """The last known value: a filter, classifier or factor, by its dtype."""
        from rustybt.pipeline import classifiers, factors, filters

        kind: type[ComputableTerm] = factors.Latest
        if self.dtype in FILTER_DTYPES:
            kind = filters.Latest
        elif self.dtype in CLASSIFIER_DTYPES:
            kind = classifiers.Latest
        return kind(
            inputs=(self,), dtype=self.dtype, missing_value=self.missing_value, ndim=self.ndim
        )

    def _no_order(self, other: object) -> NoReturn:
        raise TypeError(f"{self.qualname} is a column, not a factor: append .latest to compare it")

    __lt__ = __le__ = __gt__ = __ge__ = _no_order

    def __repr__(self) -> str:
        return f"{self.qualname}::{self.dtype.name}"

    def recursive_repr(self) -> str:
        """Return the names of the dataset and the column."""
        return self.qualname

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the column."""
        return f"BoundColumn:\\l  Dataset: {self.dataset.__name__}\\l  Column: {self.name}\\l"


class DataSetMeta(type):
    """Makes columns of the definitions in a dataset."""

    domain: Domain
    _column_names: frozenset[str]
    _specializations: WeakKeyDictionary[Domain, Any]

    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        specialization: bool = False,
    ) -> Any:
        """Return the class of a dataset."""
        if len(bases) > 1:
            raise TypeError(f"the dataset {name} can derive from one other dataset only")
        columns = {key: value for key, value in namespace.items() if isinstance(value, Column)}
        namespace |= {key: column.bind(key) for key, column in columns.items()}
        made: Any = super().__new__(cls, name, bases, namespace)
        if not isinstance(made.domain, Domain):
            raise TypeError(f"the domain of the dataset {name} must be a Domain")
        inherited: frozenset[str] = frozenset()
        if bases:
            inherited = getattr(bases[0], "_column_names", inherited)
        made._column_names = inherited | frozenset(columns)  # noqa: SLF001 - its own
        if not specialization:
            made._specializations = WeakKeyDictionary({made.domain: made})  # noqa: SLF001 - its own
        return made

    def specialize(cls, domain: Domain) -> Any:
        """Return this dataset in a domain.

        Parameters
        ----------
        domain : Domain

        Raises
        ------
        ValueError
            If it is of another domain.
        """
        if domain == cls.domain:
            return cls
        found = cls._specializations.get(domain)
        if found is None:
            if domain is not GENERIC and cls.domain is not GENERIC:
                raise ValueError(f"{cls.__name__} is of {cls.domain!r}, it cannot be of {domain!r}")
            found = type(cls)(
                cls.__name__,
                (cls,),
                {"domain": domain, "__module__": cls.__module__, "__doc__": cls.__doc__},
                specialization=True,
            )
            cls._specializations[domain] = found
        return found

    def unspecialize(cls) -> Any:
        """Return this dataset in the generic domain."""
        return cls.specialize(GENERIC)

    @property
    def columns(cls) -> frozenset[BoundColumn]:
        """The columns."""
        return frozenset(getattr(cls, name) for name in cls._column_names)

    @property
    def qualname(cls) -> str:
        """Name of the dataset, with the country of its domain."""
        country = "" if cls.domain is GENERIC else f"<{cls.domain.country_code}>"
        return f"{cls.__name__}{country}"

    def get_column(cls, name: str) -> BoundColumn:
        """Return a column by its name.

        Parameters
        ----------
        name : str

        Raises
        ------
        AttributeError
            If there is none.
        """
        if name not in cls._column_names:
            known = ", ".join(sorted(cls._column_names))
            raise AttributeError(f"{cls.qualname} has no column {name!r}; there are {known}")
        return cast("BoundColumn", getattr(cls, name))

    def __repr__(cls) -> str:
        return f"<DataSet: {cls.__name__!r}, domain={cls.domain}>"


class DataSet(metaclass=DataSetMeta):
    """Base of datasets: a subclass has a `Column` for each of its attributes.

    Attributes
    ----------
    domain : Domain
        The only one that there are data of; any one by default.
    ndim : int
        2, or 1 for one value a date.
    """

    domain: Any = GENERIC
    ndim: ClassVar[int] = 2


class DataSetFamilyLookupError(AttributeError):
    """A column is asked of a family of datasets, not of one of them.

    Parameters
    ----------
    family_name : str
    column_name : str
    """

    def __init__(self, family_name: str, column_name: str) -> None:
        super().__init__(
            f"{family_name} is a family of datasets: choose one of them, as in "
            f"{family_name}.slice(...).{column_name}"
        )
        self.family_name = family_name
        self.column_name = column_name


class _FamilyColumn:
    """Stands in a family for a column of its datasets."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: Any) -> NoReturn:
        raise DataSetFamilyLookupError(owner.__name__, self._name)


class DataSetFamilySlice(DataSet):
    """Base of the datasets of families.

    Attributes
    ----------
    dataset_family : type
    extra_coords : dict
        Its place along each of the further dimensions of the family.
    """

    dataset_family: Any = None
    extra_coords: ClassVar[dict[str, Any]] = {}


class DataSetFamilyMeta(type):
    """Keeps the columns of a family for its datasets."""

    extra_dims: Any
    _family_columns: dict[str, Column]

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        """Return the class of a family."""
        own = {key: value for key, value in namespace.items() if isinstance(value, Column)}
        namespace |= {key: _FamilyColumn(key) for key in own}
        made: Any = super().__new__(cls, name, bases, namespace)
        inherited = getattr(bases[0], "_family_columns", {}) if bases else {}
        made._family_columns = {**inherited, **own}  # noqa: SLF001 - its own
        if bases:
            dims = made.extra_dims
            items = dims.items() if isinstance(dims, Mapping) else dims
            made.extra_dims = {dim: frozenset(values) for dim, values in items}
            if not made.extra_dims:
                raise ValueError(f"the family {name} must define extra_dims")
        return made

    def __repr__(cls) -> str:
        return f"<DataSetFamily: {cls.__name__!r}, extra_dims={list(cls.extra_dims)}>"


class DataSetFamily(metaclass=DataSetFamilyMeta):
    """Base of families: datasets of the same columns for several values of further dimensions.

    Attributes
    ----------
    extra_dims : iterable of (str, iterable)
        Names of the dimensions, and the values along each.
    domain : Domain
    slice_ndim : int
        Dimensions of the datasets.
    """

    domain: Domain = GENERIC
    slice_ndim: ClassVar[int] = 2
    extra_dims: ClassVar[Any] = ()

    @classmethod
    def slice(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the dataset of a value of each dimension.

        Parameters
        ----------
        *args, **kwargs
            The values, in order or by name.

        Raises
        ------
        TypeError
            If one is given twice, or not at all, or of a dimension that there is not.
        ValueError
            If it is no value of its dimension.
        """
        coords = _coordinates(cls, args, kwargs)
        return _slice(cls, tuple(coords.items()))


def _coordinates(family: Any, args: Iterable[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    dims: dict[str, frozenset[Any]] = family.extra_dims
    name = family.__name__
    values = list(args)
    if len(values) > len(dims):
        raise TypeError(f"{name} has the dimensions {', '.join(dims)}, got {len(values)} values")
    given = dict(zip(dims, values, strict=False))
    for key, value in kwargs.items():
        if key not in dims:
            raise TypeError(f"{name} has no dimension {key!r}; there are {', '.join(dims)}")
        if key in given:
            raise TypeError(f"{name} got two values for the dimension {key!r}")
        given[key] = value
    missing = [key for key in dims if key not in given]
    if missing:
        raise TypeError(f"{name} got no value for the dimensions {', '.join(missing)}")
    for key, value in given.items():
        if value not in dims[key]:
            raise ValueError(f"{value!r} is no value of the dimension {key!r} of {name}")
    return {key: given[key] for key in dims}


@cache
def _slice(family: Any, coords: tuple[tuple[str, Any], ...]) -> Any:
    shown = ", ".join(f"{key}={value!r}" for key, value in coords)
    namespace = {
        **family._family_columns,  # noqa: SLF001 - of this module
        "dataset_family": family,
        "extra_coords": dict(coords),
        "domain": family.domain,
        "ndim": family.slice_ndim,
        "__module__": family.__module__,
    }
    return DataSetMeta(f"{family.__name__}.slice({shown})", (DataSetFamilySlice,), namespace)
