"""An ndarray subclass whose elements are labels, stored as integer codes into categories."""

# ruff: noqa: ANN401, SLF001 - numpy's own protocols take anything; the functions at the end of
# this module belong to the class.

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from operator import eq, ne
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeAlias

import numpy as np

from rustybt.lib._factorize import factorize_strings, factorize_strings_known_categories

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Label: TypeAlias = str | bytes | None
Codes: TypeAlias = "NDArray[np.unsignedinteger[Any]]"

# Methods of numpy's arrays that labels do not have.
REFUSED = (
    *("all", "any", "argmax", "argmin", "argpartition", "argsort", "byteswap", "choose", "clip"),
    *("conj", "conjugate", "cumprod", "cumsum", "dot", "getfield", "max", "mean", "min"),
    *("nonzero", "partition", "prod", "put", "round", "searchsorted", "setfield", "sort", "std"),
    *("sum", "tobytes", "tofile", "trace", "var"),
)


class CategoryMismatch(ValueError):  # noqa: N818 - the name is part of the Zipline API
    """Two LabelArrays of different categories met in an operation on their codes.

    Parameters
    ----------
    left, right : ndarray of object
        The categories of either operand.
    """

    def __init__(self, left: NDArray[np.object_], right: NDArray[np.object_]) -> None:
        self.left = left
        self.right = right
        super().__init__(
            "LabelArrays have different categories: "
            + _difference(left.tolist(), right.tolist())
            + "; rebuild one with the categories of the other"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.left, self.right)


class MissingValueMismatch(ValueError):  # noqa: N818 - the name is part of the Zipline API
    """Two LabelArrays of different missing values met in one operation.

    Parameters
    ----------
    left, right : str, bytes or None
        The missing value of either operand.
    """

    def __init__(self, left: Label, right: Label) -> None:
        self.left = left
        self.right = right
        super().__init__(f"LabelArrays have different missing values: {left!r} and {right!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.left, self.right)


def _difference(left: list[Label], right: list[Label]) -> str:
    """Say in which labels two lists of categories differ, or where their order does."""
    parts = []
    for side, labels, others in (("left", left, set(right)), ("right", right, set(left))):
        only = [label for label in labels if label not in others]
        if only:
            shown = ", ".join(repr(label) for label in only[:5])
            more = f" and {len(only) - 5} more" if len(only) > 5 else ""
            parts.append(f"only the {side} has {shown}{more}")
    if parts:
        return "; ".join(parts)
    first = next(i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
    return f"the same labels in another order, first at {first}: {left[first]!r}, {right[first]!r}"


class LabelArray(np.ndarray[Any, np.dtype[np.void]]):
    """An array of labels that is as small and fast as an array of integers.

    Each element is stored as its index in `categories`, under a void dtype for which numpy has
    no arithmetic. Comparisons and string predicates run once a category, not once an element.

    Parameters
    ----------
    values : array-like of str, bytes and None
        Labels, of any shape; str and bytes do not mix.
    missing_value : str, bytes or None
        The label that stands for a missing one. Where it stands, every comparison is False:
        equality even with itself, and inequality too.
    categories : iterable of labels, optional
        The labels to use; a value outside them becomes missing. By default the distinct values.
    sort : bool
        Whether to sort the categories, the missing value first. Without it they keep the order
        given, or that of first appearance.

    Raises
    ------
    TypeError
        If a value, category or the missing value is no label, or str and bytes mix.
    ValueError
        If a category is given twice.

    Notes
    -----
    What would treat labels as numbers is refused with a TypeError: arithmetic, order, sorting,
    reductions. Use `as_int_array` for the codes, `as_string_array` for the labels.
    """

    SUPPORTED_SCALAR_TYPES: ClassVar[tuple[type, ...]] = (bytes, str, type(None))

    _categories: NDArray[np.object_]
    _reverse_categories: dict[Any, int]
    _missing_value: Label

    def __new__(  # noqa: D102 - the class documents it
        cls,
        values: Any,
        missing_value: Label,
        categories: Iterable[Label] | None = None,
        sort: bool = True,
    ) -> Self:
        labels = _label_array(values)
        if categories is None:
            factorized = factorize_strings(labels.ravel(), missing_value, sort)
        else:
            factorized = factorize_strings_known_categories(
                labels.ravel(), categories, missing_value, sort
            )
        codes, distinct, reverse = factorized
        distinct.flags.writeable = False
        return cls._wrap(codes.reshape(labels.shape), distinct, reverse, missing_value)

    @classmethod
    def from_codes_and_metadata(
        cls,
        codes: NDArray[np.integer[Any]],
        categories: NDArray[np.object_],
        reverse_categories: dict[Label, int],
        missing_value: Label,
    ) -> Self:
        """Make a LabelArray of its parts, sharing memory with the codes.

        Parameters
        ----------
        codes : ndarray of integers, any shape
            Indexes into `categories`.
        categories : ndarray, shape (k,), dtype object
            The distinct labels.
        reverse_categories : dict
            Code of each category.
        missing_value : str, bytes or None
            The label that stands for a missing one; one of the categories.

        Returns
        -------
        LabelArray
            Labels in the shape of `codes`.

        Raises
        ------
        TypeError
            If `codes` are no array of integers.
        ValueError
            If a code is out of range, the missing value is no category, or the categories and
            their reverse mapping differ in length.
        """
        _require_codes(codes)
        if len(categories) != len(reverse_categories):
            raise ValueError(
                f"{len(categories)} categories, but reverse_categories has "
                f"{len(reverse_categories)}"
            )
        if missing_value not in reverse_categories:
            raise ValueError(f"missing_value {missing_value!r} is not among the categories")
        if codes.size:
            low, high = int(codes.min()), int(codes.max())
            if low < 0 or high >= len(categories):
                raise ValueError(
                    f"codes must lie from 0 to {len(categories) - 1}, got {low} to {high}"
                )
        return cls._wrap(codes, categories, reverse_categories, missing_value)

    @classmethod
    def from_categorical(
        cls, categorical: pd.Categorical | pd.Series[Any], missing_value: Label = None
    ) -> Self:
        """Make a LabelArray of a pandas Categorical.

        Parameters
        ----------
        categorical : pandas.Categorical or Series of category dtype
            Labels; what pandas holds as missing becomes `missing_value`.
        missing_value : str, bytes or None
            The label that stands for a missing one.

        Returns
        -------
        LabelArray
            A 1-D array whose categories are those of `categorical`, sorted.

        Raises
        ------
        TypeError
            If `categorical` is not categorical, or its categories are no labels.
        """
        import pandas as pd

        if isinstance(categorical, pd.Series):
            categorical = categorical.array
        if not isinstance(categorical, pd.Categorical):
            raise TypeError(
                f"categorical must be a pandas Categorical, not {type(categorical).__name__}"
            )
        labels = categorical.categories.to_numpy(dtype=object)
        codes, distinct, reverse = factorize_strings_known_categories(
            labels, labels.tolist(), missing_value, sort=True
        )
        # pandas numbers missing values -1: the last element of the lookup table.
        table = np.append(codes, np.asarray(reverse[missing_value], dtype=codes.dtype))
        distinct.flags.writeable = False
        return cls._wrap(table[categorical.codes], distinct, reverse, missing_value)

    @classmethod
    def _wrap(
        cls,
        codes: NDArray[np.integer[Any]],
        categories: NDArray[np.object_],
        reverse_categories: dict[Label, int],
        missing_value: Label,
    ) -> Self:
        """View codes as labels."""
        array = np.ndarray.view(codes, type=cls, dtype=np.dtype((np.void, codes.dtype.itemsize)))
        array._categories = categories
        array._reverse_categories = reverse_categories
        array._missing_value = missing_value
        return array

    def _with_codes(self, codes: NDArray[np.integer[Any]]) -> Self:
        """View codes as labels of this array's categories."""
        return self._wrap(codes, self._categories, self._reverse_categories, self._missing_value)

    def __array_finalize__(self, obj: Any) -> None:
        if obj is None:
            raise TypeError("make a LabelArray by LabelArray(values, missing_value)")
        if isinstance(obj, LabelArray):
            self._categories = obj._categories
            self._reverse_categories = obj._reverse_categories
            self._missing_value = obj._missing_value

    def __reduce__(self) -> tuple[Any, ...]:
        metadata = (self._categories, self._reverse_categories, self._missing_value)
        return _restore, (type(self), np.ascontiguousarray(self.as_int_array()), *metadata)

    @property
    def categories(self) -> NDArray[np.object_]:
        """The distinct labels, a read-only array of shape (k,)."""
        return self._categories

    @property
    def reverse_categories(self) -> dict[Label, int]:
        """The code of each category."""
        return self._reverse_categories

    @property
    def missing_value(self) -> Label:
        """The label that stands for a missing one."""
        return self._missing_value

    @property
    def missing_value_code(self) -> int:
        """The code of the missing value."""
        return self._reverse_categories[self._missing_value]

    def has_label(self, value: object) -> bool:
        """Tell whether a value is one of the categories."""
        return value in self._reverse_categories

    def as_int_array(self) -> Codes:
        """Return the codes, sharing memory with this array."""
        return np.ndarray.view(self, type=np.ndarray, dtype=np.dtype(f"u{self.dtype.itemsize}"))

    def as_string_array(self) -> NDArray[np.object_]:
        """Return the labels as an array of Python objects."""
        return np.asarray(self._categories[self.as_int_array()], dtype=object)

    def as_categorical(self) -> pd.Categorical:
        """Return the labels as a pandas Categorical.

        Returns
        -------
        pandas.Categorical
            Unordered. None becomes pandas' own missing value; any other one stays a category.

        Raises
        ------
        ValueError
            If the array is not 1-D.
        """
        if self.ndim != 1:
            raise ValueError(f"only a 1-D LabelArray is a Categorical, got shape {self.shape}")
        return self._categoricals(self.as_int_array()[np.newaxis, :])[0]

    def as_categorical_frame(
        self, index: pd.Index[Any], columns: pd.Index[Any], name: object = None
    ) -> pd.DataFrame:
        """Return the labels as a pandas DataFrame of categorical columns.

        Parameters
        ----------
        index, columns : pandas.Index
            Labels of the rows and columns, of the lengths of this array's axes.
        name : hashable, optional
            Name of the column axis; by default that of `columns`.

        Raises
        ------
        ValueError
            If the array is not 2-D, or its shape is not that of `index` and `columns`.
        """
        import pandas as pd

        if self.ndim != 2:
            raise ValueError(f"only a 2-D LabelArray makes a DataFrame, got shape {self.shape}")
        if self.shape != (len(index), len(columns)):
            raise ValueError(
                f"LabelArray of shape {self.shape} does not fit {len(index)} index and "
                f"{len(columns)} column labels"
            )
        series = self._categoricals(self.as_int_array().T)
        frame = pd.DataFrame(dict(enumerate(series)), index=index)
        frame.columns = pd.Index(columns, name=columns.name if name is None else name)
        return frame

    def _categoricals(self, rows: Codes) -> list[pd.Categorical]:
        """Return each row of codes as a Categorical, all of one dtype."""
        import pandas as pd

        codes = rows.astype(np.int64)
        labels = self._categories
        if None in self._reverse_categories:
            null = self._reverse_categories[None]
            labels = np.delete(labels, null)
            codes = np.where(codes == null, -1, codes - (codes > null))
        dtype = pd.CategoricalDtype(pd.Index(labels, dtype=object), ordered=False)
        return [pd.Categorical.from_codes(row, dtype=dtype) for row in codes]

    def __getitem__(self, key: Any) -> Any:
        result = super().__getitem__(key)
        if isinstance(result, LabelArray):
            return result
        return self._categories[self.as_int_array()[key]]

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, self.SUPPORTED_SCALAR_TYPES):
            self.set_scalar(key, value)  # type: ignore[arg-type]
            return
        if isinstance(value, LabelArray):
            self._require_same_categories(value)
            self.as_int_array()[key] = value.as_int_array()
            return
        labels = _label_array(value)
        codes = [self._code(label) for label in labels.ravel().tolist()]
        self.as_int_array()[key] = np.array(codes, dtype=np.uint64).reshape(labels.shape)

    def set_scalar(self, indexer: Any, value: Label) -> None:
        """Set elements to one label.

        Parameters
        ----------
        indexer : index expression
            What to set, as in ``array[indexer] = value``.
        value : str, bytes or None
            One of the categories.

        Raises
        ------
        TypeError
            If `value` is no label.
        ValueError
            If `value` is no category.
        """
        self.as_int_array()[indexer] = self._code(value)

    def _code(self, label: Label) -> int:
        if not isinstance(label, self.SUPPORTED_SCALAR_TYPES):
            raise TypeError(
                f"a LabelArray holds str, bytes or None, not {label!r} of type "
                f"{type(label).__name__}"
            )
        try:
            return self._reverse_categories[label]
        except KeyError:
            raise ValueError(
                f"{label!r} is not in the categories of this LabelArray; rebuild it with "
                "categories that include it"
            ) from None

    def is_missing(self) -> NDArray[np.bool_]:
        """Tell where the label is the missing value."""
        return np.asarray(self.as_int_array() == self.missing_value_code)

    def not_missing(self) -> NDArray[np.bool_]:
        """Tell where the label is not the missing value."""
        return np.asarray(self.as_int_array() != self.missing_value_code)

    def _require_same_categories(self, other: LabelArray) -> None:
        if self._missing_value != other._missing_value:
            raise MissingValueMismatch(self._missing_value, other._missing_value)
        mine, theirs = self._categories, other._categories
        if mine is not theirs and not np.array_equal(mine, theirs):
            raise CategoryMismatch(mine, theirs)

    def _compare(self, other: Any, operator: Callable[[Any, Any], Any]) -> Any:
        """Compare labels with `other` by eq or ne."""
        if isinstance(other, LabelArray):
            self._require_same_categories(other)
            result = np.asarray(operator(self.as_int_array(), other.as_int_array()))
            return result & self.not_missing() & other.not_missing()
        if isinstance(other, self.SUPPORTED_SCALAR_TYPES):
            code = self._reverse_categories.get(other)
            if code is None or code == self.missing_value_code:
                equal = np.zeros(self.shape, dtype=np.bool_)
            else:
                equal = np.asarray(self.as_int_array() == code)
            return equal if operator is eq else ~equal & self.not_missing()
        if isinstance(other, (list, tuple)) or hasattr(other, "__array__"):
            labels = np.asarray(other, dtype=object)
            result = np.asarray(operator(self.as_string_array(), labels), dtype=np.bool_)
            return result & self.not_missing()
        return NotImplemented

    def __eq__(self, other: object) -> Any:  # elementwise
        return self._compare(other, eq)

    def __ne__(self, other: object) -> Any:  # elementwise
        return self._compare(other, ne)

    __hash__ = None

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        operators: dict[Any, Callable[[Any, Any], Any]] = {np.equal: eq, np.not_equal: ne}
        operator = operators.get(ufunc)
        if operator is None or method != "__call__" or kwargs:
            raise TypeError(
                f"numpy.{ufunc.__name__} is not defined on labels; use as_int_array() for the "
                "codes or as_string_array() for the labels"
            )
        left, right = inputs
        if not isinstance(left, LabelArray):
            left, right = right, left  # both operators are symmetric
        return left._compare(right, operator)

    def __array_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Iterable[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        # The two C functions under numpy's joining and choosing, which would drop the categories.
        handlers: dict[Any, Callable[..., Any]] = {
            np.concatenate: _concatenate,
            np.where: labelarray_where,
        }
        if func in handlers:
            return handlers[func](*args, **kwargs)
        # Where a method raises, numpy's function of that name falls back to sorting raw bytes.
        if func.__name__ in REFUSED:
            getattr(self, func.__name__)()
        return super().__array_function__(func, types, args, kwargs)

    def __repr__(self) -> str:
        prefix = f"{type(self).__name__}("
        return f"{prefix}{np.array2string(self.as_string_array(), separator=', ', prefix=prefix)})"

    def __str__(self) -> str:
        return str(self.as_string_array())

    def view(self, dtype: Any = None, type: Any = None) -> Any:  # noqa: A002 - numpy's own name
        """Return a view of this array; the codes are seen by `as_int_array` alone.

        Raises
        ------
        TypeError
            If another dtype than this array's own is asked for.
        """
        if inspect.isclass(dtype) and issubclass(dtype, np.ndarray):
            dtype, type = None, dtype  # noqa: A001 - numpy's own name
        if dtype is not None and dtype != self.dtype:
            raise TypeError(
                f"a LabelArray cannot be viewed as {dtype}; as_int_array() gives the codes"
            )
        return super().view() if type is None else super().view(type=type)

    def astype(  # type: ignore[override]
        self,
        dtype: Any,
        order: Any = "K",
        casting: Any = "unsafe",  # noqa: ARG002 - part of numpy's signature
        subok: bool = True,
        copy: bool = True,
    ) -> Any:
        """Return a copy: labels as Python objects, or a LabelArray for its own dtype.

        Raises
        ------
        TypeError
            If `dtype` is neither object nor this array's own.
        """
        wanted = np.dtype(dtype)
        if wanted == self.dtype and subok:
            return self.copy(order=order) if copy else self
        if wanted.kind == "O":
            return self.as_string_array()
        raise TypeError(
            f"a LabelArray cannot be cast to {wanted}; as_int_array() gives the codes, "
            "astype(object) the labels"
        )

    def tolist(self) -> Any:
        """Return the labels as nested lists."""
        return self.as_string_array().tolist()

    def item(self, *args: Any) -> Any:
        """Return one label, chosen as by `numpy.ndarray.item`."""
        return self._categories[self.as_int_array().item(*args)]

    def fill(self, value: Any) -> None:
        """Set all elements to one label."""
        self.set_scalar(..., value)

    def empty_like(self, shape: int | tuple[int, ...]) -> Self:
        """Return a new array of missing values with this array's categories."""
        return self._with_codes(np.full(shape, self.missing_value_code, f"u{self.dtype.itemsize}"))

    def map_predicate(self, f: Callable[[Any], Any]) -> NDArray[np.bool_]:
        """Evaluate a predicate on the labels, once a category.

        Parameters
        ----------
        f : callable(label) -> bool
            Called with each category but the missing value.

        Returns
        -------
        ndarray, same shape, dtype bool
            Truth of ``f(label)``, False where the label is missing.
        """
        table = np.fromiter(
            (label != self._missing_value and bool(f(label)) for label in self._categories),
            dtype=np.bool_,
            count=len(self._categories),
        )
        return np.asarray(table[self.as_int_array()])

    def map(self, f: Callable[[Any], Any]) -> Self:
        """Apply a function to the labels, once a category.

        Parameters
        ----------
        f : callable(label) -> label
            Called with each category but the missing value.

        Returns
        -------
        LabelArray, same shape
            The results under the same missing value; missing stays missing.

        Raises
        ------
        TypeError
            If `f` returns something else than str or bytes, or than None where that is the
            missing value.
        """
        mapped = np.empty(len(self._categories), dtype=object)
        for code, label in enumerate(self._categories):
            if label == self._missing_value:
                mapped[code] = label
                continue
            result = f(label)
            if not isinstance(result, (str, bytes)) and result is not self._missing_value:
                name = getattr(f, "__name__", repr(f))
                raise TypeError(
                    f"{name} must return str, bytes or the missing value, got {result!r} for "
                    f"{label!r}"
                )
            mapped[code] = result
        codes, distinct, reverse = factorize_strings(mapped, self._missing_value, sort=True)
        distinct.flags.writeable = False
        return self._wrap(codes[self.as_int_array()], distinct, reverse, self._missing_value)

    def _text_predicate(self, f: Callable[[Any], Any]) -> NDArray[np.bool_]:
        """Evaluate a predicate on labels that are text; None gives False."""
        return self.map_predicate(lambda label: label is not None and f(label))

    def startswith(self, prefix: str | bytes) -> NDArray[np.bool_]:
        """Tell which labels start with a prefix; missing ones do not."""
        _require_text("prefix", prefix)
        return self._text_predicate(lambda label: label.startswith(prefix))

    def endswith(self, suffix: str | bytes) -> NDArray[np.bool_]:
        """Tell which labels end with a suffix; missing ones do not."""
        _require_text("suffix", suffix)
        return self._text_predicate(lambda label: label.endswith(suffix))

    def has_substring(self, substring: str | bytes) -> NDArray[np.bool_]:
        """Tell which labels contain a substring; missing ones do not."""
        _require_text("substring", substring)
        return self._text_predicate(lambda label: substring in label)

    contains = has_substring

    def matches(self, pattern: str | bytes | re.Pattern[Any]) -> NDArray[np.bool_]:
        """Tell which labels match a regular expression at their start; missing ones do not.

        Raises
        ------
        TypeError
            If `pattern` is neither text nor a compiled expression.
        ValueError
            If the expression is not valid.
        """
        if not isinstance(pattern, re.Pattern):
            _require_text("pattern", pattern)
            try:
                pattern = re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return self._text_predicate(pattern.match)

    def element_of(self, container: Container[Any] | Iterable[Any]) -> NDArray[np.bool_]:
        """Tell which labels are in a container; missing ones are not.

        Raises
        ------
        TypeError
            If `container` is a single label, or no container.
        """
        if isinstance(container, (str, bytes)):
            raise TypeError(f"container must hold labels, got the single label {container!r}")
        if isinstance(container, Iterable) and not isinstance(container, (set, frozenset, dict)):
            container = frozenset(container)
        if not isinstance(container, Container):
            raise TypeError(f"container must hold labels, not {type(container).__name__}")
        return self.map_predicate(container.__contains__)


def _refused(name: str) -> Callable[..., NoReturn]:
    """Make a method that refuses to treat labels as numbers or bytes."""

    def method(self: LabelArray, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__}.{name} is not defined on labels; use as_int_array() for the "
            "codes or as_string_array() for the labels"
        )

    method.__name__ = name
    method.__doc__ = f"Refuse `numpy.ndarray.{name}`, which labels do not have."
    return method


for _name in REFUSED:
    setattr(LabelArray, _name, _refused(_name))


def _concatenate(
    arrays: Sequence[LabelArray],
    axis: int | None = 0,
    out: object = None,
    dtype: object = None,
    casting: str = "same_kind",
) -> LabelArray:
    """Join LabelArrays of the same categories."""
    if out is not None or dtype is not None or casting != "same_kind":
        raise TypeError(
            "numpy.concatenate of labels takes no out, dtype or casting; as_int_array() gives "
            "the codes"
        )
    first = _require_labels("concatenate", *arrays)
    for array in arrays:
        first._require_same_categories(array)
    return first._with_codes(np.concatenate([array.as_int_array() for array in arrays], axis=axis))


def _require_labels(function: str, *arrays: object) -> LabelArray:
    """Return the first array after checking that all are LabelArrays."""
    for array in arrays:
        if not isinstance(array, LabelArray):
            raise TypeError(
                f"numpy.{function} of labels takes LabelArrays alone, not "
                f"{type(array).__name__}; as_string_array() gives the labels"
            )
    first: LabelArray = arrays[0]  # type: ignore[assignment]
    return first


def labelarray_where(cond: NDArray[np.bool_], trues: LabelArray, falses: LabelArray) -> LabelArray:
    """Choose labels from one array where a condition holds, else from another.

    Parameters
    ----------
    cond : ndarray of bool
        Where to take from `trues`.
    trues, falses : LabelArray
        Labels of one missing value; their categories may differ.

    Returns
    -------
    LabelArray
        Its categories are those of both arrays, sorted where they differ.

    Raises
    ------
    TypeError
        If `trues` or `falses` is no LabelArray.
    MissingValueMismatch
        If the arrays have different missing values.
    """
    _require_labels("where", trues, falses)
    if trues.missing_value != falses.missing_value:
        raise MissingValueMismatch(trues.missing_value, falses.missing_value)
    if np.array_equal(trues.categories, falses.categories):
        return trues._with_codes(np.where(cond, trues.as_int_array(), falses.as_int_array()))
    return LabelArray(
        np.where(cond, trues.as_string_array(), falses.as_string_array()),
        trues.missing_value,
        categories=dict.fromkeys([*trues.categories, *falses.categories]),
    )


def _label_array(values: Any) -> NDArray[Any]:
    """Return values as a plain array of labels, or of whatever else they are."""
    if isinstance(values, LabelArray):
        return values.as_string_array()
    if isinstance(values, np.ndarray):
        return np.asarray(values)
    return np.asarray(values, dtype=object)


def _require_text(name: str, value: object) -> None:
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"{name} must be str or bytes, not {type(value).__name__}")


def _require_codes(codes: object) -> None:
    if not isinstance(codes, np.ndarray) or codes.dtype.kind not in "iu":
        described = getattr(codes, "dtype", type(codes).__name__)
        raise TypeError(f"codes must be an array of integers, not {described}")
    if not codes.dtype.isnative:
        raise TypeError(f"codes must be in native byte order, not {codes.dtype}")


def _restore(
    cls: type[LabelArray],
    codes: Codes,
    categories: NDArray[np.object_],
    reverse_categories: dict[Label, int],
    missing_value: Label,
) -> LabelArray:
    """Make a LabelArray of its pickled parts."""
    categories.flags.writeable = False
    return cls.from_codes_and_metadata(codes, categories, reverse_categories, missing_value)
